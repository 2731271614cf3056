//! What is watched beside the scores, the charts, the distances, and many reports at once.

mod common;

use common::{Model, uniform};
use eval_core::{
    Correction, DriftDetector, DriftReport, History, Measure, RunId, SampleKey, SampleMeasures, Status, Timestamp,
    Unit, Window, WindowCounts,
};
use eval_drift::{
    AdwinChart, BestRunThreshold, ChangePoint, Cusum, CusumChart, Direction, Distance, Distribution, Ewma, EwmaChart,
    JudgeAnchors, OperationsMonitor, PageHinkley, PageHinkleyChart, PageHinkleySettings, PairedTest, QualityMonitor,
    correct_family,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const SEED: u64 = 20_261_125;

fn watch(measure: Measure, history: &History) -> DriftReport {
    OperationsMonitor::new(measure).expect("it is no score").detect(history)
}

/// 20 runs of 200 questions; the last four have so many of each kind that went wrong.
fn counted(before: u64, after: u64) -> History {
    let run = |at: usize| {
        let cases = if at < 16 { before } else { after };
        let mut counts = WindowCounts::default();
        (counts.planned, counts.scored, counts.failed) = (200, 200 - cases, cases);
        (counts.timeouts, counts.refusals, counts.format_failures) = (cases, cases, cases.min(200 - cases));
        Window::new(RunId::new(), Timestamp::UNIX_EPOCH, vec![]).counts(counts)
    };
    History::new((0..20).map(run).collect())
}

#[test]
fn each_rate_is_watched() {
    for measure in [Measure::Errors, Measure::Timeouts, Measure::Refusals, Measure::FormatFailures] {
        let report = watch(measure, &counted(2, 12));
        assert_eq!((report.status, report.measure), (Status::Worse, measure));
        assert!(report.evidence.m > Some(500.0) && report.effect.unwrap().unit == Unit::Points);
        assert_eq!(report.baseline.unwrap().runs, 19);
        let steady = watch(measure, &counted(2, 2));
        assert_eq!(steady.status, Status::Steady, "{steady:?}");
        assert!(steady.effect.unwrap().change.abs() < 0.1, "the two are of 198 and 200");
    }
    assert_eq!(watch(Measure::Errors, &counted(0, 200)).status, Status::Worse, "an outage");
}

fn measured(factor: f64) -> History {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut run = |at: usize| {
        let factor = if at < 15 { 1.0 } else { factor } * (1.0 + 0.02 * uniform(&mut rng));
        let value = |at: u32| Some(factor * f64::from(at + 10));
        let of = |at: u32| {
            let mut one = SampleMeasures::new(SampleKey::new(format!("q{at:03}").as_str(), "f00d"));
            (one.latency_ms, one.prompt_tokens, one.completion_tokens) = (value(at), value(at), value(at));
            (one.cost_nanos, one.answer_bytes) = (value(at), value(at));
            one
        };
        Window::new(RunId::new(), Timestamp::UNIX_EPOCH, vec![]).measures((0..50).map(of).collect())
    };
    History::new((0..20).map(&mut run).collect())
}

#[test]
fn each_quantity_is_watched() {
    for measure in Measure::OPERATIONS.into_iter().skip(4) {
        let report = watch(measure, &measured(1.5));
        assert_eq!((report.status, report.effect.unwrap().unit), (Status::Worse, Unit::Percent), "{report:?}");
        let (low, high) = report.effect.unwrap().interval().unwrap();
        assert!(low < report.effect.unwrap().change && report.effect.unwrap().change < high);
        let run = report.quantities.unwrap();
        let (low, high) = run.typical.unwrap().interval().unwrap();
        assert!((run.typical.unwrap().change - 50.0).abs() < 3.0 && low <= high, "1.5 times, but for 2 %: {run:?}");
        assert!((run.p50 / 1.5 / 34.5 - 1.0).abs() < 0.02 && run.p95 < run.p99 && run.p99 < 1.5 * 60.0, "{run:?}");
        assert!(report.notes().iter().any(|note| note.starts_with("in this run: median ")), "{:?}", report.notes());
        assert_eq!(watch(measure, &measured(1.0)).status, Status::Steady);
        assert_eq!(watch(measure, &measured(0.5)).status, Status::Better);
        assert!(report.headline().starts_with(&format!("{measure} rose: +")), "{}", report.headline());
    }
    assert_eq!(OperationsMonitor::new(Measure::Quality), None);
}

#[test]
fn streams_beside_quality_share_one_budget_of_false_alarms() {
    // The errors alone have the evidence of an alarm, and the four rates together have not.
    let counted = |cases: &[u64]| {
        let run = |cases: &u64| {
            let mut counts = WindowCounts::default();
            (counts.planned, counts.scored, counts.failed) = (200, 200 - cases, *cases);
            Window::new(RunId::new(), Timestamp::UNIX_EPOCH, vec![]).counts(counts)
        };
        History::new([[2; 20].as_slice(), cases].concat().iter().map(run).collect())
    };
    let once = counted(&[10]);
    assert_eq!(watch(Measure::Errors, &once).status, Status::Worse, "alone it has the whole budget");
    let mut reports = OperationsMonitor::watch(&once);
    let (own, shared) = (reports[0].evidence.m.unwrap(), reports[0].evidence.shared.unwrap());
    let total: f64 = reports.iter().filter_map(|report| report.evidence.m).sum();
    assert!(own > 500.0 && shared < 500.0 && (shared - total / 4.0).abs() < 1e-9, "{own} {shared}");
    assert_eq!((reports[0].status, reports[0].pages(0.0)), (Status::Watch, false));
    let family = |report: &DriftReport| {
        report.families.iter().find(|family| family.correction == Correction::SharedBudget).cloned()
    };
    assert_eq!(family(&reports[0]).map(|family| (family.tests, family.holds)), Some((4, Some(false))));
    assert_eq!(family(&reports[4]), None, "nobody measured it");
    assert!(reports[0].notes().iter().any(|note| note.contains("4 share a budget of one false alarm in 500 runs")));

    // To repeat it changes nothing, and other runs are other budgets.
    let first = reports.clone();
    let steady = OperationsMonitor::all().map(|monitor| monitor.detect(&counted(&[2])));
    reports.extend(steady);
    correct_family(&mut reports);
    reports
        .iter_mut()
        .for_each(|report| report.families.retain(|family| family.correction == Correction::SharedBudget));
    assert_eq!(reports[..9], first[..]);

    let twice = OperationsMonitor::watch(&counted(&[10, 10]));
    assert_eq!((twice[0].status, twice[1].status), (Status::Worse, Status::Steady));
    assert_eq!(family(&twice[0]).and_then(|family| family.holds), Some(true));
}

#[test]
fn a_stream_that_is_not_measured_for_a_run_keeps_its_place_in_the_budget() {
    let mut history = measured(1.5);
    let evidence = |history: &History| watch(Measure::Latency, history).evidence.m;
    let before = evidence(&history);
    history.windows.push(Window::new(RunId::new(), Timestamp::UNIX_EPOCH, vec![]));
    let report = watch(Measure::Latency, &history);
    assert_eq!((report.status, report.evidence.m), (Status::NotComparable, before));
}

#[test]
fn what_nobody_measured_is_said() {
    let history = Model::new(50, SEED).history(20, 0.0, 0);
    for detector in OperationsMonitor::all() {
        let report = detector.detect(&history);
        assert_eq!(
            (report.status, report.why.as_deref()),
            (Status::NotComparable, Some("nobody measured it in this run"))
        );
        assert_eq!(detector.detect(&History::default()).status, Status::Warming);
    }
    let report = watch(Measure::Latency, &History::new(measured(1.0).windows[..8].to_vec()));
    assert_eq!(report.warming.map(|warming| (warming.have, warming.need)), Some((8, 9)));
}

fn charts() -> Vec<Box<dyn DriftDetector>> {
    vec![
        Box::new(CusumChart),
        Box::new(EwmaChart),
        Box::new(PageHinkleyChart),
        Box::new(AdwinChart),
        Box::new(ChangePoint),
    ]
}

#[test]
fn every_chart_finds_a_large_drop_and_none_where_there_is_none() {
    let (dropped, steady) = (Model::new(200, SEED).history(45, 12.0, 30), Model::new(200, SEED).history(45, 0.0, 0));
    for chart in charts() {
        let report = chart.detect(&dropped);
        assert_eq!(report.status, Status::Worse, "{}: {report:?}", chart.name());
        let place = |run| dropped.windows.iter().position(|window| window.run == run).unwrap();
        let since = place(report.since.unwrap().since.run);
        assert!(since.abs_diff(30) <= 4, "{}: {since}", chart.name());
        assert!(report.effect.unwrap().change < -5.0, "{}", chart.name());
        assert_eq!(chart.detect(&steady).status, Status::Steady, "{}", chart.name());
        assert_eq!(chart.detect(&History::default()).status, Status::Warming);
    }
    let onset = ChangePoint.detect(&dropped).since.unwrap();
    assert!(onset.earliest.at <= onset.since.at && onset.since.at <= onset.latest.at);
}

/// The mean number of normal scores until a chart has a false alarm, over 600 seeded histories.
fn runs_between_alarms<C>(make: impl Fn() -> C, fires: impl Fn(&mut C, f64) -> bool) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    // Irwin and Hall's sum of 12 has too light tails for charts that wait for the far ones.
    let mut normal =
        || (-2.0 * (1.0 - uniform(&mut rng)).ln()).sqrt() * (std::f64::consts::TAU * uniform(&mut rng)).cos();
    let total: usize = (0..600)
        .map(|_| {
            let mut chart = make();
            (1..20_000).find(|_| fires(&mut chart, normal())).unwrap_or(20_000)
        })
        .sum();
    total as f64 / 600.0
}

