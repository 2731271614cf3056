//! The answer is JSON that a JSON Schema describes.

use std::sync::Arc;

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Score, Verdict, short_hash};
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use thiserror::Error;

use super::guard::guard;
use super::{kind, read};
use crate::excerpt::excerpt;
use crate::expected::target;
use crate::fence::without_fence;

/// Longest schema, in bytes.
const MAX_SCHEMA: usize = 64 * 1024;
/// Largest compiled `pattern` of a schema, in bytes.
const MAX_COMPILED: usize = 1 << 20;

/// Scores 1 when the answer is JSON that a JSON Schema allows, else 0. Needs the feature `json-schema`.
///
/// All drafts from 4 to 2020-12 are known; `$schema` says which, and 2020-12 is the default. Nothing is fetched: a
/// `$ref` to another document is refused. Patterns are searched in linear time, so look-around and back-references
/// are refused too. A schema has at most 64 KiB. A Markdown fence around the whole answer does not matter.
///
/// A schema from a data set must also be harmless: it does not refer to itself, its references have the form `#/…`, and
/// it has at most 10,000 values when they are put in. A schema given to [`new`](Self::new) is yours, and trusted.
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::JsonSchema;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let judge = JsonSchema::new(r#"{"type": "object", "required": ["city"]}"#).unwrap();
/// let verdict = judge.judge(&Sample::new("1", "Where?"), &Completion::new(r#"{"town": "Paris"}"#)).await.unwrap();
/// assert_eq!(verdict.score.unwrap().get(), 0.0);
/// assert!(verdict.explanation.unwrap().contains("\"city\" is a required property"));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct JsonSchema {
    fixed: Option<Fixed>,
}

#[derive(Debug, Clone)]
struct Fixed {
    text: String,
    validator: Arc<Validator>,
}

/// A schema cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// It is longer than 64 KiB.
    #[error("the schema has {0} bytes, at most {MAX_SCHEMA} are allowed")]
    TooLong(usize),
    /// It is no JSON.
    #[error("the schema is no JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is no JSON Schema, refers to another document, or has a pattern that cannot be used.
    #[error("the schema cannot be used: {0}")]
    Invalid(String),
}

impl JsonSchema {
    /// One schema for all samples, as JSON text.
    ///
    /// # Errors
    /// A [`SchemaError`] when the text is too long, no JSON, or no usable schema.
    pub fn new(schema: &str) -> Result<Self, SchemaError> {
        let validator = Arc::new(compile(&parse(schema)?)?);
        Ok(Self { fixed: Some(Fixed { text: schema.to_owned(), validator }) })
    }

    /// The sample's expected output is the schema; one that cannot be used makes its sample unscored.
    pub fn from_target() -> Self {
        Self { fixed: None }
    }

    fn validator(&self, sample: &Sample) -> Result<Arc<Validator>, JudgeError> {
        match &self.fixed {
            Some(fixed) => Ok(Arc::clone(&fixed.validator)),
            None => from_data(target(sample)?).map(Arc::new).map_err(|error| JudgeError::Other(error.into())),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for JsonSchema {
    fn name(&self) -> &str {
        "json-schema"
    }

    fn fingerprint(&self) -> String {
        match &self.fixed {
            Some(fixed) => short_hash(["json-schema 1", "fixed", &fixed.text]),
            None => short_hash(["json-schema 1", "target"]),
        }
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let validator = self.validator(sample)?;
        let verdict = |right: bool, why: String| Ok(Verdict::scored(self.name(), Score::from(right), why));
        let value = match read(without_fence(&completion.text)) {
            Ok(value) => value,
            Err(why) => return verdict(false, why),
        };
        match validator.validate(&value) {
            Ok(()) => verdict(true, format!("{} that the schema allows", kind(&value))),
            Err(error) => {
                let place = match error.instance_path().as_str() {
                    "" => String::new(),
                    path => format!(" (at {})", excerpt(path, 60)),
                };
                verdict(false, format!("against the schema: {}{place}", excerpt(&error.to_string(), 140)))
            }
        }
    }
}

/// A schema from a data set that was found to be harmless.
pub(crate) struct SafeSchema(Validator);

impl SafeSchema {
    pub(crate) fn read(text: &str) -> Result<Self, SchemaError> {
        from_data(text).map(Self)
    }

    pub(crate) fn allows(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }
}

fn from_data(text: &str) -> Result<Validator, SchemaError> {
    let schema = parse(text)?;
    guard(&schema).map_err(SchemaError::Invalid)?;
    compile(&schema)
}

fn parse(text: &str) -> Result<Value, SchemaError> {
    if text.len() > MAX_SCHEMA {
        return Err(SchemaError::TooLong(text.len()));
    }
    serde_json::from_str(text).map_err(SchemaError::NotJson)
}

fn compile(schema: &Value) -> Result<Validator, SchemaError> {
    jsonschema::options()
        .offline()
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED))
        .build(schema)
        .map_err(|error| SchemaError::Invalid(excerpt(&error.to_string(), 200)))
}
