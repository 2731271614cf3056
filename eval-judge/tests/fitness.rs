//! Judges with known flaws are called unfit, and one without is called fit.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eval_core::{
    Completion, Judge, JudgeError, Money, ProviderError, ProviderErrorKind, Sample, SampleId, Score, Scripted, Verdict,
    async_trait,
};
use eval_judge::{Audit, Calibration, Finding, Fitness, LlmJudge, MASTER_KEYS, Pairwise, calibrate};

/// A judge that is a function of the answer and of how often it was asked.
struct By<F>(F, AtomicU64);

fn by<F: Fn(&str, u64) -> Option<f64> + Send + Sync + 'static>(rule: F) -> By<F> {
    By(rule, AtomicU64::new(0))
}

#[async_trait]
impl<F: Fn(&str, u64) -> Option<f64> + Send + Sync + 'static> Judge for By<F> {
    fn name(&self) -> &str {
        "scripted"
    }

    async fn judge(&self, _: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
        match (self.0)(&answer.text, self.1.fetch_add(1, Ordering::Relaxed)) {
            Some(score) => {
                Ok(Verdict::scored("scripted", Score::new(score).unwrap(), "").cost(Some(Money::from_nanos(2))))
            }
            None => Err(JudgeError::Garbled("prose".into())),
        }
    }
}

/// Right when Paris is named.
fn clean(answer: &str, _: u64) -> Option<f64> {
    Some(f64::from(answer.contains("Paris")))
}

fn cases(count: usize) -> Vec<(Sample, Completion)> {
    let answer = |at: usize| if at.is_multiple_of(2) { "It is Paris." } else { "It is Lyon, I believe." };
    (0..count).map(|at| (sample(at), Completion::new(answer(at)))).collect()
}

fn sample(at: usize) -> Sample {
    Sample::new(SampleId::new(at.to_string()), "What is the capital of France?").target("Paris")
}

fn check(found: &Finding, name: &str, fitness: Fitness) {
    assert_eq!((found.check, found.fitness), (name, fitness), "{found:?}");
    assert!(!found.words.is_empty());
}

