//! Answers against JSON Schemas.
#![cfg(feature = "json-schema")]

use eval_core::{Completion, Judge, Sample};
use eval_judge::{JsonSchema, SchemaError};

const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {"city": {"type": "string", "pattern": "^[A-Z]"}, "people": {"type": "integer", "minimum": 0}},
    "required": ["city"],
    "additionalProperties": false
}"#;

async fn score(judge: &JsonSchema, answer: &str) -> (f64, String) {
    let verdict =
        judge.judge(&Sample::new("1", "?").target(SCHEMA), &Completion::new(answer)).await.expect("a verdict");
    (verdict.score.expect("a score").get(), verdict.explanation.expect("an explanation"))
}

#[tokio::test]
async fn allowed_or_not() {
    let (fixed, target) = (JsonSchema::new(SCHEMA).unwrap(), JsonSchema::from_target());
    for (answer, expected, why) in [
        (r#"{"city": "Paris", "people": 2}"#, 1.0, "an object"),
        ("```json\n{\"city\": \"Paris\"}\n```", 1.0, "an object"),
        (r#"{"people": 2}"#, 0.0, "required"),
        (r#"{"city": "paris"}"#, 0.0, "(at /city)"),
        (r#"{"city": "Paris", "people": -1}"#, 0.0, "(at /people)"),
        (r#"{"city": "Paris", "mayor": "A"}"#, 0.0, "mayor"),
        ("[]", 0.0, "object"),
        ("Paris", 0.0, "expected JSON"),
        ("", 0.0, "expected JSON"),
    ] {
        let found = score(&fixed, answer).await;
        assert_eq!(found.0, expected, "{answer}: {}", found.1);
        assert!(found.1.contains(why), "{answer}: {}", found.1);
        assert_eq!(score(&target, answer).await, found);
    }
}

#[test]
fn bad_schemas_are_refused_when_they_are_fixed() {
    assert!(matches!(JsonSchema::new("{"), Err(SchemaError::NotJson(_))));
    assert!(matches!(JsonSchema::new(r#"{"type": "objekt"}"#), Err(SchemaError::Invalid(_))));
    assert!(matches!(JsonSchema::new(&" ".repeat(65_537)), Err(SchemaError::TooLong(65_537))));
    assert_ne!(JsonSchema::new("{}").unwrap().fingerprint(), JsonSchema::from_target().fingerprint());
}
