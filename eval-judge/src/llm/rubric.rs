//! By what an LLM judge grades.

mod criterion;

use std::str::FromStr;

use eval_core::{Score, short_hash};
use thiserror::Error;

use super::shape::Shape;
use crate::excerpt::quoted;
use crate::parts::Part;

pub use criterion::Criterion;

/// By what an LLM judge grades: a text for the grader, usually from a file.
///
/// A head between two lines `---` may come before the text. It knows one key: `expected_output: required` (the
/// default; a sample without an expected output is unscored) or `expected_output: optional` (such a sample is graded
/// without one). The text goes to the grader as it is; it has no placeholders.
///
/// A line `criterion NAME: WEIGHT` of the head makes the rubric one of several criteria, each with a score of its own. The
/// text must say what each of them means. The verdict's score is their mean by weight, and its explanation has a line for
/// each, which [`parts`](crate::parts) reads back.
///
/// The default grades from 0 to 1 how far an answer agrees with the expected output. It is the file `rubric.md` of
/// this crate, and [`text`](Self::text) shows it.
///
/// ```
/// use eval_judge::Rubric;
/// let rubric = Rubric::parse("---\nexpected_output: optional\n---\nIs the answer polite? 1 = yes, 0 = no.").unwrap();
/// assert_eq!(rubric.text(), "Is the answer polite? 1 = yes, 0 = no.");
/// assert!(!rubric.needs_expected_output());
/// assert_ne!(rubric.fingerprint(), Rubric::default().fingerprint());
///
/// let text = "---\ncriterion correct: 3\ncriterion polite: 1\n---\ncorrect: agrees with the facts.\npolite: greets.";
/// assert_eq!(Rubric::parse(text).unwrap().criteria()[0].weight, 3.0);
/// let error = Rubric::parse(&text.replace("polite: 1", "polite: -1")).unwrap_err();
/// assert!(error.to_string().starts_with("line 3 of the rubric: the weight of `polite` is `-1`"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rubric {
    text: String,
    needs_expected_output: bool,
    criteria: Vec<Criterion>,
}

/// A rubric cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RubricError {
    /// A criterion of the head has a bad name or a bad weight, or stands there twice.
    #[error("line {line} of the rubric: {why}")]
    Criterion {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The text says nothing of a criterion.
    #[error("the text of the rubric does not say what the criterion `{0}` means: name it there")]
    Undescribed(String),
    /// There is no text.
    #[error("the rubric is empty")]
    Empty,
    /// The head has no second line `---`.
    #[error("the head of the rubric, which begins with a line `---`, does not end with one")]
    OpenHead,
    /// A line of the head is neither `expected_output: required` nor `expected_output: optional` nor a criterion.
    #[error(
        "line {line} of the rubric is {}, expected `expected_output: required`, `expected_output: optional` or \
         `criterion NAME: WEIGHT`",
        quoted(found)
    )]
    Head {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
}

impl Rubric {
    /// Reads a rubric. A byte order mark and Windows line ends are taken as they come.
    ///
    /// # Errors
    /// A [`RubricError`] when there is no text, or when the head says something unknown.
    pub fn parse(text: &str) -> Result<Self, RubricError> {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (head, body) = split_head(&text)?;
        let mut rubric = Self { text: body.trim().to_owned(), needs_expected_output: true, criteria: Vec::new() };
        for (at, line) in head.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match criterion::read(line, at + 2, &rubric.criteria) {
                Some(criterion) => rubric.criteria.push(criterion?),
                None => {
                    let head = || RubricError::Head { line: at + 2, found: line.into() };
                    rubric.needs_expected_output = requirement(line).ok_or_else(head)?;
                }
            }
        }
        if rubric.text.is_empty() {
            return Err(RubricError::Empty);
        }
        match rubric.criteria.iter().find(|criterion| !rubric.text.contains(&criterion.name)) {
            Some(criterion) => Err(RubricError::Undescribed(criterion.name.clone())),
            None => Ok(rubric),
        }
    }

    /// What is graded apart; empty for a rubric that asks for one score.
    pub fn criteria(&self) -> &[Criterion] {
        &self.criteria
    }

    /// The reply that it asks for.
    pub(super) fn shape(&self) -> Shape {
        match self.criteria.as_slice() {
            [] => Shape::Score,
            criteria => Shape::Criteria(criteria.iter().map(|criterion| criterion.name.clone()).collect()),
        }
    }

    /// The score of parts in the order of the criteria: `Σ weight · score / Σ weight`.
    pub(super) fn mean(&self, parts: &[Part]) -> Score {
        let weights = self.criteria.iter().map(|criterion| criterion.weight);
        let whole: f64 = weights.clone().sum();
        let scores = parts.iter().map(|part| part.score.map_or(0.0, Score::get));
        let sum: f64 = weights.zip(scores).map(|(weight, score)| weight * score).sum();
        // A sum of rounded numbers may end a hair above the whole.
        Score::new((sum / whole).min(1.0)).unwrap_or(Score::ZERO)
    }

    /// The text that the grader gets.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a sample without an expected output is unscored.
    pub fn needs_expected_output(&self) -> bool {
        self.needs_expected_output
    }

    /// The hash of the rubric: 32 hex digits.
    pub fn fingerprint(&self) -> String {
        let criteria: Vec<String> =
            self.criteria.iter().map(|criterion| format!("{}: {}", criterion.name, criterion.weight)).collect();
        let requirement = if self.needs_expected_output { "required" } else { "optional" };
        short_hash([self.text.as_str(), requirement].into_iter().chain(criteria.iter().map(String::as_str)))
    }
}

