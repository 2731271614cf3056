//! What a job is asked to do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Params, RunSpec, Selection};

/// What a job is asked to do: one run for each model, all with the same settings. It holds no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct JobRequest {
    /// The models; several make a group.
    pub models: Vec<String>,
    /// The name in histories; `None` for the model's.
    pub name: Option<String>,
    /// How each run is set up.
    pub spec: RunSpec,
    /// Which samples are asked; `None` for all.
    pub selection: Option<Selection>,
    /// The parameters sent with each request.
    pub params: Params,
    /// Repeats of the data set. Default 1.
    pub epochs: u32,
    /// The score from which an answer passes; `None` for the host's default.
    pub threshold: Option<f64>,
    /// Tags of each run.
    pub tags: BTreeMap<String, String>,
    /// Where the end of each run is told.
    pub callback: Option<String>,
}

impl Default for JobRequest {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            name: None,
            spec: RunSpec::default(),
            selection: None,
            params: Params::new(),
            epochs: 1,
            threshold: None,
            tags: BTreeMap::new(),
            callback: None,
        }
    }
}

impl JobRequest {
    /// One run for each of these models, set up so, with the host's defaults for everything else.
    pub fn new(models: impl IntoIterator<Item = impl Into<String>>, spec: RunSpec) -> Self {
        Self { models: models.into_iter().map(Into::into).collect(), spec, ..Self::default() }
    }
}

/// What tells a request that is sent again from a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Idempotency {
    /// The key that the client chose. Keys of different submitters are apart.
    pub key: String,
    /// A hash of the body that came with it.
    pub body: String,
}

impl Idempotency {
    /// The key, and the hash of this body.
    ///
    /// ```
    /// use eval_core::server::Idempotency;
    /// assert_ne!(Idempotency::of("k", "{}"), Idempotency::of("k", "[]"));
    /// ```
    pub fn of(key: impl Into<String>, body: &str) -> Self {
        Self { key: key.into(), body: crate::short_hash([body]) }
    }

    /// A key and a hash that were written down: for stores that read rows.
    pub fn from_parts(key: impl Into<String>, body: impl Into<String>) -> Self {
        Self { key: key.into(), body: body.into() }
    }
}
