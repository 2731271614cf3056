//! Recording and replaying, through the layers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eval_core::{
    AttemptLog, Completion, DatasetRef, InMemory, Message, Money, Origin, Params, Provider, ProviderError,
    ProviderErrorKind, ProviderExt, Recall, Request, Run, RunId, Scripted, Served, Store, Usage,
};
use eval_providers::{Cassette, LedgerLayer, Recorder, Replay, RetryLayer, SecretString};

const KEY: &str = "sk-canary-0123456789abcdef";

fn run() -> RunId {
    Run::new("gpt", DatasetRef::new("sums", "f00d", 1), 1).id
}

fn request(sample: &str, text: &str) -> Request {
    Request::new("openai/gpt", vec![Message::user(text)]).origin(Some(Origin::answer(run(), sample.into(), 1)))
}

fn recorder(folder: &Path) -> Recorder {
    Recorder::open(folder).expect("a recorder")
}

fn replay(folder: &Path) -> Replay {
    Replay::new(Cassette::open(folder).expect("a cassette"))
}

fn error(kind: ProviderErrorKind) -> Result<Completion, ProviderError> {
    Err(ProviderError::new(kind, format!("the server said {kind}")))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let models = entries(folder).into_iter().filter(|path| path.is_dir());
    let mut files: Vec<PathBuf> = models.flat_map(|model| entries(&model)).collect();
    files.sort();
    files
}

/// The folder as text: names and contents.
fn text(folder: &Path) -> String {
    let text = |path: &PathBuf| format!("{}\n{}", path.display(), fs::read_to_string(path).expect("a text"));
    files(folder).iter().map(text).collect()
}

#[tokio::test]
async fn a_replay_answers_as_the_endpoint_did_and_everything_above_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = Scripted::fallible("litellm", |request: &Request| {
        let mut served = Served::default();
        (served.model, served.call_id, served.request_id) =
            (Some("gpt-2026".into()), Some("call".into()), Some("request".into()));
        let answer = Completion::new(request.last().to_uppercase()).usage(Usage::new(3, 1)).served(served);
        Ok(answer.cost(Some(Money::from_nanos(5))))
    });
    let recording = model.layer(recorder(folder.path()));
    let given = recording.complete(&request("q1", "hello")).await.expect("an answer");

    let store = Arc::new(InMemory::new());
    let run = Run::new("openai/gpt", DatasetRef::new("sums", "f00d", 1), 1);
    store.put_run(&run).await.expect("a run");
    let provider = replay(folder.path()).layer(LedgerLayer::new(store.clone())).layer(RetryLayer::new(3));
    let asked = request("q1", "hello").origin(Some(Origin::answer(run.id, "q1".into(), 1)));
    let again = provider.complete(&asked).await.expect("an answer");
    assert_eq!((&again.text, &again.usage, &again.finish), (&given.text, &given.usage, &given.finish));
    assert_eq!((&again.served.model, again.served.recalled), (&given.served.model, Some(Recall::Cassette)));
    assert_eq!((again.served.call_id, again.served.request_id), (None, None), "of no call that was made");
    assert_eq!((again.cost, again.would_have_cost), (Some(Money::ZERO), Some(Money::from_nanos(5))));
    assert_eq!((again.timing.service_ms, again.origin), (None, asked.origin));
    assert_eq!(provider.name(), "litellm");
    assert_eq!(store.attempts(run.id, None, 10).await.expect("attempts").len(), 1);
}

#[tokio::test]
async fn the_same_outcome_is_the_same_bytes_in_a_file_that_a_person_finds() {
    let record = async |folder: &Path| {
        let model = Scripted::fallible("litellm", |_: &Request| {
            let mut served = Served::default();
            served.call_id = Some(RunId::new().to_string());
            Ok(Completion::new("4").served(served))
        });
        let params = Params::new().with("temperature", 0).with("stop", "END");
        let asked = request("q1", "2 + 2").params(params);
        model.layer(recorder(folder)).complete(&asked).await.expect("an answer");
    };
    let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    record(one.path()).await;
    record(two.path()).await;
    let file = &files(one.path())[0];
    let name = file.strip_prefix(one.path()).expect("below").to_string_lossy().into_owned();
    assert!(name.starts_with("openai-gpt/q1.1.answer.") && name.ends_with(".json"), "{name}");
    let bytes = fs::read_to_string(file).expect("a text");
    assert_eq!(bytes, fs::read_to_string(&files(two.path())[0]).expect("a text"));
    let expected = r#"{
  "outcomes": [
    {
      "answer": {
        "finish": "stop",
        "served": {},
        "text": "4",
        "usage": {}
      }
    }
  ],
  "provider": "litellm",
  "request": {
    "epoch": 1,
    "messages": [
      {
        "content": "2 + 2",
        "role": "user"
      }
    ],
    "model": "openai/gpt",
    "params": {
      "stop": "END",
      "temperature": 0
    },
    "purpose": "answer",
    "sample": "q1"
  },
  "schema": "eval-cassette/1"
}
"#;
    assert_eq!(bytes, expected);
}

