//! How a run was set up.

use serde::{Deserialize, Serialize};

use crate::{Caps, RunId};

/// What a host needs beside the fields of the [`Run`](crate::Run) itself to build its evaluator again: files, judges,
/// endpoint. It holds no secret. A run that is resumed is compared with what it was, so a file that has changed since
/// is noticed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct RunSpec {
    /// The folder in which the files are named: those below with a relative name are looked for there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The file of the data set, as it was named.
    pub dataset: String,
    /// The judges, as they were named; empty for the host's default.
    pub judges: Vec<String>,
    /// The file of the prompt template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The file of the system message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The file of the rubric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rubric: Option<String>,
    /// The run whose answers those of a rescore are compared with, side by side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<RunId>,
    /// The endpoint, without user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// What the endpoint is, for instance `litellm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The longest that one attempt may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<f64>,
    /// Attempts per question, the first included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Requests that each model is asked in a minute at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpm: Option<u64>,
    /// Tokens that each model may use in a minute at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpm: Option<u64>,
    /// How long an endpoint that refuses or is in trouble is waited for, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience_s: Option<f64>,
    /// Questions in flight at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<usize>,
    /// What the run may take. It goes on with the same caps, unless somebody raises them.
    #[serde(skip_serializing_if = "Caps::is_none")]
    pub caps: Caps,
}

impl RunSpec {
    /// The set-up of a run over this data set, with the host's defaults for everything else.
    pub fn new(dataset: impl Into<String>) -> Self {
        Self { dataset: dataset.into(), ..Self::default() }
    }
}
