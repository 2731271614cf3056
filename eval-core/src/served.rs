//! What really answered in a run, and what was odd about it.

mod prompt_tokens;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use prompt_tokens::PromptTokens;

use crate::{Recall, Served, ServedCounts};

/// Something about how an answer was served that makes it another measurement than it seems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Flag {
    /// It came out of a cache: no model was asked, and its latency and its independence from other answers are not real.
    CacheHit,
    /// A proxy tried again by itself: the latency holds its failures.
    HiddenRetries,
    /// A proxy fell back: another model answered.
    Fallback,
    /// The response names a model that was not asked for.
    OtherModel,
    /// The headers are those of a provider that does not make the model that was asked for.
    OtherMaker,
    /// Another deployment answered than in most of the run.
    MixedBackends,
}

impl Flag {
    /// The name used in records, for instance `cache_hit`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CacheHit => "cache_hit",
            Self::HiddenRetries => "hidden_retries",
            Self::Fallback => "fallback",
            Self::OtherModel => "other_model",
            Self::OtherMaker => "other_maker",
            Self::MixedBackends => "mixed_backends",
        }
    }

    /// For a person, after a number of answers: `3 answers came out of a cache`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::CacheHit => "came out of a cache",
            Self::HiddenRetries => "came after retries inside the proxy, which are in their latency",
            Self::Fallback => "came from a fallback, which is another model",
            Self::OtherModel => "name a model that was not asked for",
            Self::OtherMaker => "have the headers of a provider that does not make this model",
            Self::MixedBackends => "came from another backend than most",
        }
    }

    /// The flags of one answer to who asked for this model. Mixed backends are seen in a whole run alone:
    /// [`ServedSummary`].
    ///
    /// ```
    /// use eval_core::{Flag, Served};
    /// let mut served = Served::default();
    /// (served.model, served.cache_hit) = (Some("gpt-4o-2024-08-06".into()), Some(true));
    /// assert_eq!(Flag::of("openai/gpt-4o", &served), [Flag::CacheHit]);
    /// assert_eq!(Flag::of("gpt-5", &served), [Flag::CacheHit, Flag::OtherModel]);
    /// ```
    pub fn of(asked: &str, served: &Served) -> Vec<Self> {
        let some = |count: Option<u32>| count.unwrap_or(0) > 0;
        let named = served.raw_model.as_deref().or(served.model.as_deref());
        let other = named.is_some_and(|model| !is_same_model(asked, model));
        let maker = served.family.as_deref().is_some_and(|family| !may_serve(family, asked));
        [
            (Self::CacheHit, served.cache_hit == Some(true)),
            (Self::HiddenRetries, some(served.retries)),
            (Self::Fallback, some(served.fallbacks)),
            (Self::OtherModel, other),
            (Self::OtherMaker, maker),
        ]
        .into_iter()
        .filter_map(|(flag, holds)| holds.then_some(flag))
        .collect()
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Equal, or what was asked with a date or a version behind it. A provider before the name (`openai/`) does not count, nor
/// does `-latest`.
fn is_same_model(asked: &str, served: &str) -> bool {
    let bare = |name: &str| name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let (asked, served) = (bare(asked), bare(served));
    let asked = asked.strip_suffix("-latest").unwrap_or(&asked);
    let version =
        |rest: &str| rest.starts_with(['-', '@', ':']) && rest[1..].bytes().all(|b| b.is_ascii_digit() || b == b'-');
    served.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || version(rest) || rest == "-latest")
}

/// How the names of a maker's models begin, for makers whose own endpoints serve nobody else's models.
const MAKERS: [(&str, &[&str]); 4] = [
    ("openai", &["gpt", "chatgpt", "o1", "o3", "o4"]),
    ("anthropic", &["claude"]),
    ("mistral", &["mistral", "mixtral", "ministral", "magistral", "codestral", "pixtral"]),
    ("deepseek", &["deepseek"]),
];