#[test]
fn the_charts_for_comparison_have_a_false_alarm_in_about_1000_runs() {
    let cusum = runs_between_alarms(Cusum::default, |chart, u| chart.update(u) >= CusumChart::LIMIT);
    let ewma = runs_between_alarms(Ewma::default, |chart, u| chart.update(u).is_some_and(|z| z >= EwmaChart::LIMIT));
    let mut settings = PageHinkleySettings::default();
    (settings.min_instances, settings.direction) = (6, Direction::Up);
    (settings.threshold, settings.delta) = (PageHinkleyChart::LIMIT, PageHinkleyChart::TOLERATED);
    let page_hinkley = runs_between_alarms(|| PageHinkley::new(settings).unwrap(), PageHinkley::update);
    for (name, runs) in [("CUSUM", cusum), ("EWMA", ewma), ("Page-Hinkley", page_hinkley)] {
        assert!((800.0..1_200.0).contains(&runs), "seed {SEED}: {name} {runs}");
    }
}

#[test]
fn distances_are_shown_and_never_an_alarm() {
    for distance in Distance::ALL {
        for measure in [Measure::Latency, Measure::Cost, Measure::AnswerLength] {
            let detector = Distribution::new(distance, measure).unwrap();
            let [near, far] = [1.0, 5.0].map(|factor| detector.detect(&measured(factor)));
            assert_eq!((near.status, far.status), (Status::Steady, Status::Steady));
            let statistic = |report: &DriftReport| report.evidence.tests[0].statistic.unwrap();
            assert!(statistic(&near) < statistic(&far), "{}", detector.name());
        }
        let other = Distribution::new(distance, Measure::Quality).unwrap();
        let mut model = Model::new(100, SEED);
        let history = History::new(vec![model.run_of(0.0, |at| at < 50), model.run_of(0.0, |at| at >= 50)]);
        let report = other.detect(&history);
        assert!(report.evidence.tests[0].statistic.is_some(), "other questions: {report:?}");
        assert_eq!(other.detect(&History::default()).status, Status::Warming);
    }
    assert_eq!(Distribution::new(Distance::Wasserstein, Measure::Errors), None);
}

