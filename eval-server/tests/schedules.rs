//! Jobs that come by the clock, which these tests set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::{Extension, Router};
use eval_core::server::{Audit as _, Claim, Job, JobEnd, JobQuery, JobQueue, JobRequest, JobState, Jobs, Lost, Scope};
use eval_core::server::{Signal, Stopping};
use eval_core::{InMemory, Owner, RunSpec, Timestamp};
use eval_server::{AppState, Caller, Cron, CronError, Missed, Schedule, Schedules, router};
use serde_json::Value;
use tower::ServiceExt as _;

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The times of a cron expression from one to another.
fn times(expression: &str, zone: &str, from: &str, until: &str) -> Vec<String> {
    let cron = Cron::parse(expression, zone).expect("times");
    let (after, until) = (time(from), time(until));
    let all = std::iter::successors(cron.next(after), |at| cron.next(*at));
    all.take_while(|at| *at <= until).map(|at| at.to_string()).collect()
}

#[test]
fn an_hour_that_the_clock_leaves_out_runs_once_at_the_change() {
    // In Berlin 02:00 to 03:00 is left out on 29 March 2026, at 01:00 UTC; in New York on 8 March, at 07:00 UTC.
    let night = |expression| times(expression, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T01:00:00Z");
    assert_eq!(night("30 2 * * *"), ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    assert_eq!(night("0,15,30 2 29 3 *"), ["2026-03-29T01:00:00Z"], "once, however many times are left out");
    assert_eq!(night("0 3 29 3 *"), ["2026-03-29T01:00:00Z"]);
    let ny = times("30 2 * * *", "America/New_York", "2026-03-08T00:00:00Z", "2026-03-09T12:00:00Z");
    assert_eq!(ny, ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]);
}

#[test]
fn an_hour_that_the_clock_shows_twice_runs_once_the_first_time() {
    // In Berlin 02:00 to 03:00 comes twice on 25 October 2026: from 00:00 and from 01:00 UTC.
    let night = |expression| times(expression, "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T03:00:00Z");
    assert_eq!(night("30 2 * * *"), ["2026-10-25T00:30:00Z"]);
    let hours = ["2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"];
    assert_eq!(night("0 * * * *"), hours);
    // Asked from within the second time.
    let cron = Cron::parse("*/10 * * * *", "Europe/Berlin").expect("times");
    assert_eq!(cron.next(time("2026-10-25T01:20:00Z")), Some(time("2026-10-25T02:00:00Z")));
}

#[test]
fn days_months_and_zones_are_those_of_the_wall() {
    assert_eq!(times("0 2 * * *", "UTC", "2026-01-01T02:00:00Z", "2026-01-03T02:00:00Z").len(), 2, "after, and until");
    let workdays = times("0 9 * * MON-FRI", "Asia/Kolkata", "2026-01-02T00:00:00Z", "2026-01-05T23:00:00Z");
    assert_eq!(workdays, ["2026-01-02T03:30:00Z", "2026-01-05T03:30:00Z"]);
    assert_eq!(times("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2029-01-01T00:00:00Z"), ["2028-02-29T00:00:00Z"]);
}

#[test]
fn f40_what_is_no_time_is_refused_with_its_place() {
    let refused = |expression, zone| Cron::parse(expression, zone).expect_err(expression);
    let CronError::Expression { at, why, .. } = refused("0 25 * * *", "UTC") else { panic!("another error") };
    assert!((3..=5).contains(&at) && why.contains("23"), "{at}: {why}");
    for expression in ["", "* * * *", "0 2 * * * Europe/Berlin", "@daily", "a b c d e", "0 2 * * *; rm", "\0 * * * *"] {
        assert!(matches!(refused(expression, "UTC"), CronError::Expression { .. }), "{expression}");
    }
    assert_eq!(refused("0 2 * * *", "Mars/Olympus"), CronError::Zone { zone: "Mars/Olympus".into() });
    assert_eq!(refused("0 0 30 2 *", "UTC"), CronError::Never { expression: "0 0 30 2 *".into() });
}

fn nightly() -> Schedule {
    let request = JobRequest::new(["a", "b"], RunSpec::new("golden"));
    Schedule::new("nightly", Cron::parse("0 2 * * *", "UTC").expect("times"), request)
}

#[test]
fn missed_times_follow_their_rule() {
    let last = time("2026-01-01T02:00:00Z");
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let cases = [
        // On time, by either rule.
        (Missed::default(), "2026-01-02T02:00:00Z", Some("2026-01-02T02:00:00Z")),
        (Missed::Skip, "2026-01-02T02:00:59Z", Some("2026-01-02T02:00:00Z")),
        // Late.
        (Missed::Skip, "2026-01-02T02:01:00Z", None),
        (Missed::Once(hours(6)), "2026-01-02T07:59:59Z", Some("2026-01-02T02:00:00Z")),
        (Missed::Once(hours(6)), "2026-01-02T08:00:00Z", None),
        // Of three nights the last.
        (Missed::default(), "2026-01-04T12:00:00Z", Some("2026-01-04T02:00:00Z")),
        // Nothing new, or a clock that was set back.
        (Missed::default(), "2026-01-02T01:59:59Z", None),
        (Missed::default(), "2025-12-01T02:00:00Z", None),
    ];
    for (missed, now, due) in cases {
        assert_eq!(nightly().missed(missed).due(last, time(now)), due.map(time), "{missed:?} at {now}");
    }
}

/// A server: its schedules, on a clock that is set, and a store that others may share.
struct Server {
    store: Arc<InMemory>,
    now: Arc<AtomicI64>,
    schedules: Schedules,
}

impl Server {
    fn new(store: &Arc<InMemory>, schedule: Schedule) -> Self {
        let now = Arc::<AtomicI64>::default();
        let clock = now.clone();
        let clock = move || Timestamp::from_second(clock.load(Ordering::SeqCst)).expect("a time");
        Self { store: store.clone(), now, schedules: Schedules::new([schedule]).clock(clock) }
    }

    fn set(&self, now: &str) {
        self.now.store(time(now).as_second(), Ordering::SeqCst);
    }

    /// How many jobs are made when the clock shows this.
    async fn turn(&self, now: &str) -> usize {
        self.set(now);
        self.schedules.turn(&*self.store).await.expect("a turn").len()
    }

    async fn jobs(&self) -> Vec<Job> {
        self.store.jobs(&JobQuery::default()).await.expect("jobs")
    }

    /// All jobs end at this time.
    async fn work(&self, now: &str) {
        let owner = Owner::new();
        while let Some(job) =
            self.store.claim(&Claim::new(owner.clone(), time(now), Lost::Resume)).await.expect("a claim")
        {
            self.store.finish(job.id, &owner, &JobEnd::new(JobState::Done, []), time(now)).await.expect("an end");
        }
    }

    fn service(&self) -> Router {
        let state = AppState::new(self.store.clone()).schedules(self.schedules.clone());
        router(state).layer(Extension(Caller::new("ann", Scope::Run)))
    }

    async fn answer(&self, method: &str, path: &str) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        let response = self.service().oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1_000_000).await.expect("a body");
        (status, serde_json::from_slice(&bytes).expect("JSON"))
    }
}

