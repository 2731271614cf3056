//! What kind of endpoint it is.

use std::fmt;

/// What kind of OpenAI-compatible endpoint it is, and with that what is sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// A plain endpoint: it gets the fields of the OpenAI API and nothing else, as it may refuse others.
    #[default]
    OpenAi,
    /// A LiteLLM proxy: it is also told not to retry, not to answer from its cache and not to fall back on
    /// another model, and which run and question each call is for.
    LiteLlm,
}

impl Profile {
    /// `openai` or `litellm`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::LiteLlm => "litellm",
        }
    }

    /// The profile of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::OpenAi, Self::LiteLlm].into_iter().find(|profile| profile.name() == name)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
