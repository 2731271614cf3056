//! What the runs of one history have in common.

use serde::{Deserialize, Serialize};

use crate::{Params, Run};

/// The key of a history: runs that share it are compared with each other.
///
/// All five are what the user chose. What the provider changed by itself (the model served, a fingerprint) is not in
/// it: that is what a history is there to catch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HistoryKey {
    /// The name of the runs; the model unless the user said otherwise.
    pub name: String,
    /// The name of the data set, whatever rows it has.
    pub dataset: String,
    /// The hash of the prompt.
    pub prompt: String,
    /// Sampling parameters.
    pub params: Params,
    /// The hash of the judges.
    pub judge: String,
}

impl HistoryKey {
    /// The key of a name on a data set, with an empty prompt hash, no parameters and an empty judge hash.
    pub fn new(name: impl Into<String>, dataset: impl Into<String>) -> Self {
        let (prompt, judge) = Default::default();
        Self { name: name.into(), dataset: dataset.into(), prompt, params: Params::default(), judge }
    }

    /// The key of the history that a run belongs to.
    pub fn of(run: &Run) -> Self {
        Self {
            prompt: run.provenance.prompt.clone(),
            params: run.params.clone(),
            judge: run.provenance.judge_hash.clone(),
            ..Self::new(&run.name, &run.dataset.name)
        }
    }
}
