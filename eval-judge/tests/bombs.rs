//! Patterns, schemas and answers made to burn time: each is refused or done within moments.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eval_core::{Completion, Judge, JudgeError, Sample, Scripted, Verdict};
use eval_judge::{Assertions, Json, LlmJudge, Numeric, Pattern, Similarity, parse_verdict};

/// A tenth of a second; unoptimised code on a busy machine gets more.
const LIMIT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_500 } else { 100 });

async fn timed(judge: &dyn Judge, target: &str, answer: &str) -> Result<Verdict, JudgeError> {
    let sample = Sample::new("1", "any").target(target);
    let completion = Completion::new(answer);
    let begun = Instant::now();
    let result = judge.judge(&sample, &completion).await;
    let took = begun.elapsed();
    assert!(took < LIMIT, "{}: {target:.60} took {took:?}", judge.name());
    result
}

#[tokio::test]
async fn s16_regular_expressions() {
    let answer = format!("{}!", "a".repeat(20_000));
    for pattern in ["(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*)*$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y"] {
        let verdict = timed(&Pattern::from_target(), pattern, &answer).await.unwrap();
        assert!(verdict.score.is_some(), "{pattern}");
    }
}

#[tokio::test]
async fn s16_regular_expressions_that_grow() {
    let deep = format!("{}a{}", "(".repeat(500), ")".repeat(500));
    let long = "a".repeat(1025);
    for pattern in ["(a{1000}){1000}", r"\w{1000}", r"((\pL{30}){30}){30}", &deep, &long, "(", r"(a)\1", "(?=a)"] {
        let error = timed(&Pattern::from_target(), pattern, "aaa").await.unwrap_err();
        assert!(matches!(error, JudgeError::Other(_)), "{pattern:.40}: {error}");
        assert!(!error.is_fatal());
    }
    assert!(Pattern::new(&"a".repeat(1024)).is_ok());
}

#[tokio::test]
async fn s16_answers() {
    let digits = "1".repeat(200_000);
    let marks = "1.1,".repeat(50_000);
    let exponent = format!("1e{digits}");
    let fractions = r"\frac{".repeat(20_000);
    let powers = "1 x 10^".repeat(20_000);
    for answer in [&digits, &marks, &exponent, &fractions, &powers, &"answer".repeat(30_000)] {
        timed(&Numeric::new(), "1", answer).await.unwrap();
    }
    for answer in ["[".repeat(200_000), "{\"a\":".repeat(100_000), "```".repeat(100_000)] {
        assert_eq!(timed(&Json::new(), "", &answer).await.unwrap().score.unwrap().get(), 0.0);
        assert!(parse_verdict(&answer).is_err());
    }
    assert!(timed(&Similarity::new(), &"a".repeat(100_000), &"b".repeat(100_000)).await.is_err());
}

#[tokio::test]
async fn s16_assertions() {
    let (words, letters) = ("a b ".repeat(50_000), "a".repeat(200_000));
    let objects = "{\"a\":".repeat(30_000);
    let braces = "{".repeat(200_000);
    for answer in [&words, &letters, &objects, &braces] {
        for assertion in ["regex:(a+)+$", "rouge-n:a b c", "bleu:a b c d e", "contains-json", "levenshtein(9):abc"] {
            let sample = Sample::new("1", "any").metadata("__expected", assertion);
            let begun = Instant::now();
            Assertions::new().judge(&sample, &Completion::new(answer)).await.unwrap();
            assert!(begun.elapsed() < 2 * LIMIT, "{assertion} {answer:.20} took {:?}", begun.elapsed());
        }
    }
}

#[tokio::test]
async fn s16_answers_for_a_grader() {
    let grader = Arc::new(Scripted::always(r#"{"reasoning": "", "score": 0}"#));
    let judge = LlmJudge::builder(grader).build().unwrap();
    for piece in
        ["<|", "<", "<<<", "<<< ", "</", "<|a", "#", "# ", "\n", "\n#", "system", "[INST]", "<<<END ", "\u{e0041}"]
    {
        let answer = format!("x{}", piece.repeat(200_000 / piece.len()));
        timed(&judge, "1", &answer).await.unwrap();
    }
}

#[cfg(feature = "json-schema")]
#[tokio::test]
async fn s16_schemas() {
    use eval_judge::JsonSchema;

    let billion_laughs = (1..30).fold(String::from(r#""d0": {"type": "string"}"#), |defs, at| {
        let below = at - 1;
        format!(r##"{defs}, "d{at}": {{"allOf": [{{"$ref": "#/$defs/d{below}"}}, {{"$ref": "#/$defs/d{below}"}}]}}"##)
    });
    let laughs = format!(r##"{{"$defs": {{{billion_laughs}}}, "$ref": "#/$defs/d29"}}"##);
    let answer = format!("\"{}!\"", "a".repeat(20_000));
    for (schema, usable) in [
        (r#"{"pattern": "(a+)+$"}"#, true),
        (laughs.as_str(), false),
        (r#"{"pattern": "(a{1000}){1000}"}"#, false),
        (r#"{"pattern": "(?=a)"}"#, false),
        (r#"{"$ref": "http://127.0.0.1:9/schema.json"}"#, false),
        (r#"{"$ref": "file:///etc/hostname"}"#, false),
        (r#"{"type": 5}"#, false),
        ("not JSON", false),
    ] {
        let result = timed(&JsonSchema::from_target(), schema, &answer).await;
        assert_eq!(result.is_ok(), usable, "{schema:.60}: {result:?}");
    }
    let long = format!(r#"{{"description": "{}"}}"#, "x".repeat(70_000));
    assert!(timed(&JsonSchema::from_target(), &long, "1").await.is_err());
}

#[cfg(feature = "json-schema")]
#[tokio::test]
async fn s16_schemas_that_refer_to_themselves() {
    use eval_judge::JsonSchema;

    let deep = format!("{}1{}", r#"{"a":"#.repeat(100), "}".repeat(100));
    for schema in [
        r##"{"$ref": "#"}"##,
        r##"{"allOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]}"##,
        r##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}"##,
        r##"{"$dynamicAnchor": "x", "$dynamicRef": "#x"}"##,
    ] {
        assert!(timed(&JsonSchema::from_target(), schema, &deep).await.is_err(), "{schema}");
    }
    // A tree of one's own is trusted.
    let tree = r##"{"type": ["object", "number"], "additionalProperties": {"$ref": "#"}}"##;
    let verdict = timed(&JsonSchema::new(tree).unwrap(), "", &deep).await.unwrap();
    assert_eq!(verdict.score.unwrap().get(), 1.0);
}
