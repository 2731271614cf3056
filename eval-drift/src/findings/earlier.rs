//! The history that ended when the user changed something.

use eval_core::{Condition, HistoryKey, HistoryQuery, Params, Reports, Run, RunId, StoreError, Timestamp};

/// The last run before a history, which was made otherwise: why the history begins where it does.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Earlier {
    /// The run.
    pub run: RunId,
    /// When it began (UTC).
    pub at: Timestamp,
    /// What the user changed after it.
    pub changed: Vec<Changed>,
}

/// A setting that was changed.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Changed {
    /// Which.
    pub condition: Condition,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// What came before the oldest run of a history; `None` where nothing did, or where it was cut for its length.
pub(super) async fn before(store: &dyn Reports, oldest: &Run) -> Result<Option<Earlier>, StoreError> {
    let mut query = HistoryQuery::new(&oldest.name, &oldest.dataset.name);
    (query.before, query.limit) = (Some(oldest.id), 1);
    let found = store.history(&query).await?.into_iter().next();
    Ok(found.filter(|run| HistoryKey::of(run) != HistoryKey::of(oldest)).map(|run| Earlier {
        run: run.id,
        at: run.started,
        changed: changed(&run, oldest),
    }))
}

fn changed(before: &Run, after: &Run) -> Vec<Changed> {
    let [old, new] = [&before.provenance, &after.provenance];
    // Two judges of one name differ by what their hash covers: rubric, grader, parameters.
    let judges = if old.judge == new.judge { [&old.judge_hash, &new.judge_hash] } else { [&old.judge, &new.judge] };
    let settings = [
        (Condition::Prompt, old.prompt != new.prompt, [&old.prompt, &new.prompt].map(|hash| short(hash))),
        (Condition::Params, before.params != after.params, [&before.params, &after.params].map(values)),
        (Condition::Judge, old.judge_hash != new.judge_hash, judges.map(|judge| judge.clone())),
    ];
    let changed = settings.into_iter().filter(|(_, is_changed, _)| *is_changed);
    changed.map(|(condition, _, [before, after])| Changed { condition, before, after }).collect()
}

/// The first digits of a hash.
fn short(hash: &str) -> String {
    hash.chars().take(8).collect()
}

fn values(params: &Params) -> String {
    let all: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(" ") }
}