impl Default for Rubric {
    fn default() -> Self {
        let file = include_str!("../../rubric.md");
        // The embedded file is well-formed, as a test below proves; its whole text would still be a rubric.
        Self::parse(file).unwrap_or_else(|_| Self {
            text: file.to_owned(),
            needs_expected_output: true,
            criteria: Vec::new(),
        })
    }
}

impl FromStr for Rubric {
    type Err = RubricError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn split_head(text: &str) -> Result<(&str, &str), RubricError> {
    let Some(rest) = text.strip_prefix("---\n") else {
        return Ok(("", text));
    };
    let rest_from_head = rest.strip_prefix("---\n").map(|body| ("", body));
    rest_from_head.or_else(|| rest.split_once("\n---\n")).ok_or(RubricError::OpenHead)
}

fn requirement(line: &str) -> Option<bool> {
    let (key, value) = line.split_once(':')?;
    match (key.trim(), value.trim()) {
        ("expected_output", "required") => Some(true),
        ("expected_output", "optional") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_embedded_file() {
        let rubric = Rubric::default();
        assert!(rubric.text().starts_with("Grade how far"), "{}", rubric.text());
        assert!(rubric.needs_expected_output());
    }

    #[test]
    fn heads() {
        let parsed = |text: &str| Rubric::parse(text).map(|rubric| (rubric.text, rubric.needs_expected_output));
        assert_eq!(parsed("a\n"), Ok(("a".into(), true)));
        assert_eq!(parsed("\u{feff}---\r\nexpected_output:optional\r\n---\r\na"), Ok(("a".into(), false)));
        assert_eq!(parsed("---\n---\na"), Ok(("a".into(), true)));
        assert_eq!(parsed("a\n---\nb"), Ok(("a\n---\nb".into(), true)));
        assert_eq!(parsed("---\na"), Err(RubricError::OpenHead));
        assert_eq!(parsed(" \n"), Err(RubricError::Empty));
        assert_eq!(parsed("---\n\n---\n \n"), Err(RubricError::Empty));
        let error = parsed("---\n\nexpected_output: maybe\n---\na").unwrap_err();
        assert_eq!(error, RubricError::Head { line: 3, found: "expected_output: maybe".into() });
    }

    #[test]
    fn criteria() {
        let parsed = |head: &str| Rubric::parse(&format!("---\n{head}\n---\na and b count"));
        let rubric = parsed("criterion a: 3\n\nexpected_output: optional\ncriterion b:1").unwrap();
        let parts = |scores: [f64; 2]| scores.map(|score| Part::new("", Score::new(score), ""));
        assert_eq!((rubric.mean(&parts([1.0, 0.0])).get(), rubric.criteria().len()), (0.75, 2));
        assert_ne!(rubric.fingerprint(), parsed("criterion a: 2\ncriterion b: 1").unwrap().fingerprint());
        let thirds = parsed("criterion a: 0.1\ncriterion b: 0.7").unwrap();
        assert_eq!(thirds.mean(&parts([1.0, 1.0])).get(), 1.0);
        for (head, line, why) in [
            ("criterion a: 0", 2, "`0`"),
            ("\ncriterion a: -1", 3, "`-1`"),
            ("criterion a: NaN", 2, "`NaN`"),
            ("criterion a: inf", 2, "`inf`"),
            ("criterion a: 1001", 2, "at most 1000"),
            ("criterion a: heavy", 2, "`heavy`"),
            ("criterion a:", 2, "``"),
            ("criterion a: 1\ncriterion a: 2", 3, "there already"),
            ("criterion a b: 1", 2, "letters"),
            (&(0..21).map(|at| format!("criterion c{at}: 1\n")).collect::<String>(), 22, "more than 20"),
        ] {
            match parsed(head).unwrap_err() {
                RubricError::Criterion { line: found, why: said } => {
                    assert_eq!(found, line, "{head}");
                    assert!(said.contains(why), "{said}");
                }
                other => panic!("{head}: {other}"),
            }
        }
        assert_eq!(parsed("criterion z: 1"), Err(RubricError::Undescribed("z".into())));
        assert!(matches!(parsed("criterion a"), Err(RubricError::Head { line: 2, .. })));
    }
}
