//! promptfoo's CSV grammar: what the tool itself says of each row, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use eval_core::{Completion, Judge, Money, Sample, Scripted, Timing};
use eval_judge::{Assertions, LlmJudge, parts};
use serde::Deserialize;

fn sample(columns: &[(&str, &str)]) -> Sample {
    columns.iter().fold(Sample::new("1", "any"), |sample, (name, text)| sample.metadata(*name, *text))
}

fn expecting(assertion: &str) -> Sample {
    sample(&[("__expected", assertion)])
}

#[derive(Deserialize)]
struct Written {
    rows: Vec<Case>,
}

/// A row and the tool's result: whether it passes, and the score of each assertion.
#[derive(Deserialize)]
struct Case {
    answer: String,
    columns: std::collections::BTreeMap<String, String>,
    pass: bool,
    scores: Vec<f64>,
}

#[cfg(feature = "json-schema")]
#[tokio::test]
async fn every_row_passes_as_the_tool_says() {
    let written: Written = serde_json::from_str(include_str!("data/promptfoo.json")).unwrap();
    assert!(written.rows.len() > 70);
    for case in written.rows {
        let columns: Vec<(&str, &str)> = case.columns.iter().map(|(name, text)| (&**name, &**text)).collect();
        let sample = sample(&columns);
        let answer = Completion::new(&case.answer).cost(Some(Money::ZERO));
        let verdict = Assertions::new().judge(&sample, &answer).await.unwrap();
        let explanation = verdict.explanation.unwrap();
        assert_eq!(verdict.score.map(|score| score.get() == 1.0), Some(case.pass), "{columns:?}: {explanation}");
        let found: Vec<f64> = parts(&explanation).iter().map(|part| part.score.unwrap().get()).collect();
        assert_eq!(found.len(), case.scores.len(), "{explanation}");
        for (ours, theirs) in found.iter().zip(&case.scores) {
            assert!((ours - theirs).abs() < 1e-9, "{columns:?}: {ours} against {theirs}");
        }
        assert_eq!(verdict.cost, Some(Money::ZERO));
    }
}

#[test]
fn what_cannot_be_judged_is_refused_by_its_name_and_column() {
    let long = format!("regex:{}", "a".repeat(1025));
    for (assertion, why) in [
        ("javascript:output.length > 3", "it runs code"),
        ("fn:output === 'x'", "it runs code"),
        ("python:len(output)", "it runs code"),
        ("file://check.js", "no files are read"),
        ("similar:Paris", "needs another model"),
        ("similar(0.8):Paris", "needs another model"),
        ("similar:cosine(0.8):Paris", "`similar:cosine(0.8)` is not read"),
        ("not-is-sql", "there is no judge for it"),
        ("trajectory:step-count", "steps of an agent"),
        ("model-graded-closedqa:is it polite", "in promptfoo's own way"),
        ("perplexity(5)", "probabilities of the words"),
        ("contians:Paris", "there is no assertion `contians`"),
        ("not-icontain:Paris", "there is no assertion `not-icontain`"),
        ("contains", "`contains` has no value"),
        ("contains-any: , ,", "is empty"),
        ("contains-all:\"a", "a quote does not end"),
        ("contains:{{topic}}", "template syntax"),
        ("{{topic}}", "template syntax"),
        ("regex:(", "not a usable regular expression"),
        ("regex:(?=a)", "not a usable regular expression"),
        ("regex:(a{1000}){1000}", "not a usable regular expression"),
        (long.as_str(), "1025 bytes"),
        ("latency:1000", "`latency` has no limit"),
        ("cost", "`cost` has no limit"),
        ("rouge-n(2):x", "no threshold from 0 to 1"),
        #[cfg(feature = "json-schema")]
        ("is-json:{\"$ref\": \"http://127.0.0.1:9/x\"}", "cannot be used"),
        #[cfg(feature = "json-schema")]
        ("contains-json:not a schema", "no JSON"),
    ] {
        let error = Assertions::new().check(&sample(&[("__expected2", assertion)])).unwrap_err();
        assert!(error.why.contains(why), "{assertion}: {}", error.why);
        assert_eq!(error.column, "__expected2");
        assert!(!error.hint.is_empty(), "{assertion}");
    }
    for (column, text, why) in [
        ("__threshold", "1.5", "not from 0 to 1"),
        ("__threshold", "most", "no number"),
        ("__config:__expected:provider", "x", "is not read"),
        ("__config:__expected9:threshold", "1", "does not have"),
        ("__config:__expected:threshold", "-1", "no number"),
    ] {
        let row = sample(&[("__expected", "rouge-n:x"), (column, text)]);
        let error = Assertions::new().check(&row).unwrap_err();
        assert!(error.why.contains(why) && error.column == column, "{column}: {error:?}");
    }
}

