//! The detectors as a program that embeds them sees them.

use eval_core::{
    DriftDetector, DriftError, DriftReport, History, RunId, SampleKey, SampleScore, Severity, Timestamp, Window,
};
use eval_drift::{BestRunThreshold, PairedTest};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn window(scores: &[f64]) -> Window {
    numbered(0, scores)
}

/// A window whose questions are numbered from `first`.
fn numbered(first: usize, scores: &[f64]) -> Window {
    edited(first, "as it was", scores)
}

/// A window whose questions all have this content.
fn edited(first: usize, content: &str, scores: &[f64]) -> Window {
    let key = |at: usize| SampleKey::new(format!("q{:03}", first + at).as_str(), content);
    let scores = scores.iter().enumerate().map(|(at, score)| SampleScore::new(key(at), "math", *score)).collect();
    Window::new(RunId::new(), Timestamp::UNIX_EPOCH, scores)
}

fn paired(windows: Vec<Window>) -> Result<DriftReport, DriftError> {
    PairedTest::new().detect(&History::new(windows))
}

fn best(windows: Vec<Window>) -> Result<DriftReport, DriftError> {
    BestRunThreshold::default().detect(&History::new(windows))
}

/// `right` of `n` questions right, the first ones.
fn right(right: usize, n: usize) -> Vec<f64> {
    (0..n).map(|at| f64::from(at < right)).collect()
}

fn message(found: Result<DriftReport, DriftError>) -> String {
    found.expect_err("no report").to_string()
}

#[test]
fn severity_follows_the_exact_p() {
    for (lost, severity) in [(0, Severity::Steady), (4, Severity::Steady), (5, Severity::Watch), (9, Severity::Watch)] {
        let report = paired(vec![window(&right(50, 50)), window(&right(50 - lost as usize, 50))]).unwrap();
        assert_eq!(report.severity, severity, "{lost} of 50 lost: p = 1/{}", 1 << lost);
        assert!((report.effect.unwrap() + 2.0 * f64::from(lost)).abs() < 1e-9, "{report:?}");
    }
    let (high, low) = (window(&right(50, 50)), window(&right(40, 50)));
    assert_eq!(paired(vec![high.clone(), low.clone()]).unwrap().severity, Severity::Worse, "p = 1/1024");
    assert_eq!(paired(vec![low, high]).unwrap().severity, Severity::Better);
}

#[test]
fn a_rise_is_never_watched() {
    let report = paired(vec![window(&right(43, 50)), window(&right(50, 50))]).unwrap();
    assert_eq!(report.severity, Severity::Steady, "p = 1/128, upwards");
    assert!((report.effect.unwrap() - 14.0).abs() < 1e-9, "{report:?}");
}

#[test]
fn the_baseline_is_the_mean_of_each_question_over_all_earlier_runs() {
    let earlier = [[1.0, 0.0, 0.5, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0, 0.0]];
    let report = paired(earlier.iter().map(|scores| window(scores)).chain([window(&[0.5; 5])]).collect()).unwrap();
    // Baseline .5, 0, .75, 1, 0: the mean of the differences is (0 + .5 - .25 - .5 + .5) / 5.
    assert!((report.effect.unwrap() - 5.0).abs() < 1e-9, "{report:?}");
    assert_eq!(report.n, 5);
    assert!(report.evidence.contains("against the mean of 2 earlier runs"), "{}", report.evidence);
}

#[test]
fn an_interval_never_has_width_zero() {
    let cases = [(window(&[0.5; 40]), window(&[0.5; 40])), (window(&[0.9; 40]), window(&[0.6; 40]))];
    for (earlier, current) in cases {
        let report = paired(vec![earlier, current]).unwrap();
        let ((low, high), effect) = (report.interval.unwrap(), report.effect.unwrap());
        assert!(low < effect && effect < high, "{report:?}");
        assert!(report.evidence.contains("Bonett and Price"), "{}", report.evidence);
    }
}

#[test]
fn few_binary_answers_get_the_interval_that_holds_for_them() {
    for (n, method) in [(29, "Bonett and Price"), (30, "Student's t")] {
        let report = paired(vec![window(&right(n, n)), window(&right(n - 3, n))]).unwrap();
        assert!(report.evidence.contains(method), "{n}: {}", report.evidence);
    }
    let graded = paired(vec![window(&[0.5; 8]), window(&[0.25, 0.5, 0.75, 1.0, 0.5, 0.5, 0.25, 0.0])]).unwrap();
    assert!(graded.evidence.contains("Student's t"), "{}", graded.evidence);
}

