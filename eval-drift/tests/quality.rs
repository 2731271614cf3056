//! The monitor of quality as a detector: eras, marks, gaps, questions that come and go.

mod common;

use common::Model;
use eval_core::{
    Cause, Condition, Conditions, Correction, DriftDetector, DriftReport, EffectKind, History, HistoryKey, Mark,
    MarkKind, Measure, SampleMeasures, Severity, Status, Window, WindowCounts,
};
use eval_drift::{MonitorSettings, QualityMonitor, StreamKind};

const SEED: u64 = 20_261_125;

/// Conditions in which the user's choices are these.
fn conditions(change: impl FnOnce(&mut Conditions)) -> Conditions {
    let mut conditions = Conditions::default();
    (conditions.model, conditions.prompt) = (Some("gpt-4o".into()), Some("p".into()));
    conditions.judge_hash = Some("j".into());
    change(&mut conditions);
    conditions
}

fn detect(history: &History) -> DriftReport {
    QualityMonitor::default().detect(history)
}

fn why(report: &DriftReport) -> &str {
    report.why.as_deref().unwrap_or_else(|| panic!("no reason: {report:?}"))
}

fn mark(window: &Window, kind: MarkKind) -> Mark {
    Mark::new(HistoryKey::new("gpt-4o", "golden"), window.run, kind, "ada", "a reason")
}

#[test]
fn a_drop_is_found_with_its_size_its_beginning_and_what_it_hit() {
    let history = Model::new(200, SEED).history(45, 10.0, 30);
    let report = detect(&history);
    assert_eq!((report.status, report.severity), (Status::Worse, Some(Severity::Critical)), "{report:?}");
    let effect = report.effect.unwrap();
    let (low, high) = effect.interval().unwrap();
    assert!(low < -10.0 && -10.0 < high && high < 0.0 && effect.kind == EffectKind::Conditional, "{effect:?}");
    let onset = report.since.unwrap();
    let place = |run| history.windows.iter().position(|window| window.run == run).unwrap();
    assert!(place(onset.earliest.run) <= 30 && 30 <= place(onset.latest.run), "{onset:?}");
    assert!(place(onset.since.run).abs_diff(30) <= 1, "{onset:?}");
    let (baseline, current) = (report.baseline.unwrap(), report.current.unwrap());
    assert_eq!((baseline.runs + current.runs, current.runs), (45, onset.runs));
    assert_eq!(current.n, 200 * u64::from(current.runs));
    assert!((current.mean.unwrap() - baseline.mean.unwrap() - effect.change).abs() < 1e-9);
    let evidence = &report.evidence;
    let sum: f64 = evidence.streams.iter().map(|stream| stream.weight * stream.m).sum();
    assert!((sum / evidence.m.unwrap() - 1.0).abs() < 1e-9 && evidence.threshold == Some(500.0));
    assert_eq!(evidence.streams.len(), 9, "mean, sentinel and seven categories");
    assert_eq!(report.categories.len(), 7);
    assert!(report.categories.iter().all(|found| found.p <= found.p_holm && found.q <= found.p_holm));
    assert!(report.questions.regressed > report.questions.improved && report.questions.compared == 200);
    let found = report.detectable.unwrap();
    assert!(found.in_1 > found.in_7 && found.in_7 > found.in_30 && found.in_30 > Some(0.5), "{found:?}");
    assert!(report.pages(1.0) && !report.pages(50.0));
}