#[tokio::test]
async fn what_looks_like_a_type_and_is_none_is_the_answer() {
    for text in ["Note: 4", "12:30", "not-so: simple", "a:b", "(x): y", "summary: yes it is", "http://a.example/b"] {
        let verdict = Assertions::new().judge(&expecting(text), &Completion::new(text)).await.unwrap();
        assert_eq!(verdict.score.unwrap().get(), 1.0, "{text}");
    }
}

#[tokio::test]
async fn assertions_stand_in_the_order_of_their_numbers_under_their_metric() {
    let row =
        sample(&[("__expected10", "x"), ("__expected2", "not-x"), ("__expected", "contains:x"), ("__metric", "tone")]);
    let verdict = Assertions::new().judge(&row, &Completion::new("x")).await.unwrap();
    let names: Vec<String> = parts(&verdict.explanation.unwrap()).into_iter().map(|part| part.name).collect();
    assert_eq!(names, ["tone/contains", "tone/equals", "tone/equals"]);
}

#[tokio::test]
async fn latency_and_cost_are_those_of_the_answer() {
    let slow = Completion::new("x").timing(Timing::service(1500.0)).cost(Money::from_usd(0.002));
    for (assertion, score) in [
        ("latency(2000)", Some(1.0)),
        ("latency(1000)", Some(0.0)),
        ("not-latency(1000)", Some(1.0)),
        ("cost(0.002)", Some(1.0)),
        ("cost(0.001)", Some(0.0)),
    ] {
        let verdict = Assertions::new().judge(&expecting(assertion), &slow).await.unwrap();
        assert_eq!(verdict.score.map(|score| score.get()), score, "{assertion}");
    }
    let unpriced = Completion::new("x").cost(None);
    let verdict = Assertions::new().judge(&expecting("cost(1)"), &unpriced).await.unwrap();
    assert_eq!(verdict.score, None, "what nobody knows is not below a limit");
}

fn grading(score: &str) -> (Assertions, Arc<std::sync::Mutex<Vec<String>>>) {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (asked, reply) = (seen.clone(), format!(r#"{{"reasoning": "so it is", "score": {score}}}"#));
    let grader = Scripted::fallible("grader", move |request| {
        asked.lock().unwrap().push(request.messages.iter().map(|message| message.content.as_str()).collect());
        Ok(Completion::new(&reply).cost(Some(Money::from_nanos(7))))
    });
    (Assertions::new().grader(LlmJudge::builder(Arc::new(grader)).build().unwrap()), seen)
}

#[tokio::test]
async fn rubrics_and_facts_are_graded_and_what_is_free_goes_first() {
    let (judge, seen) = grading("0.7");
    for (assertion, right) in [
        ("llm-rubric:is polite", true),
        ("grade:is polite", true),
        ("not-llm-rubric:is rude", false),
        ("factuality:Paris is the capital", true),
        ("model-graded-factuality:Paris", true),
    ] {
        let row = expecting(assertion);
        assert!(Assertions::needs_grader(&row));
        let verdict = judge.judge(&row, &Completion::new("an answer")).await.unwrap();
        assert_eq!(
            (verdict.score.unwrap().get() == 1.0, verdict.cost),
            (right, Some(Money::from_nanos(7))),
            "{assertion}"
        );
        let asked = seen.lock().unwrap().pop().unwrap();
        let (_, value) = assertion.split_once(':').unwrap();
        assert!(asked.contains(&format!(">>>\n{value}\n<<<END expected output")), "the value is data: {asked}");
    }
    let row = sample(&[("__expected1", "llm-rubric:is polite"), ("__expected2", "contains:please")]);
    let verdict = judge.judge(&row, &Completion::new("no")).await.unwrap();
    assert_eq!((verdict.score.unwrap().get(), verdict.cost), (0.0, Some(Money::ZERO)), "nothing was paid");
    assert!(seen.lock().unwrap().is_empty());
    let row =
        sample(&[("__expected1", "llm-rubric:is polite"), ("__expected2", "contains:no"), ("__threshold", "0.9")]);
    let verdict = judge.judge(&row, &Completion::new("no")).await.unwrap();
    assert_eq!(verdict.score.unwrap().get(), 0.0, "the mean is 0.85");
    assert!(seen.lock().unwrap().pop().is_some());
}

#[tokio::test]
async fn without_a_grader_a_graded_row_is_unscored() {
    let verdict = Assertions::new().judge(&expecting("llm-rubric:x"), &Completion::new("y")).await.unwrap();
    assert_eq!((verdict.score, verdict.cost), (None, Some(Money::ZERO)));
    let (judge, _) = grading("\"high\"");
    let verdict = judge.judge(&expecting("llm-rubric:x"), &Completion::new("y")).await.unwrap();
    assert_eq!(verdict.score, None);
}

#[test]
fn references_for_simulated_models() {
    for (assertion, reference) in [
        ("Paris", Some("Paris")),
        ("icontains: Paris ", Some("Paris")),
        ("contains-all:a,b", Some("a b")),
        ("not-contains:x", None),
        ("regex:x+", None),
    ] {
        assert_eq!(Assertions::reference(&expecting(assertion)).as_deref(), reference, "{assertion}");
    }
}
