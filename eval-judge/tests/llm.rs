//! The LLM judge against graders that answer, garble, fail and refuse.

use std::error::Error;
use std::sync::{Arc, Mutex};

use eval_core::{
    Completion, FinishReason, Judge, JudgeError, Message, MockProvider, Money, Origin, Params, Provider, ProviderError,
    ProviderErrorKind, Purpose, Request, Role, RunId, Sample, Scripted, Timing, Usage,
};
use eval_judge::{Exact, LlmJudge, LlmJudgeError, Rubric};
use serde_json::json;

const FINE: &str = r#"{"reasoning": "Names Paris.", "score": 0.9}"#;

fn sample() -> Sample {
    Sample::new("1", "What is the capital of France?").target("Paris")
}

fn answer() -> Completion {
    Completion::new("It is Paris.")
}

fn judge(grader: impl Provider) -> LlmJudge {
    LlmJudge::builder(Arc::new(grader)).build().expect("a judge")
}

/// A paid message of a grader.
fn said(text: &str) -> Completion {
    let paid = Completion::new(text).usage(Usage::new(100, 10)).cost(Some(Money::from_nanos(50)));
    paid.timing(Timing::service(20.0))
}

fn sequence<const N: usize>(texts: [&str; N]) -> Scripted {
    Scripted::sequence(texts.map(|text| Ok(said(text))))
}

/// A grader that keeps the requests it gets, and what it got.
fn recorded(
    reply: impl Fn(usize) -> Result<Completion, ProviderError> + Send + Sync + 'static,
) -> (Scripted, Arc<Mutex<Vec<Request>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let grader = Scripted::fallible("recorded", move |request| {
        let mut seen = seen.lock().expect("a lock");
        seen.push(request.clone());
        reply(seen.len() - 1)
    });
    (grader, requests)
}

#[tokio::test]
async fn a_fine_verdict_takes_one_call() {
    let mut grader = MockProvider::new();
    grader.expect_complete().times(1).returning(|_| Ok(said(FINE)));
    let verdict = judge(grader).judge(&sample(), &answer()).await.unwrap();
    assert_eq!(verdict.score.unwrap().get(), 0.9);
    assert_eq!(verdict.explanation.as_deref(), Some("Names Paris."));
    assert_eq!((verdict.judge.as_str(), verdict.error), ("llm:gpt-4o-mini", None));
    assert_eq!((verdict.usage, verdict.cost), (Usage::new(100, 10), Some(Money::from_nanos(50))));
    assert_eq!(verdict.latency_ms, Some(20.0));
}

#[tokio::test]
async fn f29_a_garbled_verdict_takes_one_more_call_and_both_are_paid() {
    let mut grader = MockProvider::new();
    let mut texts = ["I would say 9 out of 10.", FINE].into_iter();
    grader.expect_complete().times(2).returning(move |_| Ok(said(texts.next().unwrap())));
    let verdict = judge(grader).judge(&sample(), &answer()).await.unwrap();
    assert_eq!(verdict.score.unwrap().get(), 0.9);
    assert_eq!((verdict.usage, verdict.cost), (Usage::new(200, 20), Some(Money::from_nanos(100))));
    assert_eq!(verdict.latency_ms, Some(40.0));
}

#[tokio::test]
async fn rules_and_empty_answers_take_no_call() {
    let mut grader = MockProvider::new();
    grader.expect_complete().never();
    let grader = judge(grader);
    for blank in ["", " \n\t", "\u{feff}\u{200b}"] {
        let verdict = grader.judge(&sample(), &Completion::new(blank)).await.unwrap();
        assert_eq!((verdict.score.unwrap().get(), verdict.cost), (0.0, Some(Money::ZERO)));
        assert_eq!(verdict.explanation.as_deref(), Some("the answer is empty"));
    }
    let cut = Completion::new("").finish(FinishReason::Length);
    assert!(grader.judge(&sample(), &cut).await.unwrap().explanation.unwrap().contains("token limit"));
    let filtered = Completion::new("").finish(FinishReason::ContentFilter);
    let verdict = grader.judge(&sample(), &filtered).await.unwrap();
    assert_eq!((verdict.score, verdict.cost), (None, Some(Money::ZERO)));
    assert_eq!(Exact::new().judge(&sample(), &answer()).await.unwrap().cost, Some(Money::ZERO));
}

