#![doc = include_str!("../README.md")]

mod allowance;
mod attempt;
mod clock;
mod dataset;
mod drift;
mod error;
mod estimate;
mod evaluation;
mod evaluator;
mod event;
mod exact;
mod hash;
mod judge;
mod label;
mod lease;
mod money;
mod origin;
mod prompt;
mod provider;
mod reporter;
mod run;
mod score;
mod served;
mod spec;
mod store;
mod summary;
mod waits;

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "server")]
pub mod server;

/// Makes a trait with async functions usable as `dyn`: what an implementation of this crate's traits needs.
pub use async_trait::async_trait;
/// A point in time (UTC), re-exported from [`jiff`].
pub use jiff::Timestamp;
/// A day of the calendar, re-exported from [`jiff`].
pub use jiff::civil::Date;

pub use allowance::{Allowance, Amount, Cap, Caps, Grant, Refusal, Reserved, Scope, Spending};
pub use attempt::{Attempt, AttemptEnd, AttemptId, AttemptLog, AttemptOutcome};
pub use dataset::{Dataset, DatasetDiff, Draw, Sample, SampleId, Samples, Selection, UNCATEGORIZED};
pub use drift::{
    Answered, CategoryFinding, Cause, Condition, ConditionChange, Conditions, Correction, Detectable, DriftDetector,
    DriftReport, Effect, EffectKind, Evidence, Family, History, HistoryBuilder, HistoryKey, Mark, MarkId, MarkKind,
    Measure, Method, Onset, Point, Quantities, QuestionCounts, QuestionFinding, QuestionMean, SampleKey,
    SampleMeasures, SampleScore, ServedCounts, Settle, Severity, Span, Status, StreamEvidence, TestResult, Unit,
    Warming, Window, WindowCounts,
};
pub use error::{
    BoxError, DatasetError, JudgeError, ProviderError, ProviderErrorKind, RunError, StoreError, error_chain,
};
pub use estimate::{Estimate, Interval, IntervalMethod, wilson};
pub use evaluation::{Evaluation, Outcome, OutcomeKind};
pub use evaluator::{Again, Evaluator, EvaluatorBuilder, Group};
pub use event::{Event, EventKind};
pub use hash::short_hash;
pub use judge::{Judge, Verdict};
pub use label::{Label, Labels};
pub use lease::{Lease, Leases, Owner};
pub use money::{Money, PriceSource, Pricing};
pub use origin::{Origin, Purpose};
pub use prompt::PromptTemplate;
pub use provider::{
    Completion, FinishReason, Layer, Message, Params, Provider, ProviderExt, Rate, Rates, Recall, Request, Role,
    Scripted, Served, StoredAnswers, Timing, Usage,
};
pub use reporter::{Collect, Fanout, JsonLines, Reporter};
pub use run::{DatasetRef, Progress, Provenance, Run, RunId, RunKind, RunStatus, Stop};
pub use score::Score;
pub use served::{Flag, PromptTokens, ServedSummary};
pub use spec::RunSpec;
pub use store::{
    Against, Baseline, Baselines, Change, Changes, Commits, Comparison, ComparisonQuery, CostQuery, DailyCost,
    DriftLog, Durable, EvaluationQuery, HistoryQuery, InMemory, Interim, LeaderboardEntry, Marks, Missing,
    ReferenceError, Reports, RunQuery, SoughtBy, Stats, Store, UsedDataset, find_baseline, find_run, newest_run,
};
pub use summary::{CategorySummary, Counts, Latency, Summarizer, Summary, Total};
pub use waits::{Ending, Held, Wait, Waiting, Waits};

#[cfg(feature = "mock")]
pub use {
    allowance::MockAllowance, attempt::MockAttemptLog, drift::MockDriftDetector, judge::MockJudge, lease::MockLeases,
    provider::MockProvider, reporter::MockReporter, store::MockStore,
};
