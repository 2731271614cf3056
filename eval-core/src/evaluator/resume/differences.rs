//! What a run was, and what it would be now.

use super::rows;
use crate::{Dataset, Durable, Run, RunError};

/// Refuses to go on with another model, prompt, judge, parameters or data set, and names every difference.
pub(in crate::evaluator) async fn refuse_differences(
    store: &dyn Durable,
    run: &Run,
    now: &Run,
    dataset: &Dataset,
) -> Result<(), RunError> {
    let mut differences = settings(run, now);
    if run.dataset.fingerprint != now.dataset.fingerprint {
        let changes = rows::changes(store, run, dataset).await?;
        differences.push(format!("the data set `{}` has changed: {changes}", now.dataset.name));
    }
    if differences.is_empty() { Ok(()) } else { Err(RunError::Differs { run: run.id, differences }) }
}

fn settings(run: &Run, now: &Run) -> Vec<String> {
    let (then, present) = (&run.provenance, &now.provenance);
    let one = |what: &str, then: &str, now: &str| (then != now).then(|| format!("{what} was {then} and is {now}"));
    let many = |what: &str, then: &str, now: &str| (then != now).then(|| format!("{what} were {then} and are {now}"));
    let params = |run: &Run| serde_json::to_string(&run.params).unwrap_or_default();
    let selection = |run: &Run| run.dataset.selection.to_string();
    let found = [
        one("the model", &run.model, &now.model),
        one("the name", &run.name, &now.name),
        one(&prompt(run), &then.prompt, &present.prompt),
        one("the judge", &then.judge, &present.judge),
        many(&judges(run), &then.judge_hash, &present.judge_hash),
        many("the parameters", &params(run), &params(now)),
        many("the epochs", &run.epochs.to_string(), &now.epochs.to_string()),
        one("the threshold", &run.threshold.to_string(), &now.threshold.to_string()),
        one("the data set's name", &run.dataset.name, &now.dataset.name),
        one("the selection", &selection(run), &selection(now)),
    ];
    found.into_iter().flatten().collect()
}

/// The prompt by its files, as they were named: who reads two hashes wants to know where to look.
fn prompt(run: &Run) -> String {
    let files = run.spec.as_ref().map(|spec| (spec.prompt.as_deref(), spec.system.as_deref()));
    match files.unwrap_or_default() {
        (None, None) => "the prompt".to_owned(),
        (Some(prompt), None) => format!("the prompt in `{prompt}`"),
        (None, Some(system)) => format!("the system message in `{system}`"),
        (Some(prompt), Some(system)) => format!("the prompt in `{prompt}` with the system message in `{system}`"),
    }
}

fn judges(run: &Run) -> String {
    match run.spec.as_ref().and_then(|spec| spec.rubric.as_deref()) {
        None => "the judges' settings".to_owned(),
        Some(rubric) => format!("the judges' settings with the rubric in `{rubric}`"),
    }
}
