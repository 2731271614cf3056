//! Two samples as wholes, agreement, resampling and many tests at once.

use serde_json::{Map, Value, json};

use super::input::{field, number};
use crate::{Level, PpiEstimate};

/// The figures of a statistic of this family; `None` when it is none of them.
pub(super) fn compute(statistic: &str, input: &Value) -> Option<Result<Value, String>> {
    let figures = match statistic {
        "ks_2samp" => ks_2samp,
        "cramer_von_mises_2samp" => cramer_von_mises,
        "anderson_ksamp" => anderson_darling,
        "distances" => distances,
        "mmd_rbf" => mmd_rbf,
        "bootstrap_bca" => bootstrap_bca,
        "kappa_alpha" => kappa_alpha,
        "ppi_mean" => ppi_mean,
        "multiple_testing" => multiple_testing,
        "beta_binomial" => beta_binomial,
        _ => return None,
    };
    Some(figures(input))
}

/// Figures by name, `null` for what is undefined.
fn figures<const N: usize>(figures: [(&str, Option<f64>); N]) -> Result<Value, String> {
    Ok(Value::Object(
        figures.map(|(name, figure)| (name.to_owned(), number(figure))).into_iter().collect::<Map<_, _>>(),
    ))
}

fn numbers(input: &Value, name: &str) -> Result<Vec<f64>, String> {
    field(input, name)
}

fn ks_2samp(input: &Value) -> Result<Value, String> {
    let found = crate::ks_2samp(&numbers(input, "a")?, &numbers(input, "b")?);
    figures([
        ("D", found.map(|found| found.d)),
        ("p_asymp", found.and_then(|found| found.p_asymptotic)),
        ("p_exact", found.and_then(|found| found.p_exact)),
    ])
}

fn cramer_von_mises(input: &Value) -> Result<Value, String> {
    let found = crate::cramer_von_mises(&numbers(input, "a")?, &numbers(input, "b")?);
    figures([
        ("stat", found.map(|found| found.statistic)),
        ("p_asymp", found.map(|found| found.p_asymptotic)),
        ("p_exact", found.and_then(|found| found.p_exact)),
    ])
}

fn anderson_darling(input: &Value) -> Result<Value, String> {
    let found = crate::anderson_darling(&[&numbers(input, "a")?, &numbers(input, "b")?]);
    figures([("stat", found.map(|found| found.statistic)), ("p", found.map(|found| found.p))])
}

fn distances(input: &Value) -> Result<Value, String> {
    let (reference, current) = (numbers(input, "ref")?, numbers(input, "cur")?);
    let (p, q): (Vec<u64>, Vec<u64>) = (field(input, "ref_counts")?, field(input, "cur_counts")?);
    figures([
        ("psi", crate::population_stability_index(&p, &q)),
        ("js_distance", crate::jensen_shannon_distance(&p, &q)),
        ("tv", crate::total_variation(&p, &q)),
        ("wasserstein", crate::wasserstein(&reference, &current)),
        ("wasserstein_norm", crate::wasserstein_normed(&reference, &current)),
        ("energy", crate::energy_distance(&reference, &current)),
    ])
}

fn mmd_rbf(input: &Value) -> Result<Value, String> {
    let (x, y): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (field(input, "x")?, field(input, "y")?);
    let found = crate::mmd_rbf(&x, &y, field(input, "sigma2")?);
    figures([("mmd2_u", found.and_then(|found| found.unbiased)), ("mmd2_b", found.map(|found| found.biased))])
}

fn bootstrap_bca(input: &Value) -> Result<Value, String> {
    let found = crate::bca(&numbers(input, "x")?, &numbers(input, "boot")?, field(input, "conf")?);
    let interval = found.and_then(|found| found.interval);
    figures([
        ("z0", found.map(|found| found.z0)),
        ("accel", found.and_then(|found| found.acceleration)),
        ("lo", interval.map(|(low, _)| low)),
        ("hi", interval.map(|(_, high)| high)),
        ("pct_lo", found.map(|found| found.percentile.0)),
        ("pct_hi", found.map(|found| found.percentile.1)),
    ])
}

fn kappa_alpha(input: &Value) -> Result<Value, String> {
    let (a, b): (Vec<usize>, Vec<usize>) = (field(input, "a")?, field(input, "b")?);
    let kappa = crate::cohen_kappa(&a, &b, field(input, "categories")?);
    let (a, b): (Vec<Option<f64>>, Vec<Option<f64>>) = (field(input, "a_missing")?, field(input, "b_missing")?);
    let alpha = |level| crate::krippendorff_alpha(&[&a, &b], level);
    figures([
        ("kappa", kappa.and_then(|found| found.kappa)),
        ("kappa_se", kappa.and_then(|found| found.standard_error)),
        ("kappa_linear", kappa.and_then(|found| found.linear)),
        ("kappa_quadratic", kappa.and_then(|found| found.quadratic)),
        ("alpha_nominal", alpha(Level::Nominal)),
        ("alpha_interval", alpha(Level::Interval)),
        ("alpha_ordinal", alpha(Level::Ordinal)),
    ])
}

fn ppi_mean(input: &Value) -> Result<Value, String> {
    let (labels, predictions) = (numbers(input, "y")?, numbers(input, "f")?);
    let found = crate::ppi_mean(&labels, &predictions, &numbers(input, "f_unlabeled")?);
    let plain = |figure: fn(PpiEstimate) -> f64| found.map(|found| figure(found.estimate));
    figures([
        ("classical", found.map(|found| found.classical)),
        ("theta", plain(|estimate| estimate.mean)),
        ("se", plain(|estimate| estimate.standard_error)),
        ("lo", plain(|estimate| estimate.low)),
        ("hi", plain(|estimate| estimate.high)),
        ("lambda_pp", found.map(|found| found.lambda)),
        ("theta_pp", found.map(|found| found.tuned.mean)),
        ("se_pp", found.map(|found| found.tuned.standard_error)),
    ])
}

fn multiple_testing(input: &Value) -> Result<Value, String> {
    let p = numbers(input, "p")?;
    Ok(json!({
        "bonferroni": crate::bonferroni(&p),
        "holm": crate::holm(&p),
        "fdr_bh": crate::benjamini_hochberg(&p),
        "fdr_by": crate::benjamini_yekutieli(&p),
        "ebh_rejections": crate::e_benjamini_hochberg(&numbers(input, "e")?, field(input, "alpha")?),
    }))
}

fn beta_binomial(input: &Value) -> Result<Value, String> {
    let count = |successes, trials| Ok::<_, String>((field(input, successes)?, field(input, trials)?));
    let found = crate::beta_binomial(count("k1", "n1")?, count("k2", "n2")?, field(input, "prior")?);
    Ok(json!({
        "p_second_lower": found.map(|found| found.p_second_lower),
        "cred1": found.map(|found| found.credible),
        "predictive_p_le": found.map(|found| found.predictive_p),
    }))
}