#[test]
fn a_family_says_what_was_corrected_and_what_holds() {
    let histories: Vec<History> =
        (0..10).map(|at| Model::new(200, SEED + at).history(40, if at == 3 { 12.0 } else { 0.0 }, 32)).collect();
    let mut reports: Vec<DriftReport> =
        histories.iter().map(|history| QualityMonitor::default().detect(history)).collect();
    reports.extend(histories.iter().map(|history| PairedTest::new().detect(history)));
    correct_family(&mut reports);
    let of = |report: &DriftReport, correction: Correction| {
        report.families.iter().find(|family| family.correction == correction && family.of.contains(" all ")).cloned()
    };
    let monitors = of(&reports[3], Correction::EBenjaminiHochberg).unwrap();
    assert_eq!((monitors.tests, monitors.holds), (10, Some(true)), "{:?}", reports[3].evidence);
    assert_eq!(of(&reports[0], Correction::EBenjaminiHochberg).unwrap().holds, None);
    assert_eq!(of(&reports[0], Correction::Holm).unwrap().tests, 70);
    let shocks = of(&reports[13], Correction::BenjaminiHochberg).unwrap();
    assert_eq!((shocks.tests, reports[13].status), (10, Status::Shock));
    assert_eq!(shocks.holds, Some(true));
    assert!(reports[13].evidence.q >= reports[13].evidence.p);
    assert!(reports[13].notes().iter().any(|note| note.contains("shocks of all histories: 10 tests")));
}

