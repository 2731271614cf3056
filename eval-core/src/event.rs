//! Everything that happens in a run, in one order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Evaluation, Progress, Run, RunId, SampleId, Wait};

/// One thing that happened in a run.
///
/// `seq` counts from 0 without gaps within a run, and each event carries the counts, so that displays keep no books
/// of their own. The same JSON is the log line, the data of a server-sent event and the replay file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Event {
    /// The run.
    pub run: RunId,
    /// The number of the event in its run, from 0.
    pub seq: u64,
    /// When it happened (UTC).
    pub at: Timestamp,
    /// The counts after it.
    pub progress: Progress,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// An event.
    pub fn new(run: RunId, seq: u64, progress: Progress, kind: EventKind) -> Self {
        Self { run, seq, at: crate::clock::now(), progress, kind }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The run is stored and begins to ask.
    RunStarted {
        /// The run, without a summary.
        run: Box<Run>,
    },
    /// A question is asked.
    SampleStarted {
        /// The question.
        sample: SampleId,
        /// The repeat of the data set, from 1.
        epoch: u32,
    },
    /// A question was answered and judged, or failed, and that is committed.
    SampleFinished {
        /// The outcome.
        evaluation: Box<Evaluation>,
    },
    /// The run waits, or waits no longer: for a store in trouble, and then it asks nothing new; or a limit holds its calls
    /// ([`Wait::pauses`](crate::Wait::pauses) tells them apart). Told once, not each time that something tries again.
    Waiting {
        /// What it waits for; `None` when it goes on.
        wait: Option<Wait>,
    },
    /// The run has ended, in whichever way, and that is committed.
    RunFinished {
        /// The run with its summary.
        run: Box<Run>,
    },
}
