//! One assertion: `type:value`, `type(threshold):value`, `not-type:value`.

use std::sync::LazyLock;

use eval_core::{Completion, Score, Verdict};
use regex::Regex;
use serde_json::Value;

use super::grammar::{Head, KNOWN, REFUSED, close, split};
use super::list::entries;
use super::overlap::{bleu, rouge_1};
use crate::excerpt::{excerpt, quoted};
use crate::{Pattern, Rubric};

/// Most places of an answer where an object may begin. It bounds the time of a verdict.
const MAX_OBJECTS: usize = 1_000;

/// Most pairs of characters that are compared.
const MAX_PAIRS: usize = 25_000_000;

/// The rubrics of `llm-rubric` and `factuality`: the assertion's value stands in the prompt as the expected output, fenced
/// like all data.
pub(super) static RUBRICS: LazyLock<[Rubric; 2]> = LazyLock::new(|| {
    let rubric = |text: &str| Rubric::parse(text).unwrap_or_default();
    [
        rubric(
            "The expected output is a criterion. Grade how far the answer meets it: 1 when it does in every respect, 0 when it does not, and between them when it does in part. Judge by the criterion alone.",
        ),
        rubric(
            "The expected output is a statement of facts. Grade whether the answer agrees with it in its facts, whatever its wording and style.\n\n- 1: the answer says the same, less without a contradiction, more without a contradiction, or differs in what does not matter for the facts.\n- 0: the answer contradicts the statement.\n\nUse no number between these.",
        ),
    ]
});

/// What is wrong with an assertion, and what to do.
pub(super) type Refusal = (String, String);

/// An assertion that can be used.
pub(super) struct Assertion {
    pub(super) kind: Kind,
    inverse: bool,
    pub(super) value: String,
    threshold: Option<f64>,
}

pub(super) enum Kind {
    Equals,
    Contains { fold: bool },
    Any { fold: bool, entries: Vec<String> },
    All { fold: bool, entries: Vec<String> },
    StartsWith,
    Regex(Regex),
    Json { whole: bool, schema: Option<Schema> },
    Levenshtein,
    Rouge,
    Bleu,
    Latency,
    Cost,
    Rubric,
    Factuality,
}

#[cfg(feature = "json-schema")]
pub(super) use crate::json::SafeSchema as Schema;
/// There is none without the feature.
#[cfg(not(feature = "json-schema"))]
pub(super) enum Schema {}

#[cfg(not(feature = "json-schema"))]
impl Schema {
    fn allows(&self, _: &Value) -> bool {
        match *self {}
    }
}

/// What became of an assertion.
pub(super) struct Outcome {
    pub(super) score: Option<Score>,
    pub(super) passed: Option<bool>,
    pub(super) why: String,
}

