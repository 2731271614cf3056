//! From the outbox of a store to receivers of every kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use eval_core::server::{
    Claim, Delivery, DeliveryQuery, DeliveryState, Job, JobEnd, JobQueue, JobRequest, JobState, Jobs, Lost, Outbox,
    Stopping,
};
use eval_core::{InMemory, Owner, Run, RunSpec, Store, Timestamp};
use eval_server::{Dispatcher, Outbound, Receiver, Webhooks};
use tokio::net::TcpListener;

use crate::sink::{Behaviour, Sink};
use crate::{allowing, ended_run, receiver, secret};

/// A dispatcher whose clock stands still until it is set.
struct Bench {
    store: Arc<InMemory>,
    seconds: Arc<AtomicI64>,
    dispatcher: Dispatcher,
}

/// Seconds after the end of the run of these tests.
fn at(seconds: i64) -> Timestamp {
    ended_run().finished.expect("an end") + Duration::from_secs(seconds.unsigned_abs())
}

impl Bench {
    async fn new(webhooks: Webhooks) -> Self {
        let (store, seconds) = (Arc::new(InMemory::new()), Arc::<AtomicI64>::default());
        for name in ["a", "b"] {
            store.subscribe(name, ended_run().started).await.expect("a subscription");
        }
        let dispatcher = Self::another(webhooks, &store, &seconds);
        Self { store, seconds, dispatcher }
    }

    fn another(webhooks: Webhooks, store: &Arc<InMemory>, seconds: &Arc<AtomicI64>) -> Dispatcher {
        let seconds = seconds.clone();
        Dispatcher::new(webhooks, store.clone()).clock(move || at(seconds.load(Ordering::SeqCst)))
    }

    async fn with_run(webhooks: Webhooks) -> Self {
        let bench = Self::new(webhooks).await;
        bench.store.put_run(&ended_run()).await.expect("it is stored");
        bench
    }

    /// Sends what is due so many seconds after the end of the run.
    async fn turn(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::SeqCst);
        self.dispatcher.turn(&Stopping::never()).await.expect("a turn");
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        self.store.deliveries(&DeliveryQuery::default()).await.expect("deliveries")
    }

    async fn only(&self) -> Delivery {
        let mut all = self.deliveries().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// The run is as it was, whatever the receiver did.
    async fn assert_run(&self) {
        assert_eq!(self.store.get_run(ended_run().id).await.expect("the run"), ended_run());
    }
}

fn another_run() -> Run {
    let mut run = ended_run();
    run.id = eval_core::RunId::new();
    run
}

fn to(sink: &Sink) -> Webhooks {
    Webhooks::new(allowing(sink)).public_url("https://evals.example/").receiver("a", receiver(sink))
}

#[tokio::test]
async fn news_of_a_run_come_once_with_a_link() {
    let mut sink = Sink::start(Behaviour::status("200 OK")).await;
    let bench = Bench::with_run(to(&sink)).await;
    bench.turn(1).await;
    let received = sink.next().await;
    let delivery = bench.only().await;
    assert_eq!((delivery.state, delivery.status, delivery.attempts), (DeliveryState::Delivered, Some(200), 1));
    assert_eq!(received.header("webhook-id"), delivery.id.as_str());
    assert_eq!(received.header("webhook-timestamp"), at(1).as_second().to_string());
    let body: serde_json::Value = serde_json::from_str(&received.body).expect("JSON");
    assert_eq!(body["data"]["link"], format!("https://evals.example/runs/{}", ended_run().id));
    bench.turn(2).await;
    assert_eq!(sink.connections().await, 1);
}

