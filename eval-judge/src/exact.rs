//! The answer is the expected output.

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Score, Verdict, short_hash};

use crate::Normalizer;
use crate::excerpt::quoted;
use crate::expected::Expected;

/// Scores 1 when the answer equals the expected output, else 0.
///
/// What does not matter for equality is the [`Normalizer`]'s choice: by default case, whitespace, typographic marks,
/// surrounding quotes and a full stop.
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::Exact;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sample = Sample::new("1", "Capital of France?").target("Paris");
/// let verdict = Exact::new().judge(&sample, &Completion::new("paris.")).await.unwrap();
/// assert_eq!(verdict.score.unwrap().get(), 1.0);
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct Exact {
    expected: Expected,
    normalizer: Normalizer,
}

impl Exact {
    /// Compares with the sample's expected output.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same judge, comparing every answer with one text.
    pub fn expecting(mut self, text: impl Into<String>) -> Self {
        self.expected = Expected::Fixed(text.into());
        self
    }

    /// The same judge with other rules of what does not matter.
    pub fn normalizer(mut self, normalizer: Normalizer) -> Self {
        self.normalizer = normalizer;
        self
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Exact {
    fn name(&self) -> &str {
        "exact"
    }

    fn fingerprint(&self) -> String {
        let [kind, text] = self.expected.parts();
        short_hash(["exact 1", &self.normalizer.code(), kind, text])
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let expected = self.expected.of(sample)?;
        let same = self.normalizer.apply(expected) == self.normalizer.apply(&completion.text);
        let explanation = if same {
            format!("is {}, as expected", quoted(expected))
        } else {
            format!("expected {}, found {}", quoted(expected), quoted(&completion.text))
        };
        Ok(Verdict::scored(self.name(), Score::from(same), explanation))
    }
}
