//! What can go wrong, by what a caller can do about it.

mod dataset;
mod provider;

use thiserror::Error;

pub use dataset::DatasetError;
pub use provider::{ProviderError, ProviderErrorKind};

use crate::{Lease, RunId};

/// Any error of a plug-in, as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The text of an error and of all its causes, as `what: why: why`. The errors here leave the text of their source out,
/// so that who prints them prints the chain.
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A judge could not grade: the verdict is unscored, never 0.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// The grader of an LLM judge did not answer. A [fatal](ProviderError::is_fatal) one stops the run.
    #[error("the grader did not answer")]
    Provider(#[source] ProviderError),
    /// The grader answered, but not with one verdict that holds. The text says what was wrong.
    #[error("the verdict is garbled: {0}")]
    Garbled(String),
    /// The sample lacks what this judge needs, for instance an expected output.
    #[error("the sample lacks {0}, which this judge needs")]
    Lacks(String),
    /// The judge itself is at fault.
    #[error("the judge failed")]
    Other(#[source] BoxError),
}

impl JudgeError {
    /// Whether every further call of this judge would fail as well, so that the run should stop.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Provider(error) if error.is_fatal())
    }
}

/// A store could not read or write.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such run.
    #[error("there is no run {0}")]
    NotFound(RunId),
    /// Another process works on the run, or has taken it over.
    #[error("{} works on run {} since {}; its last sign of life was at {}", .0.owner, .0.run, .0.acquired, .0.heartbeat)]
    Held(Box<Lease>),
    /// The database cannot be opened: path, address, rights or version are wrong.
    #[error("cannot open the database {url}: {reason}")]
    Open {
        /// The URL, without secrets.
        url: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The database is in trouble (locked, full, gone). The evaluations were spilled to a file.
    #[error("the database is in trouble; what is paid for was saved to {path}")]
    Spilled {
        /// The JSON-lines file that `evalctl import` takes back.
        path: String,
        /// What the database said.
        #[source]
        source: BoxError,
    },
    /// The database is in trouble for now: locked, full, its connection lost, starting up. The same call may succeed
    /// later, and as calls are idempotent it may simply be made again, also where the first one did store something.
    #[error("the database is not available for now")]
    Unavailable(#[source] BoxError),
    /// The database failed, and the same call would fail again.
    #[error("the database failed")]
    Backend(#[source] BoxError),
    /// A stored value cannot be understood.
    #[error("the database holds a value that cannot be read: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Whether the same call may succeed later, without anybody having changed it.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// A run could not begin, or could not go on.
///
/// A provider that fails is no such error: the run ends with a [status](crate::RunStatus) that says so.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The settings of the evaluator contradict each other or the data set.
    #[error("{0}")]
    Config(String),
    /// The data set cannot be read, or changed while the run was reading it.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The store refused the run before the first call.
    #[error("cannot store the run")]
    Store(#[from] StoreError),
    /// A run cannot go on with an evaluator that would ask or grade in another way. Nothing was called.
    #[error("run {run} cannot go on, because this is no longer what it was: {}", differences.join("; "))]
    Differs {
        /// The run.
        run: RunId,
        /// What differs, each with both sides, for a person.
        differences: Vec<String>,
    },
}
