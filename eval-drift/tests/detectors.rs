//! The detectors as a program that embeds them sees them.

use eval_core::{
    DriftDetector, DriftReport, History, RunId, SampleKey, SampleScore, Severity, Status, Timestamp, Window,
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

fn paired(windows: Vec<Window>) -> DriftReport {
    PairedTest::new().detect(&History::new(windows))
}

fn best(windows: Vec<Window>) -> DriftReport {
    BestRunThreshold::default().detect(&History::new(windows))
}

/// `right` of `n` questions right, the first ones.
fn right(right: usize, n: usize) -> Vec<f64> {
    (0..n).map(|at| f64::from(at < right)).collect()
}

fn why(found: &DriftReport) -> &str {
    found.why.as_deref().expect("a reason")
}

/// The change in points.
fn change(report: &DriftReport) -> f64 {
    report.effect.expect("an effect").change
}

fn interval(report: &DriftReport) -> (f64, f64) {
    report.effect.and_then(|effect| effect.interval()).expect("an interval")
}

fn method(report: &DriftReport) -> &str {
    report.effect.and_then(|effect| effect.method).expect("an interval").name()
}

#[test]
fn the_status_follows_the_p() {
    for (lost, status) in [(0, Status::Steady), (3, Status::Steady), (4, Status::Watch), (9, Status::Watch)] {
        let report = paired(vec![window(&right(50, 50)), window(&right(50 - lost as usize, 50))]);
        assert_eq!(report.status, status, "{lost} of 50 lost: {report:?}");
        assert!((change(&report) + 2.0 * f64::from(lost)).abs() < 1e-9, "{report:?}");
        let near = usize::from(status != Status::Steady);
        assert_eq!(
            report.evidence.tests.len(),
            2 + near,
            "Student's t, McNemar, and sign flips where they say something"
        );
        let mc_nemar = &report.evidence.tests[1];
        assert!(mc_nemar.name.starts_with(&format!("McNemar's mid-p, {lost} worse and 0 better")), "{mc_nemar:?}");
        let mid_p = if lost == 0 { 1.0 } else { 0.5_f64.powi(lost + 1) };
        assert!((mc_nemar.p.unwrap() - mid_p).abs() < 1e-12, "{mc_nemar:?}");
    }
    let (high, low) = (window(&right(50, 50)), window(&right(40, 50)));
    let shock = paired(vec![high.clone(), low.clone()]);
    assert_eq!((shock.status, shock.severity), (Status::Shock, Some(Severity::Critical)), "p of t = 0.0006");
    assert_eq!(paired(vec![low, high]).status, Status::Better);
}

#[test]
fn few_questions_need_both_tests() {
    // Student's t alone would be certain: all differ by the same.
    let report = paired(vec![window(&[0.9; 8]), window(&[0.6; 8])]);
    assert_eq!(report.status, Status::Watch, "p of the flips = 1/256");
    let report = paired(vec![window(&[0.9; 12]), window(&[0.6; 12])]);
    assert_eq!(report.status, Status::Shock, "p of the flips = 1/4096");
}

#[test]
fn a_rise_is_never_watched() {
    let report = paired(vec![window(&right(46, 50)), window(&right(50, 50))]);
    assert_eq!(report.status, Status::Steady, "p = 0.02, upwards");
    assert!((change(&report) - 8.0).abs() < 1e-9, "{report:?}");
}

#[test]
fn the_baseline_is_the_mean_of_each_question_over_all_earlier_runs() {
    let earlier = [[1.0, 0.0, 0.5, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0, 0.0]];
    let report = paired(earlier.iter().map(|scores| window(scores)).chain([window(&[0.5; 5])]).collect());
    // Baseline .5, 0, .75, 1, 0: the mean of the differences is (0 + .5 - .25 - .5 + .5) / 5.
    assert!((change(&report) - 5.0).abs() < 1e-9, "{report:?}");
    assert_eq!((report.n, report.baseline.unwrap().runs), (5, 2));
    assert_eq!(report.baseline.unwrap().mean, Some(45.0));
}

#[test]
fn an_interval_never_has_width_zero() {
    let cases = [(window(&[0.5; 40]), window(&[0.5; 40])), (window(&[0.9; 40]), window(&[0.6; 40]))];
    for (earlier, current) in cases {
        let report = paired(vec![earlier, current]);
        let ((low, high), effect) = (interval(&report), change(&report));
        assert!(low < effect && effect < high, "{report:?}");
        assert_eq!(method(&report), "bonett_price");
    }
}

#[test]
fn few_binary_answers_get_the_interval_that_holds_for_them() {
    for (n, name) in [(29, "bonett_price"), (30, "student_t")] {
        let report = paired(vec![window(&right(n, n)), window(&right(n - 3, n))]);
        assert_eq!(method(&report), name, "{n}");
    }
    let graded = paired(vec![window(&[0.5; 8]), window(&[0.25, 0.5, 0.75, 1.0, 0.5, 0.5, 0.25, 0.0])]);
    assert_eq!(method(&graded), "student_t");
}

#[test]
fn new_questions_are_left_out_and_the_coverage_says_so() {
    let report = paired(vec![window(&right(8, 10)), window(&right(8, 25))]);
    assert_eq!((report.n, change(&report), report.coverage), (10, 0.0, Some(1.0)));
    assert_eq!(report.current.unwrap().n, 25);
}

#[test]
fn an_edited_question_is_not_compared_with_the_old_one() {
    let parts = |content| [numbered(0, &[1.0; 10]).scores, edited(10, content, &[0.0; 2]).scores].concat();
    let whole = |content| Window::new(RunId::new(), Timestamp::UNIX_EPOCH, parts(content));
    let report = paired(vec![whole("before"), whole("after")]);
    assert_eq!((report.n, report.coverage), (10, Some(10.0 / 12.0)));
}

#[test]
fn f50_too_little_data_says_how_much_is_needed() {
    let four = || window(&[1.0; 4]);
    for (report, expected) in [
        (paired(vec![]), "0 of 2 runs that it takes"),
        (paired(vec![window(&[1.0; 9])]), "1 of 2 runs that it takes"),
        (paired(vec![four(), four()]), "4 shared questions, 5 needed"),
        (paired(vec![window(&[0.0]), window(&[1.0])]), "1 shared questions, 5 needed"),
        (best(vec![four()]), "1 of 2 runs that it takes"),
    ] {
        assert_eq!((report.status, why(&report)), (Status::Warming, expected));
        assert_eq!(report.effect, None);
    }
    for (report, expected) in [
        (paired(vec![window(&[]), four()]), "nothing was scored in the earlier runs"),
        (paired(vec![four(), window(&[])]), "nothing was scored in the current run"),
        (best(vec![four(), window(&[])]), "nothing was scored in the current run"),
        (best(vec![window(&[]), four()]), "nothing was scored in the earlier runs"),
    ] {
        assert_eq!((report.status, why(&report)), (Status::NotComparable, expected));
    }
}

#[test]
fn coverage_has_its_borders_at_eighty_and_at_fifty_percent() {
    let covered = |missing| paired(vec![window(&[1.0; 50]), numbered(missing, &[1.0; 50])]);
    assert_eq!((covered(10).status, covered(10).n), (Status::Steady, 40));
    let partial = covered(11);
    assert_eq!(partial.status, Status::Partial);
    assert_eq!(why(&partial), "the current run scored 39 of the baseline's 50 questions (78 %), 80 % needed");
    assert_eq!(change(&partial), 0.0, "shown, although nothing is concluded");
    assert_eq!((covered(25).status, covered(26).status), (Status::Partial, Status::NotComparable));
    assert_eq!(covered(26).effect, None);
}

#[test]
fn f51_another_data_set_is_not_compared() {
    let report = paired(vec![window(&[1.0; 50]), numbered(50, &[1.0; 50])]);
    assert_eq!(report.status, Status::NotComparable);
    assert_eq!(why(&report), "another data set: none of the 50 questions of the earlier runs is in it");
}

#[test]
fn f51_another_judge_is_not_compared() {
    let judged = |judge: &str| {
        let mut conditions = eval_core::Conditions::default();
        conditions.judge_hash = Some(judge.into());
        window(&[1.0; 50]).conditions(conditions)
    };
    let report = paired(vec![judged("j1"), judged("j1"), judged("j2")]);
    assert_eq!(report.status, Status::NotComparable);
    let expected = "a new era began: the judge changed (j1 -> j2), and no earlier run is like this one";
    assert_eq!(why(&report), expected);
    assert_eq!(best(vec![judged("j1"), judged("j2")]).status, Status::NotComparable);
    let pair = PairedTest::new().compare(&judged("j1"), &judged("j2"));
    assert_eq!(
        (pair.status, why(&pair)),
        (Status::NotComparable, "another judge: j1 graded the one run, j2 the other")
    );
    assert_eq!(PairedTest::new().compare(&judged("j1"), &judged("j1")).status, Status::Steady);
}

#[test]
fn f50_what_is_no_score_is_named() {
    for bad in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
        for windows in [vec![window(&[bad; 9]), window(&[1.0; 9])], vec![window(&[1.0; 9]), window(&[bad; 9])]] {
            let expected = format!("has the score {bad} for question q000, expected a number from 0 to 1");
            for report in [paired(windows.clone()), best(windows)] {
                assert_eq!(report.status, Status::NotComparable);
                assert!(why(&report).ends_with(&expected), "{report:?}");
            }
        }
    }
}

