//! What changed in the conditions of runs, and when.

use std::collections::{BTreeMap, BTreeSet};

use eval_core::{Condition, ConditionChange, Conditions, Window};

/// What the user chooses.
const CHOSEN: [Condition; 4] = [Condition::Model, Condition::Prompt, Condition::Params, Condition::Judge];
/// What may change within an era.
const WITHIN: [Condition; 6] = [
    Condition::Dataset,
    Condition::GitCommit,
    Condition::ServedModel,
    Condition::ModelId,
    Condition::Fingerprint,
    Condition::Proxy,
];
/// More changes than this are told only of the latest: somebody's fingerprint is new in each run.
const MOST: usize = 20;

/// The runs at which the user changed something that begins a new era, oldest first.
pub(crate) fn user_changes(windows: &[&Window]) -> Vec<(usize, ConditionChange)> {
    let mut found: Vec<_> = CHOSEN.iter().flat_map(|condition| news(windows, *condition, false)).collect();
    found.sort_by_key(|(at, _)| *at);
    found
}

/// What changed within an era, oldest first. Of what answered only what is new is told: several take turns.
pub(crate) fn changes(windows: &[&Window]) -> Vec<ConditionChange> {
    let mut found: Vec<_> = WITHIN.iter().flat_map(|condition| news(windows, *condition, true)).collect();
    found.sort_by_key(|(at, _)| *at);
    let rest = found.split_off(found.len().saturating_sub(MOST));
    rest.into_iter().map(|(_, change)| change).collect()
}

/// The runs in which a condition is another than in the run before that told; with `once` only where it is one that was
/// never there before.
fn news(windows: &[&Window], condition: Condition, once: bool) -> Vec<(usize, ConditionChange)> {
    let mut seen = BTreeSet::new();
    let mut last: Option<Vec<String>> = None;
    let mut found = vec![];
    for (at, window) in windows.iter().enumerate() {
        let Some(now) = values(&window.conditions, condition) else { continue };
        let is_new = now.iter().filter(|value| !seen.contains(*value)).count() > 0;
        if let Some(before) = last.filter(|before| if once { is_new } else { *before != now }) {
            found.push((at, ConditionChange::new(condition, before, now.clone(), window.run, window.at)));
        }
        seen.extend(now.iter().cloned());
        last = Some(now);
    }
    found
}

/// What a condition was in a run; `None` when nobody knows.
fn values(conditions: &Conditions, condition: Condition) -> Option<Vec<String>> {
    let one = |value: &Option<String>| value.clone().map(|value| vec![value]);
    let keys = |counts: &BTreeMap<String, u64>| (!counts.is_empty()).then(|| counts.keys().cloned().collect());
    let served = &conditions.served;
    match condition {
        Condition::Model => one(&conditions.model),
        Condition::Prompt => one(&conditions.prompt),
        Condition::Params => one(&conditions.params.as_ref().map(|params| {
            let each: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            if each.is_empty() { "none".to_owned() } else { each.join(" ") }
        })),
        Condition::Judge => one(&conditions.judge_hash).or_else(|| one(&conditions.judge)),
        Condition::Dataset => one(&conditions.dataset),
        Condition::GitCommit => one(&conditions.git_commit),
        Condition::ServedModel => keys(&served.models),
        Condition::ModelId => keys(&served.model_ids),
        Condition::Fingerprint => keys(&served.fingerprints),
        Condition::Proxy => keys(&served.proxies),
        _ => None,
    }
}

/// Marks the changes that may have brought the new level: those between the earliest and the latest run that may be its
/// first. Of the user's own commits only these are told: each run may have one.
pub(crate) fn coincide(changes: &mut Vec<ConditionChange>, windows: &[&Window], earliest: usize, latest: usize) {
    let within = |change: &ConditionChange| windows.iter().position(|window| window.run == change.run);
    for change in changes.iter_mut() {
        change.coincides = within(change).is_some_and(|at| (earliest..=latest).contains(&at));
    }
    changes.retain(|change| change.condition != Condition::GitCommit || change.coincides);
}
