//! What everybody must do who makes the runs of jobs.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::must;
use crate::server::{Job, JobRequest, Runner, Signal, Stopping};
use crate::store::lock;
use crate::{BoxError, Event, EventKind, Reporter, Run, RunId, RunStatus, Store};

/// Holds whoever makes the runs of jobs to the contract of [`Runner`]: runs in the order of the models, stored, told in
/// order, stopped when they are to stop, gone on with under the same ids, and left alone once they have finished. The
/// request must be one that can be run, with two models or more, and questions that are answered.
///
/// # Panics
/// When something does not hold; the message says what.
pub async fn runner(runner: &dyn Runner, store: &dyn Store, request: &JobRequest) {
    assert!(request.models.len() > 1, "the suite needs two models or more");
    must(runner.check(request).await, "a request that can be run is taken");
    let job = Job::new("conformance", request.clone());
    let (runs, events) = make(runner, &job, Stopping::never()).await;
    all_finished(store, request, &runs).await;
    runs.iter().for_each(|run| in_order(&events, run.id));

    let (again, events) = make(runner, &with_runs(&job, ids(&runs).rev()), Stopping::never()).await;
    assert_eq!(ids(&again).collect::<Vec<_>>(), ids(&runs).collect::<Vec<_>>(), "runs that are there are gone on with");
    assert!(
        again.iter().zip(&runs).all(|(again, run)| again.finished == run.finished),
        "a finished run stays as it is"
    );
    let asked = |event: &Event| matches!(event.kind, EventKind::SampleStarted { .. });
    assert!(!events.iter().any(asked), "a finished run asks nothing");

    stopped(runner, store, &Job::new("conformance", request.clone())).await;
}

/// A job that is to stop at its first question does, and later goes on from there.
async fn stopped(runner: &dyn Runner, store: &dyn Store, job: &Job) {
    let (signal, stopping) = Stopping::channel();
    let heard = Heard { signal: Some(signal), ..Heard::default() };
    let events = heard.events.clone();
    let runs = must(runner.run(job, Box::new(heard), stopping).await, "a job that is to stop ends");
    assert!(runs.iter().any(|run| run.status != RunStatus::Finished), "what is to stop does not go on to the end");
    let begun = lock(&events).iter().filter(|event| event.seq == 0).map(|event| event.run).collect::<Vec<_>>();
    let (whole, _) = make(runner, &with_runs(job, begun.iter().copied()), Stopping::never()).await;
    all_finished(store, &job.request, &whole).await;
    assert!(begun.iter().all(|run| ids(&whole).any(|whole| whole == *run)), "the runs that were begun go on");
}

async fn make(runner: &dyn Runner, job: &Job, stop: Stopping) -> (Vec<Run>, Vec<Event>) {
    let heard = Heard::default();
    let events = heard.events.clone();
    let runs = must(runner.run(job, Box::new(heard), stop).await, "a job is run");
    let events = std::mem::take(&mut *lock(&events));
    (runs, events)
}

fn ids(runs: &[Run]) -> impl DoubleEndedIterator<Item = RunId> {
    runs.iter().map(|run| run.id)
}

fn with_runs(job: &Job, runs: impl Iterator<Item = RunId>) -> Job {
    Job { runs: runs.collect(), ..job.clone() }
}

async fn all_finished(store: &dyn Store, request: &JobRequest, runs: &[Run]) {
    let models: Vec<&String> = runs.iter().map(|run| &run.model).collect();
    assert_eq!(models, request.models.iter().collect::<Vec<_>>(), "one run for each model, in their order");
    for run in runs {
        assert_eq!(run.status, RunStatus::Finished, "the run of {} ends by itself", run.model);
        let stored = must(store.get_run(run.id).await, "the run is stored");
        assert_eq!(stored.status, RunStatus::Finished, "the end of the run of {} is stored", run.model);
    }
}

/// The events of a run are numbered without gaps, from its begin to its end.
fn in_order(events: &[Event], run: RunId) {
    let of_run: Vec<&Event> = events.iter().filter(|event| event.run == run).collect();
    assert!(of_run.iter().zip(0..).all(|(event, seq)| event.seq == seq), "the events of a run come in order");
    let first = of_run.first().map(|event| &event.kind);
    assert!(matches!(first, Some(EventKind::RunStarted { .. })), "a run begins with its begin: {first:?}");
    let last = of_run.last().map(|event| &event.kind);
    assert!(matches!(last, Some(EventKind::RunFinished { .. })), "a run ends with its end: {last:?}");
}

/// Keeps the events, and says at the first question that it is time to stop, if it can.
#[derive(Default)]
struct Heard {
    events: Arc<Mutex<Vec<Event>>>,
    signal: Option<tokio::sync::watch::Sender<Signal>>,
}

#[async_trait]
impl Reporter for Heard {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        lock(&self.events).push(event.clone());
        if let (Some(signal), EventKind::SampleStarted { .. }) = (&self.signal, &event.kind) {
            signal.send_replace(Signal::Stop);
        }
        Ok(())
    }
}
