//! What a paid call is for.

use serde::{Deserialize, Serialize};

use crate::{RunId, SampleId};

/// Whether a call answers a question or grades an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The model under test answers.
    Answer,
    /// A grader judges an answer.
    Judge,
}

/// Which run, sample and epoch a call belongs to.
///
/// The evaluator puts it on the request, the provider copies it to the completion, and an LLM judge passes it
/// on with [`Purpose::Judge`]: so a layer deep inside a stack knows what each call is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Origin {
    /// The run.
    pub run: RunId,
    /// The sample.
    pub sample: SampleId,
    /// The repeat of the data set, from 1.
    pub epoch: u32,
    /// Answer or judge.
    pub purpose: Purpose,
}

impl Origin {
    /// The origin of an answer.
    pub fn answer(run: RunId, sample: SampleId, epoch: u32) -> Self {
        Self { run, sample, epoch, purpose: Purpose::Answer }
    }

    /// The same origin for a call that grades.
    pub fn judge(&self) -> Self {
        Self { purpose: Purpose::Judge, ..self.clone() }
    }
}
