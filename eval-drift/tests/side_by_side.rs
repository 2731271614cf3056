//! Runs side by side, and what a data set can show.

use std::sync::Arc;

use eval_core::{
    Completion, DatasetRef, Evaluation, Money, Outcome, ProviderErrorKind, Run, Sample, SampleKey, Score, Served,
    Timestamp, Timing,
};
use eval_drift::{IntervalOf, PowerPlan, PowerSource, QuestionScores, RunScores, ScoresError, compare};

fn run_of(scores: impl IntoIterator<Item = Vec<f64>>) -> RunScores {
    let question = |(at, scores): (usize, Vec<f64>)| {
        let category = if at.is_multiple_of(5) { "Reasoning" } else { "Facts" };
        let mut found = QuestionScores::new(SampleKey::new(format!("q{at:03}").as_str(), "f00d"), category, scores);
        (found.latency_ms, found.length) = (Some(100.0 + at as f64), Some(50.0));
        found
    };
    let questions: Vec<QuestionScores> = scores.into_iter().enumerate().map(question).collect();
    RunScores::new("m", DatasetRef::new("golden", "9f2c", questions.len() as u64))
        .judge("exact", "aa")
        .questions(questions)
}

#[test]
fn a_comparison_says_what_moved_by_how_much_and_where() {
    let before = run_of((0..300).map(|at| vec![f64::from(at % 10 != 3); 3]));
    let mut now = run_of((0..300).map(|at| vec![if at % 15 == 0 { 0.0 } else { f64::from(at % 10 != 3) }; 3]));
    now.questions.iter_mut().for_each(|question| question.latency_ms = question.latency_ms.map(|ms| ms * 1.25));
    let same = before.clone();
    let found = compare(&[before, now, same]).unwrap();
    let (worse, same) = (&found[0], &found[1]);
    let effect = worse.effect.unwrap();
    assert!((effect.points + 100.0 * 20.0 / 300.0).abs() < 1e-9 && effect.high < 0.0 && effect.level == 0.95);
    assert_eq!(worse.changes.to_string(), "20 regressed (20 in every epoch), 0 improved, 280 unchanged");
    let [facts, reasoning] = &worse.categories[..] else { panic!("two categories") };
    assert!(facts.name == "Facts" && facts.effect.unwrap().points == 0.0 && facts.p_holm == Some(1.0));
    assert!(reasoning.p_holm.unwrap() < 1e-4 && reasoning.q <= reasoning.p_holm && reasoning.n == 60);
    let latency = worse.latency.unwrap();
    assert!((latency.ratio - 1.25).abs() < 1e-9 && latency.interval.unwrap().0 > 1.2 && latency.n == 300);
    assert_eq!((worse.length.unwrap().ratio, worse.cost), (1.0, None));
    assert!(worse.p_holm.unwrap() < 1e-4 && same.p_holm == Some(1.0));
    assert_eq!(same.effect.unwrap().interval, IntervalOf::BonettPrice);
}

#[test]
fn f51_runs_of_another_judge_or_data_set_have_no_effect() {
    let run = run_of((0..50).map(|at| vec![f64::from(at % 3 != 0)]));
    let mut other = run.clone();
    other.dataset = DatasetRef::new("other", "0000", 50);
    let found = compare(&[run.clone(), run.clone().judge("exact", "bb"), other]).unwrap();
    for (pair, why) in found.iter().zip(["another judge", "another data set"]) {
        assert!(pair.effect.is_none() && pair.categories.is_empty() && pair.obstacles[0].starts_with(why), "{pair:?}");
    }
    assert!(matches!(compare(std::slice::from_ref(&run)), Err(ScoresError::TooFew { needed: 2, .. })));
    let mut broken = run.clone();
    broken.questions[3].scores = vec![f64::NAN];
    assert!(matches!(compare(&[run, broken]), Err(ScoresError::NotComparable(_))));
}

#[test]
fn scores_come_from_evaluations_epoch_by_epoch() {
    let day = Timestamp::UNIX_EPOCH;
    let (scored, broken) = (Arc::new(Sample::new("q1", "Why?").category("c")), Arc::new(Sample::new("q2", "How?")));
    let answer = |score: bool, print: &str| {
        let mut served = Served::default();
        served.fingerprint = Some(print.to_owned());
        let completion = Completion::new("because").served(served).timing(Timing::service(120.0));
        let outcome = Outcome::Scored { score: Score::from(score) };
        Evaluation::new(scored.clone(), 1, outcome, day).completion(completion.cost(Some(Money::from_nanos(1_000))))
    };
    let failure = Outcome::Failed { kind: ProviderErrorKind::Timeout, message: "late".to_owned() };
    let failed = Evaluation::new(broken, 1, failure, day);
    let run = Run::new("gamma-pro", DatasetRef::new("golden", "9f2c", 2), 4);
    let found = RunScores::of(&run, &[answer(true, "fp_1"), failed, answer(false, "fp_2")]);
    assert_eq!((found.label.as_str(), found.name.as_str()), (run.id.short().as_str(), "gamma-pro"));
    assert_eq!((found.counts().scored, found.counts().failed, found.latencies_ms.len()), (2, 1, 2));
    assert_eq!(found.questions[0].scores, [1.0, 0.0]);
    assert_eq!((found.questions[0].text.as_deref(), found.questions[0].length), (Some("Why?"), Some(7.0)));
    assert_eq!((found.cost.known, found.cost.unknown), (Some(Money::from_nanos(2_000)), 1));
    assert_eq!(found.settings["provider fingerprint"], "fp_1, fp_2");
}