#[tokio::test]
async fn a_time_makes_one_job_whatever_servers_and_restarts_there_are() {
    let store = Arc::new(InMemory::new());
    let servers = [Server::new(&store, nightly()), Server::new(&store, nightly())];
    for server in &servers {
        assert_eq!(server.turn("2026-01-01T12:00:00Z").await, 0, "a new schedule has missed nothing");
    }
    let mut made = 0;
    for server in &servers {
        made += server.turn("2026-01-02T02:00:00Z").await;
        made += server.turn("2026-01-02T02:00:20Z").await;
    }
    let restarted = Server::new(&store, nightly());
    made += restarted.turn("2026-01-02T02:00:30Z").await;
    assert_eq!(made, 1);
    let jobs = restarted.jobs().await;
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!(job.submitter, "schedule:nightly");
    assert_eq!((job.request.models.len(), job.request.tags["due"].as_str()), (2, "2026-01-02T02:00:00Z"));
    restarted.work("2026-01-02T03:00:00Z").await;
    assert_eq!(restarted.turn("2026-01-03T02:00:01Z").await, 1, "the next night");
}

#[tokio::test]
async fn a_time_that_a_server_was_away_for_is_made_up_for_once() {
    let store = Arc::new(InMemory::new());
    let before = Server::new(&store, nightly());
    before.turn("2026-01-01T12:00:00Z").await;
    before.turn("2026-01-02T02:00:00Z").await;
    before.work("2026-01-02T03:00:00Z").await;
    // Three nights later.
    let after = Server::new(&store, nightly());
    assert_eq!(after.turn("2026-01-05T09:00:00Z").await, 1);
    assert_eq!(after.jobs().await[0].request.tags["due"], "2026-01-05T02:00:00Z");
    assert_eq!(after.turn("2026-01-05T09:00:20Z").await, 0);
    let strict = Server::new(&store, nightly().missed(Missed::Skip));
    strict.work("2026-01-05T10:00:00Z").await;
    assert_eq!(strict.turn("2026-01-07T09:00:00Z").await, 0);
}

