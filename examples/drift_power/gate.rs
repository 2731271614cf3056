//! What the gate decides of a candidate beside a baseline.

use eval_drift::PairedEffect;

use crate::draw::Draw;
use crate::model::{Circumstances, Model};

/// The drop that is tolerated, in points.
const MARGIN: f64 = 3.0;
/// The interval by which the gate decides: 5 % at either end.
const LEVEL: f64 = 0.90;
/// What is taken to move all questions of a run together, as a deviation of the mean.
const RUN_NOISE: f64 = 0.005;
/// How surely a drop is to be seen: 80 %.
const POWER: f64 = 0.84;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Pass,
    Fail,
    Inconclusive,
}

/// A decision, the smallest drop that is usually seen, and the drop that was measured, in points.
pub struct Decided {
    pub decision: Decision,
    pub detectable: f64,
    pub drop: f64,
}

/// Questions, epochs of the candidate, and runs of the baseline with an epoch each.
pub type Design = (usize, usize, usize);

/// The rule of the gate: pass if the drop is shown to be smaller than the margin, fail if it is not and a drop is
/// shown, each at 5 % one-sided.
pub fn decide(differences: &[f64], baseline_runs: usize) -> Option<Decided> {
    let noise = RUN_NOISE * (1.0 + 1.0 / baseline_runs as f64).sqrt();
    let effect = PairedEffect::of(differences, LEVEL, noise)?;
    let decision = match () {
        () if effect.low > -MARGIN => Decision::Pass,
        () if effect.high < 0.0 => Decision::Fail,
        () => Decision::Inconclusive,
    };
    let reach = (effect.high - effect.low) / 2.0;
    Some(Decided { decision, detectable: reach + POWER * effect.standard_error, drop: -effect.points })
}

/// A candidate that is worse by so many points; with answers only, the judge never errs and runs share no luck.
pub fn simulated((questions, epochs, runs): Design, points: f64, answers_only: bool, draw: &mut Draw) -> Decided {
    let drawn = Model::drawn(questions, draw);
    let model = if answers_only { drawn.well_judged() } else { drawn };
    let luck = |usual: &Circumstances, draw: &mut Draw| if answers_only { *usual } else { usual.shared_luck(draw) };
    let worse = Circumstances::with_factor(model.factor(points, |_| true));
    // The epochs of a candidate are one run and share its luck; each run of the baseline has its own.
    let candidate_luck = luck(&worse, draw);
    let candidate = mean_of((0..epochs).map(|_| model.run(&candidate_luck, draw)).collect());
    let baseline = mean_of((0..runs).map(|_| model.run(&luck(&Circumstances::USUAL, draw), draw)).collect());
    let differences: Vec<f64> = candidate.iter().zip(&baseline).map(|(one, other)| one - other).collect();
    // Where nothing differs nothing is decided.
    decide(&differences, runs).unwrap_or(Decided { decision: Decision::Inconclusive, detectable: 100.0, drop: 0.0 })
}

fn mean_of(runs: Vec<Vec<f64>>) -> Vec<f64> {
    let mut sums = vec![0.0; runs[0].len()];
    for run in &runs {
        sums.iter_mut().zip(run).for_each(|(sum, score)| *sum += score);
    }
    sums.into_iter().map(|sum| sum / runs.len() as f64).collect()
}
