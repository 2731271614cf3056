#![doc = include_str!("../README.md")]

mod clock;
mod dataset;
mod drift;
mod error;
mod estimate;
mod evaluation;
mod evaluator;
mod event;
mod hash;
mod judge;
mod money;
mod origin;
mod prompt;
mod provider;
mod reporter;
mod run;
mod score;
mod store;
mod summary;

#[cfg(feature = "conformance")]
pub mod conformance;

/// Makes a trait with async functions usable as `dyn`: what an implementation of this crate's traits needs.
pub use async_trait::async_trait;
/// A point in time (UTC), re-exported from [`jiff`].
pub use jiff::Timestamp;

pub use dataset::{Dataset, DatasetDiff, Draw, Sample, SampleId, Samples, Selection, UNCATEGORIZED};
pub use drift::{DriftDetector, DriftReport, History, Severity, Window};
pub use error::{
    BoxError, DatasetError, DriftError, JudgeError, ProviderError, ProviderErrorKind, RunError, StoreError, error_chain,
};
pub use estimate::{Estimate, Interval, IntervalMethod, wilson};
pub use evaluation::{Evaluation, Outcome, OutcomeKind};
pub use evaluator::{Evaluator, EvaluatorBuilder, Group};
pub use event::{Event, EventKind};
pub use hash::short_hash;
pub use judge::{Judge, Verdict};
pub use money::Money;
pub use origin::{Origin, Purpose};
pub use prompt::PromptTemplate;
pub use provider::{
    Completion, FinishReason, Layer, Message, Params, Provider, ProviderExt, Request, Role, Scripted, Served, Timing,
    Usage,
};
pub use reporter::{Collect, Fanout, JsonLines, Reporter};
pub use run::{DatasetRef, Progress, Provenance, Run, RunId, RunStatus, Stop};
pub use score::Score;
pub use store::{EvaluationQuery, InMemory, LeaderboardEntry, Reports, RunQuery, Store};
pub use summary::{CategorySummary, Counts, Latency, Summary, Total};

#[cfg(feature = "mock")]
pub use {
    drift::MockDriftDetector, judge::MockJudge, provider::MockProvider, reporter::MockReporter, store::MockStore,
};