#[test]
fn the_replay_has_the_evidence_of_the_increments_to_the_bit() {
    let history = Model::new(60, SEED).history(50, 8.0, 25);
    let mut monitor = QualityMonitor::new((0..60).map(|at| at % 7));
    for end in 1..=50 {
        let window = &history.windows[end - 1];
        let scores: Vec<_> = window.scores.iter().map(|found| Some(found.score)).collect();
        let reading = monitor.observe(&scores).unwrap();
        let state = serde_json::to_string(monitor.state()).unwrap();
        monitor = QualityMonitor::restore(MonitorSettings::default(), serde_json::from_str(&state).unwrap());
        let report = detect(&History::new(history.windows[..end].to_vec()));
        assert_eq!(report.evidence.m.unwrap().to_bits(), reading.evidence.to_bits(), "run {end}");
        assert_eq!(report.evidence.m_better.unwrap().to_bits(), reading.improvement.to_bits());
        assert_eq!(report.status, reading.status);
        if let (Some(change), Status::Watch | Status::Worse) = (reading.change, reading.status) {
            let (effect, expected) = (report.effect.unwrap(), change.effect.unwrap());
            assert!((effect.change - 100.0 * expected.delta).abs() < 1e-9, "{effect:?} {expected:?}");
            let (low, _) = expected.interval(0.95).unwrap();
            assert!((effect.low.unwrap() - 100.0 * low).abs() < 1e-9, "{effect:?} {expected:?}");
            assert_eq!(report.since.unwrap().since.run, history.windows[change.since as usize].run);
        }
    }
    // What it has observed itself does not count.
    assert_eq!(monitor.detect(&history), detect(&history));
    assert!(monitor.observe(&[]).is_ok_and(|reading| reading.streams.iter().any(|one| one.kind == StreamKind::Mean)));
}

#[test]
fn too_few_runs_are_warming_and_say_how_many_it_takes() {
    let mut model = Model::new(50, SEED);
    for runs in 0..8 {
        let report = detect(&model.history(runs, 0.0, 0));
        let expected = if runs < 6 { Status::Warming } else { Status::Steady };
        assert_eq!(report.status, expected, "{runs} runs");
        assert_eq!(report.warming.map(|warming| (warming.have, warming.need)), (runs < 6).then_some((runs as u32, 6)));
    }
}

#[test]
fn only_what_the_user_changed_begins_an_era() {
    for (condition, begins) in [
        (Condition::Model, true),
        (Condition::Prompt, true),
        (Condition::Params, true),
        (Condition::Judge, true),
        (Condition::Dataset, false),
        (Condition::Fingerprint, false),
        (Condition::ServedModel, false),
        (Condition::GitCommit, false),
    ] {
        let mut history = Model::new(100, SEED).history(30, 20.0, 20);
        for (at, window) in history.windows.iter_mut().enumerate() {
            let (text, new) = (if at < 20 { "old" } else { "new" }, at >= 20);
            window.conditions = conditions(|conditions| match condition {
                Condition::Model => conditions.model = Some(text.into()),
                Condition::Prompt => conditions.prompt = Some(text.into()),
                Condition::Params => {
                    conditions.params = Some(eval_core::Params::new().with("temperature", u8::from(new)));
                }
                Condition::Judge => conditions.judge_hash = Some(text.into()),
                Condition::Dataset => conditions.dataset = Some(text.into()),
                Condition::Fingerprint => conditions.served.fingerprints = [(text.into(), 100)].into(),
                Condition::ServedModel => conditions.served.models = [(text.into(), 100)].into(),
                _ => conditions.git_commit = Some(text.into()),
            });
        }
        let report = detect(&history);
        assert_eq!(report.status, if begins { Status::Steady } else { Status::Worse }, "{condition}");
        let change = report.changes.iter().find(|change| change.condition == condition).expect("it is told");
        assert_eq!((change.run, change.coincides), (history.windows[20].run, !begins), "{condition}");
        let note = format!("the {condition} changed on 2026-01-22: old -> new");
        assert_eq!(report.notes().contains(&note), !begins, "{:?}", report.notes());
    }
}

#[test]
fn fingerprints_that_take_turns_are_told_once() {
    let mut history = Model::new(50, SEED).history(20, 0.0, 0);
    for (at, window) in history.windows.iter_mut().enumerate() {
        let served = ["a", "b"][at % 2].to_owned();
        window.conditions = conditions(|conditions| conditions.served.fingerprints = [(served, 50)].into());
    }
    let report = detect(&history);
    let told: Vec<_> = report.changes.iter().map(|change| (change.before.concat(), change.after.concat())).collect();
    assert_eq!(told, [("a".to_owned(), "b".to_owned())]);
}

