//! What is signed, and whether the library of the specification takes it.

use std::io::Write;
use std::process::{Command, Stdio};

use eval_core::{Run, RunStatus, Timestamp};
use eval_server::{Next, Receiver, Webhook, WebhookSecret, deliver};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::sink::{Behaviour, Received, Sink};
use crate::{allowing, ended_run, secret, webhook};

/// The body that the test expects, and signatures of it that the library for Python has made.
const SIGNED: &str = include_str!("../fixtures/standard_webhooks.json");

/// One delivery, signed with two secrets, as the receiver got it.
async fn received(now: Timestamp) -> Received {
    let mut sink = Sink::start(Behaviour::status("200 OK")).await;
    let receiver = Receiver::new(sink.url("/hook?x=1"), secret(1)).previous(secret(2));
    let delivered = deliver(&allowing(&sink), &receiver, &webhook(), now).await;
    assert_eq!((delivered.next, delivered.attempted), (Next::Done, now), "{delivered:?}");
    sink.next().await
}

#[tokio::test]
async fn s06_the_body_is_thin_and_signed_as_the_library_of_the_specification_signs() {
    let expected: Value = serde_json::from_str(SIGNED).expect("JSON");
    let now = expected["timestamp"].as_str().expect("a text").parse().expect("seconds");
    let received = received(Timestamp::from_second(now).expect("a time")).await;
    assert_eq!(received.request_line(), "POST /hook?x=1 HTTP/1.1");
    assert_eq!(received.body, expected["body"].as_str().expect("a text"));
    for (header, name) in [("webhook-id", "id"), ("webhook-timestamp", "timestamp"), ("webhook-signature", "signature")]
    {
        assert_eq!(received.header(header), expected[name].as_str().expect("a text"), "{header}");
    }
    assert_eq!(received.header("content-type"), "application/json");
}

#[tokio::test]
async fn s06_a_retry_has_the_same_id_and_body_and_a_new_timestamp() {
    let now = Timestamp::from_second(1_767_323_645).expect("a time");
    let (first, again) = (received(now).await, received(Timestamp::from_second(1_767_323_650).expect("a time")).await);
    assert_eq!((first.header("webhook-id"), &first.body), (again.header("webhook-id"), &again.body));
    assert_eq!((first.header("webhook-timestamp"), again.header("webhook-timestamp")), ("1767323645", "1767323650"));
    assert_ne!(first.header("webhook-signature"), again.header("webhook-signature"));
}

#[test]
fn s06_an_id_belongs_to_one_end_of_one_run_and_has_no_full_stop() {
    let run = ended_run();
    let id = |run: &Run| Webhook::run_finished(run, None).map(|webhook| webhook.id().to_owned());
    let mut resumed = run.clone();
    resumed.finished = Some(Timestamp::from_second(1_800_000_000).expect("a time"));
    assert_eq!(id(&run), id(&run));
    assert_ne!(id(&run), id(&resumed));
    assert!(!id(&run).expect("it has ended").contains('.'));
    resumed.finished = None;
    assert_eq!(id(&resumed), None);
}

#[test]
fn s06_a_body_stays_under_twenty_kilobytes_whatever_the_names_are() {
    let mut run = ended_run();
    let long = "\u{1}ä🦀".repeat(100_000);
    (run.name, run.model, run.dataset.name) = (long.clone(), long.clone(), long.clone());
    for link in [long, "\u{1}".repeat(2_000)] {
        let webhook = Webhook::run_finished(&run, Some(&link)).expect("it has ended");
        assert!(webhook.body().len() < 20_000, "{}", webhook.body().len());
        serde_json::from_slice::<Value>(webhook.body()).expect("JSON");
    }
}

#[test]
fn s06_what_is_not_known_is_null() {
    let mut run = ended_run();
    (run.summary, run.status) = (None, RunStatus::Failed);
    let webhook = Webhook::run_finished(&run, None).expect("it has ended");
    let body: Value = serde_json::from_slice(webhook.body()).expect("JSON");
    let data = &body["data"];
    assert_eq!((&data["score"], &data["counts"], &data["link"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(data["status"], "failed");
}

#[test]
fn s06_secrets_are_random_long_enough_and_shown_to_nobody() {
    let (one, other) = (WebhookSecret::generate().expect("a secret"), WebhookSecret::generate().expect("a secret"));
    assert_ne!(one.reveal().expose_secret(), other.reveal().expose_secret());
    assert_eq!(one.reveal().expose_secret().len(), "whsec_".len() + 44);
    let shown = format!("{:?} {:?}", secret(1), Receiver::new("https://hooks.example.com/s3cr3t", secret(1)));
    assert!(!shown.contains("AQEB") && !shown.contains("[1, 1") && !shown.contains("s3cr3t"), "{shown}");
    // Base64 of 23, 24, 64 and 65 bytes, and what is none.
    for (text, good) in [
        (format!("whsec_{}AA==", "AAAA".repeat(7)), false),
        (format!("whsec_{}AAA=", "AAAA".repeat(7)), false),
        (format!("whsec_{}", "AAAA".repeat(8)), true),
        (format!("  whsec_{}\n", "AAAA".repeat(8)), true),
        (format!("whsec_{}AA==", "AAAA".repeat(21)), true),
        (format!("whsec_{}AAA=", "AAAA".repeat(21)), false),
        ("AAAA".repeat(8), false),
        (format!("whsec_{}!", "AAAA".repeat(8)), false),
    ] {
        let parsed = WebhookSecret::parse(&text.clone().into());
        assert_eq!(parsed.is_ok(), good, "{text}");
        assert!(parsed.err().is_none_or(|error| !error.to_string().contains("AAAA")));
    }
}

/// Asks the library of the specification for Python, which checks the time as well. It is asked about the webhook, and
/// about the webhook with each of its bits flipped.
#[tokio::test]
async fn s06_the_library_of_the_specification_takes_it_and_refuses_each_flipped_bit() {
    let Ok(python) = std::env::var("EVAL_TEST_STANDARDWEBHOOKS_PYTHON") else {
        eprintln!("SKIPPED: EVAL_TEST_STANDARDWEBHOOKS_PYTHON names no Python that has the package standardwebhooks");
        return;
    };
    let received = received(Timestamp::now()).await;
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| (name, received.header(name)));
    let secrets = [1, 2].map(|which| secret(which).reveal().expose_secret().to_owned());
    let headers = std::collections::BTreeMap::from(headers);
    let asked = json!({"headers": headers, "body": received.body, "secrets": secrets});
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/standard_webhooks.py");
    let mut child = Command::new(python)
        .args([script, "verify"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a Python");
    child.stdin.take().expect("a pipe").write_all(asked.to_string().as_bytes()).expect("a reader");
    let output = child.wait_with_output().expect("an end");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let bits = 8 * (received.body.len() + received.header("webhook-id").len() + 10 + 32);
    assert_eq!(found, json!({"accepted": 2, "flipped": 2 * bits, "refused": 2 * bits}));
}
