//! What compares runs with runs.

mod builder;
mod conditions;
mod effect;
mod evidence;
mod finding;
mod history;
mod key;
mod mark;
mod method;
mod quantities;
mod report;
mod status;
mod window;
mod words;

pub use builder::{Answered, HistoryBuilder};
pub use conditions::{Condition, ConditionChange, Conditions, ServedCounts};
pub use effect::{Detectable, Effect, EffectKind, Onset, Point, Settle, Span, Unit};
pub use evidence::{Correction, Evidence, Family, StreamEvidence, TestResult};
pub use finding::{CategoryFinding, QuestionCounts, QuestionFinding, QuestionMean};
pub use history::History;
pub use key::HistoryKey;
pub use mark::{Mark, MarkId, MarkKind};
pub use method::Method;
pub use quantities::Quantities;
pub use report::{DriftReport, Warming};
pub use status::{Cause, Measure, Severity, Status};
pub use window::{SampleKey, SampleMeasures, SampleScore, Window, WindowCounts};

/// What compares the current run with the runs before it: numbers in, a report out. It keeps no state.
///
/// Whatever the history is like there is a report: too few runs, another judge or a score that is no score are a
/// [`Status`] of it with the reason in words, and never an error or a panic.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait DriftDetector: Send + Sync + 'static {
    /// The name in reports, for instance `quality-monitor`.
    fn name(&self) -> &str;

    /// What it is set to: reports carry it, and its text is the tag under which they are stored. The default is the name
    /// and version 1.
    fn method(&self) -> Method {
        Method::new(self.name(), 1)
    }

    /// Compares the last window of the history with those before it.
    fn detect(&self, history: &History) -> DriftReport;
}
