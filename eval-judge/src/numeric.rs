//! The answer gives the expected number.

mod number;
mod plain;
mod scale;
mod token;

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Score, Verdict, short_hash};

use crate::excerpt::quoted;
use crate::expected::target;
use number::{Number, numbers};

/// Smallest relative tolerance: what writing a number in decimal and reading it again may lose.
const ROUNDING: f64 = 1e-9;

/// Scores 1 when the number that the answer gives is the expected one within a tolerance, else 0.
///
/// **Which number.** What is marked as the answer: the first number after the last `\boxed{`, `####` or word
/// `answer` in the same sentence (after its last `=` or `≈`, so that `the answer is 3 + 4 = 7` gives 7). Without such a
/// mark, the last number of the text. An answer without a number scores 0.
///
/// **What a number is.** `1,234.5`, `1 234` with a no-break or thin space, `1'234` and `1_234` are grouped thousands;
/// a plain space parts two numbers. A single comma with other than three digits behind it is a decimal comma (`3,14`),
/// and so is the last one after grouping dots (`1.234,5`). Also fractions `3/4`, `1 3/4`, `½` and `\frac{3}{4}`,
/// exponents `1.2e-3` and `1.2 × 10^-3`, the words thousand, million, billion, trillion, currency signs, a true minus
/// sign. Digits glued to a letter (`H2O`) are none, and neither are dates and versions (`1.2.3`) as a whole.
///
/// **Percent.** When only one of both numbers is a percentage, both readings are right: `15` and `0.15` for `15 %`.
///
/// **Tolerance.** The greater of [`absolute`](Self::absolute) (default 0) and [`relative`](Self::relative) times the
/// expected number (default 1e-9).
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::Numeric;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sample = Sample::new("1", "Area of a circle with radius 20?").target("1,256.64");
/// let answer = Completion::new("The answer is 1256.637 square metres (2 steps).");
/// assert_eq!(Numeric::new().judge(&sample, &answer).await.unwrap().score.unwrap().get(), 0.0);
/// assert_eq!(Numeric::new().absolute(0.01).judge(&sample, &answer).await.unwrap().score.unwrap().get(), 1.0);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Numeric {
    absolute: f64,
    relative: f64,
}

impl Numeric {
    /// The number itself, up to rounding.
    pub fn new() -> Self {
        Self { absolute: 0.0, relative: ROUNDING }
    }

    /// The same judge, but this much more or less is right, in the unit of the number. The sign is ignored, and
    /// what is no number counts as 0.
    pub fn absolute(mut self, tolerance: f64) -> Self {
        self.absolute = tolerance.abs().max(0.0);
        self
    }

    /// The same judge, but this share of the expected number more or less is right: 0.01 is one percent. The sign is
    /// ignored, and less than 1e-9 counts as that.
    pub fn relative(mut self, share: f64) -> Self {
        self.relative = share.abs().max(ROUNDING);
        self
    }

    fn agree(&self, expected: &Number, found: &Number) -> bool {
        let within =
            |expected: f64, found: f64| (expected - found).abs() <= self.absolute.max(self.relative * expected.abs());
        let plain = within(expected.value, found.value);
        match (expected.percent, found.percent) {
            (true, false) => plain || within(expected.value / 100.0, found.value),
            (false, true) => plain || within(expected.value, found.value / 100.0),
            _ => plain,
        }
    }
}

impl Default for Numeric {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Numeric {
    fn name(&self) -> &str {
        "numeric"
    }

    fn fingerprint(&self) -> String {
        short_hash(["numeric 1", &self.absolute.to_string(), &self.relative.to_string()])
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let [expected] = numbers(target(sample)?)[..] else {
            return Err(JudgeError::Lacks("an expected output with exactly one number".into()));
        };
        let Some(found) = answer_number(&completion.text) else {
            let explanation = format!("expected {expected}, found no number in {}", quoted(&completion.text));
            return Ok(Verdict::scored(self.name(), Score::ZERO, explanation));
        };
        let right = self.agree(&expected, &found);
        let explanation =
            if right { format!("{found}, as expected") } else { format!("expected {expected}, found {found}") };
        Ok(Verdict::scored(self.name(), Score::from(right), explanation))
    }
}

/// The number that a text gives as its answer.
fn answer_number(text: &str) -> Option<Number> {
    let marked = marked(text).and_then(|rest| {
        let sentence = sentence(rest);
        let result = sentence.rsplit(['=', '≈']).next().unwrap_or(sentence);
        numbers(result).first().copied()
    });
    marked.or_else(|| numbers(text).last().copied())
}

/// What stands behind the last mark of an answer.
fn marked(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let end = |mark: &str| lower.rfind(mark).map(|at| at + mark.len());
    // A box or `####` is meant for machines: it counts more than the word, wherever that stands.
    let at = end("\\boxed{").max(end("####")).or_else(|| end("answer"))?;
    Some(&text[at..])
}

/// The text up to the end of its first line or sentence; a point between two digits ends none.
fn sentence(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '*' | '.'));
    let line = text.lines().next().unwrap_or_default();
    let stops = line.match_indices(['.', ';', '!', '?']);
    let end = stops.map(|(at, _)| at).find(|at| line[at + 1..].chars().next().is_none_or(char::is_whitespace));
    end.map_or(line, |at| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_marked_as_the_answer() {
        for (text, expected) in [
            ("42", 42.0),
            ("First 3, then 4, so 7.", 7.0),
            ("The answer is 42. (I checked it in 2 ways.)", 42.0),
            ("The answer is 3 + 4 = 7.", 7.0),
            ("**Answer:** 5\n\nThis took 3 steps.", 5.0),
            ("Answer:\n\n12", 12.0),
            ("so \\boxed{\\frac{3}{4}} after 9 lines", 0.75),
            ("The answer follows from 5.\n#### 1,200", 1200.0),
            ("an answer that is long; 1 or 8", 8.0),
            ("the ANSWER ≈ 2.236 m; 2 digits", 2.236),
            ("The answer: 9! 2", 9.0),
        ] {
            assert_eq!(answer_number(text).map(|number| number.value), Some(expected), "{text}");
        }
        assert!(answer_number("none of H2O or x1").is_none());
    }
}
