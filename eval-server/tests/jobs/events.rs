//! Runs that are watched.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::server::Server;

/// One who watches.
struct Watcher(Body);

/// What is sent, taken apart.
#[derive(Debug, Default, PartialEq)]
struct Sent {
    name: String,
    id: Option<u64>,
    data: Value,
}

impl Watcher {
    async fn of(server: &Server, run: &str, last: Option<u64>) -> Self {
        let mut request = Request::get(format!("/api/v1/runs/{run}/events"));
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response =
            server.api("ann").oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        assert_eq!(
            (response.status(), &response.headers()["content-type"]),
            (StatusCode::OK, &"text/event-stream".parse().expect("a value"))
        );
        Self(response.into_body())
    }

    /// The next frame as it is; `None` at the end.
    async fn raw(&mut self) -> Option<axum::body::Bytes> {
        Some(self.0.frame().await?.expect("a frame").into_data().expect("data"))
    }

    /// The next event, comments left out.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            let raw = self.raw().await?;
            let text = std::str::from_utf8(&raw).expect("UTF-8");
            assert!(text.ends_with("\n\n"), "{text:?}");
            if text.starts_with(':') {
                continue;
            }
            let mut sent = Sent::default();
            for line in text.trim_end().lines() {
                match line.split_once(": ").expect("a field") {
                    ("event", name) => sent.name = name.into(),
                    ("id", id) => sent.id = id.parse().ok(),
                    ("data", json) => sent.data = serde_json::from_str(json).expect("JSON"),
                    (field, _) => panic!("{field}"),
                }
            }
            return Some(sent);
        }
    }

    async fn all(mut self) -> Vec<Sent> {
        let mut all = Vec::new();
        while let Some(sent) = self.next().await {
            all.push(sent);
        }
        all
    }
}

fn kinds(sent: &[Sent]) -> Vec<&str> {
    sent.iter().map(|sent| sent.data["kind"]["type"].as_str().unwrap_or(&sent.name)).collect()
}

