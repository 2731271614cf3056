//! From the grader's message to a verdict, or to why it is none.

use std::fmt;
use std::marker::PhantomData;

use eval_core::Score;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use thiserror::Error;

use super::Criterion;
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
    /// A criterion of the rubric is missing, stands there twice, or is none of the rubric's.
    #[error("the criterion `{}` {why}", excerpt(name, 60))]
    Criterion {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
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
    let object: Object<Value> = whole(message)?;
    let reasoning = object.reasoning()?;
    Ok((object.score()?, reasoning))
}

/// Reads the scores of the criteria: one object with each name once and nothing else, each with its reasoning and score.
pub(super) fn parse_criteria(message: &str, criteria: &[Criterion]) -> Result<Vec<(Score, String)>, Garbled> {
    let object: Object<Object<Value>> = whole(message)?;
    let refused = |name: &str, why: String| Garbled::Criterion { name: name.to_owned(), why };
    let is_known = |key: &String| criteria.iter().any(|criterion| criterion.name == *key);
    if let Some((other, _)) = object.0.iter().find(|(key, _)| !is_known(key)) {
        return Err(refused(other, "is none of the rubric".into()));
    }
    let one = |name: &str| {
        let mut found = object.0.iter().filter(|(key, _)| key == name);
        match (found.next(), found.next()) {
            (None, _) => Err(refused(name, "is missing".into())),
            (_, Some(_)) => Err(refused(name, "stands there twice".into())),
            (Some((_, inner)), None) => {
                let read = inner.score().and_then(|score| Ok((score, inner.reasoning()?)));
                read.map_err(|garbled| refused(name, format!("has no score: {garbled}")))
            }
        }
    };
    criteria.iter().map(|criterion| one(&criterion.name)).collect()
}

/// Which of two answers is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preference {
    First,
    Second,
    Same,
}

/// Reads a comparison: one object with a text `reasoning` and `better`, each once.
pub(super) fn parse_preference(message: &str) -> Result<(Preference, String), Garbled> {
    let object: Object<Value> = whole(message)?;
    let better = object.one("better")?;
    let preference = match better.as_str() {
        Some("first") => Preference::First,
        Some("second") => Preference::Second,
        Some("same") => Preference::Same,
        _ => return Err(wrong_type("better", better)),
    };
    Ok((preference, object.reasoning()?))
}

/// The whole message as one JSON value, a single fence around it taken off.
fn whole<'a, T: Deserialize<'a>>(message: &'a str) -> Result<T, Garbled> {
    let text = without_fence(message);
    if text.is_empty() {
        return Err(Garbled::Empty);
    }
    serde_json::from_str(text).map_err(|error| Garbled::NotOneObject(excerpt(&error.to_string(), 100)))
}

fn wrong_type(key: &'static str, value: &Value) -> Garbled {
    Garbled::WrongType { key, found: excerpt(&value.to_string(), 60) }
}

/// The members as they stand there: which of two scores counts is not ours to choose.
struct Object<T>(Vec<(String, T)>);

impl Object<Value> {
    fn one(&self, key: &'static str) -> Result<&Value, Garbled> {
        let mut found = self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
        let value = found.next().ok_or(Garbled::Missing(key))?;
        if found.next().is_some() { Err(Garbled::Twice(key)) } else { Ok(value) }
    }

    fn reasoning(&self) -> Result<String, Garbled> {
        let value = self.one("reasoning")?;
        value.as_str().map(str::to_owned).ok_or_else(|| wrong_type("reasoning", value))
    }

    fn score(&self) -> Result<Score, Garbled> {
        let value = self.one("score")?;
        let number = value.as_f64().ok_or_else(|| wrong_type("score", value))?;
        Score::new(number).ok_or(Garbled::OutOfRange(number))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<T>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Object(members))
    }
}
