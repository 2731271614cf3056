//! What must hold after a kill and at the end. Each finding carries its evidence.

use std::collections::{BTreeMap, BTreeSet};

use eval_core::{Attempt, AttemptOutcome, Money};
use serde_json::Value;

use crate::books::{Books, Place, difference};
use crate::ledger::{Entry, Purpose, count};
use crate::process::CONCURRENCY;
use crate::questions::{PLANNED_CALLS, QUESTIONS};

/// Nothing that was reported as finished is lost or changed; nothing is there twice; nobody seems to work on the run.
pub fn after_kill(books: &Books, reported: &BTreeMap<Place, Value>) -> Vec<String> {
    let mut found = Vec::new();
    let status = books.run["status"].as_str().unwrap_or("no status");
    if !["interrupted", "finished"].contains(&status) {
        found.push(format!("I6: the killed run is `{status}`"));
    }
    for (place, evaluation) in reported {
        match books.evaluations.get(place).map(Vec::as_slice) {
            None | Some([]) => found.push(format!("lost: {place:?} was reported as finished")),
            Some([stored]) => found.extend(
                difference(stored, evaluation).map(|at| format!("changed: {place:?} is not what was reported: {at}")),
            ),
            Some(_) => {}
        }
    }
    found.extend(twice(books));
    found
}

/// I1, I3 and I5, and that the books say no less than the provider saw.
pub fn at_end(books: &Books, entries: &[Entry], crashes: u64, uninterrupted: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let status = books.run["status"].as_str().unwrap_or("no status");
    if status != "finished" {
        found.push(format!("I1: the run ended as `{status}`"));
    }
    let counts = &books.run["summary"]["counts"];
    let total: u64 = ["scored", "unscored", "failed"].iter().filter_map(|name| counts[name].as_u64()).sum();
    if total != QUESTIONS || books.evaluations.len() as u64 != QUESTIONS {
        let stored = books.evaluations.len();
        found.push(format!("I1: {counts} of {QUESTIONS} planned, {stored} questions stored"));
    }
    found.extend(twice(books));
    let most = PLANNED_CALLS + crashes * CONCURRENCY;
    if entries.len() as u64 > most {
        let calls = entries.len();
        found.push(format!(
            "I3: {calls} calls, more than {PLANNED_CALLS} planned + {crashes} crashes x {CONCURRENCY} = {most}; repeated: {}",
            repeated(entries)
        ));
    }
    found.extend(difference(&books.essence(), uninterrupted).map(|at| format!("I5: not the uninterrupted run: {at}")));
    found
}

/// I3 and I4 in the attempts: each call was written down before it was made, an answer that was written down was not
/// asked for again, what was cut off is marked, and what was paid is what the run says.
pub fn attempts(books: &Books, attempts: &[Attempt], entries: &[Entry], crashes: u64) -> Vec<String> {
    let mut found = Vec::new();
    let (mut begun, mut answered) = (BTreeMap::<Purpose, u64>::new(), BTreeMap::<Purpose, u64>::new());
    let (mut paid, mut abandoned) = (BTreeMap::<Purpose, i64>::new(), 0);
    for attempt in attempts {
        let origin = &attempt.origin;
        let what = if origin.purpose == eval_core::Purpose::Answer { "answer" } else { "judge" };
        let purpose = (origin.sample.to_string(), u64::from(origin.epoch), what.to_owned());
        *begun.entry(purpose.clone()).or_default() += 1;
        match attempt.end.as_ref().map(|end| (&end.outcome, end.cost)) {
            None => found.push(format!("an attempt of {purpose:?} is still open")),
            Some((AttemptOutcome::Abandoned, _)) => abandoned += 1,
            Some((AttemptOutcome::Answered, cost)) => {
                *answered.entry(purpose.clone()).or_default() += 1;
                paid.insert(purpose, cost.map_or(0, Money::nanos));
            }
            Some(_) => {}
        }
    }
    for (purpose, times) in count(entries) {
        let written = begun.get(&purpose).copied().unwrap_or_default();
        if times > written {
            found.push(format!("I3: {purpose:?} was asked {times} times and written down {written} times"));
        }
    }
    let again = answered.iter().filter(|((_, _, what), times)| what == "answer" && **times > 1);
    found.extend(again.map(|(purpose, times)| format!("I3: {purpose:?} was answered and recorded {times} times")));
    if abandoned > crashes * CONCURRENCY {
        found.push(format!("I3: {abandoned} abandoned attempts after {crashes} crashes"));
    }
    let cost = |name: &str| books.run["summary"][name]["known"].as_i64().unwrap_or_default();
    let (paid, said) = (paid.values().sum::<i64>(), cost("cost") + cost("judge_cost"));
    if paid != said {
        found.push(format!("I4: attempts cost {paid} nano-dollars, the run says {said}"));
    }
    found
}

fn twice(books: &Books) -> Option<String> {
    let twice: Vec<_> = books.evaluations.iter().filter(|(_, all)| all.len() > 1).map(|(place, _)| place).collect();
    (!twice.is_empty()).then(|| format!("I1: more than one evaluation of {twice:?}"))
}

fn repeated(entries: &[Entry]) -> String {
    let repeated: BTreeSet<_> = count(entries).into_iter().filter(|(_, times)| *times > 1).collect();
    repeated.iter().map(|((sample, _, what), times)| format!("{sample} {what} {times}")).collect::<Vec<_>>().join(", ")
}
