//! What the gate decides of a candidate beside a baseline.

use eval_drift::{non_inferiority, paired_t};

use crate::draw::Draw;
use crate::model::{Circumstances, Model};

/// The drop that is tolerated.
const MARGIN: f64 = 0.03;
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

/// A decision, the smallest drop that is usually seen, and the drop that was measured.
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
    let (found, test) = (paired_t(differences)?, non_inferiority(differences, MARGIN)?);
    let own = found.standard_error?;
    let quantile = (found.mean - test.low90) / own;
    let error = own.hypot(RUN_NOISE * (1.0 + 1.0 / baseline_runs as f64).sqrt());
    let (low, high) = (found.mean - quantile * error, found.mean + quantile * error);
    let decision = match () {
        () if low > -MARGIN => Decision::Pass,
        () if high < 0.0 => Decision::Fail,
        () => Decision::Inconclusive,
    };
    Some(Decided { decision, detectable: (quantile + POWER) * error, drop: -found.mean })
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
    decide(&differences, runs).unwrap_or(Decided { decision: Decision::Inconclusive, detectable: 1.0, drop: 0.0 })
}

fn mean_of(runs: Vec<Vec<f64>>) -> Vec<f64> {
    let mut sums = vec![0.0; runs[0].len()];
    for run in &runs {
        sums.iter_mut().zip(run).for_each(|(sum, score)| *sum += score);
    }
    sums.into_iter().map(|sum| sum / runs.len() as f64).collect()
}
