//! Runs to decide about: made by hand, or simulated.

use eval_core::{DatasetRef, SampleKey};
use eval_drift::{QuestionScores, RunScores};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A run over these questions, one list of scores each, in categories `c0` to `c6`.
pub(crate) fn run_of(scores: impl IntoIterator<Item = Vec<f64>>) -> RunScores {
    let question = |(at, scores): (usize, Vec<f64>)| {
        QuestionScores::new(
            SampleKey::new(format!("q{at:04}").as_str(), "f00d"),
            format!("c{}", at % CATEGORIES),
            scores,
        )
    };
    let questions: Vec<QuestionScores> = scores.into_iter().enumerate().map(question).collect();
    let dataset = DatasetRef::new("golden", "9f2c", questions.len() as u64);
    RunScores::new("gamma-pro", dataset).label("7f3a12").judge("exact", "aa00").questions(questions)
}

/// A run over so many questions of which the first so many are right, each in so many epochs.
pub(crate) fn right(right: usize, questions: usize, epochs: usize) -> RunScores {
    run_of((0..questions).map(|at| vec![f64::from(at < right); epochs]))
}

/// A run whose every question failed.
pub(crate) fn all_failed(questions: usize) -> RunScores {
    let mut run = right(0, questions, 0);
    run.questions.iter_mut().for_each(|question| question.failed = 1);
    run
}

pub(crate) const CATEGORIES: usize = 7;

/// A number from 0 to 1.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Irwin and Hall: close enough to normal.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| uniform(rng)).sum::<f64>() - 6.0
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Questions of different difficulty, half of them right or wrong, half graded in quarters; a run moves all a bit, and
/// those of a category a bit more.
pub(crate) struct Model {
    rng: ChaCha8Rng,
    difficulties: Vec<f64>,
}

impl Model {
    pub(crate) fn new(questions: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut difficulty = || match uniform(&mut rng) {
            // The larger of so many uniform numbers is Beta(n, 1), the smaller one Beta(1, n).
            kind if kind < 0.65 => (0..20).map(|_| uniform(&mut rng)).fold(0.0, f64::max),
            kind if kind < 0.90 => (0..3).map(|_| uniform(&mut rng)).fold(0.0, f64::max),
            _ => (0..4).map(|_| uniform(&mut rng)).fold(1.0, f64::min),
        };
        let difficulties = (0..questions).map(|_| difficulty().clamp(0.005, 0.995)).collect();
        Self { rng, difficulties }
    }

    /// A run of so many epochs in which each question is worse by `drop` logits.
    pub(crate) fn run(&mut self, epochs: usize, drop: f64) -> Vec<Vec<f64>> {
        let rng = &mut self.rng;
        let whole = 0.04 * normal(rng) - drop;
        let parts: Vec<f64> = (0..CATEGORIES).map(|_| 0.08 * normal(rng)).collect();
        let question = |(at, p): (usize, &f64)| {
            let p = logistic(logit(*p) + whole + parts[at % CATEGORIES]);
            let p = p * 0.97 + (1.0 - p) * 0.03;
            let answers = if at % 2 == 0 { 1 } else { 4 };
            let mut score = || (0..answers).filter(|_| uniform(rng) < p).count() as f64 / f64::from(answers);
            (0..epochs).map(|_| score()).collect()
        };
        self.difficulties.iter().enumerate().map(question).collect()
    }

    /// So many runs of one epoch, as one run with as many scores a question.
    pub(crate) fn baseline(&mut self, runs: usize) -> Vec<Vec<f64>> {
        let runs: Vec<Vec<Vec<f64>>> = (0..runs).map(|_| self.run(1, 0.0)).collect();
        (0..self.difficulties.len()).map(|at| runs.iter().map(|run| run[at][0]).collect()).collect()
    }

    /// The drop in logits that lowers the expected mean by so many points.
    pub(crate) fn logits_for(&self, points: f64) -> f64 {
        let mean = |drop: f64| self.difficulties.iter().map(|p| logistic(logit(*p) - drop)).sum::<f64>();
        let lost = |drop: f64| (mean(0.0) - mean(drop)) * 0.94 / self.difficulties.len() as f64;
        let (mut low, mut high) = (0.0, 4.0);
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            if lost(middle) < points / 100.0 { low = middle } else { high = middle }
        }
        high
    }
}