#[tokio::test]
async fn f45_what_a_receiver_refuses_is_tried_again_under_one_id_with_a_new_time() {
    for line in ["500 Internal Server Error", "302 Found\r\nlocation: http://127.0.0.1:1/", "404 Not Found"] {
        let mut sink = Sink::start(Behaviour::status(line)).await;
        let bench = Bench::with_run(to(&sink)).await;
        let mut seen = Vec::new();
        // Two minutes before the third attempt none is made.
        for (seconds, attempts) in [(0, 1), (4, 1), (6, 2), (200, 2), (340, 3)] {
            bench.turn(seconds).await;
            let delivery = bench.only().await;
            assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, attempts), "{line} at {seconds}");
        }
        for _ in 0..3 {
            let received = sink.next().await;
            seen.push((received.header("webhook-id").to_owned(), received.header("webhook-timestamp").to_owned()));
        }
        assert!(seen.iter().all(|(id, _)| *id == seen[0].0), "{seen:?}");
        assert_eq!(seen.iter().map(|(_, time)| time).collect::<std::collections::HashSet<_>>().len(), 3, "{seen:?}");
        bench.assert_run().await;
    }
}

#[tokio::test]
async fn f45_after_ten_attempts_it_is_given_up_and_can_be_sent_again() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").to_string();
    let outbound = Outbound::builder().allow([closed.as_str()]).build().expect("a client");
    let nobody = Receiver::new(format!("http://{closed}/s3cr3t"), secret(1));
    let bench = Bench::with_run(Webhooks::new(outbound).receiver("a", nobody)).await;
    for day in 0..10 {
        bench.turn(day * 2 * 86_400).await;
    }
    let delivery = bench.only().await;
    assert_eq!((delivery.state, delivery.attempts, delivery.next), (DeliveryState::Failed, 10, None));
    assert!(delivery.error.as_ref().is_some_and(|error| !error.contains("s3cr3t")), "{delivery:?}");
    bench.turn(100 * 86_400).await;
    assert_eq!(bench.only().await.attempts, 10);
    bench.store.resend(&delivery.id, at(100 * 86_400)).await.expect("it is sent again");
    bench.turn(100 * 86_400).await;
    assert_eq!(bench.only().await.attempts, 11);
    bench.assert_run().await;
}

#[tokio::test]
async fn f45_a_receiver_that_is_gone_gets_no_news_of_any_run() {
    let mut sink = Sink::start(Behaviour::status("410 Gone")).await;
    let bench = Bench::with_run(to(&sink)).await;
    bench.turn(0).await;
    sink.next().await;
    assert_eq!(bench.only().await.state, DeliveryState::Disabled);
    let mut other = another_run();
    other.finished = Some(at(10));
    bench.store.put_run(&other).await.expect("it is stored");
    bench.turn(90_000).await;
    assert_eq!((bench.deliveries().await.len(), sink.connections().await), (1, 1));
}

#[tokio::test]
async fn f45_a_pause_that_is_asked_for_is_kept() {
    let mut sink = Sink::start(Behaviour::status("429 Too Many Requests\r\nretry-after: 100")).await;
    let bench = Bench::with_run(to(&sink)).await;
    for (seconds, attempts) in [(0, 1), (99, 1), (100, 2)] {
        bench.turn(seconds).await;
        assert_eq!(bench.only().await.attempts, attempts, "after {seconds} s");
    }
    sink.next().await;
}

#[tokio::test]
async fn f45_resets_and_endless_answers_hold_up_nobody_else() {
    let head = "HTTP/1.1 500 No\r\ncontent-length: 10000000000\r\n\r\n";
    for behaviour in [Behaviour::Reset, Behaviour::Flood(head.into(), "a".into())] {
        let (rude, mut polite) = (Sink::start(behaviour).await, Sink::start(Behaviour::status("204 No Content")).await);
        let outbound = Outbound::builder().allow([rude.address(), polite.address()]).build().expect("a client");
        let webhooks = Webhooks::new(outbound).receiver("a", receiver(&rude)).receiver("b", receiver(&polite));
        let bench = Bench::with_run(webhooks).await;
        bench.turn(0).await;
        polite.next().await;
        let mut states: Vec<_> = bench.deliveries().await.into_iter().map(|it| (it.receiver, it.state)).collect();
        states.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(states, [("a".into(), DeliveryState::Pending), ("b".into(), DeliveryState::Delivered)]);
        bench.assert_run().await;
    }
}

