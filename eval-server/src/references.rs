//! Runs by what callers call them.

use eval_core::{ReferenceError, Reports, Run, find_run};
use eval_drift::stored;

use crate::error::ApiError;

/// What a reference to a run looks like, for a person.
pub(crate) const EXPECTED: &str =
    "a run: its id or last six digits, @latest, NAME@latest~1, tag:KEY=VALUE or ref:COMMIT";

/// The run that a reference means. No git folder is asked: a commit is named by its first digits.
pub(crate) async fn run(store: &dyn Reports, reference: &str) -> Result<Run, ApiError> {
    Ok(find_run(store, reference, &|_: &str| None).await?)
}

/// The newest whole, finished run of a name; of a data set, where one is given.
pub(crate) async fn newest(store: &dyn Reports, name: &str, dataset: Option<&str>) -> Result<Run, ApiError> {
    let found = stored::newest(store, Some(name), dataset).await?;
    found.ok_or_else(|| nothing(name, dataset))
}

/// There is no whole, finished run of this name.
pub(crate) fn nothing(name: &str, dataset: Option<&str>) -> ApiError {
    let on = dataset.map(|dataset| format!(" on {dataset:?}")).unwrap_or_default();
    let message = format!("there is no whole, finished run of {name:?}{on}");
    ApiError::not_found("model_not_found", message, "GET /api/v1/models lists the names of a data set")
}

impl From<ReferenceError> for ApiError {
    fn from(error: ReferenceError) -> Self {
        let message = error.to_string();
        match error {
            ReferenceError::Store(error) => error.into(),
            ReferenceError::Empty(_) | ReferenceError::Itself(_) | ReferenceError::BadWindow(_) => {
                Self::senseless("bad_reference", message, "hold it against @baseline, window:7, tag:KEY=VALUE or a run")
            }
            ReferenceError::Several { runs: [first, second], .. } => {
                let hint = format!("give more digits: {first} or {second}");
                Self::conflict("several_runs", message, hint)
            }
            _ => Self::not_found("run_not_found", message, format!("expected {EXPECTED}")),
        }
    }
}
