//! What a user is told when a command cannot do its work.

use std::fmt;

pub(crate) use eval_core::error_chain as chain;
use eval_core::{DatasetError, ProviderError, RunError, StoreError};

use crate::exit::Exit;
use crate::output::clean;

/// A command that cannot do its work: what, why, what to do, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    hint: Option<String>,
}

/// What commands return.
pub(crate) type Outcome = Result<Exit, Failure>;

impl Failure {
    /// Something in the command, the configuration or the files: nothing was called.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), hint: None }
    }

    /// Something at the endpoint.
    pub(crate) fn provider(message: impl Into<String>) -> Self {
        Self { exit: Exit::Provider, message: message.into(), hint: None }
    }

    /// What happened, without what to do.
    pub(crate) fn into_message(self) -> String {
        self.message
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<DatasetError> for Failure {
    fn from(error: DatasetError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::usage(chain(&error))
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        Self::provider(chain(&error))
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        // It may name what stands in a file that somebody sent.
        Self::usage(clean(&chain(&error)))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self { exit: Exit::Defect, message: format!("cannot write the output: {error}"), hint: None }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self { exit: Exit::Defect, message: format!("cannot write JSON: {error}"), hint: None }
    }
}

/// The name of `known` that is nearest to what was typed, if one is near enough to be meant.
pub(crate) fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let near = known.into_iter().map(|name| (strsim::damerau_levenshtein(&typed, &name.to_lowercase()), name));
    let (distance, name) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + typed.chars().count() / 4).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["concurrency", "epochs", "judge"];
        assert_eq!(did_you_mean("concurency", known), Some("concurrency"));
        assert_eq!(did_you_mean("Epoch", known), Some("epochs"));
        assert_eq!(did_you_mean("colour", known), None);
        assert_eq!(did_you_mean("x", []), None);
    }
}
