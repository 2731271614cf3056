//! The monitor of quality, run after run.

use eval_core::Status;
use eval_drift::{MonitorError, MonitorSettings, QualityMonitor, Reading, StreamKind};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

type Run = Vec<Option<f64>>;

/// A number from 0 to 1.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Irwin and Hall: close enough to normal.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| uniform(rng)).sum::<f64>() - 6.0
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Questions of different difficulty in seven categories, half of them right or wrong, half graded in quarters; a run
/// moves all a bit, and those of a category a bit more.
struct Model {
    rng: ChaCha8Rng,
    difficulties: Vec<f64>,
}

const CATEGORIES: usize = 7;

impl Model {
    fn new(questions: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut difficulty = || match uniform(&mut rng) {
            // The larger of so many uniform numbers is Beta(n, 1), the smaller one Beta(1, n).
            kind if kind < 0.65 => (0..20).map(|_| uniform(&mut rng)).fold(0.0, f64::max),
            kind if kind < 0.90 => (0..3).map(|_| uniform(&mut rng)).fold(0.0, f64::max),
            _ => (0..4).map(|_| uniform(&mut rng)).fold(1.0, f64::min),
        };
        let difficulties = (0..questions).map(|_| difficulty().clamp(0.005, 0.995)).collect();
        Self { rng, difficulties }
    }

    fn categories(&self) -> impl Iterator<Item = u32> {
        (0..self.difficulties.len()).map(|at| (at % CATEGORIES) as u32)
    }

    fn monitor(&self) -> QualityMonitor {
        QualityMonitor::new(self.categories())
    }

    /// A run in which each question is worse by `drop` logits.
    fn run(&mut self, drop: f64) -> Run {
        let rng = &mut self.rng;
        let whole = 0.04 * normal(rng) - drop;
        let parts: Vec<f64> = (0..CATEGORIES).map(|_| 0.08 * normal(rng)).collect();
        let score = |(at, p): (usize, &f64)| {
            let p = logistic(logit(*p) + whole + parts[at % CATEGORIES]);
            let p = p * 0.97 + (1.0 - p) * 0.03;
            let answers = if at % 2 == 0 { 1 } else { 4 };
            let right = (0..answers).filter(|_| uniform(rng) < p).count();
            Some(right as f64 / f64::from(answers))
        };
        self.difficulties.iter().enumerate().map(score).collect()
    }

    /// The drop in logits that lowers the expected mean by so much.
    fn logits_for(&self, points: f64) -> f64 {
        let mean = |drop: f64| self.difficulties.iter().map(|p| logistic(logit(*p) - drop)).sum::<f64>();
        let lost = |drop: f64| (mean(0.0) - mean(drop)) * 0.94 / self.difficulties.len() as f64;
        if points == 0.0 {
            return 0.0;
        }
        (0..4_000).map(|step| f64::from(step) / 1_000.0).find(|drop| lost(*drop) >= points / 100.0).expect("a drop")
    }
}

fn observe_all(monitor: &mut QualityMonitor, runs: &[Run]) -> Vec<Reading> {
    runs.iter().map(|run| monitor.observe(run).expect("scores")).collect()
}

fn drifting_history(questions: usize, seed: u64) -> (QualityMonitor, Vec<Run>) {
    let mut model = Model::new(questions, seed);
    let drop = model.logits_for(10.0);
    let runs = (0..60).map(|at| model.run(if at < 30 { 0.0 } else { drop })).collect();
    (model.monitor(), runs)
}

#[test]
fn a_replay_equals_the_increments_bit_for_bit() {
    let (mut monitor, runs) = drifting_history(60, 1);
    let mut replayed = monitor.clone();
    let mut readings = vec![];
    for run in &runs {
        readings.push(monitor.observe(run).unwrap());
        let text = serde_json::to_string(monitor.state()).unwrap();
        monitor = QualityMonitor::restore(MonitorSettings::default(), serde_json::from_str(&text).unwrap());
    }
    let whole = observe_all(&mut replayed, &runs);
    assert_eq!(readings, whole);
    let bits =
        |readings: &[Reading]| -> Vec<u64> { readings.iter().map(|reading| reading.evidence.to_bits()).collect() };
    assert_eq!(bits(&readings), bits(&whole));
    assert_eq!(replayed.state(), monitor.state());
}

