//! Statistics of runs one after the other, held to reference values.

use crate::holds;
use eval_drift::glr_threshold;
use serde_json::Value;

#[test]
fn adwin() {
    holds(include_str!("../fixtures/adwin.json"));
}

#[test]
fn betting_cs() {
    holds(include_str!("../fixtures/betting_cs.json"));
}

#[test]
fn confseq_bounds() {
    holds(include_str!("../fixtures/confseq_bounds.json"));
}

#[test]
fn cusum_ewma() {
    holds(include_str!("../fixtures/cusum_ewma.json"));
}

#[test]
fn drift_pipeline() {
    holds(include_str!("../fixtures/drift_pipeline.json"));
}

#[test]
fn page_hinkley() {
    holds(include_str!("../fixtures/page_hinkley.json"));
}

#[test]
fn pelt_l2() {
    holds(include_str!("../fixtures/pelt_l2.json"));
}

#[test]
fn sr_edetector() {
    holds(include_str!("../fixtures/sr_edetector.json"));
}

#[test]
fn glr_thresholds_are_those_of_the_table() {
    let file: Value = serde_json::from_str(include_str!("../fixtures/cpm_thresholds.json")).unwrap();
    let first = file["t_first"].as_u64().unwrap() as usize;
    for (alpha, row) in file["table"].as_object().unwrap() {
        let alpha: f64 = alpha.parse().unwrap();
        let thresholds: Vec<f64> = serde_json::from_value(row["h"].clone()).unwrap();
        for (at, threshold) in thresholds.iter().enumerate() {
            assert_eq!(glr_threshold(first + at, alpha), Some(*threshold));
        }
        assert_eq!(glr_threshold(10_000, alpha), thresholds.last().copied());
        assert_eq!(glr_threshold(first - 1, alpha), None);
    }
    assert_eq!((glr_threshold(90, 0.05), glr_threshold(90, f64::NAN)), (None, None));
}
