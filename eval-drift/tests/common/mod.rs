//! Histories to try detectors with.

use std::sync::Arc;

use eval_core::{History, RunId, SampleKey, SampleScore, Timestamp, Window};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

pub(crate) const CATEGORIES: [&str; 7] = ["chat", "code", "facts", "logic", "math", "safety", "text"];

/// A number from 0 to 1.
pub(crate) fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Runs over the same questions, each right with a probability of its own.
pub(crate) struct Model {
    rng: ChaCha8Rng,
    keys: Vec<Arc<SampleKey>>,
    categories: Vec<Arc<str>>,
    chances: Vec<f64>,
    runs: i64,
}

impl Model {
    pub(crate) fn new(questions: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let key = |at: usize| Arc::new(SampleKey::new(format!("q{at:05}").as_str(), "f00d"));
        let categories = CATEGORIES.map(Arc::from);
        Self {
            chances: (0..questions).map(|_| 0.6 + 0.39 * uniform(&mut rng)).collect(),
            rng,
            keys: (0..questions).map(key).collect(),
            categories: (0..questions).map(|at| Arc::clone(&categories[at % 7])).collect(),
            runs: 0,
        }
    }

    /// When the next run begins: a day after the one before.
    pub(crate) fn next(&mut self) -> (RunId, Timestamp) {
        self.runs += 1;
        let at = Timestamp::new(1_767_225_600 + self.runs * 86_400, 0).expect("a time");
        (RunId::at(at), at)
    }

    /// The scores of the questions wanted, each worse by so many points.
    pub(crate) fn scores(&mut self, drop: f64, wanted: impl Fn(usize) -> bool) -> Vec<SampleScore> {
        let rng = &mut self.rng;
        let mut score = |at: usize| {
            let right = uniform(rng) < self.chances[at] - drop / 100.0;
            wanted(at).then(|| {
                SampleScore::new(Arc::clone(&self.keys[at]), Arc::clone(&self.categories[at]), f64::from(right))
            })
        };
        (0..self.chances.len()).filter_map(&mut score).collect()
    }

    pub(crate) fn run_of(&mut self, drop: f64, wanted: impl Fn(usize) -> bool) -> Window {
        let (run, at) = self.next();
        Window::new(run, at, self.scores(drop, wanted))
    }

    /// The next run, worse by so many points.
    pub(crate) fn run(&mut self, drop: f64) -> Window {
        self.run_of(drop, |_| true)
    }

    /// So many runs, worse by so many points from one of them on.
    pub(crate) fn history(&mut self, runs: usize, drop: f64, from: usize) -> History {
        History::new((0..runs).map(|at| self.run(if at < from { 0.0 } else { drop })).collect())
    }
}
