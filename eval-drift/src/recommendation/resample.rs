//! How often each model is first when the questions are drawn anew.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Candidate, Constraints, Weights};

/// So many models are added up at once.
const LANES: usize = 8;

/// The questions that all models have a score for, and what of a model's worth does not depend on them.
pub(super) struct Shared {
    models: usize,
    /// The scores question by question, each in rows of [`LANES`] models.
    rows: Vec<[f32; LANES]>,
    rows_each: usize,
    /// What cost and latency add to the worth; `None` for who breaks a constraint on them.
    fixed: Vec<Option<f64>>,
    min_accuracy: f64,
    weight: f64,
}

impl Shared {
    pub(super) fn of(models: &[Candidate], constraints: &Constraints, weights: &Weights) -> Self {
        let rows_each = models.len().div_ceil(LANES).max(1);
        let questions = models.first().map_or(0, |model| model.scores.len());
        let mut rows = Vec::new();
        for question in 0..questions {
            let scores: Option<Vec<f32>> =
                models.iter().map(|model| model.scores[question].map(|score| score as f32)).collect();
            let Some(scores) = scores else { continue };
            for lanes in 0..rows_each {
                let mut row = [0.0; LANES];
                row.iter_mut().zip(scores.iter().skip(lanes * LANES)).for_each(|(lane, score)| *lane = *score);
                rows.push(row);
            }
        }
        let others = Constraints { min_accuracy: None, ..*constraints };
        let fixed =
            |model: &Candidate| others.broken(model).is_empty().then(|| weights.worth(0.0, model.cost, model.p95_ms));
        Self {
            models: models.len(),
            rows,
            rows_each,
            fixed: models.iter().map(fixed).collect(),
            min_accuracy: constraints.min_accuracy.unwrap_or(0.0),
            weight: weights.worth(1.0, None, None),
        }
    }

    pub(super) fn questions(&self) -> usize {
        self.rows.len() / self.rows_each
    }

    /// In which share of the resamples each model is first. Of two that are worth the same each has half.
    pub(super) fn first_in(&self, resamples: usize, seed: u64) -> Vec<f64> {
        let mut wins = vec![0.0; self.models];
        let questions = self.questions();
        if questions == 0 || resamples == 0 || self.fixed.iter().all(Option::is_none) {
            return wins;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut sums = vec![[0.0_f32; LANES]; self.rows_each];
        for _ in 0..resamples {
            self.draw(questions, &mut rng, &mut sums);
            let first = self.first(&sums, questions);
            first.iter().for_each(|model| wins[*model] += 1.0 / first.len() as f64);
        }
        wins.iter().map(|wins| wins / resamples as f64).collect()
    }

    /// Adds up as many questions as there are, drawn with replacement: two places from each 64 random bits.
    fn draw(&self, questions: usize, rng: &mut ChaCha8Rng, sums: &mut [[f32; LANES]]) {
        sums.fill([0.0; LANES]);
        let mut left = questions;
        while left > 0 {
            let bits = rng.next_u64();
            for half in [bits & 0xffff_ffff, bits >> 32].into_iter().take(left) {
                let place = ((half * questions as u64) >> 32) as usize * self.rows_each;
                for (sums, row) in sums.iter_mut().zip(&self.rows[place..]) {
                    sums.iter_mut().zip(row).for_each(|(sum, score)| *sum += score);
                }
            }
            left = left.saturating_sub(2);
        }
    }

    fn first(&self, sums: &[[f32; LANES]], questions: usize) -> Vec<usize> {
        let (mut best, mut first) = (f64::NEG_INFINITY, Vec::new());
        for (model, fixed) in self.fixed.iter().enumerate() {
            let accuracy = f64::from(sums[model / LANES][model % LANES]) / questions as f64;
            let Some(fixed) = fixed.filter(|_| accuracy >= self.min_accuracy) else { continue };
            let worth = fixed + self.weight * accuracy;
            if worth > best {
                (best, first) = (worth, vec![model]);
            } else if worth == best {
                first.push(model);
            }
        }
        first
    }
}
