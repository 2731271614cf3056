//! Which model to use, and how sure that is.

mod resample;

use crate::{PairedEffect, PairedRanking};

/// Below this share of resamples there is no clear pick.
const CLEAR: f64 = 0.8;

/// A model that may be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its score on each question, from 0 to 1, in the same order for all; `None` where there is none.
    pub scores: Vec<Option<f64>>,
    /// What 1,000 questions cost, in any currency.
    pub cost: Option<f64>,
    /// The 95th percentile of its latency, in ms.
    pub p95_ms: Option<f64>,
}

/// What a user can live with. The default is everything.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Constraints {
    /// The most that 1,000 questions may cost.
    pub max_cost: Option<f64>,
    /// The least mean score, from 0 to 1.
    pub min_accuracy: Option<f64>,
    /// The largest 95th percentile of latency, in ms.
    pub max_p95_ms: Option<f64>,
}

/// How much each property counts, at least 0; only their proportions matter. The default is 60, 30 and 10.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Weights {
    /// The mean score.
    pub accuracy: f64,
    /// The cost.
    pub cost: f64,
    /// The latency.
    pub latency: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { accuracy: 60.0, cost: 30.0, latency: 10.0 }
    }
}

impl Weights {
    /// Ten points of the score weigh as much as a tenth of the cost, and as a tenth of the latency.
    fn worth(&self, accuracy: f64, cost: Option<f64>, p95_ms: Option<f64>) -> f64 {
        let logarithm = |value: Option<f64>| value.map_or(0.0, |value| value.max(1e-9).log10());
        10.0 * self.accuracy * accuracy - self.cost * logarithm(cost) - self.latency * logarithm(p95_ms)
    }

    fn are_valid(&self) -> bool {
        [self.accuracy, self.cost, self.latency].iter().all(|weight| weight.is_finite() && *weight >= 0.0)
    }
}

/// A constraint by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Constraint {
    /// [`Constraints::max_cost`].
    Cost,
    /// [`Constraints::min_accuracy`].
    Accuracy,
    /// [`Constraints::max_p95_ms`].
    Latency,
}

/// A model that may not be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RuledOut {
    /// The place of the model.
    pub model: usize,
    /// What it breaks, or what is not known of it and so cannot be promised.
    pub by: Vec<Constraint>,
}

/// What more accuracy would cost.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct StepUp {
    /// The place of the cheapest model that is certainly more accurate than the pick.
    pub model: usize,
    /// By how much, with its 95 % interval, in points.
    pub gain: PairedEffect,
    /// The constraints that would have to give.
    pub beyond: Vec<Constraint>,
}

/// Which model to use.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Recommendation {
    /// The place of the model worth most within the constraints; `None` when none is within them.
    pub pick: Option<usize>,
    /// The one that is first most often when the pick is not.
    pub second: Option<usize>,
    /// In which share of the resamples each model is first, from 0 to 1.
    pub first_in: Vec<f64>,
    /// Whether the pick is first in at least 80 % of them. Else it is one of the two.
    pub is_clear: bool,
    /// The models that are not within the constraints.
    pub ruled_out: Vec<RuledOut>,
    /// When nothing is within them: the constraints of which giving up one would let a model in.
    pub binding: Vec<Constraint>,
    /// What more accuracy would cost; `None` when no model is certainly more accurate.
    pub step_up: Option<StepUp>,
    /// The questions that were resampled: those that all models have a score for.
    pub questions: usize,
    /// How many resamples.
    pub resamples: usize,
}

