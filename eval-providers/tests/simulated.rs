//! Simulated models: what their settings promise, and that everything can be repeated.

use eval_core::{Message, Money, Origin, Provider as _, ProviderErrorKind, Request, RunId, SampleId, Timestamp};
use eval_providers::{Drift, Simulated, SimulatedBuilder};

const QUESTIONS: usize = 2_000;

fn day(day: u32) -> Timestamp {
    format!("2026-11-{day:02}T12:00:00Z").parse().expect("a date")
}

fn id(question: usize) -> SampleId {
    SampleId::from(format!("q{question}").as_str())
}

/// Questions of two categories; the answer to each is its own.
fn with_key(builder: SimulatedBuilder) -> SimulatedBuilder {
    let category = |question| if question % 2 == 0 { "math" } else { "coding" };
    builder.answers((0..QUESTIONS).map(|question| (id(question), category(question), format!("answer <{question}>"))))
}

fn request(question: usize, epoch: u32) -> Request {
    let origin = Origin::answer(RunId::new(), id(question), epoch);
    Request::new("any", vec![Message::user("12345678")]).origin(Some(origin))
}

/// Which questions are right in an epoch; `None` where a call failed.
async fn run(builder: SimulatedBuilder, epoch: u32) -> Vec<Option<bool>> {
    let model = with_key(builder).build();
    let mut right = Vec::new();
    for question in 0..QUESTIONS {
        let answer = model.complete(&request(question, epoch)).await.ok();
        right.push(answer.map(|answer| answer.text == format!("answer <{question}>")));
    }
    right
}

fn percent(right: &[Option<bool>], select: impl Fn(usize) -> bool) -> f64 {
    let chosen: Vec<_> = right.iter().enumerate().filter(|(question, _)| select(*question)).collect();
    100.0 * chosen.iter().filter(|(_, right)| **right == Some(true)).count() as f64 / chosen.len() as f64
}

fn agreement(a: &[Option<bool>], b: &[Option<bool>]) -> f64 {
    100.0 * a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / a.len() as f64
}

fn model(seed: u64) -> SimulatedBuilder {
    Simulated::builder("m", seed).now(day(1))
}

#[tokio::test]
async fn accuracy_is_met_in_each_category() {
    let right = run(model(1).accuracy(0.85).accuracy_in("math", 0.4), 1).await;
    let (math, coding) = (percent(&right, |q| q % 2 == 0), percent(&right, |q| q % 2 == 1));
    assert!((math - 40.0).abs() < 4.0 && (coding - 85.0).abs() < 3.0, "{math} {coding}");
    for (share, expected) in [(1.0, 100.0), (0.0, 0.0), (7.0, 100.0), (-1.0, 0.0)] {
        assert_eq!(percent(&run(model(1).accuracy(share), 1).await, |_| true), expected, "{share}");
    }
}

#[tokio::test]
async fn the_same_inputs_give_the_same_answer_and_luck_changes_a_few() {
    let first = run(model(1), 1).await;
    assert_eq!(first, run(model(1).now("2026-11-01T23:59:59Z".parse().unwrap()), 1).await, "the same day");
    let others = [run(model(1), 2).await, run(model(1).now(day(2)), 1).await];
    for other in others {
        let agreement = agreement(&first, &other);
        assert!((85.0..98.0).contains(&agreement), "{agreement}");
    }
    assert_eq!(run(model(1).luck(0.0), 1).await, run(model(1).luck(0.0).now(day(9)), 7).await);
}

/// Chance alone would make two models that are right in 80 of 100 agree in 68 of 100.
#[tokio::test]
async fn hard_questions_are_hard_for_all_models() {
    let agreement = agreement(&run(model(1), 1).await, &run(model(2), 1).await);
    assert!((74.0..88.0).contains(&agreement), "{agreement}");
    let lucky = |seed| run(model(seed).luck(1.0), 1);
    let chance = self::agreement(&lucky(1).await, &lucky(2).await);
    assert!((chance - 68.0).abs() < 4.0, "{chance}");
}

#[tokio::test]
async fn drift_begins_on_its_day_and_only_where_it_should() {
    let drifting = |now| {
        let swap = Drift::from(day(10)).points(-20.0).category("math").fingerprint("fp_new").latency(3.0);
        model(1).luck(0.0).latency(100.0, 0.0).drift(swap).now(now)
    };
    let (before, after) = (run(drifting(day(9)), 1).await, run(drifting(day(10)), 1).await);
    let math = |right: &[Option<bool>]| percent(right, |q| q % 2 == 0);
    let fallen = math(&before) - math(&after);
    assert!((fallen - 20.0).abs() < 4.0, "{fallen}");
    assert!(before.iter().zip(&after).enumerate().all(|(q, (a, b))| a == b || q % 2 == 0), "coding is untouched");
    let risen = before.iter().zip(&after).filter(|(a, b)| **a == Some(false) && **b == Some(true)).count();
    assert_eq!(risen, 0, "no question becomes easier");

    let served = |now| async move {
        let answer = with_key(drifting(now)).build().complete(&request(0, 1)).await.expect("an answer");
        (answer.served.fingerprint, answer.timing.service_ms)
    };
    assert_eq!(served(day(9)).await, (Some("fp_simulated".into()), Some(100.0)));
    assert_eq!(served(day(10)).await, (Some("fp_new".into()), Some(300.0)));
}

