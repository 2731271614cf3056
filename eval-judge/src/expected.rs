//! What a rule holds an answer against.

use eval_core::{JudgeError, Sample};

/// The sample's expected output, or one text for all samples.
#[derive(Debug, Clone, Default)]
pub(crate) enum Expected {
    #[default]
    Target,
    Fixed(String),
}

impl Expected {
    pub(crate) fn of<'a>(&'a self, sample: &'a Sample) -> Result<&'a str, JudgeError> {
        match self {
            Self::Target => target(sample),
            Self::Fixed(text) => Ok(text),
        }
    }

    /// What tells two settings apart in a fingerprint.
    pub(crate) fn parts(&self) -> [&str; 2] {
        match self {
            Self::Target => ["target", ""],
            Self::Fixed(text) => ["fixed", text],
        }
    }
}

/// The expected output of a sample. A blank one is none: every answer would contain it.
pub(crate) fn target(sample: &Sample) -> Result<&str, JudgeError> {
    match sample.target.as_deref() {
        Some(target) if !target.trim().is_empty() => Ok(target),
        _ => Err(JudgeError::Lacks("an expected output".into())),
    }
}
