//! What a server keeps, with several processes on one database and after the end of one.

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use common::{connection, open, url};
use diesel::connection::SimpleConnection;
use eval_core::conformance::fixtures::finished;
use eval_core::server::{
    AlertLog, Attempted, Audit, AuditEntry, AuditQuery, Claim, Finding, Idempotency, Job, JobEnd, JobQuery, JobQueue,
    JobRequest, JobState, Jobs, Lost, Notice, NoticeKind, NoticeQuery, NoticeState, Notices, Outbox, Scope, Sent,
    Submitted, Token, Tokens,
};
use eval_core::{Owner, RunSpec, Store, Timestamp};
use eval_store::DieselStore;
use eval_store::testing::{Postgres, query};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// Two stores on one database, as two processes have them.
async fn two(url: &str) -> [Arc<DieselStore>; 2] {
    [open(url).await.into(), open(url).await.into()]
}

fn job(submitter: &str) -> Job {
    Job::new(submitter, JobRequest::new(["gpt-4o"], RunSpec::new("golden.csv")))
}

async fn claim(store: &DieselStore, owner: &Owner, lost: Lost) -> Option<Job> {
    store.claim(&Claim::new(owner.clone(), Timestamp::now(), lost)).await.expect("a claim")
}

/// A hundred equal requests at once make one job, and each hears of it.
async fn one_of_a_hundred(url: &str) {
    let stores = two(url).await;
    let mut tasks = JoinSet::new();
    for n in 0..100 {
        let store = Arc::clone(&stores[n % 2]);
        let job = job("ann").idempotent(Idempotency::of("nightly", "{}"));
        tasks.spawn(async move { (job.id, store.submit(&job, 1000).await.expect("it is submitted")) });
    }
    let (made, known): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(|(_, it)| *it == Submitted::New);
    let [(id, _)] = made[..] else { panic!("{} jobs were made", made.len()) };
    let is_it = |it: &Submitted| matches!(it, Submitted::Known(job) if job.id == id);
    assert!(known.len() == 99 && known.iter().all(|(_, it)| is_it(it)), "{known:?}");
    let other = job("ann").idempotent(Idempotency::of("nightly", "[]"));
    assert_eq!(stores[0].submit(&other, 1000).await.expect("it is submitted"), Submitted::Conflict(id));
    assert_eq!(stores[1].jobs(&JobQuery::default()).await.expect("jobs").len(), 1);
}

#[tokio::test]
async fn f41_a_hundred_equal_requests_at_once_make_one_job() {
    let folder = TempDir::new().expect("a folder");
    one_of_a_hundred(&url(&folder, "eval.db")).await;
}

#[tokio::test]
async fn f41_a_hundred_equal_requests_at_once_make_one_job_on_a_server() {
    let Some(postgres) = Postgres::shared() else { return };
    one_of_a_hundred(&postgres.database()).await;
}

/// A thousand requests at once: as many wait as may, workers of two processes never have the same job, and who submits
/// one job waits behind no crowd.
async fn a_crowd(url: &str) {
    let stores = two(url).await;
    let mut tasks = JoinSet::new();
    for n in 0..1000 {
        let store = Arc::clone(&stores[n % 2]);
        tasks.spawn(async move { store.submit(&job("crowd"), 50).await.expect("it is submitted") });
    }
    let said = tasks.join_all().await;
    assert_eq!(said.iter().filter(|it| **it == Submitted::New).count(), 50);
    assert_eq!(said.iter().filter(|it| **it == Submitted::Full).count(), 950);
    stores[0].submit(&job("ann"), 51).await.expect("it is submitted");

    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let store = Arc::clone(&stores[n % 2]);
        tasks.spawn(async move { claim(&store, &Owner::new(), Lost::Resume).await.expect("a job") });
    }
    let taken = tasks.join_all().await;
    assert_eq!(taken.iter().map(|job| job.id).collect::<HashSet<_>>().len(), 20, "each has a job of its own");
    let mut submitters: BTreeMap<&str, u32> = BTreeMap::new();
    taken.iter().for_each(|job| *submitters.entry(&job.submitter).or_default() += 1);
    assert_eq!(submitters, BTreeMap::from([("ann", 1), ("crowd", 19)]));
}

