//! By what an LLM judge grades.

use std::str::FromStr;

use eval_core::short_hash;
use thiserror::Error;

use crate::excerpt::quoted;

/// By what an LLM judge grades: a text for the grader, usually from a file.
///
/// A head between two lines `---` may come before the text. It knows one key: `expected_output: required` (the
/// default; a sample without an expected output is unscored) or `expected_output: optional` (such a sample is graded
/// without one). The text goes to the grader as it is; it has no placeholders.
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
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rubric {
    text: String,
    needs_expected_output: bool,
}

/// A rubric cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RubricError {
    /// There is no text.
    #[error("the rubric is empty")]
    Empty,
    /// The head has no second line `---`.
    #[error("the head of the rubric, which begins with a line `---`, does not end with one")]
    OpenHead,
    /// A line of the head is neither `expected_output: required` nor `expected_output: optional`.
    #[error(
        "line {line} of the rubric is {}, expected `expected_output: required` or `expected_output: optional`",
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
        let mut needs_expected_output = true;
        for (at, line) in head.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            needs_expected_output = requirement(line).ok_or(RubricError::Head { line: at + 2, found: line.into() })?;
        }
        let text = body.trim();
        if text.is_empty() {
            return Err(RubricError::Empty);
        }
        Ok(Self { text: text.to_owned(), needs_expected_output })
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
        short_hash([self.text.as_str(), if self.needs_expected_output { "required" } else { "optional" }])
    }
}

impl Default for Rubric {
    fn default() -> Self {
        let file = include_str!("../../rubric.md");
        // The embedded file is well-formed, as a test below proves; its whole text would still be a rubric.
        Self::parse(file).unwrap_or_else(|_| Self { text: file.to_owned(), needs_expected_output: true })
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
}
