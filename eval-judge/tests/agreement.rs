//! Agreement and corrected levels against reference values (statsmodels, the package krippendorff, ppi_py).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use eval_core::{Score, Verdict};
use eval_judge::{Level, Weighting, cohen_kappa, krippendorff_alpha, panel_agreement, ppi_mean};
use serde_json::Value;

fn cases(text: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    assert!(cases.len() > 4);
    cases
}

fn numbers(value: &Value) -> Vec<Option<f64>> {
    value.as_array().unwrap().iter().map(Value::as_f64).collect()
}

fn close(found: Option<f64>, expected: &Value, what: &str) {
    match (found, expected.as_f64()) {
        (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-9, "{what}: {found} against {expected}"),
        (found, expected) => assert_eq!(found, expected, "{what}"),
    }
}

#[test]
fn kappa_and_alpha() {
    for case in cases(include_str!("data/kappa_alpha.json")) {
        let (input, expected, id) = (&case["input"], &case["expected"], case["id"].as_str().unwrap());
        let pairs: Vec<(f64, f64)> =
            numbers(&input["a"]).into_iter().zip(numbers(&input["b"])).map(|(a, b)| (a.unwrap(), b.unwrap())).collect();
        for (weighting, name) in [
            (Weighting::Plain, "kappa"),
            (Weighting::Linear, "kappa_linear"),
            (Weighting::Quadratic, "kappa_quadratic"),
        ] {
            close(cohen_kappa(&pairs, weighting), &expected[name], &format!("{id} {name}"));
        }
        let both = numbers(&input["a_missing"]).into_iter().zip(numbers(&input["b_missing"]));
        let units: Vec<Vec<f64>> = both.map(|(a, b)| a.into_iter().chain(b).collect()).collect();
        for (level, name) in
            [(Level::Nominal, "alpha_nominal"), (Level::Ordinal, "alpha_ordinal"), (Level::Interval, "alpha_interval")]
        {
            close(krippendorff_alpha(&units, level), &expected[name], &format!("{id} {name}"));
        }
    }
}

#[test]
fn levels_corrected_by_labels() {
    for case in cases(include_str!("data/ppi_mean.json")) {
        let list = |name: &str| numbers(&case["input"][name]).into_iter().flatten().collect::<Vec<f64>>();
        let (level, interval) = ppi_mean(&list("y"), &list("f"), &list("f_unlabeled")).unwrap();
        close(Some(level), &case["expected"]["theta"], "theta");
        if let Some((low, high)) = interval {
            close(Some(low), &case["expected"]["lo"], "lo");
            close(Some(high), &case["expected"]["hi"], "hi");
        } else {
            assert_eq!(case["expected"]["se"].as_f64(), Some(0.0));
        }
    }
    assert_eq!(ppi_mean(&[], &[], &[1.0]), None);
    assert_eq!(ppi_mean(&[1.0], &[1.0], &[]), None);
    assert_eq!(ppi_mean(&[1.0], &[1.0, 0.0], &[1.0]), None);
    assert_eq!(ppi_mean(&[1.0], &[0.0], &[0.5, 0.6]).unwrap().1, None, "one label carries no interval");
}

#[test]
fn nothing_to_agree_on() {
    assert_eq!(cohen_kappa(&[], Weighting::Plain), None);
    assert_eq!(cohen_kappa(&[(1.0, 1.0); 5], Weighting::Plain), None);
    assert_eq!(krippendorff_alpha(&[vec![1.0], vec![0.0]], Level::Nominal), None);
    assert_eq!(krippendorff_alpha(&[], Level::Interval), None);
    // Zero has two signs and is one score.
    assert_eq!(krippendorff_alpha(&[vec![0.0, -0.0]], Level::Nominal), None);
}

#[test]
fn a_panel_agrees_by_the_scores_of_its_members() {
    let run = ["a: 1: x\nb: 1: y", "a: 0: x\nb: unscored: 1: 0: no", "a: 0: x\nb: 0: y: 1: z"];
    let run = run.map(|lines| Verdict::scored("panel", Score::ONE, lines));
    assert_eq!(panel_agreement(&run, Level::Interval), Some(1.0));
}