#[test]
fn the_seed_decides_what_is_drawn_and_stands_in_the_method() {
    let (earlier, current) = (window(&right(50, 50)), window(&(0..50).map(|at| f64::from(at % 2)).collect::<Vec<_>>()));
    let history = History::new(vec![earlier, current]);
    let [first, again, other] = [7, 7, 8].map(|seed| PairedTest::new().seed(seed).detect(&history));
    assert_eq!(first, again);
    assert!(first.evidence.tests[2].name.contains("9999 drawn"), "{first:?}");
    assert_eq!((first.method.seed, other.method.seed), (Some(7), Some(8)));
    assert_eq!(first.method.to_string(), "paired-test/2 run_noise=0.005 seed=7");
}

#[test]
fn the_best_run_is_a_strict_threshold_on_the_means() {
    let run = |score| window(&[score; 10]);
    let found = |current| best(vec![run(0.70), run(0.80), run(0.75), run(current)]);
    assert_eq!(found(0.77).status, Status::Steady, "exactly the margin");
    assert_eq!(found(0.7699).status, Status::Worse);
    assert_eq!(found(1.0).status, Status::Steady, "the rule knows no better");
    assert_eq!((found(0.75).effect.unwrap().interval(), found(0.75).n), (None, 10));
    assert!((change(&found(0.75)) + 5.0).abs() < 1e-9);
    assert!(found(0.75).warnings.concat().contains("74 flags in 90 runs with nothing wrong"));
    let narrow = BestRunThreshold::new(10.0).unwrap();
    assert_eq!(narrow.detect(&History::new(vec![run(0.8), run(0.75)])).status, Status::Steady);
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
        flags += (2..=90).filter(|end| best(runs[..*end].to_vec()).status == Status::Worse).count();
        let compared = (10..=90).step_by(10).map(|end| paired(runs[..end].to_vec()));
        findings += compared.filter(|report| report.status == Status::Shock).count();
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
    assert!((-100.0..=100.0).contains(&effect.change), "{report:?}");
    if let Some((low, high)) = effect.interval() {
        assert!(-100.0 <= low && low < high && high <= 100.0, "{report:?}");
    }
}

