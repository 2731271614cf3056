//! Whose turn it is, and what becomes of jobs whose workers are gone.

use super::jobs::{queued, read};
use crate::conformance::{fixtures, must};
use crate::server::{Beat, Claim, Hold, Job, JobEnd, JobQuery, JobQueue, JobState, Jobs, Lost};
use crate::{Owner, RunId};

/// A worker elsewhere, so that nobody can tell whether its process is gone.
fn worker(token: &str) -> Owner {
    Owner::from_parts(token, "elsewhere", 7, Some(u64::from(u32::MAX)))
}

async fn claim(store: &impl JobQueue, token: &str, seconds: i64, lost: Lost) -> Option<Job> {
    must(store.claim(&Claim::new(worker(token), fixtures::time(seconds), lost)).await, "a job is claimed")
}

async fn finish(store: &impl JobQueue, job: &Job, token: &str, end: &JobEnd, seconds: i64) -> bool {
    must(store.finish(job.id, &worker(token), end, fixtures::time(seconds)).await, "a job is left")
}

/// Who has few jobs running, and was served long ago, is next; nobody starves behind one who submits many.
pub(super) async fn fair(store: &(impl Jobs + JobQueue)) {
    assert_eq!(claim(store, "w", 0, Lost::Resume).await, None, "nothing waits");
    let mut ann = Vec::new();
    for _ in 0..4 {
        ann.push(queued(store, "ann").await.id);
    }
    let bob = [queued(store, "bob").await.id, queued(store, "bob").await.id];
    let cid = queued(store, "cid").await.id;
    let mut served = Vec::new();
    for (seconds, token) in (1..).zip(["w1", "w2", "w3", "w4"]) {
        served.extend(claim(store, token, seconds, Lost::Resume).await);
    }
    let ids: Vec<_> = served.iter().map(|job| job.id).collect();
    assert_eq!(ids, [ann[0], bob[0], cid, ann[1]], "a job each, then the one who was served the longest ago");

    assert!(finish(store, &served[1], "w2", &JobEnd::new(JobState::Done, []), 5).await);
    let next = claim(store, "w5", 6, Lost::Resume).await.map(|job| job.id);
    assert_eq!(next, Some(bob[1]), "the one with the fewest running");
    let next = claim(store, "w6", 7, Lost::Resume).await.map(|job| job.id);
    assert_eq!(next, Some(ann[2]), "the only one who waits");
}

/// A job is one worker's until that leaves it, and others change nothing.
pub(super) async fn one_worker(store: &(impl Jobs + JobQueue)) {
    let job = queued(store, "ann").await;
    let taken = claim(store, "w", 1, Lost::Resume).await;
    let hold = Hold::new(worker("w"), fixtures::time(1));
    let running = Job { state: JobState::Running, claimed: Some(fixtures::time(1)), hold: Some(hold), ..job.clone() };
    assert_eq!(taken.as_ref(), Some(&running));
    assert_eq!(claim(store, "w", 2, Lost::Resume).await, taken, "who has a job gets the same again");
    assert_eq!(claim(store, "other", 2, Lost::Resume).await, None);

    let runs = [RunId::new(), RunId::new()];
    let beat = async |token: &str, seconds: i64| {
        let beat = store.heartbeat(job.id, &worker(token), fixtures::time(seconds), &runs).await;
        must(beat, "a sign of life is taken")
    };
    assert_eq!(beat("other", 3).await, Beat::Lost);
    assert_eq!(read(store, job.id).await, running, "a stranger changes nothing");
    assert_eq!(beat("w", 25).await, Beat::Kept);
    assert_eq!(read(store, job.id).await.runs, runs);
    assert_eq!(claim(store, "other", 54, Lost::Resume).await, None, "the sign of life counts");

    must(store.cancel(job.id, fixtures::time(30)).await, "a job is cancelled");
    assert_eq!(read(store, job.id).await.state, JobState::Running, "until its worker has stopped");
    assert_eq!(beat("w", 31).await, Beat::Cancel);
    let end = JobEnd { error: Some(fixtures::TEXTS[6].into()), ..JobEnd::new(JobState::Cancelled, runs) };
    assert!(!finish(store, &job, "other", &end, 32).await, "a stranger ends nothing");
    assert!(finish(store, &job, "w", &end, 33).await);
    assert!(finish(store, &job, "w", &end, 34).await, "to repeat changes nothing");
    let ended = read(store, job.id).await;
    assert_eq!((ended.state, ended.ended, ended.cancelling), (JobState::Cancelled, Some(fixtures::time(33)), false));
    assert_eq!((ended.error, ended.runs), (end.error, end.runs));
    assert_eq!(beat("w", 35).await, Beat::Lost);
}

