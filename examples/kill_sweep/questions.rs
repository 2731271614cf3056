//! Fifty questions whose answers and verdicts are functions of the question, so that two runs can be compared.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

pub const MODEL: &str = "clerk-2026-01-01";
pub const GRADER: &str = "grader-2026-01-01";
pub const QUESTIONS: u64 = 50;
/// An answer and a verdict for each.
pub const PLANNED_CALLS: u64 = 2 * QUESTIONS - 1;
/// The endpoint refuses this one, so its evaluation is failed and nothing is judged.
const REFUSED: u64 = 23;

/// Who is asked what: read out of the question's id, which the provider gets in the metadata of a call.
#[derive(Debug, Clone, Copy)]
pub struct Question(u64);

impl Question {
    pub fn of(sample: &str) -> Option<Self> {
        sample.strip_prefix('q')?.parse().ok().map(Self)
    }

    pub fn is_refused(self) -> bool {
        self.0 == REFUSED
    }

    fn sum(self) -> u64 {
        17 * self.0 + 8
    }

    /// Every seventh answer is wrong.
    pub fn answer(self) -> String {
        let said = if self.0.is_multiple_of(7) { self.sum() + 1 } else { self.sum() };
        format!("It is {said}.")
    }

    /// The grader's message: a wrong answer gets little, others get one of several scores.
    pub fn verdict(self) -> String {
        let score = if self.0.is_multiple_of(7) { 10 } else { 60 + 5 * (self.0 % 9) };
        format!(
            r#"{{"reasoning": "Question {} is worth {score} percent.", "score": {}}}"#,
            self.0,
            score as f64 / 100.0
        )
    }

    /// Nano-dollars: different for each question, so that a sum shows what is missing or counted twice.
    pub fn cost(self) -> u64 {
        1_000 * (self.0 + 1)
    }

    pub fn tokens(self) -> u64 {
        20 + self.0
    }

    /// Calls end in another order than they began, and some are in flight whenever the kill comes.
    pub fn thinking(self) -> Duration {
        Duration::from_millis(8 + 5 * (self.0 % 4))
    }
}

/// Writes the data set.
pub fn write_csv(path: &Path) -> Result<()> {
    let mut csv = String::from("id,category,question,expected_output\n");
    for at in 0..QUESTIONS {
        let category = ["sums", "shop", "school"][usize::try_from(at % 3)?];
        let sum = Question(at).sum();
        writeln!(csv, "q{at:02},{category},How much is {} and 8?,{sum}", sum - 8)?;
    }
    Ok(std::fs::write(path, csv)?)
}
