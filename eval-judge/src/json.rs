//! The answer is JSON, or JSON of a given shape.

#[cfg(feature = "json-schema")]
mod guard;
#[cfg(feature = "json-schema")]
mod schema;

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Score, Verdict, short_hash};
use serde_json::Value;

#[cfg(feature = "json-schema")]
pub(crate) use schema::SafeSchema;
#[cfg(feature = "json-schema")]
pub use schema::{JsonSchema, SchemaError};

use crate::excerpt::{excerpt, quoted};
use crate::fence::without_fence;

/// Scores 1 when the answer is one JSON value and nothing else, else 0.
///
/// A Markdown fence around the whole answer does not matter, because chat models like to add one;
/// [`bare`](Self::bare) refuses it. Any value is JSON, a number or a text in quotes too; to ask for an object with
/// certain keys use the judge `json-schema` (feature `json-schema`). More than 128 levels of nesting are refused.
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::Json;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sample = Sample::new("1", "Give me JSON.");
/// let fenced = Completion::new("```json\n{\"a\": 1}\n```");
/// assert_eq!(Json::new().judge(&sample, &fenced).await.unwrap().score.unwrap().get(), 1.0);
/// assert_eq!(Json::new().bare().judge(&sample, &fenced).await.unwrap().score.unwrap().get(), 0.0);
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct Json {
    bare: bool,
}

impl Json {
    /// Takes JSON with or without a fence around it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same judge, but a fence around the JSON is wrong.
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Json {
    fn name(&self) -> &str {
        "json"
    }

    fn fingerprint(&self) -> String {
        short_hash(["json 1", if self.bare { "bare" } else { "fenced" }])
    }

    async fn judge(&self, _: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let text = if self.bare { completion.text.trim() } else { without_fence(&completion.text) };
        let value = read(text);
        let explanation = match &value {
            Ok(value) => format!("valid JSON: {}", kind(value)),
            Err(why) => why.clone(),
        };
        Ok(Verdict::scored(self.name(), Score::from(value.is_ok()), explanation))
    }
}

fn read(text: &str) -> Result<Value, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("expected JSON, found {}: {}", quoted(text), excerpt(&error.to_string(), 100)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