#[tokio::test]
async fn changes_add_up_and_the_latest_fingerprint_holds() {
    let (early, late) =
        (Drift::from(day(3)).points(-10.0).fingerprint("fp_3"), Drift::from(day(5)).fingerprint("fp_5"));
    let model = model(1).drift(late).drift(early).drift(Drift::from(day(7)).points(-10.0)).now(day(8));
    let answer = with_key(model.clone()).build().complete(&request(0, 1)).await.unwrap();
    assert_eq!(answer.served.fingerprint.as_deref(), Some("fp_5"));
    let accuracy = percent(&run(model, 1).await, |_| true);
    assert!((accuracy - 60.0).abs() < 3.5, "{accuracy}");
}

#[tokio::test]
async fn calls_fail_and_refuse_at_their_rate_and_in_their_way() {
    let right = run(model(1).error_rate(0.12), 1).await;
    let failed = 100.0 * right.iter().filter(|right| right.is_none()).count() as f64 / right.len() as f64;
    assert!((failed - 12.0).abs() < 2.5, "{failed}");

    let failing = with_key(model(1).error_rate(1.0).error_kind(ProviderErrorKind::Unavailable).price(1.0, 1.0)).build();
    let error = failing.complete(&request(0, 1)).await.unwrap_err();
    assert_eq!((error.kind, error.cost), (ProviderErrorKind::Unavailable, Some(Money::ZERO)));
    assert!(error.message.contains("simulated") && error.timing.service_ms.is_some());

    let polite = with_key(model(1).refusal_rate(1.0)).build();
    assert!(polite.complete(&request(0, 1)).await.unwrap().text.starts_with("I'm sorry"));
}

#[tokio::test]
async fn it_says_everywhere_that_it_is_simulated() {
    let model = with_key(model(1).price(3.0, 15.0)).build();
    let answer = model.complete(&request(0, 1)).await.unwrap();
    assert_eq!(model.name(), "simulated");
    assert_eq!(answer.served.model.as_deref(), Some("simulated:m"));
    assert_eq!(answer.served.model_id.as_deref(), Some("simulated:m"));
    assert_eq!(answer.served.proxy.as_deref(), Some("simulated"));
    let (prompt, completion) = (answer.usage.prompt_tokens.unwrap(), answer.usage.completion_tokens.unwrap());
    assert_eq!((prompt, completion), (2, (answer.text.len() as u64).div_ceil(4)));
    assert_eq!(answer.cost, Some(Money::from_nanos((prompt * 3_000 + completion * 15_000) as i64)));
    assert_eq!(answer.origin.map(|origin| origin.sample), Some(id(0)));
}

#[tokio::test]
async fn outside_a_run_it_answers_and_it_never_grades() {
    let model = with_key(model(1)).build();
    let outside = Request::new("any", vec![]);
    assert_eq!(model.complete(&outside).await.unwrap().text, "ok");

    let mut grading = request(0, 1);
    grading.origin = grading.origin.map(|origin| origin.judge());
    assert_eq!(model.complete(&grading).await.unwrap_err().kind, ProviderErrorKind::Config);

    let unknown = Request::new("any", vec![]).origin(Some(Origin::answer(RunId::new(), "elsewhere".into(), 1)));
    assert_eq!(model.complete(&unknown).await.unwrap().text, "I am not sure.");
}

#[tokio::test(start_paused = true)]
async fn time_is_spent_only_when_asked() {
    let latency = |builder: SimulatedBuilder| async {
        let start = tokio::time::Instant::now();
        let answer = with_key(builder.latency(2_000.0, 0.5)).build().complete(&request(0, 1)).await.expect("an answer");
        (answer.timing.service_ms.expect("a latency").round(), start.elapsed().as_secs_f64() * 1e3)
    };
    let (reported, spent) = latency(model(1)).await;
    assert_eq!(spent, 0.0);
    assert!(reported > 200.0);
    let (again, spent) = latency(model(1).real_time(true)).await;
    assert_eq!(again, reported);
    assert!((spent - reported).abs() <= 1.5, "{spent} {reported}");
}

#[tokio::test]
async fn latency_has_its_median() {
    let model = with_key(model(1).latency(800.0, 0.5)).build();
    let mut latencies = Vec::new();
    for question in 0..QUESTIONS {
        let answer = model.complete(&request(question, 1)).await.unwrap();
        latencies.push(answer.timing.service_ms.unwrap());
    }
    latencies.sort_by(f64::total_cmp);
    let (median, p95) = (latencies[QUESTIONS / 2], latencies[QUESTIONS * 95 / 100]);
    assert!((median - 800.0).abs() < 40.0, "{median}");
    assert!((p95 / 800.0 - (0.5_f64 * 1.645).exp()).abs() < 0.25, "{p95}");
}

#[tokio::test]
async fn the_catalogue_keeps_its_word() {
    let mut accuracy = std::collections::BTreeMap::new();
    for entry in Simulated::catalogue() {
        let right = run(Simulated::named(entry.name).unwrap().now(day(1)), 1).await;
        accuracy.insert(entry.name, percent(&right, |_| true));
    }
    assert!(accuracy["strong"] > accuracy["steady"] && accuracy["steady"] > accuracy["cheap"], "{accuracy:?}");
    assert!(Simulated::named("nobody").is_none());
}
