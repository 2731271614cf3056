//! Differences of scores of the same questions.

use serde_json::{Map, Value, json};

use crate::reference::input::field;
use crate::{WilcoxonAsymptotic, Zeros};

/// The differences `b - a`.
fn differences(input: &Value) -> Result<Vec<f64>, String> {
    let (before, after): (Vec<f64>, Vec<f64>) = (field(input, "a")?, field(input, "b")?);
    if before.len() != after.len() {
        return Err(format!("input `a` has {} values and `b` {}", before.len(), after.len()));
    }
    Ok(after.iter().zip(before).map(|(after, before)| after - before).collect())
}

pub(super) fn paired_t(input: &Value) -> Result<Value, String> {
    let differences = differences(input)?;
    let found = crate::paired_t(&differences);
    let test = found.and_then(|found| found.test);
    Ok(json!({
        "n": differences.len(),
        "mean_diff": found.map(|found| found.mean),
        "se": found.and_then(|found| found.standard_error),
        "t": test.map(|test| test.t),
        "df": found.map(|found| found.df),
        "p_two": test.map(|test| test.p_two),
        "p_less": test.map(|test| test.p_less),
        "lo": test.map(|test| test.low),
        "hi": test.map(|test| test.high),
    }))
}

pub(super) fn sign_flip_exact(input: &Value) -> Result<Value, String> {
    let found = crate::sign_flip(&differences(input)?, 1);
    Ok(json!({
        "mean_diff": found.map(|found| found.mean),
        "p_two": found.map(|found| found.p_two),
        "p_less": found.map(|found| found.p_less),
    }))
}

pub(super) fn tost_noninferiority(input: &Value) -> Result<Value, String> {
    let (differences, margin) = (differences(input)?, field(input, "margin")?);
    let (tost, shown) = (crate::tost(&differences, margin), crate::non_inferiority(&differences, margin));
    Ok(json!({
        "p_tost": tost.map(|found| found.p),
        "t_low": tost.map(|found| found.t_low),
        "p_low": tost.map(|found| found.p_low),
        "t_high": tost.map(|found| found.t_high),
        "p_high": tost.map(|found| found.p_high),
        "p_noninferior": shown.map(|found| found.p),
        "lo90": shown.map(|found| found.low90),
    }))
}

pub(super) fn wilcoxon_signed_rank(input: &Value) -> Result<Value, String> {
    let differences = differences(input)?;
    let mut figures = Map::new();
    for (name, zeros) in [("wilcox", Zeros::Dropped), ("pratt", Zeros::Pratt)] {
        let found = crate::wilcoxon_signed_rank(&differences, zeros);
        let statistic = found.map(|found| found.statistic());
        let asymptotic = found.and_then(|found| found.asymptotic);
        let mut put = |correction: &str, p: fn(WilcoxonAsymptotic) -> f64| {
            figures.insert(format!("{name}_approx_{correction}"), json!({"stat": statistic, "p": asymptotic.map(p)}));
        };
        put("cc0", |test| test.p_two);
        put("cc1", |test| test.p_corrected);
        if let Some(exact) = found.and_then(|found| found.exact) {
            figures.insert("exact".into(), json!({"stat": statistic, "p": exact.p_two, "p_less": exact.p_less}));
        }
    }
    Ok(Value::Object(figures))
}
