//! Random numbers of one history: the same whatever thread draws them.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The numbers of one history.
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// The numbers of the history `index` of an experiment.
    pub fn new(seed: u64, experiment: u32, index: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(experiment) << 32 | index as u64);
        Self(rng)
    }

    /// A number from 0 to 1, without 1.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number of the normal distribution with this deviation (Box and Muller 1958).
    pub fn normal(&mut self, deviation: f64) -> f64 {
        let size = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        deviation * size * (TAU * self.uniform()).cos()
    }

    /// A number of Beta(n, m), as the n-th smallest of `n + m - 1` uniform ones.
    pub fn beta(&mut self, n: usize, m: usize) -> f64 {
        let mut numbers: Vec<f64> = (1..n + m).map(|_| self.uniform()).collect();
        numbers.sort_by(f64::total_cmp);
        numbers[n - 1]
    }

    /// How many of `trials` come true.
    pub fn count(&mut self, trials: usize, rate: f64) -> u64 {
        (0..trials).filter(|_| self.uniform() < rate).count() as u64
    }
}
