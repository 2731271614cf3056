//! An endpoint that misbehaves in every way we know, and what becomes of a call: the list of faults F19 to F28.
#![cfg(feature = "openai")]

#[path = "chaos/cases.rs"]
mod cases;
#[path = "chaos/outage.rs"]
mod outage;
#[path = "chaos/proxies.rs"]
mod proxies;

use std::time::Duration;

use cases::{CASES, Case, Expected};
use eval_chaos::{BEHAVIOURS, Chaos};
use eval_core::{
    Completion, Flag, Message, Provider, ProviderError, ProviderErrorKind as Kind, ProviderExt as _, Request,
    ServedSummary, Usage, error_chain,
};
use eval_providers::{OpenAi, OpenAiBuilder, RetryLayer};

/// The key of every test: it must never be seen again.
const CANARY: &str = "sk-canary-5e0d1b72c9";

/// Real sockets keep real time, so that this deadline is a real one.
const DEADLINE: Duration = Duration::from_millis(250);

/// The longest message of an error that is recorded, in bytes.
const SNIPPET: usize = 2048;

fn client(url: &str) -> OpenAiBuilder {
    OpenAi::builder(url).api_key(CANARY).timeout(DEADLINE)
}

fn request(model: &str) -> Request {
    Request::new(model, vec![Message::user("Which city?")])
}

/// Three attempts, which lose no time between them; who asks for more than a second is given up.
async fn ask(chaos: &Chaos, behaviour: &str) -> Result<Completion, ProviderError> {
    let slow = if behaviour == "gzip-bomb" { DEADLINE * 100 } else { DEADLINE };
    let client = client(&chaos.url()).timeout(slow).build().expect("a client");
    let retry = RetryLayer::new(3).base(Duration::from_millis(1)).max_retry_after(Duration::from_secs(1));
    client.layer(retry).complete(&request(behaviour)).await
}

/// Meets every behaviour of this fault and compares what became of it with the list.
async fn hold(fault: &str) {
    let chaos = Chaos::start().await.expect("a port");
    let cases: Vec<&Case> = CASES.iter().filter(|case| case.fault == fault).collect();
    assert!(!cases.is_empty(), "no behaviour shows {fault}");
    for case in cases {
        let outcome = ask(&chaos, case.behaviour).await;
        check(case, &outcome);
        assert_eq!(chaos.ledger().calls(case.behaviour), case.calls, "calls of {}", case.behaviour);
    }
    assert_eq!(chaos.ledger().keys(), [format!("Bearer {CANARY}")], "the endpoint did see the key");
    assert_eq!(chaos.ledger().elsewhere(), 0, "another host was called");
}

fn check(case: &Case, outcome: &Result<Completion, ProviderError>) {
    let name = case.behaviour;
    match (outcome, case.expected) {
        (Ok(answer), Expected::Says(text, finish)) => {
            assert_eq!((answer.text.as_str(), answer.finish.to_string().as_str()), (text, finish), "{name}");
            assert!(!format!("{answer:?}").contains("canary"), "{name}: {answer:?}");
        }
        (Err(error), Expected::Fails(kind, said)) => {
            let shown = error_chain(error);
            assert!(error.kind == kind && shown.contains(said), "{name}: expected {kind} with `{said}`, got {shown}");
            assert!(shown.len() <= SNIPPET && !shown.contains(char::is_control), "{name}: {} bytes", shown.len());
            assert!(!format!("{error:?} {shown}").contains("canary"), "{name}: {shown}");
            assert!(error.timing.service_ms.is_some(), "{name}: nobody measured it");
        }
        (outcome, expected) => panic!("{name}: expected {expected:?}, got {outcome:?}"),
    }
}

#[test]
fn the_list_of_faults_holds_every_behaviour_once() {
    let mut listed: Vec<&str> = CASES.iter().map(|case| case.behaviour).collect();
    let mut all: Vec<&str> = BEHAVIOURS.iter().flat_map(|(names, _)| *names).copied().collect();
    listed.sort_unstable();
    all.sort_unstable();
    assert_eq!(listed, all);
}

#[tokio::test]
async fn f19_every_form_of_retry_after_over_http() {
    hold("F19").await;
}

#[tokio::test]
async fn f20_storms_of_server_errors_end_after_the_attempts_that_were_given() {
    hold("F20").await;
}

#[tokio::test]
async fn f21_who_hangs_or_trickles_is_late() {
    hold("F21").await;
}