#[test]
fn new_questions_are_left_out_and_said() {
    let report = paired(vec![window(&right(8, 10)), window(&right(8, 25))]).unwrap();
    assert_eq!((report.n, report.effect), (10, Some(0.0)));
    assert!(report.evidence.contains("10 shared questions (baseline 10, current 25)"), "{}", report.evidence);
}

#[test]
fn an_edited_question_is_not_compared_with_the_old_one() {
    let parts = |content| [numbered(0, &[1.0; 10]).scores, edited(10, content, &[0.0; 2]).scores].concat();
    let whole = |content| Window::new(RunId::new(), Timestamp::UNIX_EPOCH, parts(content));
    let report = paired(vec![whole("before"), whole("after")]).unwrap();
    assert_eq!(report.n, 10);
    assert!(report.evidence.contains("10 shared questions (baseline 12, current 12)"), "{}", report.evidence);
}

#[test]
fn too_little_data_says_how_much_is_needed() {
    assert_eq!(message(paired(vec![])), "too little data: 0 runs, 2 needed");
    assert_eq!(message(paired(vec![window(&[1.0; 9])])), "too little data: 1 runs, 2 needed");
    let four = || window(&[1.0; 4]);
    assert_eq!(message(paired(vec![four(), four()])), "too little data: 4 shared questions, 5 needed");
    assert_eq!(message(paired(vec![window(&[]), four()])), "too little data: 0 shared questions, 5 needed");
    assert_eq!(message(best(vec![four()])), "too little data: 1 runs, 2 needed");
    assert_eq!(message(best(vec![four(), window(&[])])), "too little data: 0 scored questions, 1 needed");
    assert_eq!(message(best(vec![window(&[]), four()])), "too little data: 0 scored questions, 1 needed");
}

#[test]
fn coverage_of_eighty_percent_is_enough_and_less_is_not() {
    let covered = |missing| paired(vec![window(&[1.0; 50]), numbered(missing, &[1.0; 50])]);
    assert_eq!(covered(10).unwrap().n, 40);
    assert_eq!(
        message(covered(11)),
        "the runs cannot be compared: the current run scored 39 of the baseline's 50 questions (78 %), 80 % needed"
    );
    assert!(matches!(covered(50), Err(DriftError::NotComparable(_))));
}

#[test]
fn what_is_no_score_is_named() {
    for bad in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
        for windows in [vec![window(&[bad; 9]), window(&[1.0; 9])], vec![window(&[1.0; 9]), window(&[bad; 9])]] {
            let expected = format!("has the score {bad} for question q000, expected a number from 0 to 1");
            assert!(message(paired(windows.clone())).ends_with(&expected));
            assert!(message(best(windows)).ends_with(&expected));
        }
    }
}

#[test]
fn the_seed_decides_what_is_drawn_and_stands_in_the_evidence() {
    let (earlier, current) = (window(&right(30, 50)), window(&(0..50).map(|at| f64::from(at % 2)).collect::<Vec<_>>()));
    let history = History::new(vec![earlier, current]);
    let [first, again, other] = [7, 7, 8].map(|seed| PairedTest::new().seed(seed).detect(&history).unwrap());
    assert_eq!(first, again);
    assert!(first.evidence.contains("9999 sign flips, seed 7"), "{}", first.evidence);
    assert!(other.evidence.contains("seed 8"), "{}", other.evidence);
}

#[test]
fn the_best_run_is_a_strict_threshold_on_the_means() {
    let run = |score| window(&[score; 10]);
    let found = |current| best(vec![run(0.70), run(0.80), run(0.75), run(current)]).unwrap();
    assert_eq!(found(0.77).severity, Severity::Steady, "exactly the margin");
    assert_eq!(found(0.7699).severity, Severity::Worse);
    assert_eq!(found(1.0).severity, Severity::Steady, "the rule knows no better");
    assert_eq!((found(0.75).interval, found(0.75).n), (None, 10));
    assert!((found(0.75).effect.unwrap() + 5.0).abs() < 1e-9);
    let narrow = BestRunThreshold::new(10.0).unwrap();
    assert_eq!(narrow.detect(&History::new(vec![run(0.8), run(0.75)])).unwrap().severity, Severity::Steady);
    for points in [f64::NAN, f64::INFINITY, -1.0, 100.1] {
        assert_eq!(BestRunThreshold::new(points), None);
    }
}