#[tokio::test]
async fn f42_a_crowd_is_bounded_and_starves_nobody() {
    let folder = TempDir::new().expect("a folder");
    a_crowd(&url(&folder, "eval.db")).await;
}

#[tokio::test]
async fn f42_a_crowd_is_bounded_and_starves_nobody_on_a_server() {
    let Some(postgres) = Postgres::shared() else { return };
    a_crowd(&postgres.database()).await;
}

/// A store is gone with one job running and one waiting; the next one has both, by its setting.
async fn restarted(url: &str, lost: Lost) -> DieselStore {
    let store = open(url).await;
    for _ in 0..2 {
        store.submit(&job("ann"), 10).await.expect("it is submitted");
    }
    // A process of this machine that is no more: nobody has to wait until its lease is over.
    let me = Owner::new();
    let gone = Owner::from_parts("gone", &*me.host, me.pid, me.pid_started.map(|started| started + 1));
    claim(&store, &gone, lost).await.expect("a job");
    drop(store);
    open(url).await
}

async fn states(store: &DieselStore) -> Vec<JobState> {
    store.jobs(&JobQuery::default()).await.expect("jobs").iter().map(|job| job.state).collect()
}

async fn goes_on(url: &str) {
    let store = restarted(url, Lost::Resume).await;
    let worker = Owner::new();
    let job = claim(&store, &worker, Lost::Resume).await.expect("the job that was running");
    assert_eq!(states(&store).await, [JobState::Queued, JobState::Running]);
    assert!(store.finish(job.id, &worker, &JobEnd::new(JobState::Done, []), Timestamp::now()).await.expect("an end"));
    assert_eq!(states(&store).await, [JobState::Queued, JobState::Done], "the one that was lost came first");
}

async fn is_interrupted(url: &str) {
    let store = restarted(url, Lost::Interrupt).await;
    claim(&store, &Owner::new(), Lost::Interrupt).await.expect("the job that was waiting");
    assert_eq!(states(&store).await, [JobState::Running, JobState::Interrupted]);
}

#[tokio::test]
async fn f44_jobs_outlive_their_process() {
    let folder = TempDir::new().expect("a folder");
    goes_on(&url(&folder, "resumed.db")).await;
    is_interrupted(&url(&folder, "interrupted.db")).await;
}

#[tokio::test]
async fn f44_jobs_outlive_their_process_on_a_server() {
    let Some(postgres) = Postgres::shared() else { return };
    goes_on(&postgres.database()).await;
    is_interrupted(&postgres.database()).await;
}

/// A process is gone between the end of a run and the news of it, and one between the news and the note that they were
/// sent.
async fn still_due(url: &str) {
    let store = open(url).await;
    let run = finished("gpt-4o", 0, 0.5, 0);
    store.put_run(&run).await.expect("it is stored");
    let mut wanted = job("ann");
    wanted.request.callback = Some("https://example.com/hook".into());
    store.submit(&wanted, 10).await.expect("it is submitted");
    let worker = Owner::new();
    claim(&store, &worker, Lost::Resume).await.expect("a job");
    let end = JobEnd::new(JobState::Done, [run.id]);
    store.finish(wanted.id, &worker, &end, Timestamp::now()).await.expect("an end");
    drop(store);
    let mut ids = HashSet::new();
    for _ in 0..2 {
        let due = open(url).await.due(Timestamp::now(), &[], 10).await.expect("what is due");
        assert_eq!(due.len(), 1);
        ids.extend(due.into_iter().map(|delivery| delivery.id));
    }
    let [id] = &Vec::from_iter(ids)[..] else { panic!("the news have several ids") };
    open(url).await.sent(id, &Sent::taken(Timestamp::now(), 200)).await.expect("it is noted");
    assert_eq!(open(url).await.due(Timestamp::now(), &[], 10).await.expect("what is due"), []);
}

#[tokio::test]
async fn f46_news_of_a_run_outlive_a_kill_under_the_same_id() {
    let folder = TempDir::new().expect("a folder");
    still_due(&url(&folder, "eval.db")).await;
}

