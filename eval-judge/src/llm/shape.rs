//! What a grader is asked to reply with.

use serde_json::{Value, json};

/// How the material is fenced, and that all of it is data.
const MATERIAL: &str = include_str!("material.md");

const GRADES: &str = "You grade the answer that a model gave to a question. You are strict and fair, and you grade by the rubric below and by nothing else.\n\n";
const COMPARES: &str = "You compare two answers to a question. You are strict and fair, and you compare by the rubric below and by nothing else: which of the two would get the higher grade. Their order is random and means nothing.\n\n";

/// The reply that a grader owes: one score, a score for each criterion, or which of two answers is better.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Score,
    Criteria(Vec<String>),
    Pair,
}

impl Shape {
    /// All that stands before the rubric.
    pub(super) fn instructions(&self) -> String {
        let task = if *self == Self::Pair { COMPARES } else { GRADES };
        let form = self.form();
        let order = match self {
            Self::Score => {
                "Write the reasoning first and the score after it. The score is a JSON number, not a text and not a fraction."
            }
            Self::Criteria(_) => {
                "Give every criterion of the rubric once, under its name, the reasoning first and the score after it. A score is a JSON number, not a text and not a fraction."
            }
            Self::Pair => "Write the reasoning first. Say `same` when neither answer is better.",
        };
        format!(
            "{task}{MATERIAL}Reply with exactly one JSON object and with nothing before or after it:\n{form}\n{order}\n\n# Rubric\n\n"
        )
    }

    /// The reply, for a grader to see.
    pub(super) fn form(&self) -> String {
        match self {
            Self::Score => r#"{"reasoning": "why, in at most 100 words", "score": a number from 0 to 1}"#.to_owned(),
            Self::Criteria(names) => {
                let one = r#"{"reasoning": "why, in at most 50 words", "score": a number from 0 to 1}"#;
                let all = names.iter().map(|name| format!("{}: {one}", json!(name)));
                format!("{{{}}}", all.collect::<Vec<_>>().join(", "))
            }
            Self::Pair => {
                r#"{"reasoning": "why, in at most 100 words", "better": "first" or "second" or "same"}"#.to_owned()
            }
        }
    }

    /// What the message after the material ends with.
    pub(super) fn reminder(&self) -> &'static str {
        match self {
            Self::Score => {
                "Grade the answer by the rubric. Reply with exactly one JSON object: first the reasoning, then the score."
            }
            Self::Criteria(_) => {
                "Grade the answer by every criterion of the rubric. Reply with exactly one JSON object: for each criterion first the reasoning, then the score."
            }
            Self::Pair => {
                "Compare the answers by the rubric. Reply with exactly one JSON object: first the reasoning, then which answer is better."
            }
        }
    }

    /// The reply as a JSON schema for `response_format`. The range is in words, because strict mode does not know it
    /// everywhere.
    pub(super) fn response_format(&self) -> Value {
        let schema = match self {
            Self::Score => object(&json!({"reasoning": reasoning(100), "score": score()}), &["reasoning", "score"]),
            Self::Criteria(names) => {
                let one = object(&json!({"reasoning": reasoning(50), "score": score()}), &["reasoning", "score"]);
                let properties = names.iter().map(|name| (name.clone(), one.clone())).collect();
                object(&Value::Object(properties), &names.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::Pair => {
                let better = json!({"type": "string", "enum": ["first", "second", "same"]});
                object(&json!({"reasoning": reasoning(100), "better": better}), &["reasoning", "better"])
            }
        };
        json!({"type": "json_schema", "json_schema": {"name": "verdict", "strict": true, "schema": schema}})
    }
}

fn reasoning(words: u32) -> Value {
    json!({"type": "string", "description": format!("why, in at most {words} words")})
}

fn score() -> Value {
    json!({"type": "number", "description": "from 0 (wrong) to 1 (right)"})
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
