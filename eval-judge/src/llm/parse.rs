//! From the grader's message to a verdict, or to why it is none.

use std::fmt;

use eval_core::Score;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use thiserror::Error;

use crate::excerpt::excerpt;
use crate::fence::without_fence;

/// Why a grader's message is no verdict.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Garbled {
    /// The grader said nothing.
    #[error("the grader said nothing")]
    Empty,
    /// The message was cut, by the grader's token limit or by its content filter.
    #[error("the grader was stopped before its end: {0}")]
    Cut(String),
    /// The message is not one JSON object: prose, several objects, half of one, another value.
    #[error("not one JSON object: {0}")]
    NotOneObject(String),
    /// The key is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// The key stands there twice.
    #[error("`{0}` stands there twice")]
    Twice(&'static str),
    /// The reasoning is no text, or the score no number.
    #[error("`{key}` is {found}")]
    WrongType {
        /// The key.
        key: &'static str,
        /// What stands there.
        found: String,
    },
    /// The score is a number, but not from 0 to 1.
    #[error("`score` is {0}, which is not from 0 to 1")]
    OutOfRange(f64),
}

/// Reads a verdict from a grader's message.
///
/// The whole message must be one JSON object with a text `reasoning` and a number `score` from 0 to 1, each once; other
/// keys do not matter. A single Markdown fence around the whole is taken off. Nothing is searched for, guessed or
/// clamped: what is not exactly that is [`Garbled`].
///
/// ```
/// use eval_judge::{Garbled, parse_verdict};
/// let (score, reasoning) = parse_verdict(r#"{"reasoning": "Names Paris.", "score": 0.9}"#).unwrap();
/// assert_eq!((score.get(), reasoning.as_str()), (0.9, "Names Paris."));
/// assert_eq!(parse_verdict(r#"{"reasoning": "", "score": 11}"#), Err(Garbled::OutOfRange(11.0)));
/// assert!(parse_verdict(r#"I think: {"reasoning": "", "score": 1}"#).is_err());
/// ```
///
/// # Errors
/// [`Garbled`] says what is wrong with the message.
pub fn parse_verdict(message: &str) -> Result<(Score, String), Garbled> {
    let text = without_fence(message);
    if text.is_empty() {
        return Err(Garbled::Empty);
    }
    let raw: RawVerdict =
        serde_json::from_str(text).map_err(|error| Garbled::NotOneObject(excerpt(&error.to_string(), 100)))?;
    if let Some(key) = raw.twice {
        return Err(Garbled::Twice(key));
    }
    let reasoning = match raw.reasoning.ok_or(Garbled::Missing("reasoning"))? {
        Value::String(reasoning) => reasoning,
        other => return Err(wrong_type("reasoning", &other)),
    };
    let score = raw.score.ok_or(Garbled::Missing("score"))?;
    let number = score.as_f64().ok_or_else(|| wrong_type("score", &score))?;
    Ok((Score::new(number).ok_or(Garbled::OutOfRange(number))?, reasoning))
}

fn wrong_type(key: &'static str, value: &Value) -> Garbled {
    Garbled::WrongType { key, found: excerpt(&value.to_string(), 60) }
}

/// The two keys, and whether one stands there twice: which of two scores counts is not ours to choose.
#[derive(Default)]
struct RawVerdict {
    reasoning: Option<Value>,
    score: Option<Value>,
    twice: Option<&'static str>,
}

impl<'de> Deserialize<'de> for RawVerdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = RawVerdict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `reasoning` and `score`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawVerdict, A::Error> {
        let mut raw = RawVerdict::default();
        while let Some(key) = map.next_key::<String>()? {
            let (name, slot) = match key.as_str() {
                "reasoning" => ("reasoning", &mut raw.reasoning),
                "score" => ("score", &mut raw.score),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if slot.replace(map.next_value()?).is_some() {
                raw.twice = Some(name);
            }
        }
        Ok(raw)
    }
}