/// What the rule is kept to show: the same model, 50 questions, 90 runs, seeds 0 to 4.
#[test]
fn the_best_run_flags_what_never_changed_and_the_paired_test_does_not() {
    let (mut flags, mut findings) = (0, 0);
    for seed in 0..5 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut answer = |_| f64::from(u8::from(rng.next_u32() % 100 < 79));
        let runs: Vec<Window> = (0..90).map(|_| window(&(0..50).map(&mut answer).collect::<Vec<_>>())).collect();
        flags += (2..=90).filter(|end| best(runs[..*end].to_vec()).unwrap().severity == Severity::Worse).count();
        let compared = (10..=90).step_by(10).map(|end| paired(runs[..end].to_vec()).unwrap());
        findings += compared.filter(|report| report.severity == Severity::Worse).count();
    }
    assert!(flags > 5 * 60, "seeds 0 to 4: {flags} flags in 445 runs");
    assert_eq!(findings, 0, "seeds 0 to 4, every tenth run");
}

/// A score as judges give them, with ties, and any number between 0 and 1.
fn score() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(0.25), Just(0.5), Just(0.75), Just(1.0), 0.0..=1.0]
}

fn runs() -> impl Strategy<Value = Vec<Vec<f64>>> {
    (5_usize..60).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(score(), n), 2..6))
}

fn assert_finite(report: &DriftReport) {
    let effect = report.effect.expect("an effect");
    assert!((-100.0..=100.0).contains(&effect), "{report:?}");
    if let Some((low, high)) = report.interval {
        assert!(-100.0 <= low && low < high && high <= 100.0, "{report:?}");
    }
    assert!(!report.evidence.contains("NaN") && !report.evidence.contains("inf"), "{report:?}");
}

fn mirrored(severity: Severity) -> Severity {
    match severity {
        Severity::Worse => Severity::Better,
        Severity::Better => Severity::Worse,
        other => other,
    }
}

proptest! {
    #[test]
    fn a_report_is_finite_and_has_an_interval(runs in runs()) {
        let windows: Vec<Window> = runs.iter().map(|scores| window(scores)).collect();
        let report = paired(windows.clone()).unwrap();
        assert_finite(&report);
        prop_assert!(report.interval.is_some());
        assert_finite(&best(windows).unwrap());
    }

    #[test]
    fn any_number_at_all_gives_a_finite_report_or_an_error(
        runs in prop::collection::vec(prop::collection::vec(prop_oneof![score(), any::<f64>()], 0..12), 0..4),
    ) {
        let windows: Vec<Window> = runs.iter().map(|scores| window(scores)).collect();
        for report in [paired(windows.clone()), best(windows)].into_iter().flatten() {
            assert_finite(&report);
        }
    }

    #[test]
    fn identical_windows_are_steady(scores in prop::collection::vec(score(), 5..60), runs in 2_usize..9) {
        let report = paired(vec![window(&scores); runs]).unwrap();
        prop_assert_eq!(report.severity, Severity::Steady);
        prop_assert!(report.effect.unwrap().abs() < 1e-9);
        prop_assert!(report.evidence.contains("p = 1.00000"), "{}", report.evidence);
        prop_assert_eq!(best(vec![window(&scores); runs]).unwrap().severity, Severity::Steady);
    }

    #[test]
    fn right_for_wrong_mirrors_the_report(runs in runs()) {
        let windows = |score: fn(&f64) -> f64| -> Vec<Window> {
            runs.iter().map(|scores| window(&scores.iter().map(score).collect::<Vec<_>>())).collect()
        };
        let (report, other) = (paired(windows(|score| *score)).unwrap(), paired(windows(|score| 1.0 - score)).unwrap());
        // A drop may be watched where the same rise is steady: that is the one asymmetry.
        let found = [report.severity, mirrored(other.severity)];
        let watched = found.map(|severity| if severity == Severity::Watch { Severity::Steady } else { severity });
        prop_assert_eq!(watched[0], watched[1]);
        let ((low, high), (other_low, other_high)) = (report.interval.unwrap(), other.interval.unwrap());
        prop_assert!((report.effect.unwrap() + other.effect.unwrap()).abs() < 1e-9);
        prop_assert!((low + other_high).abs() < 1e-6 && (high + other_low).abs() < 1e-6);
    }
}