/// A job whose worker is gone is taken over, before all that wait. One that was to be cancelled is.
pub(super) async fn resumed(store: &(impl Jobs + JobQueue)) {
    let lost = queued(store, "ann").await;
    claim(store, "gone", 0, Lost::Resume).await;
    let [unwanted, waiting] = [queued(store, "bob").await, queued(store, "cid").await];
    claim(store, "gone too", 1, Lost::Resume).await;
    must(store.cancel(unwanted.id, fixtures::time(2)).await, "a job is cancelled");

    let next = claim(store, "w", 32, Lost::Resume).await.map(|job| (job.id, job.claimed));
    assert_eq!(next, Some((lost.id, Some(fixtures::time(32)))));
    let beat = store.heartbeat(lost.id, &worker("gone"), fixtures::time(33), &[]).await;
    assert_eq!(must(beat, "a sign of life is taken"), Beat::Lost, "it comes too late");
    assert!(!finish(store, &lost, "gone", &JobEnd::failed([], "late"), 34).await, "so does the end");
    let next = claim(store, "w2", 35, Lost::Resume).await.map(|job| job.id);
    assert_eq!(next, Some(waiting.id));
    assert_eq!(read(store, unwanted.id).await.state, JobState::Cancelled);
    let given_back = JobEnd::new(JobState::Queued, []);
    assert!(finish(store, &waiting, "w2", &given_back, 36).await, "a process that ends gives its job back");
    assert_eq!(claim(store, "w3", 37, Lost::Resume).await.map(|job| job.id), Some(waiting.id));
}

/// Where lost jobs are not resumed they are interrupted, until a person lets them go on.
pub(super) async fn interrupted(store: &(impl Jobs + JobQueue)) {
    let job = queued(store, "ann").await;
    claim(store, "gone", 0, Lost::Interrupt).await;
    assert_eq!(claim(store, "w", 31, Lost::Interrupt).await, None);
    let found = read(store, job.id).await;
    assert_eq!((found.state, found.ended), (JobState::Interrupted, Some(fixtures::time(31))));
    let queued = must(store.requeue(job.id).await, "a job is queued again").map(|job| (job.state, job.hold));
    assert_eq!(queued, Some((JobState::Queued, None)));
    assert_eq!(claim(store, "w", 32, Lost::Interrupt).await.map(|job| job.id), Some(job.id));
}

/// A job that runs is paused when its worker has stopped, and found by its runs meanwhile; whoever lets it go on before
/// that has it queued again.
pub(super) async fn paused(store: &(impl Jobs + JobQueue)) {
    let job = queued(store, "ann").await;
    let runs = [RunId::new(), RunId::new()];
    let beat = async |seconds: i64| {
        let beat = store.heartbeat(job.id, &worker("w"), fixtures::time(seconds), &runs).await;
        must(beat, "a sign of life is taken")
    };
    claim(store, "w", 1, Lost::Resume).await;
    assert_eq!(beat(2).await, Beat::Kept);
    let of_run = JobQuery { run: Some(runs[1]), ..JobQuery::default() };
    assert_eq!(must(store.jobs(&of_run).await, "jobs are read"), [read(store, job.id).await]);
    let of_another = JobQuery { run: Some(RunId::new()), ..JobQuery::default() };
    assert_eq!(must(store.jobs(&of_another).await, "jobs are read"), []);

    must(store.pause(job.id, fixtures::time(3)).await, "a job is paused");
    assert_eq!(read(store, job.id).await.state, JobState::Running, "until its worker has stopped");
    assert_eq!(beat(4).await, Beat::Pause);
    assert!(finish(store, &job, "w", &JobEnd::new(JobState::Paused, runs), 5).await);
    assert!(finish(store, &job, "w", &JobEnd::new(JobState::Paused, runs), 6).await, "to repeat changes nothing");
    let found = read(store, job.id).await;
    assert_eq!((found.state, found.pausing, &*found.runs), (JobState::Paused, false, &runs[..]));
    assert_eq!(claim(store, "w", 7, Lost::Resume).await, None, "nobody gets it");

    must(store.requeue(job.id).await, "a job is queued again");
    assert_eq!(claim(store, "w", 8, Lost::Resume).await.map(|job| job.runs), Some(runs.to_vec()));
    must(store.pause(job.id, fixtures::time(9)).await, "a job is paused");
    must(store.requeue(job.id).await, "a job goes on");
    assert_eq!(beat(10).await, Beat::Kept, "it is no longer to be paused");
    assert!(finish(store, &job, "w", &JobEnd::new(JobState::Paused, runs), 11).await);
    assert_eq!(read(store, job.id).await.state, JobState::Queued, "its worker had stopped already");

    claim(store, "gone", 12, Lost::Resume).await;
    must(store.pause(job.id, fixtures::time(13)).await, "a job is paused");
    assert_eq!(claim(store, "w", 50, Lost::Resume).await, None, "whose worker is gone");
    assert_eq!(read(store, job.id).await.state, JobState::Paused);
}