#[test]
fn a_constant_history_keeps_the_evidence_low() {
    for score in [0.0, 0.1, 0.75, 1.0] {
        let mut monitor = QualityMonitor::new([0; 50]);
        for _ in 0..400 {
            let reading = monitor.observe(&[Some(score); 50]).unwrap();
            assert!(reading.evidence < 3.0 && reading.improvement < 3.0, "{score}: {reading:?}");
        }
    }
}

#[test]
fn it_warms_up_for_five_runs() {
    let mut monitor = QualityMonitor::new([0; 50]);
    for have in 1..=5 {
        let reading = monitor.observe(&[Some(1.0); 50]).unwrap();
        assert_eq!(reading.status, Status::Warming);
        assert_eq!(reading.mean().unwrap().sigma.is_some(), have > 2);
    }
    assert_eq!(monitor.observe(&[Some(1.0); 50]).unwrap().status, Status::Steady);
}

#[test]
fn streams_come_when_there_is_enough_to_see() {
    let mut model = Model::new(200, 5);
    let mut monitor = model.monitor();
    let readings: Vec<Reading> = (0..20).map(|_| monitor.observe(&model.run(0.0)).unwrap()).collect();
    let has = |run: usize, kind: StreamKind| {
        readings[run].streams.iter().any(|stream| stream.kind == kind && stream.weight > 0.0)
    };
    // Counted from 1: the sentinel starts at run 11 and bets from run 16 on.
    assert!(!has(14, StreamKind::Sentinel) && has(15, StreamKind::Sentinel));
    assert!(!has(4, StreamKind::Category(3)) && has(5, StreamKind::Category(3)));
    for reading in &readings[5..] {
        let weight: f64 = reading.streams.iter().map(|stream| stream.weight).sum();
        assert!((weight - 1.0).abs() < 1e-12, "{reading:?}");
    }
}

#[test]
fn an_outage_alarms_and_is_withdrawn_by_the_next_run() {
    let mut model = Model::new(200, 2);
    let mut monitor = model.monitor();
    let outage = model.logits_for(20.0);
    for _ in 0..20 {
        monitor.observe(&model.run(0.0)).unwrap();
    }
    let alarm = monitor.observe(&model.run(outage)).unwrap();
    assert_eq!((alarm.status, alarm.alarm_since), (Status::Worse, Some(20)));
    assert_eq!(alarm.change.unwrap().runs, 1);
    let next = monitor.observe(&model.run(0.0)).unwrap();
    assert_eq!((next.resolved, next.alarm_since, next.baseline_runs), (Some(20), None, 20));
    assert_eq!(next.status, Status::Steady);
}

#[test]
fn a_drop_that_lasts_is_not_withdrawn() {
    let mut model = Model::new(200, 2);
    let mut monitor = model.monitor();
    let drop = model.logits_for(20.0);
    for _ in 0..20 {
        monitor.observe(&model.run(0.0)).unwrap();
    }
    for _ in 0..5 {
        let reading = monitor.observe(&model.run(drop)).unwrap();
        assert_eq!((reading.status, reading.resolved, reading.alarm_since), (Status::Worse, None, Some(20)));
        let change = reading.change.unwrap();
        assert!(change.earliest >= 17 && change.since == 20 && change.latest <= 21, "{change:?}");
        let (low, high) = change.effect.unwrap().interval(0.95).unwrap();
        assert!(low < -0.2 && -0.2 < high && high < -0.1, "{low} to {high}");
    }
}