/// Whether an endpoint with the headers of this provider may serve this model. So it may unless the provider is a maker
/// and the model another one's: a name of the user's own says nothing.
fn may_serve(family: &str, asked: &str) -> bool {
    let asked = asked.rsplit('/').next().unwrap_or_default().to_lowercase();
    let is_of = |(_, names): &&(&str, &[&str])| names.iter().any(|name| asked.starts_with(name));
    let maker = MAKERS.iter().find(is_of).map(|(maker, _)| *maker);
    !MAKERS.iter().any(|(name, _)| *name == family) || maker.is_none_or(|maker| maker == family)
}

/// What really answered in a run, and how many of its answers were odd. Made of its evaluations one by one, or of what a
/// database counted.
///
/// ```
/// use eval_core::{Served, ServedSummary};
/// let mut summary = ServedSummary::default();
/// for deployment in ["pair-a", "pair-b", "pair-a"] {
///     let mut served = Served::default();
///     served.model_id = Some(deployment.into());
///     summary.add("gpt", &served, 1);
/// }
/// assert_eq!(summary.words(), ["2 backends answered in this run: pair-a 2, pair-b 1"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct ServedSummary {
    /// How many answers there are.
    pub answers: u64,
    /// Answers by what they say of themselves.
    pub by: ServedCounts,
    /// Answers by flag; a flag that none has is not there.
    pub flags: BTreeMap<Flag, u64>,
    /// Answers that no model was asked for, by where they came from; a source that none came from is not there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub recalled: BTreeMap<Recall, u64>,
}

impl ServedSummary {
    /// Takes so many answers that were served alike, to who asked for this model.
    pub fn add(&mut self, asked: &str, served: &Served, answers: u64) {
        self.answers += answers;
        self.by.add(served, answers);
        if let Some(recall) = served.recalled {
            *self.recalled.entry(recall).or_default() += answers;
        }
        for flag in Flag::of(asked, served) {
            *self.flags.entry(flag).or_default() += answers;
        }
        let other = self.by.model_ids.values().sum::<u64>() - self.by.model_ids.values().max().unwrap_or(&0);
        if other > 0 {
            self.flags.insert(Flag::MixedBackends, other);
        }
    }

    /// How many backends answered: deployments where the endpoint tells them. `None` where it tells none.
    pub fn backends(&self) -> Option<usize> {
        (!self.by.model_ids.is_empty()).then_some(self.by.model_ids.len())
    }

    /// What a person should know, a line each; nothing where nothing is odd.
    pub fn words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(backends) = self.backends().filter(|backends| *backends > 1) {
            let mut counts: Vec<_> = self.by.model_ids.iter().collect();
            counts.sort_by_key(|(_, answers)| std::cmp::Reverse(**answers));
            let counts: Vec<_> = counts.into_iter().map(|(id, answers)| format!("{id} {answers}")).collect();
            lines.push(format!("{backends} backends answered in this run: {}", counts.join(", ")));
        }
        let others = self.flags.iter().filter(|(flag, _)| **flag != Flag::MixedBackends);
        lines.extend(others.map(|(flag, answers)| format!("{answers} of {} answers {}", self.answers, flag.words())));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_another_maker_are_odd_and_those_of_a_host_are_not() {
        for (family, asked, may) in [
            ("anthropic", "gpt-5-chat", false),
            ("openai", "anthropic/claude-haiku-4-5", false),
            ("openai", "gpt-5-chat", true),
            ("bedrock", "claude-haiku-4-5", true),
            ("azure", "mistral-large", true),
            ("anthropic", "our-chat", true),
        ] {
            assert_eq!(may_serve(family, asked), may, "{family} {asked}");
        }
    }

    #[test]
    fn dates_and_versions_do_not_make_another_model() {
        for (asked, served, same) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-2024-08-06", true),
            ("openai/gpt-4o", "GPT-4o", true),
            ("gpt-4o", "openai/gpt-4o-0613", true),
            ("claude-haiku-4-5", "claude-haiku-4-5@20251001", true),
            ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022", true),
            ("gpt-4o", "gpt-4o-latest", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-4", "gpt-4o", false),
            ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20", false),
            ("gpt-5-chat", "claude-sonnet-4-5", false),
        ] {
            assert_eq!(is_same_model(asked, served), same, "{asked} {served}");
        }
    }
}
