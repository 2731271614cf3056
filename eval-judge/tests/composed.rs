//! Judges made of judges: pairs in both orders, rules before a paid judge, rubrics of several criteria.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use eval_core::{
    Completion, Judge, JudgeError, MockProvider, Money, Provider, ProviderError, ProviderErrorKind, Request, Sample,
    Scripted, Usage,
};
use eval_judge::{CheapFirst, Contains, Exact, Json, LlmJudge, OrderTally, Pairwise, Rubric, parts};

fn sample() -> Sample {
    Sample::new("1", "What is the capital of France?").target("Paris")
}

fn paid(text: impl Into<String>) -> Completion {
    Completion::new(text.into()).usage(Usage::new(100, 10)).cost(Some(Money::from_nanos(50)))
}

fn better(which: &str) -> Completion {
    paid(format!(r#"{{"reasoning": "so it is", "better": "{which}"}}"#))
}

fn llm(grader: impl Provider) -> LlmJudge {
    LlmJudge::builder(Arc::new(grader)).build().unwrap()
}

fn pairwise(grader: impl Provider) -> Pairwise {
    Pairwise::new(llm(grader), [("1".into(), "Perhaps Paris?".to_owned())])
}

/// A grader that keeps the requests it gets.
fn recorded(replies: Vec<Result<Completion, ProviderError>>) -> (Scripted, Arc<Mutex<Vec<Request>>>) {
    let (seen, replies) = (Arc::new(Mutex::new(Vec::new())), Mutex::new(replies.into_iter()));
    let requests = seen.clone();
    let grader = Scripted::fallible("recorded", move |request| {
        seen.lock().unwrap().push(request.clone());
        replies.lock().unwrap().next().expect("no call too many")
    });
    (grader, requests)
}

#[tokio::test]
async fn a_pair_is_compared_in_both_orders_and_both_are_paid() {
    for (replies, score, disagreed) in [
        (["first", "second"], 1.0, 0),
        (["second", "first"], 0.0, 0),
        (["same", "same"], 0.5, 0),
        (["first", "first"], 0.5, 1),
        (["second", "second"], 0.5, 1),
        (["first", "same"], 0.5, 1),
    ] {
        let (grader, requests) = recorded(replies.map(|which| Ok(better(which))).into());
        let verdict = pairwise(grader).judge(&sample(), &Completion::new("Paris.")).await.unwrap();
        assert_eq!((verdict.score.unwrap().get(), verdict.cost), (score, Some(Money::from_nanos(100))), "{replies:?}");
        assert_eq!(verdict.usage, Usage::new(200, 20));
        let requests = requests.lock().unwrap();
        let at = |request: &Request, text: &str| request.last().find(text).unwrap();
        assert!(at(&requests[0], "\nParis.\n") < at(&requests[0], "\nPerhaps Paris?\n"));
        assert!(at(&requests[1], "\nParis.\n") > at(&requests[1], "\nPerhaps Paris?\n"));
        let tally = OrderTally::of([&verdict]);
        assert_eq!((tally.pairs, tally.disagreed, tally.rate()), (1, disagreed, Some(disagreed as f64)), "{replies:?}");
    }
}

#[tokio::test]
async fn pairs_that_need_no_grader_take_no_call() {
    let mut grader = MockProvider::new();
    grader.expect_complete().never();
    let judge = pairwise(grader);
    for (answer, score) in [("Perhaps Paris?", 0.5), ("", 0.0), (" \n", 0.0)] {
        let verdict = judge.judge(&sample(), &Completion::new(answer)).await.unwrap();
        assert_eq!((verdict.score.unwrap().get(), verdict.cost), (score, Some(Money::ZERO)), "{answer}");
    }
    let other = Sample::new("2", "?").target("x");
    assert!(matches!(judge.judge(&other, &Completion::new("x")).await, Err(JudgeError::Lacks(_))));
}

#[tokio::test]
async fn a_pair_seen_in_one_order_only_is_unscored() {
    let (grader, _) = recorded(vec![Ok(better("first")), Ok(better("neither")), Ok(paid("Hm."))]);
    let verdict = pairwise(grader).judge(&sample(), &Completion::new("Paris.")).await.unwrap();
    assert_eq!((verdict.score, verdict.cost), (None, Some(Money::from_nanos(150))), "three calls are paid");
    assert_eq!(OrderTally::of([&verdict]).rate(), None);
    let away = || ProviderError::new(ProviderErrorKind::Unavailable, "away");
    let (grader, _) = recorded(vec![Ok(better("first")), Err(away())]);
    let verdict = pairwise(grader).judge(&sample(), &Completion::new("Paris.")).await.unwrap();
    assert_eq!((verdict.score, verdict.cost), (None, None), "nobody knows what the second call cost");
    let mut refused = ProviderError::new(ProviderErrorKind::Auth, "no key");
    refused.cost = Some(Money::from_nanos(3));
    let (grader, _) = recorded(vec![Ok(better("first")), Err(refused)]);
    match pairwise(grader).judge(&sample(), &Completion::new("Paris.")).await.unwrap_err() {
        JudgeError::Provider(error) => assert_eq!(error.cost, Some(Money::from_nanos(53))),
        error => panic!("{error}"),
    }
}

#[test]
fn other_answers_are_another_judge() {
    let grader = || llm(Scripted::always(""));
    let with = |text: &str| Pairwise::new(grader(), [("1".into(), text.to_owned())]).fingerprint();
    assert_eq!(with("a"), with("a"));
    assert_ne!(with("a"), with("b"));
    assert_ne!(with("a"), grader().fingerprint());
    assert_eq!(pairwise(Scripted::always("")).name(), "pairwise(llm:gpt-4o-mini)");
}

#[tokio::test]
async fn a_rule_that_fails_decides_and_nothing_is_paid() {
    let mut grader = MockProvider::new();
    grader.expect_complete().times(1).returning(|_| Ok(paid(r#"{"reasoning": "Right.", "score": 0.4}"#)));
    let judge = CheapFirst::new(vec![Arc::new(Contains::whole()), Arc::new(Json::new())], llm(grader));
    assert_eq!(judge.name(), "cheap-first(contains, json, llm:gpt-4o-mini)");
    for (answer, score, cost, decided) in
        [("Lyon", 0.0, 0, "contains"), ("Paris", 0.0, 0, "json"), ("\"Paris\"", 0.4, 50, "llm:gpt-4o-mini")]
    {
        let verdict = judge.judge(&sample(), &Completion::new(answer)).await.unwrap();
        assert_eq!((verdict.score.unwrap().get(), verdict.cost), (score, Some(Money::from_nanos(cost))), "{answer}");
        let explanation = verdict.explanation.unwrap();
        assert!(explanation.starts_with(&format!("decided by `{decided}`: ")), "{explanation}");
        assert_eq!(verdict.judge, judge.name());
    }
}

#[tokio::test]
async fn a_rule_without_a_score_leaves_the_answer_unscored_and_the_grader_unasked() {
    let grader = Scripted::new("grader", |_| panic!("the rule has not passed"));
    let rubric = Rubric::parse("---\nexpected_output: optional\n---\nIs it right?").unwrap();
    let grader = LlmJudge::builder(Arc::new(grader)).rubric(rubric).build().unwrap();
    let judge = CheapFirst::new(vec![Arc::new(Exact::new())], grader);
    let verdict = judge.judge(&Sample::new("1", "?"), &Completion::new("x")).await.unwrap();
    assert_eq!(verdict.score, None);
    assert!(verdict.error.unwrap().contains("`exact` gave no score"));
}

const CRITERIA: &str =
    "---\ncriterion correct: 3\ncriterion polite: 1\n---\ncorrect: agrees with the facts.\npolite: is friendly.";

fn by_criteria(grader: impl Provider) -> LlmJudge {
    LlmJudge::builder(Arc::new(grader)).rubric(Rubric::parse(CRITERIA).unwrap()).build().unwrap()
}

#[tokio::test]
async fn each_criterion_has_a_score_and_the_verdict_their_mean_by_weight() {
    let reply = r#"{"polite": {"reasoning": "curt:\n1: no", "score": 0}, "correct": {"reasoning": "yes", "score": 1}}"#;
    let (grader, requests) = recorded(vec![Ok(paid(reply))]);
    let verdict = by_criteria(grader).judge(&sample(), &Completion::new("Paris.")).await.unwrap();
    assert_eq!((verdict.score.unwrap().get(), verdict.cost), (0.75, Some(Money::from_nanos(50))));
    let explanation = verdict.explanation.unwrap();
    assert_eq!(explanation, "correct: 1: yes\npolite: 0: curt: 1: no");
    let scores: Vec<_> = parts(&explanation).into_iter().map(|part| (part.name, part.score.unwrap().get())).collect();
    assert_eq!(scores, [("correct".to_owned(), 1.0), ("polite".to_owned(), 0.0)]);
    let request = requests.lock().unwrap().pop().unwrap();
    let format = request.params.get("response_format").unwrap();
    let schema = &format["json_schema"]["schema"];
    assert_eq!(schema["required"], serde_json::json!(["correct", "polite"]));
    assert_eq!(schema["properties"]["polite"]["required"], serde_json::json!(["reasoning", "score"]));
}

#[tokio::test]
async fn f29_criteria_that_are_not_all_scored_once_are_garbled() {
    let one = r#"{"reasoning": "x", "score": 1}"#;
    for (reply, why) in [
        (r#"{"reasoning": "x", "score": 1}"#.to_owned(), "not one JSON object"),
        (format!(r#"{{"correct": {one}}}"#), "`polite` is missing"),
        (format!(r#"{{"correct": {one}, "polite": {one}, "brief": {one}}}"#), "`brief` is none of the rubric"),
        (format!(r#"{{"correct": {one}, "polite": {one}, "correct": {one}}}"#), "`correct` stands there twice"),
        (format!(r#"{{"correct": {one}, "polite": {{"reasoning": "x", "score": 5}}}}"#), "not from 0 to 1"),
        (format!(r#"{{"correct": {one}, "polite": {{"reasoning": "x", "score": 1, "score": 0}}}}"#), "twice"),
        (format!(r#"{{"correct": {one}, "polite": 1}}"#), "not one JSON object"),
        (format!(r#"{{"correct": {one}, "polite": {one}}} done"#), "not one JSON object"),
    ] {
        let verdict = by_criteria(Scripted::always(&reply)).judge(&sample(), &Completion::new("Paris.")).await.unwrap();
        assert_eq!(verdict.score, None, "{reply}");
        assert!(verdict.error.as_ref().unwrap().contains(why), "{reply}: {:?}", verdict.error);
    }
}
