//! Distributions, agreement, resampling and many tests at once, against reference values.

use crate::holds;

#[test]
fn ks_2samp() {
    holds(include_str!("../fixtures/ks_2samp.json"));
}

#[test]
fn cramer_von_mises_2samp() {
    holds(include_str!("../fixtures/cramer_von_mises_2samp.json"));
}

#[test]
fn anderson_ksamp() {
    holds(include_str!("../fixtures/anderson_ksamp.json"));
}

#[test]
fn distances() {
    holds(include_str!("../fixtures/distances.json"));
}

#[test]
fn mmd_rbf() {
    holds(include_str!("../fixtures/mmd_rbf.json"));
}

#[test]
fn bootstrap_bca() {
    holds(include_str!("../fixtures/bootstrap_bca.json"));
}

#[test]
fn kappa_alpha() {
    holds(include_str!("../fixtures/kappa_alpha.json"));
}

#[test]
fn ppi_mean() {
    holds(include_str!("../fixtures/ppi_mean.json"));
}

#[test]
fn multiple_testing() {
    holds(include_str!("../fixtures/multiple_testing.json"));
}

#[test]
fn beta_binomial() {
    holds(include_str!("../fixtures/beta_binomial.json"));
}