#[tokio::test]
async fn repeated_requests_replay_in_their_order_and_no_further() {
    let folder = tempfile::tempdir().expect("a folder");
    let outcomes = [Ok(Completion::new("one")), error(ProviderErrorKind::Filtered), Ok(Completion::new("three"))];
    let recording = Scripted::sequence(outcomes).layer(recorder(folder.path()));
    for _ in 0..3 {
        let _ = recording.complete(&request("q1", "again")).await;
    }
    let provider = replay(folder.path());
    assert_eq!(provider.complete(&request("q1", "again")).await.expect("an answer").text, "one");
    let filtered = provider.complete(&request("q1", "again")).await.expect_err("an error");
    assert_eq!((filtered.kind, filtered.cost), (ProviderErrorKind::Filtered, Some(Money::ZERO)));
    assert!(filtered.message.contains("the server said filtered"), "{filtered}");
    assert_eq!(provider.complete(&request("q1", "again")).await.expect("an answer").text, "three");
    let over = provider.complete(&request("q1", "again")).await.expect_err("nothing more");
    assert!(over.is_fatal() && over.message.contains("recorded 3 times and is asked once more"), "{over}");
}

#[tokio::test(start_paused = true)]
async fn an_error_that_a_retry_got_over_is_not_replayed() {
    let folder = tempfile::tempdir().expect("a folder");
    let busy = || error(ProviderErrorKind::RateLimited);
    let recording = Scripted::sequence([busy(), busy(), Ok(Completion::new("at last"))])
        .layer(recorder(folder.path()))
        .layer(RetryLayer::new(5));
    assert_eq!(recording.complete(&request("q1", "2 + 2")).await.expect("an answer").text, "at last");
    assert!(!text(folder.path()).contains("rate_limited"));
    assert_eq!(replay(folder.path()).complete(&request("q1", "2 + 2")).await.expect("an answer").text, "at last");
}

#[tokio::test(start_paused = true)]
async fn an_error_that_stayed_is_replayed_to_whoever_tries_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let failing = Scripted::fallible("model", |_| error(ProviderErrorKind::Unavailable));
    let recording = failing.layer(recorder(folder.path())).layer(RetryLayer::new(3).base(Duration::from_millis(1)));
    assert!(recording.complete(&request("q1", "2 + 2")).await.is_err());
    let provider = replay(folder.path()).layer(RetryLayer::new(3));
    let failed = provider.complete(&request("q1", "2 + 2")).await.expect_err("an error");
    assert_eq!(failed.kind, ProviderErrorKind::Unavailable);
    assert!(failed.message.contains("after 3 attempts"), "{failed}");
}

#[tokio::test]
async fn a_miss_names_the_request_and_what_was_recorded_instead() {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = Scripted::always("4").layer(recorder(folder.path()));
    let recorded = request("q1", "How much is 2 + 2?").params(Params::new().with("temperature", 0));
    recording.complete(&recorded).await.expect("an answer");
    let provider = replay(folder.path());
    let miss = async |asked: &Request| provider.complete(asked).await.expect_err("a miss");

    let warm = miss(&request("q1", "How much is 2 + 2?").params(Params::new().with("temperature", 1))).await;
    assert_eq!(warm.kind, ProviderErrorKind::Config);
    let head = "the answer of openai/gpt on q1 to \"How much is 2 + 2?\" (key ";
    assert!(warm.message.starts_with(head), "{warm}");
    assert!(warm.message.ends_with(") was not recorded: it was recorded with temperature=0"), "{warm}");

    let mut other = recorded.clone();
    other.model = "mini".into();
    assert!(miss(&other).await.message.ends_with("it was recorded with the model openai/gpt"));
    let mut other = recorded.clone();
    other.messages = vec![Message::user("How much is 3 + 3?")];
    assert!(miss(&other).await.message.ends_with("it was recorded with other messages"));
    let other = recorded.clone().origin(Some(Origin::answer(run(), "q1".into(), 2)));
    let second = miss(&other).await;
    assert!(second.message.contains("in epoch 2") && second.message.ends_with("recorded for epoch 1"), "{second}");
    let stranger = miss(&request("q9", "Who are you?")).await;
    assert!(stranger.message.ends_with("was not recorded: nothing like it was"), "{stranger}");
}

