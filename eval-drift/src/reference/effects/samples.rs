//! Independent samples and latencies.

use serde_json::{Map, Value, json};

use crate::reference::input::field;
use crate::{harrell_davis, hodges_lehmann_ratio, hodges_lehmann_shift, quantile, quantile_interval};

pub(super) fn mann_whitney(input: &Value) -> Result<Value, String> {
    let (before, after): (Vec<f64>, Vec<f64>) = (field(input, "a")?, field(input, "b")?);
    let found = crate::mann_whitney(&before, &after);
    let asymptotic = found.and_then(|found| found.asymptotic);
    Ok(json!({
        "U": found.map(|found| found.u),
        "p": asymptotic.map(|test| test.p_corrected),
        "p_no_cc": asymptotic.map(|test| test.p_two),
        "hl": hodges_lehmann_shift(&before, &after),
        "prob_sup": found.map(|found| found.superiority),
        "p_exact": found.and_then(|found| found.p_exact),
    }))
}

pub(super) fn quantiles_latency(input: &Value) -> Result<Value, String> {
    let (before, after): (Vec<f64>, Vec<f64>) = (field(input, "a")?, field(input, "b")?);
    let mut figures = Map::new();
    for probability in [0.5, 0.9, 0.95, 0.99] {
        figures.insert(format!("q{probability}"), json!(quantile(&after, probability)));
        figures.insert(format!("hd{probability}"), json!(harrell_davis(&after, probability)));
    }
    let change = hodges_lehmann_ratio(&before, &after);
    figures.insert("hl_log_ratio".into(), json!(change.map(|found| found.log_ratio)));
    figures.insert("ratio".into(), json!(change.map(|found| found.ratio)));
    let median = quantile_interval(&after, 0.5, 0.95);
    let ends = [median.and_then(|found| found.low), median.and_then(|found| found.high)];
    figures.insert("median_ci".into(), json!(ends));
    Ok(Value::Object(figures))
}
