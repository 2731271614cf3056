//! The statistics against reference values, with the tolerance that each file states.

mod distributions;
mod effects;
mod sequences;

use eval_drift::reference::CaseFile;
use serde_json::Value;

/// Holds what is computed to what a case file expects.
pub(crate) fn holds(file: &str) {
    let cases: CaseFile = serde_json::from_str(file).expect("a case file");
    let outcome = cases.check();
    assert!(outcome.cases >= 20, "{}: {} cases", outcome.statistic, outcome.cases);
    assert_eq!(outcome.failed, 0, "{}:\n{}", outcome.statistic, outcome.failures.join("\n"));
}

/// A check that cannot fail shows nothing.
#[test]
fn an_altered_value_fails() {
    let mut cases: CaseFile = serde_json::from_str(include_str!("../fixtures/paired_t.json")).expect("a case file");
    let mean = &mut cases.cases[4].expected["mean_diff"];
    *mean = Value::from(mean.as_f64().expect("a number") + 1e-6);
    let outcome = cases.check();
    assert_eq!((outcome.failed, outcome.passed()), (1, outcome.cases - 1), "{:?}", outcome.failures);
    assert!(outcome.failures[0].contains("paired_t-o04.mean_diff"), "{:?}", outcome.failures);
    assert!((outcome.worst_error - 1e-6).abs() < 1e-9, "{}", outcome.worst_error);
}

#[test]
fn a_figure_where_none_is_expected_fails() {
    let mut cases: CaseFile = serde_json::from_str(include_str!("../fixtures/mcnemar.json")).expect("a case file");
    cases.cases[1].expected["chi2"] = Value::Null;
    assert_eq!(cases.check().failed, 1);
}