#[test]
fn an_era_that_has_just_begun_says_why() {
    let mut history = Model::new(50, SEED).history(12, 0.0, 0);
    for (at, window) in history.windows.iter_mut().enumerate() {
        window.conditions =
            conditions(|conditions| conditions.judge_hash = Some(["j", "k"][usize::from(at > 9)].into()));
    }
    let report = detect(&history);
    assert_eq!(report.status, Status::Warming);
    assert_eq!(why(&report), "2 of 6 runs that it takes; a new era began: the judge changed (j -> k)");
}

#[test]
fn an_accepted_level_begins_an_era_and_a_masked_run_is_left_out() {
    let history = Model::new(200, SEED).history(45, 10.0, 30);
    assert_eq!(detect(&history).status, Status::Worse);
    let accepted = history.clone().marks(vec![mark(&history.windows[30], MarkKind::Accepted)]);
    let report = detect(&accepted);
    assert_eq!(report.status, Status::Steady);
    assert_eq!(report.baseline.unwrap().from.run, history.windows[30].run);
    assert_eq!((history.marks_version(), accepted.marks_version()), (0, 1));

    let marks = (30..45).map(|at| mark(&history.windows[at], MarkKind::Masked)).collect();
    let report = detect(&history.clone().marks(marks));
    assert_eq!((report.status, report.run), (Status::Steady, Some(history.windows[29].run)));
    assert!(report.warnings.concat().contains("15 runs"), "{:?}", report.warnings);

    // The run that was accepted is gone: the era begins with the next one.
    let mark = mark(&history.windows[30], MarkKind::Accepted);
    let rest = [&history.windows[..30], &history.windows[31..]].concat();
    let report = detect(&History::new(rest).marks(vec![mark]));
    assert_eq!(report.baseline.unwrap().from.run, history.windows[31].run);
}

#[test]
fn an_outage_of_one_run_is_transient() {
    let mut model = Model::new(200, SEED);
    let drop = |at: usize| if at == 30 { 40.0 } else { 0.0 };
    let windows: Vec<Window> = (0..36).map(|at| model.run(drop(at))).collect();
    let until = |end: usize| detect(&History::new(windows[..end].to_vec()));
    assert_eq!(until(31).status, Status::Worse);
    let report = until(32);
    assert_eq!((report.status, report.cause), (Status::Steady, Some(Cause::Transient)));
    assert!(!report.pages(0.0));
    let later = until(36);
    assert_eq!((later.status, later.cause), (Status::Steady, None));
    assert!(later.warnings.concat().contains("1 runs"), "{:?}", later.warnings);
}

#[test]
fn questions_that_join_count_after_three_runs_and_those_that_leave_lower_the_coverage() {
    let mut model = Model::new(60, SEED);
    let mut windows: Vec<Window> = (0..10).map(|_| model.run_of(0.0, |at| at < 50)).collect();
    for joined in 0..5 {
        windows.push(model.run(0.0));
        let report = detect(&History::new(windows.clone()));
        assert_eq!(report.n, if joined < 3 { 50 } else { 60 }, "{joined} runs later");
        assert_eq!((report.status, report.coverage), (Status::Steady, Some(1.0)));
    }
    windows.push(model.run_of(0.0, |at| at >= 6));
    let report = detect(&History::new(windows));
    assert_eq!((report.status, report.n, report.coverage), (Status::Steady, 54, Some(0.9)));
}

