//! The stream of the mean as the monitor computes it, run by run.

use serde_json::{Map, Value, json};

use super::super::input::{field, number};
use crate::monitor::{MeanStep, mean_steps};

/// Below this score the strongest cut is a matter of rounding.
const ROUNDING: f64 = 1e-9;

/// A figure that each run has, by name.
type Figure = (&'static str, fn(&MeanStep) -> Value);

const FIGURES: [Figure; 9] = [
    ("run_mean", |step| number(step.level)),
    ("sigma2", |step| number(step.variance)),
    ("df", |step| number(step.df)),
    ("k3", |step| number(step.third_cumulant)),
    ("u", |step| number(step.u)),
    ("log10_M", |step| number(step.evidence.map(f64::log10))),
    ("cpm_G", |step| number(step.cut.map(|cut| cut.score))),
    ("cpm_k", |step| step.cut.map_or(json!(-1), |cut| json!(distinct(step).map(|_| cut.before)))),
    ("cpm_effect", |step| number(distinct(step))),
];

pub(super) fn drift_pipeline(input: &Value) -> Result<Value, String> {
    let runs: Vec<Vec<Option<f64>>> = field(input, "X")?;
    let steps = mean_steps(&runs);
    let column = |(name, figure): Figure| (name.to_owned(), steps.iter().map(figure).collect());
    Ok(Value::Object(FIGURES.into_iter().map(column).collect::<Map<_, _>>()))
}

/// The drop at the strongest cut, unless there is nothing to tell cuts apart by.
fn distinct(step: &MeanStep) -> Option<f64> {
    step.cut.filter(|cut| cut.score.abs() >= ROUNDING).map(|cut| cut.drop)
}
