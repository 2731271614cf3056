//! What a run was made with.

use std::collections::{BTreeMap, BTreeSet};

use eval_core::{Evaluation, Run, Served};

/// The settings of a run by name. What is not known has no entry.
pub(super) fn of(run: &Run, evaluations: &[Evaluation]) -> BTreeMap<String, String> {
    let made = &run.provenance;
    let known = [
        ("model", Some(run.model.clone())),
        ("prompt", Some(made.prompt.clone())),
        ("judge", Some(made.judge.clone())),
        ("judge hash", Some(made.judge_hash.clone())),
        ("provider", Some(made.provider.clone())),
        ("data set", Some(run.dataset.fingerprint.clone())),
        ("git commit", made.git_commit.clone()),
        ("served model", served(evaluations, |served| served.model.as_deref())),
        ("served deployment", served(evaluations, |served| served.model_id.as_deref())),
        ("provider fingerprint", served(evaluations, |served| served.fingerprint.as_deref())),
    ];
    let parameters = run.params.iter().map(|(name, value)| (format!("parameter {name}"), value.to_string()));
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    known.chain(parameters).filter(|(_, value)| !value.is_empty()).collect()
}

/// All that the provider said it was, in one text; `None` when it said nothing.
fn served(evaluations: &[Evaluation], of: impl Fn(&Served) -> Option<&str>) -> Option<String> {
    let said = evaluations.iter().filter_map(|found| of(&found.completion.as_ref()?.served));
    let said: BTreeSet<&str> = said.collect();
    (!said.is_empty()).then(|| said.into_iter().collect::<Vec<_>>().join(", "))
}