#[test]
fn coverage_has_its_borders_at_eighty_and_at_fifty_percent() {
    let mut model = Model::new(50, SEED);
    let before: Vec<Window> = (0..10).map(|_| model.run(0.0)).collect();
    for (scored, status) in
        [(40, Status::Steady), (39, Status::Partial), (25, Status::Partial), (24, Status::NotComparable)]
    {
        let last = model.run_of(0.0, |at| at < scored);
        let report = detect(&History::new([before.clone(), vec![last]].concat()));
        assert_eq!(report.status, status, "{scored} of 50");
        assert_eq!(report.coverage, Some(scored as f64 / 50.0));
        if status != Status::Steady {
            assert!(why(&report).starts_with(&format!("the run scored {scored} of the 50 questions")), "{report:?}");
            assert_eq!(report.effect, None);
        }
    }
    // A partial run is not taken in: the one after it is compared with the ten before.
    let last = [model.run_of(60.0, |at| at < 39), model.run(0.0)];
    let report = detect(&History::new([before, last.to_vec()].concat()));
    assert_eq!((report.status, report.baseline.unwrap().runs), (Status::Steady, 10));
}

#[test]
fn f50_a_run_without_scores_says_what_became_of_it() {
    let mut model = Model::new(50, SEED);
    let mut windows: Vec<Window> = (0..10).map(|_| model.run(0.0)).collect();
    let mut counts = WindowCounts::default();
    (counts.planned, counts.failed, counts.unscored) = (50, 47, 3);
    windows.push(model.run_of(0.0, |_| false).counts(counts));
    let report = detect(&History::new(windows));
    assert_eq!(report.status, Status::NotComparable);
    assert_eq!(why(&report), "nothing was scored: 47 not answered, 3 not graded");
    assert!(report.notes().contains(&"missing and not counted as 0: 47 not answered, 3 not graded".to_owned()));
    assert!(!report.pages(0.0));
    // Nor is a history of nothing but failures anything else.
    let empty = (0..9).map(|_| model.run_of(0.0, |_| false)).collect();
    assert_eq!(detect(&History::new(empty)).status, Status::NotComparable);
}

#[test]
fn f50_one_question_and_constant_scores_never_alarm() {
    for questions in [1, 50] {
        for score in [0.0, 0.5, 1.0] {
            let mut model = Model::new(questions, SEED);
            let mut constant = || {
                let mut window = model.run(0.0);
                window.scores.iter_mut().for_each(|found| found.score = score);
                window
            };
            let report = detect(&History::new((0..40).map(|_| constant()).collect()));
            assert_eq!((report.status, report.effect.unwrap().change), (Status::Steady, 0.0));
            assert_eq!(report.warnings.concat().contains("only 1 questions"), questions == 1);
        }
    }
}

#[test]
fn f50_a_score_that_is_none_is_named() {
    for bad in [f64::NAN, f64::NEG_INFINITY, 1.5] {
        let mut history = Model::new(9, SEED).history(10, 0.0, 0);
        history.windows[3].scores[7].score = bad;
        let report = detect(&history);
        assert_eq!(report.status, Status::NotComparable);
        let expected = format!("has the score {bad} for question q00007, expected a number from 0 to 1");
        assert!(why(&report).ends_with(&expected), "{report:?}");
    }
}

#[test]
fn f51_another_data_set_is_not_compared() {
    let mut model = Model::new(100, SEED);
    let mut windows: Vec<Window> = (0..10).map(|_| model.run_of(0.0, |at| at < 50)).collect();
    windows.push(model.run_of(0.0, |at| at >= 50));
    let report = detect(&History::new(windows));
    assert_eq!(report.status, Status::NotComparable);
    assert_eq!(why(&report), "another data set: none of the 50 questions of the earlier runs is in it");
}

#[test]
fn a_rise_is_better_and_since_when() {
    let mut model = Model::new(200, SEED);
    let drop = |at: usize| if at < 30 { 15.0 } else { 0.0 };
    let history = History::new((0..45).map(|at| model.run(drop(at))).collect());
    let report = detect(&history);
    assert_eq!((report.status, report.severity), (Status::Better, None));
    assert!(report.effect.unwrap().low > Some(0.0), "{report:?}");
    let place = |run| history.windows.iter().position(|window| window.run == run).unwrap();
    assert!(place(report.since.unwrap().since.run).abs_diff(30) <= 1);
    assert!(!report.pages(0.0));
}

