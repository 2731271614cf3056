//! A judge against people.

use eval_core::{Money, Score, wilson};
use serde::Serialize;

use super::interval::{NORMAL, mean, of_mean};
use super::{Finding, Fitness};
use crate::agreement::{Level, Weighting, cohen_kappa, krippendorff_alpha};

/// Alpha below which not even tentative conclusions should be drawn: K. Krippendorff, *Content Analysis* (2004), 11.4.
const LEAST_ALPHA: f64 = 0.667;

/// Answers by what the judge and a person said of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Confusion {
    /// Both pass it.
    pub both_pass: u64,
    /// The judge alone passes it.
    pub judge_only: u64,
    /// The person alone passes it.
    pub person_only: u64,
    /// Neither passes it.
    pub both_fail: u64,
}

/// How a judge's scores agree with people's, and what its level is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Calibration {
    /// Answers with both scores.
    pub n: u64,
    /// The share of answers that both pass or both fail.
    pub accuracy: f64,
    /// Its 95 % interval (Wilson).
    pub accuracy_interval: Option<(f64, f64)>,
    /// The same in four counts.
    pub confusion: Confusion,
    /// [Cohen's kappa](cohen_kappa) of passing and failing; `None` when both always say one and the same.
    pub kappa: Option<f64>,
    /// Cohen's kappa of the scores, by the square of the difference.
    pub weighted_kappa: Option<f64>,
    /// [Krippendorff's alpha](krippendorff_alpha) of the scores, at the interval level.
    pub alpha: Option<f64>,
    /// How much higher the judge scores than people, on average.
    pub bias: f64,
    /// Its 95 % interval (Student's t over answers).
    pub bias_interval: Option<(f64, f64)>,
    /// The mean of all of the judge's scores, labelled or not: the level that a run reports.
    pub judge_level: f64,
    /// The level as people would see it: the judge's, corrected by [`ppi_mean`].
    pub level: f64,
    /// Its 95 % interval; `None` when the data carry none.
    pub level_interval: Option<(f64, f64)>,
    /// What follows: unfit with an alpha below 0.667.
    pub finding: Finding,
}

/// Compares a judge with people.
///
/// `labelled` has the judge's score and a person's for each answer that a person scored, `unlabelled` the judge's scores
/// of the other answers of the run. An answer passes with a score of at least `threshold`. `None` without labels.
///
/// ```
/// use eval_core::Score;
/// use eval_judge::{Fitness, calibrate};
/// let score = |score| Score::new(score).unwrap();
/// let labelled: Vec<_> = [(1.0, 1.0), (0.9, 1.0), (0.0, 0.0), (0.2, 0.0)].map(|(a, b)| (score(a), score(b))).to_vec();
/// let found = calibrate(&labelled, &[score(1.0), score(0.5)], 0.5).unwrap();
/// assert_eq!((found.accuracy, found.kappa), (1.0, Some(1.0)));
/// assert_eq!(found.finding.fitness, Fitness::Fit);
/// ```
pub fn calibrate(labelled: &[(Score, Score)], unlabelled: &[Score], threshold: f64) -> Option<Calibration> {
    let pairs: Vec<(f64, f64)> = labelled.iter().map(|(judge, person)| (judge.get(), person.get())).collect();
    let passes = |score: f64| score >= threshold;
    let confusion = confusion(pairs.iter().map(|(judge, person)| (passes(*judge), passes(*person))));
    let differences: Vec<f64> = pairs.iter().map(|(judge, person)| judge - person).collect();
    let (judge, people): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let unlabelled: Vec<f64> = unlabelled.iter().map(|score| score.get()).collect();
    let (agreed, n) = (confusion.both_pass + confusion.both_fail, pairs.len() as u64);
    let binary: Vec<(f64, f64)> =
        pairs.iter().map(|(judge, person)| (passes(*judge).into(), passes(*person).into())).collect();
    let units: Vec<Vec<f64>> = pairs.iter().map(|(judge, person)| vec![*judge, *person]).collect();
    let alpha = krippendorff_alpha(&units, Level::Interval);
    // Without other answers the labelled ones are the run: then people have scored all of it.
    let (level, level_interval) = match ppi_mean(&people, &judge, &unlabelled) {
        Some((level, interval)) => (level, interval),
        None => (mean(&people)?, of_mean(&people)),
    };
    Some(Calibration {
        n,
        accuracy: agreed as f64 / n as f64,
        accuracy_interval: wilson(agreed as f64, n),
        confusion,
        kappa: cohen_kappa(&binary, Weighting::Plain),
        weighted_kappa: cohen_kappa(&pairs, Weighting::Quadratic),
        alpha,
        bias: mean(&differences)?,
        bias_interval: of_mean(&differences),
        judge_level: mean(&[judge, unlabelled].concat())?,
        level,
        level_interval,
        finding: finding(alpha, n),
    })
}

/// The level of a judge's scores, corrected by people's labels: prediction-powered inference, as (mean, 95 % interval).
///
/// With `n` answers that have a label `y` and a judge's score `f`, and `N` others with a score alone:
/// `mean(f of the others) + mean(y - f)`, standard error `sqrt(var(y - f) / n + var(f of the others) / N)`, variances
/// with `n` and `N` in the denominator, a normal interval. A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan and
/// T. Zrnic, *Prediction-powered inference*, Science 382 (2023), 669-674, algorithm 1.
///
/// `None` without labels, without other answers, or when the lists of labels and scores differ in length. The interval is
/// `None` for fewer than two labels, and when neither varies: a width of zero would claim a certainty that nobody has.
pub fn ppi_mean(labels: &[f64], scores: &[f64], others: &[f64]) -> Option<(f64, Option<(f64, f64)>)> {
    if labels.len() != scores.len() {
        return None;
    }
    let errors: Vec<f64> = labels.iter().zip(scores).map(|(label, score)| label - score).collect();
    let level = mean(others)? + mean(&errors)?;
    let error = (variance(&errors) / errors.len() as f64 + variance(others) / others.len() as f64).sqrt();
    let has_interval = labels.len() > 1 && error > 0.0;
    Some((level, has_interval.then_some((level - NORMAL * error, level + NORMAL * error))))
}

fn variance(values: &[f64]) -> f64 {
    let center = mean(values).unwrap_or_default();
    let squares: Vec<f64> = values.iter().map(|value| (value - center).powi(2)).collect();
    mean(&squares).unwrap_or_default()
}

fn confusion(passes: impl Iterator<Item = (bool, bool)>) -> Confusion {
    let mut found = Confusion::default();
    for (judge, person) in passes {
        *match (judge, person) {
            (true, true) => &mut found.both_pass,
            (true, false) => &mut found.judge_only,
            (false, true) => &mut found.person_only,
            (false, false) => &mut found.both_fail,
        } += 1;
    }
    found
}

fn finding(alpha: Option<f64>, n: u64) -> Finding {
    let (fitness, words) = match alpha {
        Some(alpha) if alpha < LEAST_ALPHA => {
            (Fitness::Unfit, format!("agrees too little with people: alpha {alpha:.2}"))
        }
        Some(alpha) => (Fitness::Fit, format!("agrees with people: alpha {alpha:.2}")),
        None => (Fitness::Unknown, "all scores are the same: there is nothing to agree on".to_owned()),
    };
    Finding {
        check: "calibration",
        fitness,
        value: alpha,
        interval: None,
        limit: LEAST_ALPHA,
        n,
        unscored: 0,
        cost: Some(Money::ZERO),
        words,
    }
}