#[test]
fn one_question_of_a_perfect_history_that_breaks_for_good_is_found() {
    for (questions, within) in [(50, 3), (200, 5)] {
        let mut monitor = QualityMonitor::new((0..questions).map(|at| at % 7));
        let mut run = vec![Some(1.0); questions as usize];
        for _ in 0..20 {
            monitor.observe(&run).unwrap();
        }
        run[7] = Some(0.0);
        let found = (1..20).find(|_| monitor.observe(&run).unwrap().status == Status::Worse);
        assert_eq!(found, Some(within), "{questions} questions");
    }
}

#[test]
fn questions_that_join_or_leave_move_no_level() {
    let mut model = Model::new(100, 3);
    let mut monitor = QualityMonitor::new(model.categories().take(90));
    for _ in 0..20 {
        let run = model.run(0.0);
        monitor.observe(&run[..90]).unwrap();
    }
    // Ten questions that nobody gets right join, and the ten easiest leave.
    for _ in 0..10 {
        monitor.add_question(0);
    }
    let mut order: Vec<usize> = (0..90).collect();
    order.sort_by(|one, other| model.difficulties[*other].total_cmp(&model.difficulties[*one]));
    for at in 0..30 {
        let mut run = model.run(0.0);
        run[90..].fill(Some(0.0));
        order[..10].iter().for_each(|gone| run[*gone] = None);
        let reading = monitor.observe(&run).unwrap();
        assert_eq!(reading.mean().unwrap().questions, if at < 3 { 90 } else { 100 });
        assert!(reading.evidence < 200.0 && reading.improvement < 200.0, "run {at}: {reading:?}");
    }
}

#[test]
fn a_partial_run_is_shown_and_not_taken_in() {
    let mut model = Model::new(100, 4);
    let mut monitor = model.monitor();
    for _ in 0..10 {
        monitor.observe(&model.run(0.0)).unwrap();
    }
    let before = monitor.clone();
    for (present, status) in
        [(79, Status::Partial), (50, Status::Partial), (49, Status::NotComparable), (0, Status::NotComparable)]
    {
        let mut run = model.run(0.0);
        run[present..].fill(None);
        let reading = monitor.observe(&run).unwrap();
        assert_eq!((reading.status, reading.coverage), (status, present as f64 / 100.0));
        assert_eq!(reading.mean().unwrap().level.is_some(), present > 0);
    }
    assert_eq!(monitor.question(0), before.question(0));
    let mut run = model.run(0.0);
    run[80..].fill(None);
    let reading = monitor.observe(&run).unwrap();
    assert_eq!((reading.status, reading.run, reading.baseline_runs), (Status::Steady, 14, 10));
}

#[test]
fn an_improvement_is_told_apart() {
    let mut model = Model::new(200, 6);
    let mut monitor = model.monitor();
    let worse = model.logits_for(10.0);
    for _ in 0..20 {
        monitor.observe(&model.run(worse)).unwrap();
    }
    let found = (0..10).find(|_| monitor.observe(&model.run(0.0)).unwrap().status == Status::Better);
    assert!(found.is_some_and(|runs| runs < 4), "{found:?}");
}

#[test]
fn what_is_no_score_is_refused_and_nothing_is_taken_in() {
    let mut monitor = QualityMonitor::new([0; 3]);
    monitor.observe(&[Some(1.0); 3]).unwrap();
    let before = monitor.clone();
    for score in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        let refused = monitor.observe(&[None, Some(score)]).unwrap_err();
        assert!(matches!(refused, MonitorError::Score { question: 1, .. }), "{refused}");
    }
    assert_eq!(monitor.observe(&[None; 4]).unwrap_err(), MonitorError::Questions { given: 4, known: 3 });
    assert_eq!(monitor, before);
}

#[test]
fn what_can_be_found_gets_smaller_with_time_and_agrees_with_the_delay() {
    let mut model = Model::new(50, 7);
    let mut monitor = model.monitor();
    assert_eq!((monitor.detectable_drop(7), monitor.expected_delay(0.1)), (None, None));
    for _ in 0..40 {
        monitor.observe(&model.run(0.0)).unwrap();
    }
    let drops = [1, 7, 30].map(|runs| monitor.detectable_drop(runs).unwrap());
    assert!(drops[0] > drops[1] && drops[1] > drops[2], "{drops:?}");
    assert!((monitor.expected_delay(drops[2]).unwrap() - 30.0).abs() < 1e-6);
    assert_eq!((monitor.detectable_drop(0), monitor.expected_delay(0.0)), (None, None));
}

