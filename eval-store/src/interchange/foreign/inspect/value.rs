//! What a scorer of Inspect says.

use eval_core::{Score, Verdict};
use serde_json::Value;

use super::file;
use crate::interchange::foreign::recording::{score, verdict};

/// The verdicts of a scorer: one, or one for each name if it gave several scores.
pub(super) fn verdicts(name: &str, found: &file::Score) -> Vec<Verdict> {
    let one = |name: &str, value: &Value| verdict(name, read(value), found.explanation.clone());
    match &found.value {
        Value::Object(parts) if !parts.is_empty() => {
            parts.iter().map(|(part, value)| one(&format!("{name}/{part}"), value)).collect()
        }
        value => vec![one(name, value)],
    }
}

/// A value as a score, as Inspect's own `value_to_float` reads it. What is not within 0 and 1 is no score here.
fn read(value: &Value) -> Result<Score, String> {
    match value {
        Value::Bool(right) => Ok(Score::from(*right)),
        Value::Number(number) => score(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => word(text),
        Value::Null => Err("the scorer gave no score".to_owned()),
        other => Err(format!("the score is {other}, which is no number within 0 and 1")),
    }
}

fn word(text: &str) -> Result<Score, String> {
    match text {
        "C" => return Ok(Score::ONE),
        "P" => return score(0.5),
        "I" | "N" => return Ok(Score::ZERO),
        _ => {}
    }
    match text.to_lowercase().as_str() {
        "yes" | "true" => Ok(Score::ONE),
        "no" | "false" => Ok(Score::ZERO),
        number => match number.trim().parse() {
            Ok(number) => score(number),
            Err(_) => Err(format!("the score is `{text}`, which is no number within 0 and 1")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_read_as_inspect_reads_them() {
        for (value, expected) in [
            (json!("C"), Some(1.0)),
            (json!("I"), Some(0.0)),
            (json!("P"), Some(0.5)),
            (json!("N"), Some(0.0)),
            (json!(true), Some(1.0)),
            (json!(false), Some(0.0)),
            (json!(0.25), Some(0.25)),
            (json!(1), Some(1.0)),
            (json!("Yes"), Some(1.0)),
            (json!("0.75"), Some(0.75)),
            (json!(7), None),
            (json!("7"), None),
            (json!("A"), None),
            (json!(null), None),
            (json!([1, 0]), None),
        ] {
            assert_eq!(read(&value).ok().map(Score::get), expected, "{value}");
        }
    }
}