#[test]
fn one_category_is_named() {
    let mut model = Model::new(210, SEED);
    let mut windows: Vec<Window> = (0..30).map(|_| model.run(0.0)).collect();
    for _ in 0..8 {
        let mut window = model.run(0.0);
        let math = window.scores.iter_mut().filter(|found| &*found.category == "math");
        math.step_by(2).for_each(|found| found.score = 0.0);
        windows.push(window);
    }
    let report = detect(&History::new(windows));
    assert_eq!((report.status, report.severity), (Status::Worse, Some(Severity::Critical)));
    let certain: Vec<_> = report.categories.iter().filter(|found| found.p_holm <= Some(0.001)).collect();
    assert_eq!(certain.iter().map(|found| &*found.name).collect::<Vec<_>>(), ["math"]);
    assert!(report.regressed.iter().all(|found| found.category == "math" || found.q > Some(0.01)));
    let first = &report.regressed[0];
    assert!(first.consistent && first.contribution < 0.0 && first.current.mean == 0.0, "{first:?}");
    assert!(report.families.iter().any(|family| family.correction == Correction::Holm && family.tests == 7));
    assert!(report.notes().iter().any(|note| note.starts_with("certain only in math -")), "{:?}", report.notes());
}

#[test]
fn one_question_that_fails_needs_two_failures_more() {
    let mut model = Model::new(20, SEED);
    let mut right = |wrong: bool| {
        let mut window = model.run(0.0);
        window.scores.iter_mut().for_each(|found| found.score = 1.0);
        window.scores[4].score = f64::from(!wrong);
        window
    };
    let history = History::new((0..15).map(|at| right(at == 14)).collect());
    let report = eval_drift::PairedTest::new().detect(&history);
    let [found] = report.regressed.as_slice() else { panic!("{report:?}") };
    assert_eq!((found.key.id.as_str(), found.p, found.failures_needed), ("q00004", None, Some(2)));
    assert_eq!((found.baseline.runs, found.current.runs), (14, 1));
}

#[test]
fn the_key_and_the_method_stand_in_the_report() {
    let key = HistoryKey::new("gpt-4o", "golden");
    let history = Model::new(20, SEED).history(9, 0.0, 0).key(Some(key.clone()));
    let report = detect(&history);
    assert_eq!(
        (report.key, report.run, report.at),
        (Some(key), Some(history.windows[8].run), Some(history.windows[8].at))
    );
    assert_eq!(report.method.to_string(), "quality-monitor/1 alarm=500.0 run_noise=0.005 watch=200.0");
    assert_eq!(report.measure, Measure::Quality);
}

/// A model behind the same name whose tokenizer counts a third of the questions otherwise.
#[test]
fn another_tokenizer_at_the_time_of_a_drop_is_told() {
    for swapped in [false, true] {
        let mut history = Model::new(100, SEED).history(30, 20.0, 20);
        for (at, window) in history.windows.iter_mut().enumerate() {
            let measures = window.scores.iter().zip(0..).map(|(score, question)| {
                let mut measures = SampleMeasures::new(score.key.clone());
                let other = swapped && at >= 20 && question % 3 == 0;
                measures.prompt_tokens = Some(if other { 19.0 } else { 10.0 });
                measures
            });
            window.measures = measures.collect();
        }
        let report = detect(&history);
        assert_eq!(report.status, Status::Worse);
        let told = report.changes.iter().find(|change| change.condition == Condition::PromptTokens);
        assert_eq!(told.is_some(), swapped);
        if let Some(change) = told {
            assert_eq!((change.run, change.coincides), (history.windows[20].run, true));
            assert_eq!(change.after, ["mean 13.1, other numbers for 34 % of the questions"]);
        }
    }
}
