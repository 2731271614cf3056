//! Who makes the runs of a job.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::{Job, JobRequest};
use crate::{Reporter, Run, RunError};

/// What a worker is asked to do with the runs that it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Signal {
    /// To go on.
    #[default]
    Go,
    /// To ask nothing new, let what is in flight finish and end: everything that is there stays, and can be gone on with.
    Stop,
}

/// Hears the [`Signal`]. Cheap to clone; when its sender is gone the work goes on.
#[derive(Debug, Clone)]
pub struct Stopping(watch::Receiver<Signal>);

impl Stopping {
    /// A signal, and who hears it.
    pub fn channel() -> (watch::Sender<Signal>, Self) {
        let (sender, receiver) = watch::channel(Signal::Go);
        (sender, Self(receiver))
    }

    /// Never asked to stop.
    pub fn never() -> Self {
        Self::channel().1
    }

    /// Whether the work is to stop.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() == Signal::Stop
    }

    /// Ready when the work is to stop.
    pub async fn asked(mut self) {
        if self.0.wait_for(|signal| *signal == Signal::Stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Makes the runs of a job: in this process, or by handing them to others. It knows how a [`JobRequest`] becomes
/// evaluators: which models there are, where keys come from, where data sets lie.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Runner: Send + Sync + 'static {
    /// Whether a request could be run, before it is queued: whatever can be checked for nothing. Nobody is asked.
    ///
    /// # Errors
    /// Why not, for a person.
    async fn check(&self, request: &JobRequest) -> Result<(), RunError>;

    /// Makes the runs of a job, one for each model, or goes on with those that it has: [`Job::runs`], which may be fewer
    /// than the models and in another order. A run that has finished is given back as it is. Each run's events reach the
    /// reporter in order. The runs as they ended, in the order of the models; those that were not begun when the work was
    /// to stop are left out.
    ///
    /// # Errors
    /// [`RunError`] when they could not begin, or not go on. A model that fails is no error: its run says so.
    async fn run(&self, job: &Job, reporter: Box<dyn Reporter>, stop: Stopping) -> Result<Vec<Run>, RunError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<R: Runner + ?Sized> Runner for Arc<R> {
    async fn check(&self, request: &JobRequest) -> Result<(), RunError> {
        (**self).check(request).await
    }

    async fn run(&self, job: &Job, reporter: Box<dyn Reporter>, stop: Stopping) -> Result<Vec<Run>, RunError> {
        (**self).run(job, reporter, stop).await
    }
}