#[test]
fn power_without_a_history_is_that_of_the_simulated_model_and_says_so() {
    // Minimum detectable effects of the simulation on docs/drift.md.
    for (questions, epochs, points) in
        [(50, 1, 9.4), (50, 3, 6.2), (200, 1, 4.9), (200, 3, 3.3), (1_000, 1, 2.4), (1_000, 3, 1.8)]
    {
        let answer = PowerPlan::new(3.0).questions(questions).epochs(epochs).answer(&[]).unwrap();
        assert_eq!(answer.source, PowerSource::Prior);
        let found = answer.minimum_detectable_effect;
        assert!((found - points).abs() < 0.12 * points, "Q={questions} K={epochs}: {found}, simulated {points}");
    }
    // Runs to WATCH by formula: 19, 5.8 and 2.1, the first of them half as many again.
    let runs = |questions| PowerPlan::new(3.0).questions(questions).answer(&[]).unwrap();
    let [small, middle, large] = [50, 200, 1_000].map(runs);
    assert!((20.0..30.0).contains(&small.runs_to_watch) && (4.5..6.5).contains(&middle.runs_to_watch), "{small:?}");
    assert!((1.8..2.4).contains(&large.runs_to_watch) && large.runs_to_alarm > large.runs_to_watch);
}

#[test]
fn power_of_a_history_is_that_of_its_scores() {
    // Half of the questions are luck, the others are not.
    let run =
        |turn: usize| run_of((0..100).map(move |at| vec![f64::from(at % 2 == 0 || (at / 2 + turn).is_multiple_of(2))]));
    let history: Vec<RunScores> = (0..6).map(run).collect();
    let answer = PowerPlan::new(3.0).answer(&history).unwrap();
    assert_eq!(answer.source, PowerSource::History { runs: 6, questions: 100 });
    assert!((answer.within - 0.25).abs() < 1e-12, "half of the questions turn each time: {}", answer.within);
    let needed = answer.questions_needed.unwrap();
    let plan = PowerPlan::new(3.0).questions(needed);
    assert!(plan.answer(&history).unwrap().minimum_detectable_effect <= 3.0);
    assert!(plan.questions(needed - 1).answer(&history).unwrap().minimum_detectable_effect > 3.0);
    assert_eq!(answer.epochs_needed, None, "100 questions against single answers of 7 runs never see 3 points");
    let many = PowerPlan::new(5.0).questions(600).answer(&history).unwrap();
    let epochs = many.epochs_needed.unwrap();
    let with = |epochs: u64| PowerPlan::new(5.0).questions(600).epochs(epochs as u32).answer(&history).unwrap();
    assert!(with(epochs).minimum_detectable_effect <= 5.0, "{epochs}");
    assert!(epochs == 1 || with(epochs - 1).minimum_detectable_effect > 5.0, "{epochs}");
    assert_eq!(many.table.len(), 12);
}

#[test]
fn epochs_tell_luck_from_change() {
    let run = |right: usize| run_of((0..60).map(move |at| vec![1.0, f64::from(at < right), 0.0]));
    let answer = PowerPlan::new(3.0).answer(&[run(30), run(30)]).unwrap();
    assert!((answer.within - 1.0 / 3.0).abs() < 1e-12);
    assert!(answer.between < 0.01);
}

#[test]
fn a_plan_that_cannot_be_is_refused() {
    assert!(matches!(PowerPlan::new(3.0).answer(&[]), Err(ScoresError::TooFew { unit: "questions", .. })));
    for drop in [0.0, -1.0, f64::NAN, 101.0] {
        assert!(matches!(PowerPlan::new(drop).questions(50).answer(&[]), Err(ScoresError::NotComparable(_))));
    }
    let tiny = PowerPlan::new(0.5).questions(50).answer(&[]).unwrap();
    assert_eq!((tiny.questions_needed, tiny.epochs_needed), (None, None), "runs themselves are noisier than that");
}
