//! Scores inside an explanation: of the members of a panel, of the criteria of a rubric, of both orders of a pair.

use eval_core::{Score, Verdict};

use crate::excerpt::excerpt;

/// Longest text of a part, in characters.
const MAX_TEXT: usize = 500;

/// One score of several that make a verdict.
///
/// A verdict of a [`Panel`](crate::Panel), of a rubric with [criteria](crate::Rubric::criteria), of
/// [`Pairwise`](crate::Pairwise) and of [`Assertions`](crate::Assertions) has one line a part in its explanation:
/// `name: score: reasons`. [`parts`] reads them back, also from verdicts that were stored.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Part {
    /// The member, the criterion, the order, the assertion.
    pub name: String,
    /// Its score; `None` when it gave none.
    pub score: Option<Score>,
    /// Its reasons, on one line.
    pub text: String,
}

impl Part {
    pub(crate) fn new(name: impl Into<String>, score: Option<Score>, text: &str) -> Self {
        Self { name: name.into(), score, text: excerpt(text, MAX_TEXT) }
    }

    /// What a part of a verdict said.
    pub(crate) fn of(verdict: &Verdict) -> Self {
        let said = match verdict.score {
            Some(_) => verdict.explanation.as_ref().or(verdict.error.as_ref()),
            None => verdict.error.as_ref().or(verdict.explanation.as_ref()),
        };
        Self::new(&verdict.judge, verdict.score, said.map_or("", String::as_str))
    }

    fn line(&self) -> String {
        let score = self.score.map_or_else(|| "unscored".to_owned(), |score| score.to_string());
        format!("{}: {score}: {}", self.name, self.text)
    }

    fn read(line: &str) -> Option<Self> {
        line.match_indices(": ").find_map(|(at, _)| {
            let (score, text) = line[at + 2..].split_once(": ")?;
            let score = match score {
                "unscored" => None,
                number => Some(number.parse().ok().and_then(Score::new)?),
            };
            Some(Self { name: line[..at].to_owned(), score, text: text.to_owned() })
        })
    }
}

/// An explanation with one line a part.
pub(crate) fn lines(parts: &[Part]) -> String {
    parts.iter().map(Part::line).collect::<Vec<_>>().join("\n")
}

/// The parts that an explanation lists; lines that list none are left out.
///
/// ```
/// use eval_judge::parts;
/// let found = parts("llm:gpt-4o: 0.5: half of it\nexact: unscored: no expected output");
/// assert_eq!((found[0].name.as_str(), found[0].score.unwrap().get()), ("llm:gpt-4o", 0.5));
/// assert_eq!((found[1].name.as_str(), found[1].score), ("exact", None));
/// ```
pub fn parts(explanation: &str) -> Vec<Part> {
    explanation.lines().filter_map(Part::read).collect()
}