#[tokio::test]
async fn f31_a_judge_that_falls_for_empty_phrases_is_unfit() {
    let samples: Vec<Sample> = (0..20).map(sample).collect();
    let found = Audit::new().master_keys(&by(clean), &samples).await.unwrap();
    check(&found, "master-keys", Fitness::Fit);
    assert_eq!((found.n, found.value), (20 * MASTER_KEYS.len() as u64, Some(0.0)));
    assert_eq!(found.cost, Some(Money::from_nanos(2 * 240)));
    for flaw in [":", "Thought process:", "Solution", " "] {
        let fooled = by(move |answer: &str, at| if answer == flaw { Some(1.0) } else { clean(answer, at) });
        let found = Audit::new().master_keys(&fooled, &samples).await.unwrap();
        check(&found, "master-keys", Fitness::Unfit);
        let (low, high) = found.interval.unwrap();
        assert!(low <= found.value.unwrap() && found.value.unwrap() <= high);
    }
    // A grader that likes all it reads never sees a blank answer.
    let grader = Arc::new(Scripted::always(r#"{"reasoning": "x", "score": 1}"#));
    let found = Audit::new().master_keys(&LlmJudge::builder(grader).build().unwrap(), &samples).await.unwrap();
    check(&found, "master-keys", Fitness::Unfit);
    assert_eq!(found.value, Some(11.0 / 12.0));
}

/// A grader that compares by a function of both answers as they stand in its prompt.
fn pairwise(prefers: fn(&str, &str) -> &'static str) -> Pairwise {
    let grader = Scripted::new("grader", move |request| {
        let section = |label: &str| -> Option<String> {
            let (_, after) = request.messages[1].content.split_once(&format!("<<<BEGIN {label} "))?;
            let (_, inside) = after.split_once(">>>\n")?;
            Some(inside.split_once("\n<<<END")?.0.to_owned())
        };
        let better = prefers(&section("first answer").unwrap(), &section("second answer").unwrap());
        format!(r#"{{"reasoning": "it is", "better": "{better}"}}"#)
    });
    let grader = LlmJudge::builder(Arc::new(grader)).build().unwrap();
    Pairwise::new(grader, (0..20).map(|at| (sample(at).id, "Perhaps Paris.".to_owned())))
}

#[tokio::test]
async fn f32_a_grader_that_prefers_a_place_is_unfit() {
    let found = Audit::new().order(&pairwise(|_, _| "first"), &cases(20)).await.unwrap();
    check(&found, "order", Fitness::Unfit);
    assert_eq!((found.value, found.n), (Some(1.0), 20));
    assert!(found.words.contains("20 for the first, 0 for the second"), "{}", found.words);
    let found = Audit::new().order(&pairwise(|_, _| "second"), &cases(20)).await.unwrap();
    assert!(found.words.contains("0 for the first, 20 for the second"), "{}", found.words);
    let by_length = |one: &str, other: &str| if one.len() < other.len() { "first" } else { "second" };
    check(&Audit::new().order(&pairwise(by_length), &cases(20)).await.unwrap(), "order", Fitness::Fit);
    check(&Audit::new().order(&pairwise(|_, _| "same"), &cases(20)).await.unwrap(), "order", Fitness::Fit);
    check(&Audit::new().order(&pairwise(|_, _| "neither"), &cases(20)).await.unwrap(), "order", Fitness::Unknown);
}

#[tokio::test]
async fn identical_pairs_say_nothing_of_the_order() {
    let same: Vec<_> = (0..20).map(|at| (sample(at), Completion::new("Perhaps Paris."))).collect();
    let found = Audit::new().order(&pairwise(|_, _| panic!("never asked")), &same).await.unwrap();
    check(&found, "order", Fitness::Unknown);
    assert_eq!((found.n, found.value), (0, None));
}

#[tokio::test]
async fn f33_a_judge_that_likes_long_answers_is_unfit() {
    let found = Audit::new().verbosity(&by(clean), &cases(10)).await.unwrap();
    check(&found, "verbosity", Fitness::Fit);
    assert_eq!((found.value, found.n), (Some(0.0), 10));
    let verbose = by(|answer: &str, _| Some((answer.len() as f64 / 200.0).min(1.0)));
    let found = Audit::new().verbosity(&verbose, &cases(10)).await.unwrap();
    check(&found, "verbosity", Fitness::Unfit);
    assert!(found.value.unwrap() > 0.05 && found.interval.unwrap().0 > 0.0, "{found:?}");
    let terse = by(|answer: &str, _| Some(1.0 - (answer.len() as f64 / 200.0).min(1.0)));
    check(&Audit::new().verbosity(&terse, &cases(10)).await.unwrap(), "verbosity", Fitness::Fit);
    // Scores that jump around are no slope.
    let noise = by(|_, at| Some([0.9, 0.2, 0.4, 0.1, 0.8, 0.5, 0.6][(at * 5 % 7) as usize]));
    check(&Audit::new().verbosity(&noise, &cases(10)).await.unwrap(), "verbosity", Fitness::Unknown);
}

#[tokio::test]
async fn f33_padding_says_the_same_at_twice_and_four_times_the_length() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let lengths = seen.clone();
    let judge = by(move |answer: &str, _| {
        lengths.lock().unwrap().push(answer.len());
        assert!(answer.lines().all(|line| line.trim_start_matches("- ") == "It is Paris."), "{answer}");
        Some(0.5)
    });
    Audit::new().concurrency(1).verbosity(&judge, &cases(1)).await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen[1] >= 2 * seen[0] && seen[2] >= 4 * seen[0] && seen[2] < 6 * seen[0], "{seen:?}");
}

#[tokio::test]
async fn a_judge_that_says_another_thing_each_time_is_unfit() {
    check(&Audit::new().stability(&by(clean), &cases(10)).await.unwrap(), "stability", Fitness::Fit);
    let fickle = by(|_, at| Some(f64::from(at.is_multiple_of(2))));
    let found = Audit::new().concurrency(1).stability(&fickle, &cases(10)).await.unwrap();
    check(&found, "stability", Fitness::Unfit);
    assert_eq!((found.value, found.n), (Some(1.0), 10));
}

#[tokio::test]
async fn few_answers_say_nothing_and_say_how_many_would() {
    let samples: Vec<Sample> = (0..5).map(sample).collect();
    let found = Audit::new().master_keys(&by(clean), &samples).await.unwrap();
    check(&found, "master-keys", Fitness::Unknown);
    assert!(found.words.contains("too few answers (60)"), "{}", found.words);
    // Two of three answers get another score the second time: 0.667 on average.
    let fickle = by(|_, at| Some(f64::from(at == 1 || at == 3)));
    let found = Audit::new().concurrency(1).stability(&fickle, &cases(3)).await.unwrap();
    check(&found, "stability", Fitness::Unknown);
    assert_eq!((found.interval, found.n), (Some((0.0, 1.0)), 3));
    check(&Audit::new().stability(&by(clean), &cases(3)).await.unwrap(), "stability", Fitness::Unknown);
}

#[tokio::test]
async fn a_judge_that_grades_little_shows_little() {
    let silent = by(|_, at| at.is_multiple_of(4).then_some(0.0));
    let found = Audit::new().concurrency(1).master_keys(&silent, &[sample(1)]).await.unwrap();
    check(&found, "master-keys", Fitness::Unknown);
    assert_eq!((found.n, found.unscored, found.cost), (3, 9, None));
    check(&Audit::new().stability(&by(clean), &[]).await.unwrap(), "stability", Fitness::Unknown);
    let refused = Scripted::fallible("refused", |_| Err(ProviderError::new(ProviderErrorKind::Auth, "no key")));
    let judge = LlmJudge::builder(Arc::new(refused)).build().unwrap();
    assert!(Audit::new().stability(&judge, &cases(1)).await.unwrap_err().is_fatal());
}

fn calibrated(judge: impl Fn(usize, f64) -> f64) -> Calibration {
    let score = |score: f64| Score::new(score).unwrap();
    let person = |at: usize| [1.0, 1.0, 0.0, 0.5][at % 4];
    let labelled: Vec<_> = (0..80).map(|at| (score(judge(at, person(at))), score(person(at)))).collect();
    let others: Vec<_> = (0..400).map(|at| score(judge(at, person(at)))).collect();
    calibrate(&labelled, &others, 0.5).unwrap()
}

#[test]
fn a_judge_is_held_against_people() {
    let found = calibrated(|_, person| person);
    check(&found.finding, "calibration", Fitness::Fit);
    assert_eq!((found.accuracy, found.kappa, found.alpha, found.bias), (1.0, Some(1.0), Some(1.0), 0.0));
    assert_eq!((found.confusion.both_pass, found.confusion.both_fail), (60, 20));

    let lenient = calibrated(|_, person| 0.5 + person / 2.0);
    assert_eq!((lenient.accuracy, lenient.confusion.judge_only, lenient.kappa), (0.75, 20, Some(0.0)));
    assert!((lenient.bias - 0.1875).abs() < 1e-12);
    // The level of people is 0.625, of which the judge makes 0.8125.
    assert!((lenient.judge_level - 0.8125).abs() < 1e-12 && (lenient.level - 0.625).abs() < 1e-12);
    let (low, high) = lenient.level_interval.unwrap();
    assert!(low < 0.625 && 0.625 < high && high - low < 0.2);

    let random = calibrated(|at, _| [0.9, 0.1, 0.4, 0.7, 0.2][at % 5]);
    check(&random.finding, "calibration", Fitness::Unfit);
    let constant = calibrated(|_, _| 1.0);
    check(&constant.finding, "calibration", Fitness::Unfit);
    assert!((constant.level - 0.625).abs() < 1e-12, "{constant:?}");
    assert_eq!(calibrate(&[], &[Score::ONE], 0.5), None);
    let alone = calibrate(&[(Score::ONE, Score::ZERO), (Score::ONE, Score::ONE)], &[], 0.5).unwrap();
    assert_eq!(alone.level, 0.5, "where people scored all, theirs is the level");
}
