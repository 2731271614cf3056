//! All questions of an epoch, and what they say of one run.

use super::question::{Factors, Question};

/// From so many scores on a question has a baseline of its own.
const MIN_SCORES: u32 = 3;

/// The questions of an epoch.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Panel {
    pub(crate) questions: Vec<Question>,
    pub(crate) runs: u32,
}

impl Panel {
    pub(crate) fn of(questions: usize) -> Self {
        Self { questions: vec![Question::default(); questions], runs: 0 }
    }

    /// Sums what each question with a baseline says of a run, for each stream; `place` gives a question's stream and
    /// weight in it.
    ///
    /// A question that joined later counts from its fourth run on; in the first run those count that are there.
    pub(crate) fn tally(&self, scores: &[Option<f64>], tallies: &mut [Tally], place: impl Fn(usize) -> (usize, f64)) {
        let needed = self.runs.min(MIN_SCORES);
        let mut factors = Factors::of(0);
        for (at, question) in self.questions.iter().enumerate() {
            let score = scores.get(at).copied().flatten();
            if question.n < needed || (needed == 0 && score.is_none()) {
                continue;
            }
            if question.n != factors.n {
                factors = Factors::of(question.n);
            }
            let (stream, weight) = place(at);
            tallies[stream].add(question, &factors, weight, score);
        }
    }

    pub(crate) fn absorb(&mut self, scores: &[Option<f64>]) {
        for (question, score) in self.questions.iter_mut().zip(scores) {
            if let Some(score) = score {
                question.take(*score);
            }
        }
        self.runs += 1;
    }
}

/// Weighted sums over the questions of a stream that have a baseline. What is `seen` was scored in this run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Tally {
    pub(crate) questions: u32,
    pub(crate) present: u32,
    weight: f64,
    weight_squared: f64,
    weight_cubed: f64,
    variance: f64,
    third_cumulant: f64,
    seen: f64,
    residual: f64,
    step: f64,
    inverse_n: f64,
}

impl Tally {
    fn add(&mut self, question: &Question, factors: &Factors, weight: f64, score: Option<f64>) {
        if weight == 0.0 {
            return;
        }
        self.questions += 1;
        self.weight += weight;
        self.weight_squared += weight * weight;
        self.weight_cubed += weight * weight * weight;
        self.variance += weight * weight * question.variance(factors);
        self.third_cumulant += weight * weight * weight * question.third_cumulant(factors);
        if let Some(score) = score {
            self.present += 1;
            self.seen += weight;
            self.residual += weight * (score - question.mean);
            self.step += weight * (score - question.last);
            self.inverse_n += weight * factors.mean;
        }
    }

    /// The questions of both.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self {
            questions: self.questions + other.questions,
            present: self.present + other.present,
            weight: self.weight + other.weight,
            weight_squared: self.weight_squared + other.weight_squared,
            weight_cubed: self.weight_cubed + other.weight_cubed,
            variance: self.variance + other.variance,
            third_cumulant: self.third_cumulant + other.third_cumulant,
            seen: self.seen + other.seen,
            residual: self.residual + other.residual,
            step: self.step + other.step,
            inverse_n: self.inverse_n + other.inverse_n,
        }
    }

    /// The part of the stream's weight that was scored in this run; 0 without questions.
    pub(crate) fn coverage(&self) -> f64 {
        if self.weight > 0.0 { self.seen / self.weight } else { 0.0 }
    }

    /// The weighted mean difference between a score and its question's mean so far; in the first run the mean score.
    pub(crate) fn residual(&self) -> f64 {
        self.residual / self.seen
    }

    /// The weighted mean difference between a score and its question's last one.
    pub(crate) fn step(&self) -> f64 {
        self.step / self.seen
    }

    /// 1 / n, were the baselines of all questions of n scores.
    pub(crate) fn inverse_n(&self) -> f64 {
        self.inverse_n / self.seen
    }

    /// The variance of the stream's level that single questions bring. Half a flipped answer in `pairs` pairs of runs
    /// is added, so that questions that never moved do not promise that they never will.
    pub(crate) fn variance(&self, pairs: u32) -> f64 {
        let flip = 0.5 * self.weight_squared / f64::from(self.questions) / f64::from(pairs);
        (self.variance + flip) / self.weight.powi(2)
    }

    /// The third cumulant of the stream's level, with the same added flip, over `runs` runs.
    pub(crate) fn third_cumulant(&self, runs: u32) -> f64 {
        let flip = 0.5 * self.weight_cubed / (f64::from(self.questions) * f64::from(runs));
        (self.third_cumulant - flip) / self.weight.powi(3)
    }
}