#[tokio::test(start_paused = true)]
async fn events_come_in_order_from_the_first_to_the_last_and_then_the_stream_ends() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"model": "a", "limit": 2})).await;
    let run = server.run_of(&job).await;
    let watcher = Watcher::of(&server, &run, None).await;
    server.answer(2);
    let all = watcher.all().await;
    let expected =
        ["run_started", "sample_started", "sample_finished", "sample_started", "sample_finished", "run_finished"];
    assert_eq!(kinds(&all), expected);
    let numbers: Vec<_> = all.iter().map(|sent| (sent.id, sent.data["seq"].as_u64())).collect();
    assert_eq!(numbers, (0..6).map(|seq| (Some(seq), Some(seq))).collect::<Vec<_>>());
    assert!(all.iter().all(|sent| sent.data["run"] == json!(run) && sent.name.is_empty()));

    server.job_in(&job, "done").await;
    let after = Watcher::of(&server, &run, Some(5)).await.all().await;
    assert_eq!((kinds(&after), &after[0].data["run"]["status"]), (vec!["snapshot"], &json!("finished")));
    assert_eq!(after[0].data["interim"], json!(null), "it has a summary");
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_goes_on_behind_the_last_event_seen() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"model": "a"})).await;
    let run = server.run_of(&job).await;
    server.answer(1);
    server.when_asked(2).await;
    let mut first = Watcher::of(&server, &run, None).await;
    for seq in 0..3 {
        assert_eq!(first.next().await.unwrap().id, Some(seq));
    }
    drop(first);
    let watcher = Watcher::of(&server, &run, Some(1)).await;
    server.answer(100);
    let ids: Vec<_> = watcher.all().await.iter().filter_map(|sent| sent.id).collect();
    assert_eq!(ids, (2..10).collect::<Vec<_>>());
    let bad = server
        .api("ann")
        .oneshot(Request::get(format!("/api/v1/runs/{run}/events?after=x")).body(Body::empty()).unwrap());
    assert_eq!(bad.await.unwrap().status(), StatusCode::BAD_REQUEST);
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn who_is_too_slow_is_given_the_run_as_it_is_and_holds_nobody_back() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"model": "a", "limit": 1_000})).await;
    let run = server.run_of(&job).await;
    let mut slow = Watcher::of(&server, &run, None).await;
    assert_eq!(slow.next().await.unwrap().id, Some(0));
    server.answer(900);
    server.when_asked(901).await;
    let snapshot = slow.next().await.unwrap();
    assert_eq!((&*snapshot.name, snapshot.id), ("snapshot", Some(1_801)), "the events up to that one are in it");
    assert_eq!(snapshot.data["progress"]["scored"], 900);
    assert_eq!(snapshot.data["interim"], json!({"counts": {"scored": 900, "unscored": 0, "failed": 0}, "mean": 1.0}));
    server.answer(100);
    let rest = slow.all().await;
    assert_eq!((rest.len(), rest[0].id, kinds(&rest)[199]), (200, Some(1_802), "run_finished"));
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn two_hundred_watch_one_run_and_share_what_they_are_sent() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"model": "a"})).await;
    let run = server.run_of(&job).await;
    server.when_asked(1).await;
    let mut watchers = Vec::new();
    for _ in 0..200 {
        watchers.push(Watcher::of(&server, &run, None).await);
    }
    let mut places = std::collections::BTreeSet::new();
    for watcher in &mut watchers {
        places.insert(watcher.raw().await.unwrap().as_ptr());
    }
    assert_eq!(places.len(), 1, "one copy in memory for all of them");
    server.answer(100);
    for watcher in watchers {
        assert_eq!(kinds(&watcher.all().await).len(), 9);
    }
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_that_a_run_is_paused_and_lasts_until_it_has_gone_on() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"model": "a"})).await;
    let run = server.run_of(&job).await;
    let mut watcher = Watcher::of(&server, &run, None).await;
    server.answer(1);
    server.when_asked(2).await;
    server.post(&format!("/api/v1/runs/{run}/pause")).await;
    let paused = loop {
        let sent = watcher.next().await.expect("it lasts");
        assert_ne!(sent.data["kind"]["type"], "run_finished");
        if sent.name == "snapshot" {
            break sent;
        }
    };
    assert_eq!(paused.data["run"]["status"], "paused");
    server.job_in(&job, "paused").await;
    server.answer(100);
    server.post(&format!("/api/v1/runs/{run}/resume")).await;
    let rest = watcher.all().await;
    let last = rest.last().expect("it goes on");
    let run = if last.name == "snapshot" { &last.data["run"] } else { &last.data["kind"]["run"] };
    assert_eq!(run["status"], "finished");
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_of_another_process_is_watched_through_the_store() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"model": "a"})).await;
    let run = server.run_of(&job).await;
    let other = Server::over(server.store.clone());
    let mut watcher = Watcher::of(&other, &run, None).await;
    let first = watcher.next().await.unwrap();
    assert_eq!((&*first.name, first.id, &first.data["run"]["status"]), ("snapshot", None, &json!("running")));
    assert_eq!((&first.data["progress"], &first.data["interim"]["mean"]), (&json!(null), &json!(null)));
    assert!(watcher.raw().await.unwrap().starts_with(b":"), "a sign of life");
    server.answer(100);
    let rest = watcher.all().await;
    assert_eq!(rest.last().unwrap().data["run"]["status"], "finished");
    workers.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_gives_signs_of_life_and_ends_with_the_server() {
    let server = Server::new();
    let workers = server.workers().start();
    let job = server.start(json!({"model": "a"})).await;
    let run = server.run_of(&job).await;
    server.when_asked(1).await;
    let mut watcher = Watcher::of(&server, &run, None).await;
    for _ in 0..2 {
        watcher.next().await.unwrap();
    }
    let began = tokio::time::Instant::now();
    assert!(watcher.raw().await.unwrap().starts_with(b":"));
    assert_eq!(began.elapsed(), Duration::from_secs(15));
    workers.shut_down().await;
    assert!(watcher.all().await.len() <= 1, "at most the end of the run");
    let unknown = Request::get("/api/v1/runs/01890a5d-ac96-774b-bcce-b302099a8057/events").body(Body::empty()).unwrap();
    assert_eq!(server.api("ann").oneshot(unknown).await.unwrap().status(), StatusCode::NOT_FOUND);
}