/// F29: what is not exactly one verdict is unscored: never clamped, never 0, both calls paid.
#[tokio::test]
async fn f29_garbled_verdicts_are_unscored() {
    let cut = &FINE[..FINE.len() - 3];
    for text in [
        "Sure! I would say it's a solid answer, 11 out of 10.",
        "The answer is right. Score: 1.0",
        "Rating: [[5]]",
        "1",
        "0.9",
        "null",
        "true",
        "[]",
        "{}",
        "[[5]]",
        "",
        " \n",
        "\u{0}",
        "Die Antwort ist richtig, Note 0,9.",
        "答案正确。分数：1",
        "{\"reasoning\": \"答案正确\", \"分数\": 1}",
        r#"{"reasoning": "x", "score": 11}"#,
        r#"{"reasoning": "x", "score": 11/10}"#,
        r#"{"reasoning": "x", "score": "11/10"}"#,
        r#"{"reasoning": "x", "score": 1.0000001}"#,
        r#"{"reasoning": "x", "score": -1}"#,
        r#"{"reasoning": "x", "score": -0.0001}"#,
        r#"{"reasoning": "x", "score": "0.9/1"}"#,
        r#"{"reasoning": "x", "score": "0.9"}"#,
        r#"{"reasoning": "x", "score": 90%}"#,
        r#"{"reasoning": "x", "score": NaN}"#,
        r#"{"reasoning": "x", "score": "NaN"}"#,
        r#"{"reasoning": "x", "score": Infinity}"#,
        r#"{"reasoning": "x", "score": 1e999}"#,
        r#"{"reasoning": "x", "score": null}"#,
        r#"{"reasoning": "x", "score": true}"#,
        r#"{"reasoning": "x", "score": [1]}"#,
        r#"{"reasoning": "x", "score": {"value": 1}}"#,
        r#"{"reasoning": "x", "score": 0,9}"#,
        r#"{"reasoning": "x"}"#,
        r#"{"score": 1}"#,
        r#"{"reasoning": null, "score": 1}"#,
        r#"{"reasoning": ["x"], "score": 1}"#,
        r#"{"reasoning": "x", "Score": 1}"#,
        r#"{"reasoning": "x", "score": 0.1, "score": 1}"#,
        r#"{"reasoning": "x", "reasoning": "y", "score": 1}"#,
        r#"{"verdict": {"reasoning": "x", "score": 1}}"#,
        r#"[{"reasoning": "x", "score": 1}]"#,
        "{\"reasoning\": \"x\", \"score\": 1}\n{\"reasoning\": \"y\", \"score\": 0}",
        "{\"reasoning\": \"x\", \"score\": 1} I hope this helps.",
        "Here is the verdict: {\"reasoning\": \"x\", \"score\": 1}",
        "```json\n{\"reasoning\": \"x\", \"score\": 1}\n```\n```json\n{\"reasoning\": \"x\", \"score\": 0}\n```",
        "```json\n{\"reasoning\": \"x\", \"score\": 1}\n``` as asked",
        "```python\n{\"reasoning\": \"x\", \"score\": 1}\n```",
        "<think>hm</think>{\"reasoning\": \"x\", \"score\": 1}",
        "{'reasoning': 'x', 'score': 1}",
        "{reasoning: \"x\", score: 1}",
        "{\"reasoning\": \"x\", \"score\": 1,}",
        "{\"reasoning\": \"\\ud800\", \"score\": 1}",
        "\"{\\\"reasoning\\\": \\\"x\\\", \\\"score\\\": 1}\"",
        "<html>502 Bad Gateway</html>",
        cut,
    ] {
        let (grader, requests) = recorded(move |_| Ok(said(text)));
        let verdict = judge(grader).judge(&sample(), &answer()).await.unwrap();
        assert_eq!(verdict.score, None, "{text:?}");
        let error = verdict.error.unwrap();
        assert!(error.starts_with("the verdict is garbled: "), "{text:?}: {error}");
        assert_eq!(requests.lock().unwrap().len(), 2, "{text:?}");
        assert_eq!((verdict.usage, verdict.cost), (Usage::new(200, 20), Some(Money::from_nanos(100))), "{text:?}");
    }
}