/// Runs of up to 12 questions with scores on the edges, anything between, and holes.
fn any_history() -> impl Strategy<Value = (Vec<u32>, Vec<Run>)> {
    let score =
        prop_oneof![Just(None), Just(Some(0.0)), Just(Some(1.0)), Just(Some(5e-324)), (0.0..=1.0_f64).prop_map(Some)];
    let constant = prop_oneof![Just(Some(1.0)), Just(None)];
    let run = prop_oneof![prop::collection::vec(score, 0..12), prop::collection::vec(constant, 12)];
    (prop::collection::vec(0..3_u32, 12), prop::collection::vec(run, 0..60))
}

proptest! {
    #[test]
    fn whatever_comes_nothing_is_undefined((categories, runs) in any_history()) {
        let mut monitor = QualityMonitor::new(categories);
        for run in &runs {
            let reading = monitor.observe(run).unwrap();
            let text = format!("{reading:?} {:?} {:?}", monitor.detectable_drop(7), monitor.expected_delay(0.01));
            prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{}", text);
        }
        let state = format!("{:?}", monitor.state());
        prop_assert!(!state.contains("NaN"), "{}", state);
    }
}

/// The first alarm in 90 runs, if any, with a drop of so many points from run 30 on.
fn first_alarm(questions: usize, seed: u64, points: f64) -> Option<Reading> {
    let mut model = Model::new(questions, seed);
    let drop = model.logits_for(points);
    let mut monitor = model.monitor();
    (0..90).find_map(|at| {
        let run = model.run(if at < 30 { 0.0 } else { drop });
        monitor.observe(&run).ok().filter(|reading| reading.status == Status::Worse)
    })
}

const SEED: u64 = 20_261_125;

fn assert_false_alarms_are_rare(questions: usize, histories: u64) {
    let alarms = (0..histories).filter(|seed| first_alarm(questions, SEED + seed, 0.0).is_some()).count();
    assert!(
        alarms * 100 <= histories as usize * 8,
        "seed {SEED}: {alarms} of {histories} histories without drift alarmed"
    );
}

#[test]
fn without_drift_false_alarms_are_rare_with_50_questions() {
    assert_false_alarms_are_rare(50, 300);
}

#[test]
fn without_drift_false_alarms_are_rare_with_200_questions() {
    assert_false_alarms_are_rare(200, 150);
}

/// The median of the runs until a drop is found, over the histories that had no alarm before it, and the part of the
/// alarms whose range of first runs holds the true one.
fn found(questions: usize, points: f64) -> (u32, f64) {
    let alarms: Vec<Reading> =
        (0..100).filter_map(|seed| first_alarm(questions, SEED + 1_000 + seed, points)).collect();
    let mut delays: Vec<u32> = alarms.iter().filter_map(|reading| reading.run.checked_sub(29)).collect();
    delays.sort_unstable();
    assert!(delays.len() >= 90, "seed {SEED}: found in {} of 100 histories", delays.len());
    let changes = alarms.iter().filter_map(|reading| reading.change);
    let held = changes.filter(|change| (change.earliest..=change.latest).contains(&30)).count();
    (delays[delays.len() / 2], held as f64 / delays.len() as f64)
}

#[test]
fn a_drop_of_ten_points_is_found_quickly_with_50_questions() {
    let (median, held) = found(50, 10.0);
    assert!(median <= 5 && held > 0.9, "seed {SEED}: {median} runs, located {held}");
}

#[test]
fn a_drop_of_three_points_is_found_within_nine_runs_with_200_questions() {
    let (median, held) = found(200, 3.0);
    assert!(median <= 9 && held > 0.9, "seed {SEED}: {median} runs, located {held}");
}
