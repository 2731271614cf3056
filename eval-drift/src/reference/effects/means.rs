//! One mean, its error and what it can see.

use serde_json::{Value, json};

use crate::reference::input::{field, number};
use crate::{
    clustered_mean, mean_interval, minimum_detectable_effect, paired_deviation, paired_t_power, questions_needed,
};

pub(super) fn mean_se_ci(input: &Value) -> Result<Value, String> {
    let values: Vec<f64> = field(input, "x")?;
    let found = mean_interval(&values, field(input, "conf")?);
    let interval = found.and_then(|found| found.interval);
    Ok(json!({
        "n": values.len(),
        "mean": found.map(|found| found.mean),
        "sd": found.and_then(|found| found.standard_deviation),
        "se": found.and_then(|found| found.standard_error),
        "lo": number(interval.map(|(low, _)| low)),
        "hi": number(interval.map(|(_, high)| high)),
    }))
}

pub(super) fn clustered_se(input: &Value) -> Result<Value, String> {
    let clusters: Vec<i64> = field(input, "cluster")?;
    let found = clustered_mean(&field::<Vec<f64>>(input, "y")?, &clusters);
    Ok(json!({
        "mean": found.map(|found| found.mean),
        "clusters": found.map_or(0, |found| found.clusters),
        "se_cr0": found.map(|found| found.cr0),
        "se_cr1": found.and_then(|found| found.cr1),
    }))
}

pub(super) fn power_mde(input: &Value) -> Result<Value, String> {
    let real = |name| field::<f64>(input, name);
    let (deviation, difference, alpha, power) = (real("sd")?, real("delta")?, real("alpha")?, real("power")?);
    let n = field(input, "n")?;
    let resampled = paired_deviation(real("var_between")?, real("var_within")?, field(input, "K")?);
    Ok(json!({
        "power_t": paired_t_power(difference, deviation, n, alpha),
        "mde_normal": minimum_detectable_effect(deviation, n, alpha, power),
        "n_normal": questions_needed(difference, deviation, alpha, power),
        "sd_of_diff_with_K": resampled,
        "n_with_K": resampled.and_then(|deviation| questions_needed(difference, deviation, alpha, power)),
    }))
}