/// Recommends a model: constraints first, weights second.
///
/// Of the models within the constraints it is the one worth most: `10 w_a accuracy - w_c log10(cost) - w_l log10(p95)`, so at
/// equal weights ten points of accuracy make up for ten times the cost. The scale does not depend on which other models
/// there are. How sure that is: the questions that all models answered are drawn anew with replacement (Efron 1979), and
/// `first_in` says how often each model is first, with its accuracy in the resample, also against `min_accuracy`. Costs and
/// latencies are taken as they are. The same input and `seed` give the same answer.
///
/// `ranking` is that of the same models in the same order. `None` without models, with scores that are not numbers from 0
/// to 1, with weights below 0, or when models have different numbers of questions. O(m n B) for B resamples.
///
/// ```
/// use eval_drift::{Candidate, Constraints, PairedRanking, Weights, recommend};
/// let model = |right: usize, cost| Candidate {
///     scores: (0..200).map(|q| Some(f64::from(q < right))).collect(),
///     cost: Some(cost),
///     p95_ms: Some(1_000.0),
/// };
/// let models = [model(170, 0.7), model(168, 4.0), model(190, 9.8)];
/// let scores: Vec<_> = models.iter().map(|model| &model.scores).collect();
/// let ranking = PairedRanking::of(&scores, 0.05).unwrap();
/// let limits = Constraints { max_cost: Some(5.0), ..Constraints::default() };
/// let found = recommend(&models, &ranking, &limits, &Weights::default(), 1_000, 1).unwrap();
/// assert_eq!((found.pick, found.is_clear), (Some(0), true));
/// assert_eq!(found.step_up.map(|step| step.model), Some(2));
/// ```
pub fn recommend(
    models: &[Candidate],
    ranking: &PairedRanking,
    constraints: &Constraints,
    weights: &Weights,
    resamples: usize,
    seed: u64,
) -> Option<Recommendation> {
    let questions = models.first()?.scores.len();
    let valid = |model: &Candidate| {
        model.scores.len() == questions && model.scores.iter().flatten().all(|score| (0.0..=1.0).contains(score))
    };
    if !models.iter().all(valid) || !weights.are_valid() {
        return None;
    }
    let broken: Vec<Vec<Constraint>> = models.iter().map(|model| constraints.broken(model)).collect();
    let worth = |at: &usize| {
        let model = &models[*at];
        weights.worth(mean(model).unwrap_or(0.0), model.cost, model.p95_ms)
    };
    let within = (0..models.len()).filter(|at| broken[*at].is_empty());
    let pick = within.max_by(|a, b| worth(a).total_cmp(&worth(b)).then(b.cmp(a)));
    let shared = resample::Shared::of(models, constraints, weights);
    let first_in = shared.first_in(resamples, seed);
    let others = (0..models.len()).filter(|at| Some(*at) != pick && first_in[*at] > 0.0);
    let second = others.max_by(|a, b| first_in[*a].total_cmp(&first_in[*b]).then(b.cmp(a)));
    Some(Recommendation {
        pick,
        second: second.filter(|_| pick.is_some()),
        is_clear: pick.is_some_and(|at| first_in[at] >= CLEAR),
        binding: if pick.is_none() { binding(&broken) } else { Vec::new() },
        step_up: pick.and_then(|pick| step_up(pick, models, ranking, &broken)),
        questions: shared.questions(),
        resamples,
        first_in,
        ruled_out: ruled_out(broken),
    })
}

impl Constraints {
    fn broken(&self, model: &Candidate) -> Vec<Constraint> {
        let above = |limit: Option<f64>, value: Option<f64>| limit.is_some_and(|limit| value.is_none_or(|v| v > limit));
        let below = self.min_accuracy.is_some_and(|limit| mean(model).is_none_or(|mean| mean < limit));
        let all = [
            (above(self.max_cost, model.cost), Constraint::Cost),
            (below || mean(model).is_none(), Constraint::Accuracy),
            (above(self.max_p95_ms, model.p95_ms), Constraint::Latency),
        ];
        all.into_iter().filter_map(|(is_broken, constraint)| is_broken.then_some(constraint)).collect()
    }
}

fn mean(model: &Candidate) -> Option<f64> {
    crate::paired_ranking::mean(&model.scores)
}

/// The constraints that alone keep a model out.
fn binding(broken: &[Vec<Constraint>]) -> Vec<Constraint> {
    let alone = |constraint: &Constraint| broken.iter().any(|by| by.as_slice() == [*constraint]);
    [Constraint::Cost, Constraint::Accuracy, Constraint::Latency].into_iter().filter(alone).collect()
}

fn ruled_out(broken: Vec<Vec<Constraint>>) -> Vec<RuledOut> {
    let all = broken.into_iter().enumerate().filter(|(_, by)| !by.is_empty());
    all.map(|(model, by)| RuledOut { model, by }).collect()
}

