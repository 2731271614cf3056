//! Rules that pair the questions of a run with those of other runs.

use eval_drift::paired_t;

use super::{BASELINE, Rule, Run, SILENT, score};

/// What is taken to move all questions of a run together, as a deviation of the mean.
const RUN_NOISE: f64 = 0.005;

/// The mean difference to the question means over these runs, as a normal score; `noise` is the variance that is
/// added for what moves whole runs.
fn drop(scores: &[f64], sums: &[f64], runs: usize, noise: f64) -> f64 {
    let differences: Vec<f64> = scores.iter().zip(sums).map(|(score, sum)| score - sum / runs as f64).collect();
    let found = paired_t(&differences).and_then(|found| Some((found.mean, found.standard_error?, found.df)));
    found.map_or(SILENT, |(mean, error, df)| {
        let error = error.hypot((noise * (1.0 + 1.0 / runs as f64)).sqrt());
        if error > 0.0 { score(-mean, error, df as f64) } else { SILENT }
    })
}

fn add(sums: &mut Vec<f64>, scores: &[f64]) {
    sums.resize(scores.len(), 0.0);
    sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
}

/// Against the previous run.
#[derive(Default)]
pub struct Previous(Vec<f64>);

impl Rule for Previous {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        let found = if run.at == 0 { SILENT } else { drop(run.scores, &self.0, 1, 0.0) };
        self.0 = run.scores.to_vec();
        found
    }
}

/// Against the question means of the first 14 runs.
#[derive(Default)]
pub struct Baseline(Vec<f64>);

impl Rule for Baseline {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        if run.at < BASELINE {
            add(&mut self.0, run.scores);
            return SILENT;
        }
        drop(run.scores, &self.0, BASELINE, 0.0)
    }
}

/// Against the question means of all earlier runs, with what moves whole runs accounted for.
#[derive(Default)]
pub struct Shock(Vec<f64>);

impl Rule for Shock {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        let found = if run.at < 2 { SILENT } else { drop(run.scores, &self.0, run.at, RUN_NOISE.powi(2)) };
        add(&mut self.0, run.scores);
        found
    }
}
