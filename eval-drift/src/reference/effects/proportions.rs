//! Counts and proportions.

use serde_json::{Value, json};

use crate::reference::input::{field, number};
use crate::{Proportion, agresti_coull, clopper_pearson, jeffreys, paired_proportions, wilson};

fn proportion(input: &Value, count: &str, of: &str) -> Result<Proportion, String> {
    let (k, n) = (field(input, count)?, field(input, of)?);
    Proportion::new(k, n).ok_or_else(|| format!("input `{count}` is {k}, more than `{of}`, {n}"))
}

pub(super) fn proportion_ci(input: &Value) -> Result<Value, String> {
    let proportion = proportion(input, "k", "n")?;
    let confidence = 1.0 - field::<f64>(input, "alpha")?;
    let ends = |method: fn(Proportion, f64) -> Option<(f64, f64)>| match method(proportion, confidence) {
        Some((low, high)) => json!([low, high]),
        None => json!([null, null]),
    };
    Ok(json!({
        "wilson": ends(wilson),
        "beta": ends(clopper_pearson),
        "jeffreys": ends(jeffreys),
        "agresti_coull": ends(agresti_coull),
    }))
}

pub(super) fn two_proportions(input: &Value) -> Result<Value, String> {
    let (before, after) = (proportion(input, "k1", "n1")?, proportion(input, "k2", "n2")?);
    let z = crate::two_proportion_z(before, after);
    let fisher = crate::fisher_exact(before, after);
    Ok(json!({
        "z": z.map(|found| found.z),
        "p_z": z.map(|found| found.p_two),
        "fisher_two": fisher.p_two,
        "fisher_increase": fisher.p_increase,
        "rate_binom_increase": crate::rate_test(before, after).map(|found| found.p_increase),
    }))
}

pub(super) fn mcnemar(input: &Value) -> Result<Value, String> {
    let found = crate::mcnemar(field(input, "b")?, field(input, "c")?);
    let asymptotic = found.chi_squared;
    Ok(json!({
        "p_exact": found.p_exact,
        "p_midp": found.p_mid,
        "p_worse": found.p_worse,
        "chi2": asymptotic.map(|test| test.statistic),
        "p_chi2": asymptotic.map(|test| test.p),
        "chi2_cc": asymptotic.map(|test| test.corrected),
        "p_chi2_cc": asymptotic.map(|test| test.p_corrected),
    }))
}

pub(super) fn paired_binary_diff_ci(input: &Value) -> Result<Value, String> {
    let found = paired_proportions(field(input, "b")?, field(input, "c")?, field(input, "n")?, field(input, "conf")?);
    Ok(json!({
        "diff": found.map(|found| found.difference),
        "bp_center": found.map(|found| found.bonett_price.center),
        "bp_se": found.map(|found| found.bonett_price.standard_error),
        "lo": found.map(|found| found.bonett_price.low),
        "hi": found.map(|found| found.bonett_price.high),
        "wald_lo": found.map(|found| found.wald.0),
        "wald_hi": found.map(|found| found.wald.1),
    }))
}

pub(super) fn chi2(input: &Value) -> Result<Value, String> {
    let (reference, current): (Vec<u64>, Vec<u64>) = (field(input, "ref")?, field(input, "cur")?);
    let same = crate::chi_squared_homogeneity(&reference, &current);
    let fit = crate::chi_squared_fit(&reference, &current);
    Ok(json!({
        "chi2": number(same.map(|found| found.statistic)),
        "df": same.map(|found| found.df),
        "p": same.and_then(|found| found.p),
        "gof_chi2": number(fit.map(|found| found.statistic)),
        "gof_p": fit.and_then(|found| found.p),
    }))
}