/// The cheapest model that is certainly more accurate.
fn step_up(pick: usize, models: &[Candidate], ranking: &PairedRanking, broken: &[Vec<Constraint>]) -> Option<StepUp> {
    let better = (0..models.len()).filter(|at| ranking.is_better(*at, pick) && models[*at].cost.is_some());
    let cost = |at: &usize| models[*at].cost.unwrap_or(f64::INFINITY);
    let model = better.min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
    let gain = crate::paired_ranking::difference(&models[model].scores, &models[pick].scores)?;
    Some(StepUp { model, gain, beyond: broken[model].clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(right: usize, cost: f64, p95: f64) -> Candidate {
        let scores = (0..500).map(|question| Some(f64::from(question < right))).collect();
        Candidate { scores, cost: Some(cost), p95_ms: Some(p95) }
    }

    fn recommended(models: &[Candidate], constraints: Constraints) -> Recommendation {
        let scores: Vec<_> = models.iter().map(|model| &model.scores).collect();
        let ranking = PairedRanking::of(&scores, 0.05).unwrap();
        recommend(models, &ranking, &constraints, &Weights::default(), 2_000, 7).unwrap()
    }

    fn six() -> Vec<Candidate> {
        [
            (459, 9.8, 4_800.0),
            (453, 6.1, 3_100.0),
            (431, 4.4, 3_600.0),
            (424, 0.74, 1_400.0),
            (421, 1.9, 2_200.0),
            (395, 0.38, 1_100.0),
        ]
        .map(|(right, cost, p95)| model(right, cost, p95))
        .to_vec()
    }

    #[test]
    fn limits_come_first_and_say_whom_they_ruled_out() {
        let limits = Constraints { max_cost: Some(5.0), min_accuracy: Some(0.8), max_p95_ms: Some(3_000.0) };
        let found = recommended(&six(), limits);
        assert_eq!((found.pick, found.is_clear, found.binding.len()), (Some(3), true, 0));
        assert!(found.first_in[3] > 0.95, "{found:?}");
        let by: Vec<_> = found.ruled_out.iter().map(|out| (out.model, out.by.clone())).collect();
        let (cost, latency) = (Constraint::Cost, Constraint::Latency);
        let expected =
            [(0, vec![cost, latency]), (1, vec![cost, latency]), (2, vec![latency]), (5, vec![Constraint::Accuracy])];
        assert_eq!(by, expected);
        let step = found.step_up.unwrap();
        assert_eq!((step.model, step.beyond), (1, vec![cost, latency]));
        assert!((step.gain.points - 5.8).abs() < 1e-9 && step.gain.low > 0.0);
    }

    #[test]
    fn two_that_are_alike_are_no_clear_pick() {
        let mut alike = [model(400, 1.0, 1_000.0), model(400, 1.0, 1_000.0)];
        alike[1].scores.rotate_right(100);
        let found = recommended(&alike, Constraints::default());
        assert!(!found.is_clear && found.second.is_some(), "{found:?}");
        assert!((found.first_in.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn when_nothing_fits_the_limit_that_binds_is_named() {
        let found = recommended(&six(), Constraints { max_cost: Some(0.1), ..Constraints::default() });
        assert_eq!((found.pick, found.binding.as_slice()), (None, &[Constraint::Cost][..]));
        assert_eq!(found.first_in, [0.0; 6]);
        let both = recommended(&six(), Constraints { max_cost: Some(0.1), min_accuracy: Some(0.9), max_p95_ms: None });
        assert_eq!(both.binding, [Constraint::Cost], "the best two break only the cost");
    }

    #[test]
    fn what_is_not_known_cannot_be_promised() {
        let mut models = six();
        models[3].cost = None;
        let found = recommended(&models, Constraints { max_cost: Some(5.0), ..Constraints::default() });
        assert!(found.ruled_out.iter().any(|out| out.model == 3 && out.by == [Constraint::Cost]));
        assert!(
            recommend(
                &[],
                &PairedRanking::of::<Vec<_>>(&[], 0.05).unwrap(),
                &Constraints::default(),
                &Weights::default(),
                1,
                1
            )
            .is_none()
        );
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        let (once, again) = (recommended(&six(), Constraints::default()), recommended(&six(), Constraints::default()));
        assert_eq!(once, again);
    }
}