/// Which of the deadlines ends a call shows in its message.
#[tokio::test]
async fn f21_head_pause_and_whole_call_have_a_deadline_each() {
    let chaos = Chaos::start().await.expect("a port");
    let patient = || OpenAi::builder(chaos.url()).timeout(DEADLINE * 100);
    for (behaviour, client, said) in [
        ("hang", patient().first_byte_timeout(DEADLINE), "no answer from"),
        ("hang-body", patient().idle_timeout(DEADLINE), "stopped in the middle of its answer"),
        ("trickle-1000", patient().idle_timeout(DEADLINE), "stopped in the middle of its answer"),
        ("trickle-5", patient().idle_timeout(DEADLINE).timeout(DEADLINE), "no whole answer from"),
    ] {
        let client = client.build().expect("a client");
        let error = client.complete(&request(behaviour)).await.expect_err("nobody answers in time");
        assert!(error.kind == Kind::Timeout && error.message.contains(said), "{behaviour}: {error}");
        assert!(error.timing.service_ms.expect("a time") >= DEADLINE.as_secs_f64() * 1e3);
    }
    let enough = patient().idle_timeout(DEADLINE).build().expect("a client");
    assert_eq!(enough.complete(&request("trickle-1")).await.expect("it comes at last").text, "Paris.");
}

#[tokio::test]
async fn f22_connections_that_break_are_tried_again() {
    hold("F22").await;
}

#[tokio::test]
async fn f23_bodies_that_are_no_answer_are_malformed_and_asked_for_once_more() {
    hold("F23").await;
}

#[tokio::test]
async fn f24_what_is_said_of_a_body_is_not_believed_and_no_other_host_is_asked() {
    hold("F24").await;
}

#[tokio::test]
async fn f25_figures_that_cannot_be_true_are_unknown() {
    hold("F25").await;
    let chaos = Chaos::start().await.expect("a port");
    for case in CASES.iter().filter(|case| case.fault == "F25") {
        let answer = ask(&chaos, case.behaviour).await.expect("an answer");
        assert_eq!(answer.cost, None, "{}", case.behaviour);
        if case.behaviour.starts_with("usage") {
            assert_eq!(answer.usage, Usage::default(), "{}", case.behaviour);
        }
    }
}

#[tokio::test]
async fn f26_every_kind_of_answer_is_an_outcome_of_its_own() {
    hold("F26").await;
}

#[tokio::test]
async fn f27_what_every_further_call_would_meet_ends_the_run() {
    hold("F27").await;
    for case in CASES.iter().filter(|case| case.fault == "F27") {
        assert!(matches!(case.expected, Expected::Fails(kind, _) if kind.is_fatal()), "{}", case.behaviour);
    }
}

#[tokio::test]
async fn f28_what_a_proxy_did_by_itself_is_flagged() {
    hold("F28").await;
    let chaos = Chaos::start().await.expect("a port");
    let mut summary = ServedSummary::default();
    for (behaviour, flags) in [
        ("good", vec![]),
        ("cache-hit", vec![Flag::CacheHit]),
        ("hidden-retries", vec![Flag::HiddenRetries]),
        ("fallback", vec![Flag::Fallback]),
        ("other-model", vec![Flag::OtherModel]),
        ("pair", vec![]),
        ("pair", vec![]),
    ] {
        let answer = client(&chaos.url()).build().expect("a client").complete(&request(behaviour)).await;
        let mut served = answer.expect("an answer").served;
        // The proxy says the name that was asked for, and a plain endpoint one with a date.
        served.model = served.model.filter(|model| model.starts_with("claude"));
        assert_eq!(Flag::of(behaviour, &served), flags, "{behaviour}");
        summary.add(behaviour, &served, 1);
    }
    assert_eq!((summary.answers, summary.backends()), (7, Some(4)));
    assert_eq!(summary.flags[&Flag::MixedBackends], 3, "all but the two of chaos-1");
    let words = summary.words().join("\n");
    assert!(words.contains("4 backends answered in this run: chaos-1 2, "), "{words}");
    assert!(words.contains("1 of 7 answers came out of a cache"), "{words}");
}

/// All behaviours, and every word that is left behind.
#[tokio::test]
async fn s12_no_behaviour_brings_the_key_into_an_answer_or_an_error() {
    let chaos = Chaos::start().await.expect("a port");
    let client = client(&chaos.url()).timeout(DEADLINE / 2).max_body_bytes(1 << 20).build().expect("a client");
    for case in CASES {
        let outcome = client.complete(&request(case.behaviour)).await;
        let shown =
            format!("{outcome:?} {}", outcome.as_ref().err().map(|error| error_chain(error)).unwrap_or_default());
        assert!(!shown.contains("canary"), "{}: {shown}", case.behaviour);
    }
    assert!(!format!("{client:?}").contains("canary"));
    assert_eq!(chaos.ledger().total(), CASES.len() as u64);
    assert_eq!(chaos.ledger().keys(), [format!("Bearer {CANARY}")]);
}
