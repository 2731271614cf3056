//! The statistics against reference values, with the tolerance that each file states.

use eval_drift::{bonett_price, paired_t, sign_flip};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Reference {
    rel_tol: f64,
    abs_tol: f64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    input: Value,
    expected: Value,
}

impl Case {
    fn scores(&self, name: &str) -> Vec<f64> {
        serde_json::from_value(self.input[name].clone()).expect("a list of scores")
    }

    fn differences(&self) -> Vec<f64> {
        self.scores("b").iter().zip(self.scores("a")).map(|(current, baseline)| current - baseline).collect()
    }

    fn count(&self, name: &str) -> usize {
        serde_json::from_value(self.input[name].clone()).expect("a count")
    }
}

/// Holds what `compute` finds to what the file expects; `ignored` are figures of the file that are not ours.
fn check(file: &str, ignored: &[&str], compute: impl Fn(&Case) -> Value) {
    let reference: Reference = serde_json::from_str(file).expect("a reference file");
    assert_eq!(reference.cases.len(), 20);
    for case in &reference.cases {
        let found = compute(case);
        for (name, expected) in case.expected.as_object().expect("named figures") {
            if !ignored.contains(&name.as_str()) {
                assert!(
                    near(&reference, &found[name], expected),
                    "{} {name}: {} is not {expected}",
                    case.id,
                    found[name]
                );
            }
        }
    }
}

fn near(reference: &Reference, found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => {
            (found - expected).abs() <= reference.abs_tol + reference.rel_tol * expected.abs()
        }
        _ => found == expected,
    }
}

// scipy.stats.ttest_rel(b, a) with its confidence_interval(0.95); null where scipy gives nan.
#[test]
fn paired_t_is_that_of_scipy() {
    check(include_str!("fixtures/paired_t.json"), &[], |case| {
        let found = paired_t(&case.differences()).unwrap();
        let test = found.test;
        json!({
            "n": found.n,
            "mean_diff": found.mean,
            "se": found.standard_error,
            "t": test.map(|test| test.t),
            "df": found.df,
            "p_two": test.map(|test| test.p_two),
            "p_less": test.map(|test| test.p_less),
            "lo": test.map(|test| test.low),
            "hi": test.map(|test| test.high),
        })
    });
}

// All 2^n patterns of signs enumerated; cross-checked with scipy.stats.permutation_test(permutation_type="samples").
#[test]
fn sign_flip_is_the_enumeration() {
    check(include_str!("fixtures/sign_flip_exact.json"), &[], |case| {
        let found = sign_flip(&case.differences(), 1).unwrap();
        json!({"mean_diff": found.mean, "p_two": found.p_two, "p_less": found.p_less})
    });
}

// The closed form of Bonett and Price (2012); b questions got worse, c better.
#[test]
fn bonett_price_is_the_closed_form() {
    let plain = ["diff", "wald_lo", "wald_hi"];
    check(include_str!("fixtures/paired_binary_diff_ci.json"), &plain, |case| {
        let (worse, better) = (case.count("b"), case.count("c"));
        assert_eq!(case.input["conf"], 0.95);
        let mut differences = vec![0.0; case.count("n")];
        differences[..worse].fill(-1.0);
        differences[worse..worse + better].fill(1.0);
        let found = bonett_price(&differences).unwrap();
        json!({"bp_center": found.center, "bp_se": found.standard_error, "lo": found.low, "hi": found.high})
    });
}
