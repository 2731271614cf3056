//! One mean, two proportions, pairs: intervals, tests and power.

use crate::holds;

#[test]
fn chi2() {
    holds(include_str!("../fixtures/chi2.json"));
}

#[test]
fn clustered_se() {
    holds(include_str!("../fixtures/clustered_se.json"));
}

#[test]
fn mann_whitney() {
    holds(include_str!("../fixtures/mann_whitney.json"));
}

#[test]
fn mcnemar() {
    holds(include_str!("../fixtures/mcnemar.json"));
}

#[test]
fn mean_se_ci() {
    holds(include_str!("../fixtures/mean_se_ci.json"));
}

#[test]
fn normal_scores() {
    holds(include_str!("../fixtures/normal_scores.json"));
}

#[test]
fn paired_binary_diff_ci() {
    holds(include_str!("../fixtures/paired_binary_diff_ci.json"));
}

#[test]
fn paired_t() {
    holds(include_str!("../fixtures/paired_t.json"));
}

#[test]
fn power_mde() {
    holds(include_str!("../fixtures/power_mde.json"));
}

#[test]
fn proportion_ci() {
    holds(include_str!("../fixtures/proportion_ci.json"));
}

#[test]
fn quantiles_latency() {
    holds(include_str!("../fixtures/quantiles_latency.json"));
}

#[test]
fn sign_flip_exact() {
    holds(include_str!("../fixtures/sign_flip_exact.json"));
}

#[test]
fn special_functions() {
    holds(include_str!("../fixtures/special_functions.json"));
}

#[test]
fn tost_noninferiority() {
    holds(include_str!("../fixtures/tost_noninferiority.json"));
}

#[test]
fn two_proportions() {
    holds(include_str!("../fixtures/two_proportions.json"));
}

#[test]
fn wilcoxon_signed_rank() {
    holds(include_str!("../fixtures/wilcoxon_signed_rank.json"));
}
