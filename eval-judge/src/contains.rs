//! The answer contains what is expected.

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Score, Verdict, short_hash};

use crate::Normalizer;
use crate::excerpt::{excerpt, quoted};
use crate::expected::Expected;

/// Scores 1 when the answer contains the expected output, or all or any of a list; else 0.
///
/// A list stands in the expected output, its entries apart by `|` or by line breaks; `\|` is a bar that belongs to an
/// entry, and blank entries are left out. Case, whitespace and typographic marks do not matter by default.
///
/// An entry is found inside longer words too: `4` is in `14`. [`whole_words`](Self::whole_words) forbids that; for
/// numbers use [`Numeric`](crate::Numeric).
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::Contains;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sample = Sample::new("1", "Name two primary colours.").target("red | blue | yellow");
/// let answer = Completion::new("Blue and green.");
/// assert_eq!(Contains::any().judge(&sample, &answer).await.unwrap().score.unwrap().get(), 1.0);
/// let verdict = Contains::all().judge(&sample, &answer).await.unwrap();
/// assert_eq!(verdict.explanation.unwrap(), r#"lacks "red", "yellow""#);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Contains {
    quantity: Quantity,
    expected: Expected,
    normalizer: Normalizer,
    whole_words: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Whole,
    All,
    Any,
}

impl Contains {
    /// The whole expected output, bars and line breaks included, must be in the answer.
    pub fn whole() -> Self {
        Self::new(Quantity::Whole)
    }

    /// Every entry of the list must be in the answer.
    pub fn all() -> Self {
        Self::new(Quantity::All)
    }

    /// At least one entry of the list must be in the answer.
    pub fn any() -> Self {
        Self::new(Quantity::Any)
    }

    fn new(quantity: Quantity) -> Self {
        let normalizer = Normalizer::new().keep_ends();
        Self { quantity, expected: Expected::Target, normalizer, whole_words: false }
    }

    /// The same judge, looking for this text or list in every answer.
    pub fn expecting(mut self, text: impl Into<String>) -> Self {
        self.expected = Expected::Fixed(text.into());
        self
    }

    /// The same judge with other rules of what does not matter. The ends of the texts always count.
    pub fn normalizer(mut self, normalizer: Normalizer) -> Self {
        self.normalizer = normalizer.keep_ends();
        self
    }

    /// The same judge, but an entry must not have a letter or a digit directly before or after it.
    pub fn whole_words(mut self) -> Self {
        self.whole_words = true;
        self
    }

    fn is_in(&self, needle: &str, answer: &str) -> bool {
        let needle = self.normalizer.apply(needle);
        let mut places = answer.match_indices(&needle).map(|(at, _)| at);
        if self.whole_words { places.any(|at| stands_alone(answer, at, needle.len())) } else { places.next().is_some() }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Contains {
    fn name(&self) -> &str {
        match self.quantity {
            Quantity::Whole => "contains",
            Quantity::All => "contains-all",
            Quantity::Any => "contains-any",
        }
    }

    fn fingerprint(&self) -> String {
        let words = if self.whole_words { "words" } else { "anywhere" };
        let [kind, text] = self.expected.parts();
        short_hash([self.name(), "1", &self.normalizer.code(), words, kind, text])
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let expected = self.expected.of(sample)?;
        let needles = match self.quantity {
            Quantity::Whole => vec![expected.trim().to_owned()],
            Quantity::All | Quantity::Any => entries(expected),
        };
        let needles: Vec<_> = needles.into_iter().filter(|needle| !self.normalizer.apply(needle).is_empty()).collect();
        if needles.is_empty() {
            return Err(JudgeError::Lacks("an entry in its expected output".into()));
        }
        let answer = self.normalizer.apply(&completion.text);
        let (found, missing): (Vec<_>, Vec<_>) = needles.iter().partition(|needle| self.is_in(needle, &answer));
        let right = if self.quantity == Quantity::Any { !found.is_empty() } else { missing.is_empty() };
        let explanation =
            if right { format!("contains {}", list(&found)) } else { format!("lacks {}", list(&missing)) };
        Ok(Verdict::scored(self.name(), Score::from(right), explanation))
    }
}

fn list(needles: &[&String]) -> String {
    excerpt(&needles.iter().map(|needle| quoted(needle)).collect::<Vec<_>>().join(", "), 200)
}

fn stands_alone(text: &str, at: usize, len: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + len..].chars().next();
    ![before, after].into_iter().flatten().any(char::is_alphanumeric)
}

/// The entries of a list.
fn entries(list: &str) -> Vec<String> {
    let mut entries = vec![String::new()];
    let mut characters = list.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, entries.last_mut()) {
            ('|' | '\n', _) => entries.push(String::new()),
            ('\\', Some(entry)) if characters.peek() == Some(&'|') => entry.extend(characters.next()),
            (c, Some(entry)) => entry.push(c),
            (_, None) => {}
        }
    }
    entries.into_iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_bars_and_line_breaks() {
        assert_eq!(entries("a | b\r\nc d||"), ["a", "b", "c d"]);
        assert_eq!(entries(r"a\|b|c\d"), ["a|b", r"c\d"]);
        assert!(entries(" |\n").is_empty());
    }
}
