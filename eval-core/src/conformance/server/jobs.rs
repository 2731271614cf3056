//! Jobs that are submitted, listed and cancelled.

use crate::conformance::{fixtures, must};
use crate::server::{Idempotency, Job, JobId, JobQuery, JobRequest, JobState, Jobs, Submitted};
use crate::{Params, RunSpec, Selection};

/// A job of this submitter.
pub(super) fn job(submitter: &str) -> Job {
    Job::new(submitter, JobRequest::new(["gpt-4o"], RunSpec::new("golden.csv")))
}

/// A job that is queued.
pub(super) async fn queued(store: &impl Jobs, submitter: &str) -> Job {
    let job = job(submitter);
    assert_eq!(must(store.submit(&job, 100).await, "a job is taken"), Submitted::New);
    job
}

pub(super) async fn read(store: &impl Jobs, id: JobId) -> Job {
    must(store.job(id).await, "a job is read").unwrap_or_else(|| panic!("job {id} is gone"))
}

fn rich() -> Job {
    let mut request = JobRequest::new(["gpt-4o", fixtures::TEXTS[6]], RunSpec::new(fixtures::TEXTS[3]));
    request.name = Some(fixtures::TEXTS[4].into());
    request.selection = Some(Selection { limit: Some(5), ..Selection::default() });
    request.params = Params::new().with("temperature", 0.1 + 0.2);
    (request.epochs, request.threshold) = (3, Some(0.1 + 0.2));
    request.tags.insert(fixtures::TEXTS[3].into(), fixtures::TEXTS[6].into());
    request.callback = Some("https://example.com/?a=1&b='2'".into());
    let mut job = Job::new(fixtures::TEXTS[6], request).idempotent(Idempotency::of(fixtures::TEXTS[3], "{}"));
    job.submitted = fixtures::time(7);
    job
}

/// A job is read as it was written, and found by what it is.
pub(super) async fn kept(store: &impl Jobs) {
    let first = rich();
    assert_eq!(must(store.submit(&first, 100).await, "a job is taken"), Submitted::New);
    assert_eq!(must(store.submit(&first, 100).await, "a job is taken"), Submitted::New, "to repeat changes nothing");
    assert_eq!(read(store, first.id).await, first);
    assert_eq!(must(store.job(JobId::new()).await, "a job is read"), None);

    let [second, third] = [queued(store, "ann").await, queued(store, "ann").await];
    let list = async |query: JobQuery| must(store.jobs(&query).await, "jobs are read");
    let all = [third.clone(), second.clone(), first.clone()];
    assert_eq!(list(JobQuery::default()).await, all, "newest first");
    let of_ann = JobQuery { submitter: Some("ann".into()), ..JobQuery::default() };
    assert_eq!(list(of_ann.clone()).await, all[..2]);
    assert_eq!(list(JobQuery { before: Some(third.id), limit: 1, ..of_ann }).await, all[1..2], "the next page");
    assert_eq!(list(JobQuery { state: Some(JobState::Running), ..JobQuery::default() }).await, []);
}

/// The same key and body are the same job; another body is refused; keys of others are apart.
pub(super) async fn known_again(store: &impl Jobs) {
    let with_key = |submitter: &str, body: &str| job(submitter).idempotent(Idempotency::of(fixtures::TEXTS[6], body));
    let submit = async |job: &Job| must(store.submit(job, 2).await, "a job is submitted");
    let first = with_key("ann", "{}");
    assert_eq!(submit(&first).await, Submitted::New);
    assert_eq!(submit(&with_key("ann", "{}")).await, Submitted::Known(first.clone().into()));
    assert_eq!(submit(&with_key("ann", "[]")).await, Submitted::Conflict(first.id));
    assert_eq!(submit(&with_key("bob", "[]")).await, Submitted::New, "the key of another");
    assert_eq!(submit(&with_key("ann", "{}")).await, Submitted::Known(first.into()), "also when the queue is full");
    assert_eq!(must(store.jobs(&JobQuery::default()).await, "jobs are read").len(), 2, "no other was made");
}

/// No more jobs wait than may.
pub(super) async fn bounded(store: &impl Jobs) {
    let [first, _] = [queued(store, "ann").await, queued(store, "bob").await];
    let refused = job("bob");
    assert_eq!(must(store.submit(&refused, 2).await, "a job is submitted"), Submitted::Full);
    assert_eq!(must(store.job(refused.id).await, "a job is read"), None, "nothing is stored of it");
    must(store.cancel(first.id, fixtures::time(1)).await, "a job is cancelled");
    assert_eq!(must(store.submit(&refused, 2).await, "a job is submitted"), Submitted::New, "there is room again");
}

/// A job that waits is cancelled at once, and can be queued again.
pub(super) async fn cancelled(store: &impl Jobs) {
    let job = queued(store, "ann").await;
    let cancelled = must(store.cancel(job.id, fixtures::time(9)).await, "a job is cancelled");
    let expected = Job { state: JobState::Cancelled, ended: Some(fixtures::time(9)), ..job.clone() };
    assert_eq!(cancelled.as_ref(), Some(&expected));
    must(store.cancel(job.id, fixtures::time(10)).await, "a job is cancelled");
    assert_eq!(read(store, job.id).await, expected, "it is cancelled once");
    assert_eq!(must(store.requeue(job.id).await, "a job is queued again"), Some(job.clone()));
    assert_eq!(read(store, job.id).await, job);
    assert_eq!(must(store.cancel(JobId::new(), fixtures::time(1)).await, "a job is cancelled"), None);
    assert_eq!(must(store.requeue(JobId::new()).await, "a job is queued again"), None);
}

/// A job that waits is paused at once, goes on when somebody lets it, and can be cancelled while it is paused.
pub(super) async fn paused(store: &impl Jobs) {
    let job = queued(store, "ann").await;
    let paused = must(store.pause(job.id, fixtures::time(9)).await, "a job is paused");
    let expected = Job { state: JobState::Paused, ended: Some(fixtures::time(9)), ..job.clone() };
    assert_eq!(paused.as_ref(), Some(&expected));
    assert_eq!(read(store, job.id).await, expected);
    assert_eq!(must(store.requeue(job.id).await, "a job is queued again"), Some(job.clone()));
    must(store.pause(job.id, fixtures::time(10)).await, "a job is paused");
    let cancelled = must(store.cancel(job.id, fixtures::time(11)).await, "a job is cancelled");
    assert_eq!(cancelled.map(|job| job.state), Some(JobState::Cancelled));
    must(store.pause(job.id, fixtures::time(12)).await, "a job is paused");
    assert_eq!(read(store, job.id).await.state, JobState::Cancelled, "what has ended is not paused");
    assert_eq!(must(store.pause(JobId::new(), fixtures::time(1)).await, "a job is paused"), None);
}
