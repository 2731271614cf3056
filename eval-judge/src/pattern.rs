//! The answer matches a regular expression.

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Score, Verdict, short_hash};
use regex::{Regex, RegexBuilder};
use thiserror::Error;

use crate::excerpt::quoted;
use crate::expected::target;

/// Longest pattern, in bytes.
const MAX_PATTERN: usize = 1024;
/// Largest compiled pattern, in bytes. It bounds the time for compiling and for searching.
const MAX_COMPILED: usize = 1 << 20;

/// Scores 1 when a regular expression matches anywhere in the answer, else 0.
///
/// The syntax is that of the [`regex`] crate, which searches in linear time and so has no look-around and no
/// back-references. Case matters; `(?i)` ignores it, `^` and `$` are the ends of the answer, `(?m)` makes them those
/// of a line. A pattern has at most 1,024 bytes, and at most 1 MiB when it is compiled.
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::Pattern;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let judge = Pattern::new(r"^(yes|no)\b").unwrap();
/// let verdict = judge.judge(&Sample::new("1", "Well?"), &Completion::new("yes, indeed")).await.unwrap();
/// assert_eq!(verdict.score.unwrap().get(), 1.0);
/// assert!(Pattern::new("(").is_err());
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    fixed: Option<Regex>,
}

/// A regular expression cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PatternError {
    /// It is longer than 1,024 bytes.
    #[error("the pattern has {0} bytes, at most {MAX_PATTERN} are allowed")]
    TooLong(usize),
    /// It is not a regular expression, or too large when compiled.
    #[error("{} is not a usable regular expression", quoted(pattern))]
    Invalid {
        /// The pattern.
        pattern: String,
        /// What the compiler said.
        #[source]
        source: Box<regex::Error>,
    },
}

impl Pattern {
    /// One pattern for all samples.
    ///
    /// # Errors
    /// A [`PatternError`] when the pattern is too long, too large or wrong.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        Ok(Self { fixed: Some(compile(pattern)?) })
    }

    /// The same limits for patterns of other judges.
    pub(crate) fn compile(pattern: &str) -> Result<Regex, PatternError> {
        compile(pattern)
    }

    /// The sample's expected output is the pattern; one that cannot be used makes its sample unscored.
    pub fn from_target() -> Self {
        Self { fixed: None }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Pattern {
    fn name(&self) -> &str {
        "regex"
    }

    fn fingerprint(&self) -> String {
        match &self.fixed {
            Some(pattern) => short_hash(["regex 1", "fixed", pattern.as_str()]),
            None => short_hash(["regex 1", "target"]),
        }
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let compiled;
        let pattern = match &self.fixed {
            Some(pattern) => pattern,
            None => {
                compiled = compile(target(sample)?.trim()).map_err(|error| JudgeError::Other(error.into()))?;
                &compiled
            }
        };
        let found = pattern.find(&completion.text);
        let explanation = match found {
            Some(found) => format!("{} matches {}", quoted(pattern.as_str()), quoted(found.as_str())),
            None => format!("{} matches nothing in {}", quoted(pattern.as_str()), quoted(&completion.text)),
        };
        Ok(Verdict::scored(self.name(), Score::from(found.is_some()), explanation))
    }
}

fn compile(pattern: &str) -> Result<Regex, PatternError> {
    if pattern.len() > MAX_PATTERN {
        return Err(PatternError::TooLong(pattern.len()));
    }
    let built = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build();
    built.map_err(|source| PatternError::Invalid { pattern: pattern.to_owned(), source: Box::new(source) })
}