proptest! {
    #[test]
    fn a_report_is_finite_and_has_an_interval(runs in runs()) {
        let windows: Vec<Window> = runs.iter().map(|scores| window(scores)).collect();
        let report = paired(windows.clone());
        assert_finite(&report);
        prop_assert!(report.effect.unwrap().interval().is_some());
        assert_finite(&best(windows));
    }

    #[test]
    fn identical_windows_are_steady(scores in prop::collection::vec(score(), 5..60), runs in 2_usize..9) {
        let report = paired(vec![window(&scores); runs]);
        prop_assert_eq!(report.status, Status::Steady);
        prop_assert!(change(&report).abs() < 1e-9);
        prop_assert_eq!(report.evidence.tests[0].p, Some(0.5));
        prop_assert!(scores.len() >= 30 || report.evidence.tests[1].p == Some(1.0));
        prop_assert_eq!(best(vec![window(&scores); runs]).status, Status::Steady);
    }

    #[test]
    fn right_for_wrong_mirrors_the_report(runs in runs()) {
        let windows = |score: fn(&f64) -> f64| -> Vec<Window> {
            runs.iter().map(|scores| window(&scores.iter().map(score).collect::<Vec<_>>())).collect()
        };
        let (report, other) = (paired(windows(|score| *score)), paired(windows(|score| 1.0 - score)));
        let ((low, high), (other_low, other_high)) = (interval(&report), interval(&other));
        prop_assert!((change(&report) + change(&other)).abs() < 1e-9);
        prop_assert!((low + other_high).abs() < 1e-6 && (high + other_low).abs() < 1e-6);
    }
}