impl Assertion {
    /// Reads an assertion; a text without a known type is the whole answer.
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        if text.starts_with("file://") {
            let why = format!("{} is a file, and no files are read from a data set", quoted(text));
            return Err((why, "write the expectation itself into the cell".into()));
        }
        let (head, value) = split(text);
        let Head { inverse, name, threshold } = Head::of(head);
        if let Some((_, why)) = REFUSED.iter().find(|(names, _)| names.contains(&name)) {
            let what = format!("the assertion `{}` is not read: {why}", excerpt(head, 60));
            return Err((what, "remove the assertion, or write another one".into()));
        }
        let value = match (KNOWN.contains(&name), value) {
            (true, value) => value.unwrap_or_default().trim(),
            (false, Some(_)) if let Some(meant) = close(name) => {
                let hint = format!(
                    "did you mean `{meant}`? To expect the whole cell as the answer, write `equals:` before it"
                );
                return Err((format!("there is no assertion `{}`", excerpt(head, 60)), hint));
            }
            (false, _) => {
                without_template("equals", text)?;
                return Ok(Self { kind: Kind::Equals, inverse: false, value: text.to_owned(), threshold: None });
            }
        };
        without_template(name, value)?;
        let mut read = Self { kind: Kind::of(name, value)?, inverse, value: value.to_owned(), threshold: None };
        threshold.map_or(Ok(()), |threshold| read.set_threshold(threshold))?;
        Ok(read)
    }

    /// Sets the number in brackets.
    pub(super) fn set_threshold(&mut self, threshold: f64) -> Result<(), Refusal> {
        let is_share = matches!(self.kind, Kind::Rouge | Kind::Bleu | Kind::Rubric | Kind::Factuality);
        let counts = matches!(self.kind, Kind::Levenshtein | Kind::Latency | Kind::Cost);
        if is_share && threshold > 1.0 {
            return Err((format!("{threshold} is no threshold from 0 to 1"), "write for instance 0.75".into()));
        }
        // Others ignore it, as promptfoo does.
        self.threshold = (is_share || counts).then_some(threshold);
        Ok(())
    }

    /// Refuses an assertion that has no limit and no sensible default.
    pub(super) fn complete(&self) -> Result<(), Refusal> {
        match self.kind {
            Kind::Latency | Kind::Cost if self.threshold.is_none() => Err((
                format!("`{}` has no limit", self.kind.name()),
                "write it in brackets: latency(2000) in milliseconds, cost(0.002) in USD".into(),
            )),
            _ => Ok(()),
        }
    }

    /// As it was written: `not-contains`, `levenshtein(3)`.
    pub(super) fn name(&self) -> String {
        let not = if self.inverse { "not-" } else { "" };
        let threshold = self.threshold.map_or_else(String::new, |threshold| format!("({threshold})"));
        format!("{not}{}{threshold}", self.kind.name())
    }

    /// An answer that it takes, if it names one.
    pub(super) fn reference(&self) -> Option<String> {
        match &self.kind {
            _ if self.inverse => None,
            Kind::Any { entries, .. } => entries.first().cloned(),
            Kind::All { entries, .. } => Some(entries.join(" ")),
            Kind::Equals
            | Kind::Contains { .. }
            | Kind::StartsWith
            | Kind::Levenshtein
            | Kind::Rouge
            | Kind::Bleu
            | Kind::Factuality => Some(self.value.clone()),
            Kind::Regex(_) | Kind::Json { .. } | Kind::Latency | Kind::Cost | Kind::Rubric => None,
        }
    }

    /// Judges an answer by what costs nothing.
    pub(super) fn check(&self, completion: &Completion) -> Outcome {
        let (answer, value) = (completion.text.as_str(), self.value.as_str());
        let folded = |fold: bool, text: &str| if fold { text.to_lowercase() } else { text.to_owned() };
        let is_in = |fold: bool, entry: &str| folded(fold, answer).contains(&folded(fold, entry));
        match &self.kind {
            Kind::Equals => self.right(answer == value, format!("{} against {}", quoted(answer), quoted(value))),
            Kind::Contains { fold } => {
                self.right(is_in(*fold, value), format!("{} in {}", quoted(value), quoted(answer)))
            }
            Kind::Any { fold, entries } => {
                let found = entries.iter().find(|entry| is_in(*fold, entry));
                self.right(found.is_some(), found.map_or("none of them is there".into(), |found| quoted(found)))
            }
            Kind::All { fold, entries } => {
                let missing = entries.iter().find(|entry| !is_in(*fold, entry));
                self.right(
                    missing.is_none(),
                    missing.map_or("all are there".into(), |entry| format!("lacks {}", quoted(entry))),
                )
            }
            Kind::StartsWith => self.right(answer.starts_with(value), format!("begins {}", quoted(answer))),
            Kind::Regex(pattern) => {
                self.right(pattern.is_match(answer), format!("{} in {}", quoted(value), quoted(answer)))
            }
            Kind::Json { whole, schema } => self.right(json(answer, *whole, schema.as_ref()), quoted(answer)),
            Kind::Levenshtein => self.levenshtein(answer),
            Kind::Rouge => self.graded(rouge_1(answer, value), 0.75),
            Kind::Bleu => self.graded(bleu(answer, value), 0.5),
            Kind::Latency => self.at_most(completion.timing.service_ms, "milliseconds"),
            Kind::Cost => self.at_most(completion.cost.map(|cost| cost.usd()), "USD"),
            Kind::Rubric | Kind::Factuality => {
                Outcome { score: None, passed: None, why: "a grader must judge it".into() }
            }
        }
    }

    /// What a grader's verdict makes of it.
    pub(super) fn weigh(&self, verdict: &Verdict) -> Outcome {
        let why = verdict.explanation.as_ref().or(verdict.error.as_ref()).cloned().unwrap_or_default();
        let Some(score) = verdict.score else { return Outcome { score: None, passed: None, why } };
        Outcome { why, ..self.graded(score.get(), 0.5) }
    }

    fn right(&self, holds: bool, why: String) -> Outcome {
        let passed = holds != self.inverse;
        Outcome { score: Some(Score::from(passed)), passed: Some(passed), why }
    }

    fn graded(&self, score: f64, default: f64) -> Outcome {
        let threshold = self.threshold.unwrap_or(default);
        let passed = (score >= threshold) != self.inverse;
        let counted = if self.inverse { 1.0 - score } else { score };
        let why = format!("{score:.4} against a threshold of {threshold}");
        Outcome { score: Score::new(counted.clamp(0.0, 1.0)), passed: Some(passed), why }
    }

    fn at_most(&self, found: Option<f64>, unit: &str) -> Outcome {
        match found.zip(self.threshold) {
            Some((found, limit)) => self.right(found <= limit, format!("{found} {unit}, the limit is {limit}")),
            None => Outcome { score: None, passed: None, why: format!("nobody knows how many {unit}") },
        }
    }

    fn levenshtein(&self, answer: &str) -> Outcome {
        let (long, short) = (answer.chars().count(), self.value.chars().count());
        let limit = self.threshold.unwrap_or(0.75);
        // Each letter more is a letter away, whatever stands there: long texts need no table.
        let least = long.abs_diff(short);
        if least as f64 > limit {
            return self.right(false, format!("at least {least} letters away, the limit is {limit}"));
        }
        if long.saturating_mul(short) > MAX_PAIRS {
            return Outcome {
                score: None,
                passed: None,
                why: "the texts are too long to compare letter by letter".into(),
            };
        }
        let away = strsim::levenshtein(answer, &self.value);
        self.right(away as f64 <= limit, format!("{away} letters away, the limit is {limit}"))
    }
}

