//! Distributions, agreement, resampling and many tests at once, against reference values.

use eval_drift::reference::CaseFile;

fn check(file: &str) {
    let file: CaseFile = serde_json::from_str(file).expect("a case file");
    let outcome = file.check();
    assert_eq!(outcome.failed, 0, "of {} cases: {}", outcome.cases, outcome.failures.join("; "));
    assert!(outcome.cases >= 20, "only {} cases", outcome.cases);
}

#[test]
fn ks_2samp() {
    check(include_str!("fixtures/ks_2samp.json"));
}

#[test]
fn cramer_von_mises_2samp() {
    check(include_str!("fixtures/cramer_von_mises_2samp.json"));
}

#[test]
fn anderson_ksamp() {
    check(include_str!("fixtures/anderson_ksamp.json"));
}

#[test]
fn distances() {
    check(include_str!("fixtures/distances.json"));
}

#[test]
fn mmd_rbf() {
    check(include_str!("fixtures/mmd_rbf.json"));
}

#[test]
fn bootstrap_bca() {
    check(include_str!("fixtures/bootstrap_bca.json"));
}

#[test]
fn kappa_alpha() {
    check(include_str!("fixtures/kappa_alpha.json"));
}

#[test]
fn ppi_mean() {
    check(include_str!("fixtures/ppi_mean.json"));
}

#[test]
fn multiple_testing() {
    check(include_str!("fixtures/multiple_testing.json"));
}

#[test]
fn beta_binomial() {
    check(include_str!("fixtures/beta_binomial.json"));
}