#[test]
fn a_shock_that_does_not_hold_among_many_is_watched() {
    let mut reports: Vec<DriftReport> = (0..100)
        .map(|at| {
            let mut report = PairedTest::new().detect(&Model::new(50, SEED + at).history(5, 0.0, 0));
            report.evidence.p = Some(0.9);
            report
        })
        .collect();
    (reports[7].status, reports[7].evidence.p) = (Status::Shock, Some(0.0009));
    correct_family(&mut reports);
    assert_eq!((reports[7].status, reports[7].evidence.q), (Status::Watch, Some(0.09)));
}

/// Histories of scores, and some of any numbers at all.
fn any_windows() -> impl Strategy<Value = Vec<Window>> {
    let score = prop_oneof![Just(0.0), Just(0.5), Just(1.0), 0.0..=1.0];
    prop_oneof![
        3 => prop::collection::vec(any_window(score), 0..16),
        1 => prop::collection::vec(any_window(any::<f64>()), 0..4),
    ]
}

/// A window of any numbers: scores, anchors, counts and measures.
fn any_window<N: Strategy<Value = f64> + Clone>(number: N) -> impl Strategy<Value = Window> {
    let values = || prop::collection::vec((0_u8..12, number.clone()), 0..12);
    (values(), values(), values(), any::<[u32; 7]>(), 0..3_i64).prop_map(|(scores, anchors, measures, counts, day)| {
        let key = |at: u8| SampleKey::new(format!("q{at}").as_str(), "f00d");
        let score = |(at, score): &(u8, f64)| {
            eval_core::SampleScore::new(key(*at), common::CATEGORIES[*at as usize % 2], *score)
        };
        let measure = |(at, value): &(u8, f64)| {
            let mut one = SampleMeasures::new(key(*at));
            (one.latency_ms, one.cost_nanos, one.answer_bytes) = (Some(*value * 1e300), Some(*value), Some(-value));
            one
        };
        let mut all = WindowCounts::default();
        [all.planned, all.scored, all.unscored, all.failed, all.refusals, all.timeouts, all.format_failures] =
            counts.map(u64::from);
        Window::new(RunId::new(), Timestamp::new(day * 86_400, 0).expect("a time"), scores.iter().map(score).collect())
            .anchors(anchors.iter().map(score).collect())
            .measures(measures.iter().map(measure).collect())
            .counts(all)
    })
}

fn all_detectors() -> Vec<Box<dyn DriftDetector>> {
    let mut all = charts();
    all.push(Box::new(QualityMonitor::default()));
    all.push(Box::new(PairedTest::new()));
    all.push(Box::new(JudgeAnchors::default()));
    all.push(Box::new(BestRunThreshold::default()));
    all.extend(OperationsMonitor::all().map(|one| Box::new(one) as Box<dyn DriftDetector>));
    for distance in Distance::ALL {
        for measure in [Measure::Quality, Measure::Latency, Measure::Cost] {
            all.extend(Distribution::new(distance, measure).map(|one| Box::new(one) as Box<dyn DriftDetector>));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    // What JSON cannot say, serde_json writes as null: a report that is read back would have lost a number.
    #[test]
    fn f50_whatever_the_history_a_report_survives_json(windows in any_windows()) {
        let history = History::new(windows);
        let mut reports: Vec<DriftReport> = all_detectors().iter().map(|detector| detector.detect(&history)).collect();
        correct_family(&mut reports);
        for report in reports {
            let text = serde_json::to_string(&report).unwrap();
            prop_assert_eq!(&serde_json::from_str::<DriftReport>(&text).unwrap(), &report);
            let words = [report.headline(), report.notes().join("\n")].concat();
            let named = report.why.as_deref().is_some_and(|why| why.contains("has the score"));
            prop_assert!(named || !(words.contains("NaN") || words.contains("inf")), "{}", words);
        }
    }
}