impl Kind {
    fn of(name: &str, value: &str) -> Result<Self, Refusal> {
        let fold = name.starts_with('i') && name.contains("contains");
        let needs = |kind: Self| match value {
            "" => Err((format!("`{name}` has no value"), format!("write it after a colon: {name}:VALUE"))),
            _ => Ok(kind),
        };
        match name {
            "equals" => Ok(Self::Equals),
            "contains" | "icontains" => needs(Self::Contains { fold }),
            "contains-any" | "icontains-any" => needs(Self::Any { fold, entries: list(name, value)? }),
            "contains-all" | "icontains-all" => needs(Self::All { fold, entries: list(name, value)? }),
            "starts-with" => needs(Self::StartsWith),
            "regex" => needs(Self::Regex(pattern(value)?)),
            "is-json" => Ok(Self::Json { whole: true, schema: schema(value)? }),
            "contains-json" => Ok(Self::Json { whole: false, schema: schema(value)? }),
            "levenshtein" => needs(Self::Levenshtein),
            "rouge-n" => needs(Self::Rouge),
            "bleu" => needs(Self::Bleu),
            "latency" => Ok(Self::Latency),
            "cost" => Ok(Self::Cost),
            "llm-rubric" | "grade" => needs(Self::Rubric),
            _ => needs(Self::Factuality),
        }
    }

    /// By what a grader judges it; `None` for what costs nothing.
    pub(super) fn rubric(&self) -> Option<&'static Rubric> {
        match self {
            Self::Rubric => RUBRICS.first(),
            Self::Factuality => RUBRICS.last(),
            _ => None,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::Contains { fold: false } => "contains",
            Self::Contains { fold: true } => "icontains",
            Self::Any { fold: false, .. } => "contains-any",
            Self::Any { fold: true, .. } => "icontains-any",
            Self::All { fold: false, .. } => "contains-all",
            Self::All { fold: true, .. } => "icontains-all",
            Self::StartsWith => "starts-with",
            Self::Regex(_) => "regex",
            Self::Json { whole: true, .. } => "is-json",
            Self::Json { whole: false, .. } => "contains-json",
            Self::Levenshtein => "levenshtein",
            Self::Rouge => "rouge-n",
            Self::Bleu => "bleu",
            Self::Latency => "latency",
            Self::Cost => "cost",
            Self::Rubric => "llm-rubric",
            Self::Factuality => "factuality",
        }
    }
}

fn list(name: &str, value: &str) -> Result<Vec<String>, Refusal> {
    let hint = || format!("write them apart by commas: {name}:one, two, \"three, four\"");
    let entries = entries(value).map_err(|why| (format!("the list of `{name}` cannot be read: {why}"), hint()))?;
    if entries.is_empty() { Err((format!("the list of `{name}` is empty"), hint())) } else { Ok(entries) }
}

fn pattern(value: &str) -> Result<Regex, Refusal> {
    let refused = |error: crate::PatternError| {
        let hint = "look-around and back-references of JavaScript are not there; the limits are 1,024 bytes and 1 MiB compiled";
        (eval_core::error_chain(&error), hint.to_owned())
    };
    Pattern::compile(value).map_err(refused)
}

#[cfg(feature = "json-schema")]
fn schema(value: &str) -> Result<Option<Schema>, Refusal> {
    let refused = |error: crate::SchemaError| {
        (eval_core::error_chain(&error), "write the JSON Schema as JSON into the cell".to_owned())
    };
    if value.is_empty() { Ok(None) } else { Schema::read(value).map(Some).map_err(refused) }
}

#[cfg(not(feature = "json-schema"))]
fn schema(value: &str) -> Result<Option<Schema>, Refusal> {
    let refused =
        ("JSON Schema is not part of this build".to_owned(), "build with the feature `json-schema`".to_owned());
    if value.is_empty() { Ok(None) } else { Err(refused) }
}

/// Whether the answer is JSON, or has a JSON object anywhere, that the schema allows.
fn json(answer: &str, whole: bool, schema: Option<&Schema>) -> bool {
    let fits = |value: &Value| schema.is_none_or(|schema| schema.allows(value));
    if whole {
        return serde_json::from_str(answer).is_ok_and(|value| fits(&value));
    }
    let mut from = 0;
    for _ in 0..MAX_OBJECTS {
        let Some(at) = answer[from..].find('{') else { return false };
        let mut values = serde_json::Deserializer::from_str(&answer[from + at..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) if fits(&value) => return true,
            Some(Ok(_)) => from += at + values.byte_offset(),
            _ => from += at + 1,
        }
    }
    false
}

/// promptfoo would fill in a template, and here it would be compared letter by letter.
fn without_template(name: &str, value: &str) -> Result<(), Refusal> {
    if ["{{", "{%", "{#"].iter().any(|open| value.contains(open)) {
        let why = format!("the value of `{name}` has template syntax, which is not filled in here");
        return Err((why, "write the text itself into the cell".into()));
    }
    Ok(())
}