#[tokio::test]
async fn a_time_at_which_a_job_of_the_schedule_goes_on_is_left_out_and_told() {
    let store = Arc::new(InMemory::new());
    let server = Server::new(&store, nightly());
    server.turn("2026-01-01T12:00:00Z").await;
    assert_eq!(server.turn("2026-01-02T02:00:00Z").await, 1);
    assert_eq!(server.turn("2026-01-03T02:00:00Z").await, 0);
    server.work("2026-01-03T05:00:00Z").await;
    // Neither this process nor a new one makes up for it: at that time the job went on.
    assert_eq!(server.turn("2026-01-03T06:00:00Z").await, 0);
    assert_eq!(Server::new(&store, nightly()).turn("2026-01-03T06:00:00Z").await, 0);
    let (_, all) = server.answer("GET", "/api/v1/schedules").await;
    let one = &all["schedules"][0];
    assert_eq!(one["skipped"]["at"], "2026-01-03T02:00:00Z");
    assert!(one["skipped"]["why"].as_str().is_some_and(|why| why.ends_with("still went on")), "{one}");
    assert_eq!(server.turn("2026-01-04T02:00:00Z").await, 1);
}

#[tokio::test]
async fn f35_a_clock_that_is_set_makes_no_job_twice() {
    let store = Arc::new(InMemory::new());
    let server = Server::new(&store, nightly());
    server.turn("2026-01-01T12:00:00Z").await;
    assert_eq!(server.turn("2026-01-02T02:00:00Z").await, 1);
    server.work("2026-01-02T02:30:00Z").await;
    // Back before the time, and over it again; also for a process that begins meanwhile.
    let other = Server::new(&store, nightly());
    for now in ["2026-01-02T01:00:00Z", "2026-01-02T02:00:00Z", "2026-01-02T02:00:01Z", "2026-01-02T12:00:00Z"] {
        assert_eq!((server.turn(now).await, other.turn(now).await), (0, 0), "{now}");
    }
    // Forward by three days: one job, of the last night.
    assert_eq!(server.turn("2026-01-05T12:00:00Z").await, 1);
    server.work("2026-01-05T12:30:00Z").await;
    // And back: those nights have been.
    assert_eq!((server.turn("2026-01-03T02:00:00Z").await, other.turn("2026-01-03T02:00:00Z").await), (0, 0));
    assert_eq!(server.turn("2026-01-06T02:00:00Z").await, 1);
}

#[tokio::test]
async fn schedules_are_shown_and_run_now() {
    let server = Server::new(&Arc::new(InMemory::new()), nightly());
    server.turn("2026-01-01T12:00:00Z").await;
    let (_, all) = server.answer("GET", "/api/v1/schedules").await;
    let one = &all["schedules"][0];
    assert_eq!((&one["name"], &one["cron"], &one["zone"]), (&"nightly".into(), &"0 2 * * *".into(), &"UTC".into()));
    assert_eq!(
        (&one["next"], &one["last"], &one["missed"]),
        (&"2026-01-02T02:00:00Z".into(), &Value::Null, &"once".into())
    );

    let (status, submitted) = server.answer("POST", "/api/v1/schedules/nightly/run").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{submitted}");
    let (_, all) = server.answer("GET", "/api/v1/schedules").await;
    let last = &all["schedules"][0]["last"];
    assert_eq!((&last["job"], &last["due"], &last["state"]), (&submitted["job"], &Value::Null, &"queued".into()));
    let (_, health) = server.answer("GET", "/api/v1/health").await;
    let brief = serde_json::json!([{"name": "nightly", "next": "2026-01-02T02:00:00Z", "last": last}]);
    assert_eq!(health["schedules"], brief);
    let entries = server.store.entries(&Default::default()).await.expect("entries");
    assert_eq!((entries[0].who.as_str(), entries[0].what.as_str()), ("ann", "schedule.run"));

    assert_eq!(server.answer("POST", "/api/v1/schedules/nightly/run").await.0, StatusCode::CONFLICT);
    assert_eq!(server.answer("POST", "/api/v1/schedules/%00/run").await.0, StatusCode::NOT_FOUND);
    assert_eq!(server.answer("GET", "/api/v1/schedules?x=1").await.0, StatusCode::BAD_REQUEST);
    server.work("2026-01-01T13:00:00Z").await;
    assert_eq!(server.turn("2026-01-02T02:00:00Z").await, 1, "what was wanted by hand settles no time");
}

#[tokio::test(start_paused = true)]
async fn the_loop_submits_at_the_time_and_ends_when_it_is_asked() {
    let store = Arc::new(InMemory::new());
    let (begun, start) = (tokio::time::Instant::now(), time("2026-01-01T12:00:00.5Z"));
    let (told, mut queued) = tokio::sync::mpsc::unbounded_channel();
    let schedules = Schedules::new([nightly()])
        .clock(move || start + begun.elapsed())
        .queued(move || told.send(begun.elapsed()).expect("the test hears"));
    let (ask, stop) = Stopping::channel();
    let running = tokio::spawn(schedules.run(store.clone(), stop));
    let after = queued.recv().await.expect("a job");
    assert_eq!(after.as_secs(), 14 * 3600 - 1, "{after:?}");
    assert_eq!(store.jobs(&JobQuery::default()).await.expect("jobs").len(), 1);
    ask.send_replace(Signal::Stop);
    running.await.expect("the loop ends");
}