#[tokio::test]
async fn f45_a_slow_receiver_is_given_fifteen_seconds() {
    let mut sink = Sink::start(Behaviour::Stop("HTTP/1.1 200".into())).await;
    let bench = Arc::new(Bench::with_run(to(&sink)).await);
    let turn = tokio::spawn({
        let bench = bench.clone();
        async move { bench.turn(0).await }
    });
    sink.next().await;
    // From here on nothing but time can happen, and the runtime lets it pass.
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    turn.await.expect("a turn");
    assert!(begun.elapsed() < Duration::from_secs(16), "{:?}", begun.elapsed());
    let delivery = bench.only().await;
    assert_eq!(delivery.state, DeliveryState::Pending);
    assert!(delivery.error.as_ref().is_some_and(|error| error.ends_with("within 15s")), "{delivery:?}");
}

#[tokio::test]
async fn f46_what_a_process_had_taken_when_it_was_killed_is_sent_by_the_next_one_under_the_same_id() {
    let mut sink = Sink::start(Behaviour::Stop(String::new())).await;
    let bench = Bench::with_run(to(&sink)).await;
    let (first, stop) = (bench.dispatcher.clone(), Stopping::never());
    let killed = tokio::spawn(async move { first.turn(&stop).await.map(|_| ()) });
    let before = sink.next().await;
    killed.abort();
    assert!(killed.await.expect_err("it was killed").is_cancelled());

    let mut healthy = Sink::start(Behaviour::status("200 OK")).await;
    let next = Bench::another(to(&healthy), &bench.store, &bench.seconds);
    let next = Bench { dispatcher: next, store: bench.store, seconds: bench.seconds };
    next.turn(59).await;
    assert_eq!(healthy.connections().await, 0, "the other may still be sending");
    next.turn(60).await;
    let after = healthy.next().await;
    assert_eq!(before.header("webhook-id"), after.header("webhook-id"));
    assert_eq!(before.body, after.body);
    assert_eq!(next.only().await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn f46_news_of_runs_that_ended_while_no_server_was_there_are_sent() {
    let mut sink = Sink::start(Behaviour::status("200 OK")).await;
    let bench = Bench::new(to(&sink)).await;
    bench.turn(0).await;
    bench.store.put_run(&ended_run()).await.expect("it is stored");
    // A day later a process begins that has never seen the store.
    bench.seconds.store(86_400, Ordering::SeqCst);
    let next = Bench::another(to(&sink), &bench.store, &bench.seconds);
    next.turn(&Stopping::never()).await.expect("a turn");
    assert_eq!(sink.next().await.header("webhook-id"), bench.only().await.id.as_str());
}

#[tokio::test]
async fn two_dispatchers_on_one_store_send_each_delivery_once() {
    let sink = Sink::start(Behaviour::status("200 OK")).await;
    let bench = Bench::new(to(&sink)).await;
    for _ in 0..50 {
        bench.store.put_run(&another_run()).await.expect("it is stored");
    }
    let second = Bench::another(to(&sink), &bench.store, &bench.seconds);
    let never = Stopping::never();
    let (first, second) = tokio::join!(bench.dispatcher.turn(&never), second.turn(&never));
    first.and(second).expect("turns");
    let all = bench.store.deliveries(&DeliveryQuery::default()).await.expect("deliveries");
    assert!(all.iter().all(|it| (it.state, it.attempts) == (DeliveryState::Delivered, 1)), "{all:?}");
    assert_eq!((all.len(), sink.connections().await), (50, 50));
}

#[tokio::test]
async fn a_run_that_goes_on_and_ends_anew_has_news_of_its_own_and_stale_ones_are_not_sent() {
    let mut sink = Sink::start(Behaviour::status("503 Service Unavailable")).await;
    let bench = Bench::with_run(to(&sink)).await;
    bench.turn(0).await;
    let first = sink.next().await.header("webhook-id").to_owned();
    let mut again = ended_run();
    again.finished = Some(at(3));
    bench.store.put_run(&again).await.expect("it is stored");
    bench.turn(10).await;
    let second = sink.next().await.header("webhook-id").to_owned();
    assert_ne!(first, second);
    let all = bench.deliveries().await;
    let stale = all.iter().find(|it| it.id.as_str() == first).expect("the first");
    assert_eq!(stale.state, DeliveryState::Failed);
    assert!(stale.error.as_ref().is_some_and(|error| error.contains("ended anew")), "{stale:?}");
    assert_eq!(sink.connections().await, 2);
}

/// A run of a job with this callback.
async fn with_callback(bench: &Bench, url: &str) {
    let mut request = JobRequest::new(["openai/gpt-5"], RunSpec::new("golden"));
    request.callback = Some(url.into());
    let (job, owner) = (Job::new("ann", request), Owner::new());
    bench.store.submit(&job, 10).await.expect("it is submitted");
    bench.store.claim(&Claim::new(owner.clone(), at(0), Lost::Resume)).await.expect("a claim");
    bench.store.put_run(&ended_run()).await.expect("it is stored");
    let end = JobEnd::new(JobState::Done, [ended_run().id]);
    bench.store.finish(job.id, &owner, &end, at(0)).await.expect("an end");
}

#[tokio::test]
async fn the_callback_of_a_job_is_called_and_signed_with_both_secrets_while_they_are_rotated() {
    let mut sink = Sink::start(Behaviour::status("200 OK")).await;
    let webhooks = Webhooks::new(allowing(&sink)).callbacks(secret(2)).callbacks(secret(1));
    webhooks.check_callback(&sink.url("/mine")).await.expect("it may be called");
    let bench = Bench::new(webhooks).await;
    with_callback(&bench, &sink.url("/mine")).await;
    bench.turn(0).await;
    let received = sink.next().await;
    assert!(received.request_line().starts_with("POST /mine "), "{received:?}");
    assert_eq!(received.header("webhook-signature").split(' ').filter(|it| it.starts_with("v1,")).count(), 2);
    assert_eq!(bench.only().await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn s04_a_callback_inside_is_refused_when_it_is_saved_and_when_it_is_sent() {
    let inside = "http://169.254.169.254/s3cr3t";
    let webhooks = Webhooks::new(Outbound::builder().build().expect("a client"));
    let refused = webhooks.check_callback("https://example.com/").await.expect_err("no secret").to_string();
    assert!(refused.contains("no secret"), "{refused}");
    let webhooks = webhooks.callbacks(secret(1));
    assert!(webhooks.check_callback(inside).await.is_err());
    let bench = Bench::new(webhooks).await;
    with_callback(&bench, inside).await;
    bench.turn(0).await;
    let delivery = bench.only().await;
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, 1));
    let error = delivery.error.expect("a reason");
    assert!(error.contains("not public") && !error.contains("s3cr3t"), "{error}");
}

#[tokio::test]
async fn the_loop_sends_at_once_when_it_is_woken_and_ends_when_it_is_asked() {
    let mut sink = Sink::start(Behaviour::status("200 OK")).await;
    let webhooks = to(&sink);
    let bench = Bench::new(webhooks.clone()).await;
    let (ask, stop) = Stopping::channel();
    let running = tokio::spawn(bench.dispatcher.clone().run(stop));
    bench.store.put_run(&ended_run()).await.expect("it is stored");
    webhooks.wake();
    sink.next().await;
    ask.send_replace(eval_core::server::Signal::Stop);
    running.await.expect("the loop ends");
    assert_eq!(bench.only().await.state, DeliveryState::Delivered);
}

#[tokio::test(start_paused = true)]
async fn the_loop_finds_runs_of_other_processes_and_repeats_what_failed_by_itself() {
    // The receiver is refused, so that no socket is asked and the clock may run.
    let outbound = Outbound::builder().build().expect("a client");
    let webhooks = Webhooks::new(outbound).receiver("a", Receiver::new("http://127.0.0.1:9/", secret(1)));
    let bench = Bench::new(webhooks).await;
    let running = tokio::spawn(bench.dispatcher.clone().run(Stopping::never()));
    bench.store.put_run(&ended_run()).await.expect("it is stored");
    let begun = tokio::time::Instant::now();
    while bench.deliveries().await.iter().all(|it| it.state != DeliveryState::Failed) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(begun.elapsed() <= Duration::from_secs(6), "{:?}", begun.elapsed());
    running.abort();
}

/// An answer of the API to an administrator.
async fn answer(bench: &Bench, webhooks: &Webhooks, method: &str, path: &str) -> (StatusCode, serde_json::Value) {
    use axum::body::{Body, to_bytes};
    use axum::{Extension, http::Request};
    use eval_server::{AppState, Caller, router};
    use tower::ServiceExt as _;

    let state = AppState::new(bench.store.clone()).webhooks(webhooks.clone());
    let caller = Caller::new("tests", eval_core::server::Scope::Admin);
    let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
    let response = router(state).layer(Extension(caller)).oneshot(request).await.expect("an answer");
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1_000_000).await.expect("a body");
    (status, serde_json::from_slice(&bytes).expect("JSON"))
}

#[tokio::test]
async fn receivers_and_deliveries_are_shown_without_secrets_and_can_be_sent_again() {
    let mut sink = Sink::start(Behaviour::status("410 Gone")).await;
    let webhooks = to(&sink);
    let bench = Bench::with_run(webhooks.clone()).await;
    bench.turn(0).await;
    sink.next().await;
    let (_, receivers) = answer(&bench, &webhooks, "GET", "/api/v1/webhooks").await;
    let one = &receivers["webhooks"][0];
    assert_eq!((&one["name"], &one["state"], &one["host"]), (&"a".into(), &"disabled".into(), &"127.0.0.1".into()));
    assert_eq!((&one["last_failure"]["status"], &receivers["callbacks"]), (&410.into(), &false.into()));
    assert!(!receivers.to_string().contains("hook\""), "{receivers}");

    let (_, page) = answer(&bench, &webhooks, "GET", "/api/v1/deliveries?state=disabled&receiver=a&limit=1").await;
    let id = page["deliveries"][0]["id"].as_str().expect("an id");
    let (status, resent) = answer(&bench, &webhooks, "POST", &format!("/api/v1/deliveries/{id}/resend")).await;
    assert_eq!((status, &resent["state"]), (StatusCode::ACCEPTED, &"pending".into()));
    let entries = eval_core::server::Audit::entries(&*bench.store, &Default::default()).await.expect("entries");
    assert_eq!((entries[0].who.as_str(), entries[0].what.as_str()), ("tests", "delivery.resend"));
    for (method, path, code) in [
        ("POST", "/api/v1/deliveries/msg_nobody/resend", 404),
        ("POST", "/api/v1/deliveries/%00/resend", 404),
        ("POST", "/api/v1/webhooks/nobody/test", 404),
        ("POST", "/api/v1/webhooks/%ff/test", 404),
        ("GET", "/api/v1/deliveries?state=odd", 400),
        ("GET", "/api/v1/deliveries?after=odd", 400),
        ("GET", "/api/v1/webhooks?x=1", 400),
    ] {
        assert_eq!(answer(&bench, &webhooks, method, path).await.0.as_u16(), code, "{method} {path}");
    }
    let (status, tried) = answer(&bench, &webhooks, "POST", "/api/v1/webhooks/a/test").await;
    assert_eq!((status, &tried["taken"], &tried["status"]), (StatusCode::OK, &false.into(), &410.into()));
    let test: serde_json::Value = serde_json::from_str(&sink.next().await.body).expect("JSON");
    assert_eq!(test["type"], "test");
}

#[tokio::test]
async fn deliveries_come_in_pages() {
    let sink = Sink::start(Behaviour::status("200 OK")).await;
    let webhooks = to(&sink);
    let bench = Bench::new(webhooks.clone()).await;
    for _ in 0..5 {
        bench.store.put_run(&another_run()).await.expect("it is stored");
    }
    bench.turn(0).await;
    let (mut path, mut seen) = ("/api/v1/deliveries?limit=2".to_owned(), Vec::new());
    loop {
        let (_, page) = answer(&bench, &webhooks, "GET", &path).await;
        seen.extend(page["deliveries"].as_array().expect("a page").iter().map(|it| it["id"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/deliveries?limit=2&after={next}");
    }
    assert_eq!(seen.iter().collect::<std::collections::HashSet<_>>().len(), 5, "{seen:?}");
    assert_eq!(seen.len(), 5);
}