#[tokio::test]
async fn f46_news_of_a_run_outlive_a_kill_under_the_same_id_on_a_server() {
    let Some(postgres) = Postgres::shared() else { return };
    still_due(&postgres.database()).await;
}

#[tokio::test]
async fn s01_the_secret_of_a_token_is_in_no_file_of_the_database() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&url(&folder, "eval.db")).await;
    let (token, secret) = Token::issue("nightly", Scope::Run).expect("a token");
    store.put_token(&token).await.expect("it is stored");
    let shown = secret.reveal();
    let secret = shown.rsplit('_').next().expect("a secret");
    let mut ids = 0;
    for file in std::fs::read_dir(&folder).expect("files") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("its bytes");
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(secret), "the secret is in the database");
        ids += usize::from(text.contains(token.id.as_str()));
    }
    assert!(ids > 0, "the token is there, so that this test has looked at the right files");
}

#[tokio::test]
async fn s19_the_audit_log_only_grows() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&url(&folder, "eval.db")).await;
    let entry = AuditEntry::new("ann", "run.delete", "r1").detail("reason", "a test");
    store.record(&entry).await.expect("it is stored");
    let mut other = connection(&folder.path().join("eval.db"));
    for statement in ["UPDATE audit SET who = 'bob'", "DELETE FROM audit"] {
        let refused = other.batch_execute(statement).expect_err(statement).to_string();
        assert!(refused.contains("the audit log is append-only"), "{refused}");
    }
    assert_eq!(store.entries(&AuditQuery::default()).await.expect("entries"), [entry]);
}

#[tokio::test]
async fn s19_the_audit_log_only_grows_on_a_server() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    let store = open(&url).await;
    let entry = AuditEntry::new("ann", "run.delete", "r1").detail("reason", "a test");
    store.record(&entry).await.expect("it is stored");
    for statement in ["UPDATE audit SET who = 'bob'", "DELETE FROM audit", "TRUNCATE audit"] {
        let refusal = format!("DO $$ BEGIN {statement}; EXCEPTION WHEN raise_exception THEN RETURN; END $$");
        query(&url, &refusal);
    }
    assert_eq!(store.entries(&AuditQuery::default()).await.expect("entries"), [entry]);
}

/// Of two servers that tell at the same time one does, one sends, and what was not sent is there when both are gone.
async fn told_once(url: &str) {
    let stores = two(url).await;
    let now = Timestamp::now();
    let later = now.saturating_add(std::time::Duration::from_secs(60)).expect("a time");
    let alert = stores[0].open(&Finding::new("k", "worse"), now).await.expect("an alert").alert.id;
    let notice = Notice::new(vec![alert], "slack", NoticeKind::Opened, "{}", now);
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let (store, notice) = (Arc::clone(&stores[n % 2]), notice.clone());
        tasks.spawn(async move {
            let first = store.announce(&[alert], &[notice], now).await.expect("an answer");
            (first, store.take_notices("slack", now, later, 9).await.expect("notices").len())
        });
    }
    let ends = tasks.join_all().await;
    assert_eq!(ends.iter().filter(|(first, _)| *first).count(), 1, "{ends:?}");
    assert_eq!(ends.iter().map(|(_, taken)| taken).sum::<usize>(), 1, "{ends:?}");
    drop(stores);

    let [store, _] = two(url).await;
    assert_eq!(store.take_notices("slack", later, later, 9).await.expect("notices").len(), 1, "who had it is lost");
    store.attempted(&notice.id, &Attempted::refused(later, "down", None)).await.expect("an attempt");
    let kept = store.notices(&NoticeQuery::default()).await.expect("notices");
    assert_eq!((kept[0].state, kept[0].error.as_deref()), (NoticeState::Failed, Some("down")));
}

#[tokio::test]
async fn f47_an_alert_is_told_once_by_two_servers_and_outlives_them() {
    let folder = TempDir::new().expect("a folder");
    told_once(&url(&folder, "eval.db")).await;
}

#[tokio::test]
async fn f47_an_alert_is_told_once_by_two_servers_and_outlives_them_on_a_server() {
    let Some(postgres) = Postgres::shared() else { return };
    told_once(&postgres.database()).await;
}