#[tokio::test]
async fn a_parameter_that_was_refused_once_is_refused_for_every_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let strict = Scripted::fallible("model", |request: &Request| match request.params.get("temperature") {
        Some(_) => Err(ProviderError::new(ProviderErrorKind::Rejected, "temperature is not supported")),
        None => Ok(Completion::new(request.last())),
    });
    let recording = strict.layer(recorder(folder.path()));
    let cool = |sample: &str| request(sample, sample).params(Params::new().with("temperature", 0));
    assert!(recording.complete(&cool("q1")).await.is_err());
    recording.complete(&request("q1", "q1")).await.expect("an answer");
    recording.complete(&request("q2", "q2")).await.expect("an answer");

    let provider = replay(folder.path());
    let refused = provider.complete(&cool("q2")).await.expect_err("an error");
    assert_eq!((refused.kind, &*refused.message), (ProviderErrorKind::Rejected, "temperature is not supported"));
    assert_eq!(provider.complete(&request("q2", "q2")).await.expect("an answer").text, "q2");
    assert_eq!(provider.complete(&cool("q3")).await.expect_err("a miss").kind, ProviderErrorKind::Config);
}

#[tokio::test]
async fn s12_no_key_gets_into_a_cassette() {
    let folder = tempfile::tempdir().expect("a folder");
    let echo = Scripted::fallible("model", |request: &Request| match request.last().contains("fail") {
        true => Err(ProviderError::new(ProviderErrorKind::Rejected, format!("bad key {KEY}"))),
        false => Ok(Completion::new(format!("your key is {KEY}"))),
    });
    let recording = echo.layer(recorder(folder.path()).scrub(&SecretString::from(KEY)));
    let secret = |value: &str| serde_json::json!({"Authorization": format!("Bearer {value}")});
    let params = Params::new().with("api_key", KEY).with("extra_headers", secret(KEY)).with("max_tokens", 9);
    let asked = request("q1", "what is my key?").params(params.clone());
    let seen = recording.complete(&asked).await.expect("an answer").text;
    assert_eq!(seen, "your key is [redacted]", "who judges the answer sees what a replay will give");
    let _ = recording.complete(&request("q2", &format!("fail with {KEY}"))).await;

    let text = text(folder.path());
    assert!(!text.contains(KEY) && !text.contains("Bearer"), "{text}");
    assert!(text.contains("max_tokens") && text.contains("[redacted]"), "{text}");
    // Who replays needs no key, or has another one.
    let other = params.with("api_key", "sk-another-0123456789");
    let again = replay(folder.path()).complete(&request("q1", "what is my key?").params(other)).await;
    assert_eq!(again.expect("an answer").text, seen);
}

#[tokio::test]
async fn a_recording_goes_on_where_it_was_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let refusing = Scripted::fallible("scripted", |_| error(ProviderErrorKind::Auth)).layer(recorder(folder.path()));
    assert!(refusing.complete(&request("q1", "2 + 2")).await.is_err());
    let answering = Scripted::always("4").layer(recorder(folder.path()));
    answering.complete(&request("q1", "2 + 2")).await.expect("an answer");
    answering.complete(&request("q2", "3 + 1")).await.expect("an answer");
    let provider = replay(folder.path());
    for (sample, text) in [("q1", "2 + 2"), ("q2", "3 + 1")] {
        assert_eq!(provider.complete(&request(sample, text)).await.expect("an answer").text, "4");
    }
}

#[tokio::test]
async fn what_is_no_cassette_is_refused_before_the_first_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |folder: &Path| {
        let error = Cassette::open(folder).expect_err("no cassette");
        assert_eq!(error.kind, ProviderErrorKind::Config);
        format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default())
    };
    assert!(refused(&folder.path().join("nowhere")).contains("nowhere"));
    assert!(refused(folder.path()).contains("there is no recording in"));
    Scripted::always("4").layer(recorder(folder.path())).complete(&request("q1", "2 + 2")).await.expect("an answer");
    fs::write(folder.path().join("README.md"), "What this is.").expect("written");
    assert_eq!(Cassette::open(folder.path()).expect("a cassette").models(), ["openai/gpt"]);

    let file = &files(folder.path())[0];
    let whole = fs::read_to_string(file).expect("a text");
    let damaged = [
        (whole.replace("eval-cassette/1", "eval-cassette/2"), "its schema is `eval-cassette/2`"),
        (whole.replace("\"text\"", "\"txet\""), "unknown field `txet`"),
        (whole[..whole.len() / 2].to_owned(), "EOF"),
    ];
    for (text, why) in damaged {
        fs::write(file, text).expect("written");
        let said = refused(folder.path());
        assert!(said.contains(why) && said.contains("q1.1.answer"), "{said}");
    }
}
