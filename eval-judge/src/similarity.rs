//! The answer is close to the expected output, letter by letter.

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Score, Verdict, short_hash};
use thiserror::Error;

use crate::Normalizer;
use crate::excerpt::quoted;
use crate::expected::target;

/// Most pairs of characters that are compared: two texts of 5,000 characters. It bounds the time of a verdict.
const MAX_PAIRS: usize = 25_000_000;

/// Scores how close the answer is to the expected output: the normalised Levenshtein similarity.
///
/// It is `1 - edits / length`, where `edits` is the smallest number of characters to insert, delete or replace and
/// `length` is that of the longer text (V. I. Levenshtein, "Binary codes capable of correcting deletions, insertions,
/// and reversals", 1966). It compares spelling, not meaning: use it for texts to be repeated or copied. Both texts are
/// [normalised](Normalizer) first. Texts whose lengths multiply to more than 25 million characters are unscored.
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::Similarity;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sample = Sample::new("1", "Spell it.").target("kitten");
/// let verdict = Similarity::new().judge(&sample, &Completion::new("kitchen")).await.unwrap();
/// assert!((verdict.score.unwrap().get() - 5.0 / 7.0).abs() < 1e-12);
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct Similarity {
    normalizer: Normalizer,
    at_least: Option<Score>,
}

/// The texts are too long to be compared letter by letter.
#[derive(Debug, Error)]
#[error("texts of {expected} and {found} characters are too long to compare letter by letter")]
struct TooLong {
    expected: usize,
    found: usize,
}

impl Similarity {
    /// The similarity itself is the score.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same judge, but the score is 1 when the similarity is at least this much, else 0.
    pub fn at_least(mut self, similarity: Score) -> Self {
        self.at_least = Some(similarity);
        self
    }

    /// The same judge with other rules of what does not matter.
    pub fn normalizer(mut self, normalizer: Normalizer) -> Self {
        self.normalizer = normalizer;
        self
    }

    fn similarity(&self, expected: &str, answer: &str) -> Result<Score, TooLong> {
        let (expected, answer) = (self.normalizer.apply(expected), self.normalizer.apply(answer));
        let (long, short) = (expected.chars().count(), answer.chars().count());
        if long.saturating_mul(short) > MAX_PAIRS {
            return Err(TooLong { expected: long, found: short });
        }
        Ok(Score::new(strsim::normalized_levenshtein(&expected, &answer)).unwrap_or(Score::ZERO))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Similarity {
    fn name(&self) -> &str {
        "similarity"
    }

    fn fingerprint(&self) -> String {
        let threshold = self.at_least.map_or_else(|| "graded".to_owned(), |score| score.to_string());
        short_hash(["similarity 1", &self.normalizer.code(), &threshold])
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let expected = target(sample)?;
        let similarity =
            self.similarity(expected, &completion.text).map_err(|error| JudgeError::Other(error.into()))?;
        let score = self.at_least.map_or(similarity, |least| Score::from(similarity >= least));
        let texts = format!("{} and {}", quoted(expected), quoted(&completion.text));
        let explanation = format!("{:.1} % of the letters agree: {texts}", similarity.get() * 100.0);
        Ok(Verdict::scored(self.name(), score, explanation))
    }
}