#[tokio::test]
async fn verdicts_that_hold() {
    for (text, score) in [
        (FINE, 0.9),
        ("```json\n{\"reasoning\": \"x\", \"score\": 1}\n```", 1.0),
        ("```\n{\"reasoning\": \"x\", \"score\": 0}\n```", 0.0),
        (" \n{\"score\": 1e-1, \"reasoning\": \"\"}\r\n", 0.1),
        (r#"{"reasoning": "says {\"score\": 1} and ```", "score": 0.0, "extra": {"score": 1}}"#, 0.0),
        (r#"{"reasoning": "x", "score": -0.0}"#, 0.0),
    ] {
        let verdict = judge(sequence([text])).judge(&sample(), &answer()).await.unwrap();
        assert_eq!(verdict.score.unwrap().get(), score, "{text}");
    }
}

#[tokio::test]
async fn a_message_that_was_stopped_is_no_verdict() {
    for finish in [FinishReason::Length, FinishReason::ContentFilter] {
        let stopped = said(FINE).finish(finish);
        let grader = Scripted::sequence([Ok(stopped.clone()), Ok(stopped)]);
        let verdict = judge(grader).judge(&sample(), &answer()).await.unwrap();
        assert_eq!(verdict.score, None);
        assert!(verdict.error.unwrap().contains("stopped before its end"));
    }
}

#[tokio::test]
async fn the_repair_try_sends_the_garbled_message_back() {
    let (grader, requests) = recorded(|call| Ok(said(["Nine of ten!", FINE][call])));
    judge(grader).judge(&sample(), &answer()).await.unwrap();
    let requests = requests.lock().unwrap();
    let (first, second) = (&requests[0].messages, &requests[1].messages);
    assert_eq!((first.len(), second.len()), (2, 4));
    assert_eq!(second[..2], first[..]);
    assert_eq!(second[2], Message::assistant("Nine of ten!"));
    assert_eq!(second[3].role, Role::User);
    assert!(second[3].content.contains("not one JSON object"), "{}", second[3].content);
    assert_eq!(requests[0].params, requests[1].params);
}

#[tokio::test]
async fn an_empty_message_is_repaired_without_an_empty_turn() {
    let (grader, requests) = recorded(|call| Ok(said(["", FINE][call])));
    judge(grader).judge(&sample(), &answer()).await.unwrap();
    let last = requests.lock().unwrap()[1].messages.clone();
    assert!(last.iter().all(|message| !message.content.trim().is_empty()));
}

#[tokio::test]
async fn unknown_cost_or_usage_of_one_call_makes_the_sum_unknown() {
    let grader = Scripted::sequence([Ok(said("?")), Ok(Completion::new(FINE))]);
    let verdict = judge(grader).judge(&sample(), &answer()).await.unwrap();
    assert_eq!((verdict.cost, verdict.usage, verdict.latency_ms), (None, Usage::default(), None));
    assert!(verdict.score.is_some());
}

#[tokio::test]
async fn a_grader_that_fails_leaves_no_score() {
    for kind in ProviderErrorKind::ALL {
        let grader = Scripted::fallible("down", move |_| Err(ProviderError::new(kind, "503 from upstream")));
        let error = judge(grader).judge(&sample(), &answer()).await.unwrap_err();
        assert!(matches!(error, JudgeError::Provider(_)), "{kind}: {error}");
        assert_eq!(error.is_fatal(), kind.is_fatal(), "{kind}");
        assert!(error.source().unwrap().to_string().contains("503 from upstream"));
    }
}

#[tokio::test]
async fn a_repair_try_that_fails_keeps_what_the_first_call_cost() {
    let failure = |kind| {
        let mut error = ProviderError::new(kind, "gone");
        (error.usage, error.cost) = (Usage::new(1, 1), Some(Money::from_nanos(3)));
        error
    };
    let grader = Scripted::sequence([Ok(said("?")), Err(failure(ProviderErrorKind::Network))]);
    let verdict = judge(grader).judge(&sample(), &answer()).await.unwrap();
    assert_eq!((verdict.score, verdict.cost, verdict.usage), (None, Some(Money::from_nanos(53)), Usage::new(101, 11)));
    assert!(verdict.error.unwrap().contains("network: gone"));

    let grader = Scripted::sequence([Ok(said("?")), Err(failure(ProviderErrorKind::Quota))]);
    match judge(grader).judge(&sample(), &answer()).await {
        Err(JudgeError::Provider(error)) => {
            assert!(error.is_fatal());
            assert_eq!((error.cost, error.usage), (Some(Money::from_nanos(53)), Usage::new(101, 11)));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_request_asks_for_a_verdict_by_schema_and_says_what_it_is_for() {
    let (grader, requests) = recorded(|_| Ok(said(FINE)));
    let grader = LlmJudge::builder(Arc::new(grader)).grader("grader-1").build().unwrap();
    let origin = Origin::answer(RunId::new(), "1".into(), 3);
    grader.judge(&sample(), &answer().origin(Some(origin.clone()))).await.unwrap();
    let request = requests.lock().unwrap()[0].clone();
    assert_eq!(request.model, "grader-1");
    assert_eq!(request.origin, Some(origin.judge()));
    assert_eq!(request.origin.unwrap().purpose, Purpose::Judge);
    assert_eq!(request.params.get("temperature"), Some(&json!(0)));
    let format = request.params.get("response_format").unwrap();
    assert_eq!((&format["type"], &format["json_schema"]["strict"]), (&json!("json_schema"), &json!(true)));
    assert_eq!(format["json_schema"]["schema"]["required"], json!(["reasoning", "score"]));
    let text = format.to_string();
    assert!(text.find("\"reasoning\"").unwrap() < text.find("\"score\"").unwrap(), "{text}");
}

#[tokio::test]
async fn params_replace_the_defaults() {
    let (grader, requests) = recorded(|_| Ok(said(FINE)));
    let grader = Arc::new(grader);
    for params in [Params::new(), Params::new().with("seed", 7).with("response_format", json!({"type": "json_object"}))]
    {
        let judge = LlmJudge::builder(Arc::clone(&grader) as Arc<dyn Provider>).params(params).build().unwrap();
        judge.judge(&sample(), &answer()).await.unwrap();
    }
    let requests = requests.lock().unwrap();
    assert_eq!(requests[0].params.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["response_format"]);
    assert_eq!(requests[1].params.get("response_format"), Some(&json!({"type": "json_object"})));
    assert_eq!((requests[1].params.get("seed"), requests[1].params.get("temperature")), (Some(&json!(7)), None));
}

/// A grader that refuses parameters by name, as endpoints do.
fn picky(refused: &'static [&'static str]) -> (Scripted, Arc<Mutex<Vec<Request>>>) {
    let requests = Arc::new(Mutex::new(Vec::<Request>::new()));
    let seen = Arc::clone(&requests);
    let grader = Scripted::fallible("picky", move |request| {
        seen.lock().expect("a lock").push(request.clone());
        match refused.iter().find(|name| request.params.get(name).is_some()) {
            Some(name) => {
                Err(ProviderError::new(ProviderErrorKind::Rejected, format!("400: unsupported parameter '{name}'")))
            }
            None => Ok(said(FINE)),
        }
    });
    (grader, requests)
}

#[tokio::test]
async fn a_refused_parameter_of_ours_is_left_out_from_then_on() {
    let (grader, requests) = picky(&["response_format", "temperature"]);
    let judge = judge(grader);
    for _ in 0..3 {
        let verdict = judge.judge(&sample(), &answer()).await.unwrap();
        assert_eq!((verdict.score.unwrap().get(), verdict.cost), (0.9, Some(Money::from_nanos(50))));
    }
    let sent: Vec<usize> = requests.lock().unwrap().iter().map(|request| request.params.iter().count()).collect();
    assert_eq!(sent, [2, 1, 0, 0, 0]);
}

#[tokio::test]
async fn a_refused_parameter_of_the_user_is_an_error() {
    let (grader, requests) = picky(&["temperature"]);
    let params = Params::new().with("temperature", 0.3);
    let judge = LlmJudge::builder(Arc::new(grader)).params(params).build().unwrap();
    assert!(matches!(judge.judge(&sample(), &answer()).await, Err(JudgeError::Provider(_))));
    assert_eq!(requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn other_rejections_are_not_tried_again() {
    let (grader, requests) =
        recorded(|_| Err(ProviderError::new(ProviderErrorKind::Rejected, "413: the request is too large")));
    assert!(judge(grader).judge(&sample(), &answer()).await.is_err());
    let (unavailable, more) =
        recorded(|_| Err(ProviderError::new(ProviderErrorKind::Unavailable, "503: response_format backend is down")));
    assert!(judge(unavailable).judge(&sample(), &answer()).await.is_err());
    assert_eq!((requests.lock().unwrap().len(), more.lock().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn a_rubric_says_whether_a_reference_is_needed() {
    let without = Sample::new("1", "Write a poem.");
    for blank in [without.clone(), without.clone().target("  ")] {
        let error = judge(sequence([FINE])).judge(&blank, &answer()).await.unwrap_err();
        assert!(matches!(error, JudgeError::Lacks(_)), "{error}");
        let error = judge(sequence([])).judge(&blank, &Completion::new("")).await.unwrap_err();
        assert!(matches!(error, JudgeError::Lacks(_)), "{error}");
    }
    let rubric = Rubric::parse("---\nexpected_output: optional\n---\nIs it a poem?").unwrap();
    let (grader, requests) = recorded(|_| Ok(said(FINE)));
    let judge = LlmJudge::builder(Arc::new(grader)).rubric(rubric).build().unwrap();
    assert!(judge.judge(&without, &answer()).await.unwrap().score.is_some());
    assert!(judge.judge(&sample(), &answer()).await.unwrap().score.is_some());
    let requests = requests.lock().unwrap();
    assert!(requests[0].messages[0].content.ends_with("Is it a poem?"));
    let has_reference = |at: usize| requests[at].messages[1].content.contains("<<<BEGIN expected output ");
    assert_eq!((has_reference(0), has_reference(1)), (false, true));
}

#[test]
fn what_shapes_a_verdict_changes_the_fingerprint() {
    let builder = || LlmJudge::builder(Arc::new(Scripted::always(FINE)));
    let rubric = Rubric::parse("Is it polite?").unwrap();
    let optional = Rubric::parse("---\nexpected_output: optional\n---\nIs it polite?").unwrap();
    let prints = [
        builder(),
        builder().grader("gpt-4o"),
        builder().rubric(rubric),
        builder().rubric(optional),
        builder().params(Params::new()),
        builder().params(Params::new().with("temperature", 1)),
    ]
    .map(|builder| builder.build().unwrap().fingerprint());
    for (at, print) in prints.iter().enumerate() {
        assert!(!prints[..at].contains(print), "{at}");
    }
    assert_eq!(builder().build().unwrap().fingerprint(), builder().nonce_seed(3).build().unwrap().fingerprint());
}

#[test]
fn a_grader_needs_a_name() {
    let built = LlmJudge::builder(Arc::new(Scripted::always(FINE))).grader(" ").build();
    assert!(matches!(built, Err(LlmJudgeError::NoGrader)));
}

#[tokio::test]
async fn long_reasoning_is_cut() {
    let text = json!({"reasoning": "because ".repeat(10_000), "score": 1}).to_string();
    let verdict = judge(Scripted::always(text)).judge(&sample(), &answer()).await.unwrap();
    assert!(verdict.explanation.unwrap().chars().count() <= 4_001);
}
