//! What to hold against the answer.

use eval_core::{Cause, Condition, ConditionChange, Status};

use super::ModelFinding;
use super::evidence::{Strength, evidence};
use super::verdict::{capital, named};
use crate::dashboard::figures::{count, day, signed_range, spelled};

/// How sure the [verdict](super::verdict) is, how the other models do, and whether it may be the measurement itself.
pub fn doubt(findings: &[ModelFinding<'_>]) -> String {
    let main = [Status::Worse, Status::Shock, Status::Watch, Status::Better].into_iter();
    let main = main.filter_map(|status| findings.iter().find(|found| found.has(status))).next();
    let mut said: Vec<String> = main.into_iter().filter_map(sure).collect();
    said.extend(others(findings, main));
    if let Some(found) = main.filter(|found| found.has(Status::Worse) || found.has(Status::Shock)) {
        said.push(cause(found));
    } else if !findings.is_empty() {
        said.push(measurement(findings));
    }
    said.join(" ")
}

fn sure(found: &ModelFinding<'_>) -> Option<String> {
    let what = match found.report.status {
        Status::Better => "gain",
        Status::Watch => "change",
        _ => "loss",
    };
    let luck = match (found.report.status, evidence(found.report).strength) {
        (Status::Watch, _) => "is too close to call",
        (_, Strength::VeryStrong) => "is very unlikely to be noise",
        _ => "is unlikely to be noise",
    };
    let (low, high) = found.report.effect?.interval()?;
    let level = found.report.effect.map_or(95.0, |effect| (100.0 * effect.level).round());
    let held = found.report.since.map(|onset| format!(", held for {}", count(u64::from(onset.runs), "run")));
    let range = signed_range(low, high);
    let settle = found.report.settle.and_then(|settle| settle.runs);
    let settle = settle.map(|runs| format!(" About {} more will settle it.", count(u64::from(runs), "run")));
    let (held, settle) = (held.unwrap_or_default(), settle.unwrap_or_default());
    Some(format!("The {what} of {} {luck}: {level}% interval {range}{held}.{settle}", found.model))
}

/// How many of the others did what.
fn others(findings: &[ModelFinding<'_>], main: Option<&ModelFinding<'_>>) -> Option<String> {
    let rest: Vec<_> = findings.iter().filter(|found| main.is_none_or(|main| main.model != found.model)).collect();
    let kinds: [(&[Status], &str, &str); 5] = [
        (&[Status::Worse, Status::Shock], "got worse", "got worse"),
        (&[Status::Better], "improved", "improved"),
        (&[Status::Watch], "is too close to call", "are too close to call"),
        (&[Status::Steady], "is steady", "are steady"),
        (
            &[Status::NotComparable, Status::Partial, Status::Warming],
            "cannot be compared yet",
            "cannot be compared yet",
        ),
    ];
    let mut said: Vec<String> = Vec::new();
    for (statuses, one, many) in kinds {
        let number = rest.iter().filter(|found| statuses.contains(&found.report.status)).count();
        if number > 0 {
            let noun = match (said.is_empty(), main.is_some(), number) {
                (true, true, 1) => " other model",
                (true, true, _) => " other models",
                (true, false, 1) => " model",
                (true, false, _) => " models",
                _ => "",
            };
            said.push(format!("{}{noun} {}", spelled(number), if number == 1 { one } else { many }));
        }
    }
    (!said.is_empty()).then(|| format!("{}.", capital(&said.join(", "))))
}

fn cause(found: &ModelFinding<'_>) -> String {
    let report = found.report;
    let coinciding: Vec<String> = report.changes.iter().filter(|change| change.coincides).map(changed).collect();
    let mut said = coinciding;
    match report.cause {
        Some(Cause::Judge) => {
            said.push("The judge grades frozen answers otherwise than before, which explains the change.".to_owned());
        }
        Some(Cause::Both) => {
            said.push("The judge grades frozen answers otherwise too; the model moved beside it.".to_owned());
        }
        Some(Cause::Model) => {
            said.push("The judge grades frozen answers as before: it is the model that moved.".to_owned());
        }
        _ => said.push(measurement(std::slice::from_ref(found))),
    }
    said.join(" ")
}

fn changed(change: &ConditionChange) -> String {
    let list = |values: &[String]| if values.is_empty() { "nothing".to_owned() } else { values.join(", ") };
    let (before, after) = (list(&change.before), list(&change.after));
    format!("The {} changed on {} ({before} → {after}).", change.condition, day(change.at))
}

/// Whether the ruler stayed the same.
fn measurement(findings: &[ModelFinding<'_>]) -> String {
    let ruler = [(Condition::Judge, "judge"), (Condition::Dataset, "data set"), (Condition::Prompt, "prompts")];
    let has_changed = |condition: Condition| {
        findings.iter().any(|found| found.report.changes.iter().any(|change| change.condition == condition))
    };
    let moved: Vec<&str> = ruler.iter().filter(|(what, _)| has_changed(*what)).map(|(_, name)| *name).collect();
    if moved.is_empty() {
        return "The judge, the data set and the prompts did not change in this window, so the measurement itself is not \
                the likely cause."
            .to_owned();
    }
    let the: Vec<String> = moved.iter().map(|name| format!("the {name}")).collect();
    format!("{} changed in this window: the measurement itself may be the cause.", capital(&named(&the)))
}
