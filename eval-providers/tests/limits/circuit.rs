//! When an endpoint is let alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eval_core::{
    BoxError, Completion, Dataset, Evaluator, Event, EventKind, Judge, JudgeError, Message, OutcomeKind, Provider,
    ProviderError, ProviderErrorKind as Kind, ProviderExt as _, Reporter, Request, Run, RunStatus, Sample, Score,
    Scripted, Verdict, Wait, Waits, async_trait,
};
use eval_providers::{LimitLayer, RetryLayer};
use tokio::time::{Instant, sleep};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

struct Fine;

#[async_trait]
impl Judge for Fine {
    fn name(&self) -> &str {
        "fine"
    }

    async fn judge(&self, _: &Sample, _: &Completion) -> Result<Verdict, JudgeError> {
        Ok(Verdict::scored("fine", Score::from(true), "it is there"))
    }
}

/// Keeps what a run waits for, and how questions ended.
#[derive(Default)]
struct Told {
    waits: Vec<Option<Wait>>,
    ends: Vec<OutcomeKind>,
}

#[async_trait]
impl Reporter for Told {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        match &event.kind {
            EventKind::Waiting { wait } => self.waits.push(wait.clone()),
            EventKind::SampleFinished { evaluation } => self.ends.push(evaluation.outcome.kind()),
            _ => {}
        }
        Ok(())
    }
}

/// An endpoint that is in trouble from one second to another; each call takes a second. Counts its calls.
struct Trouble {
    begun: Instant,
    from: u64,
    to: u64,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl Provider for Trouble {
    fn name(&self) -> &str {
        "trouble"
    }

    async fn complete(&self, _: &Request) -> Result<Completion, ProviderError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        sleep(seconds(1)).await;
        match (self.from..self.to).contains(&self.begun.elapsed().as_secs()) {
            true => Err(ProviderError::new(Kind::Unavailable, "503: overloaded")),
            false => Ok(Completion::new("ok")),
        }
    }
}

/// A run of 40 questions, four at once.
async fn run(from: u64, to: u64) -> (Run, Told, usize) {
    let (waits, calls) = (Waits::new(), Arc::new(AtomicUsize::new(0)));
    let endpoint = Trouble { begun: Instant::now(), from, to, calls: calls.clone() };
    let layer = LimitLayer::adaptive(1, 4).waits(waits.clone()).seed(5);
    let provider = endpoint.layer(layer).layer(RetryLayer::new(5).seed(5));
    let samples = (0..40).map(|at| Sample::new(format!("q{at}").as_str(), format!("question {at}"))).collect();
    let dataset = Dataset::from_samples("forty", samples).expect("ids are unique");
    let evaluator =
        Evaluator::builder(provider, Fine).concurrency(4).waits(waits).build().expect("the settings are right");
    let mut told = Told::default();
    let run = evaluator.run(&dataset, &mut told).await.expect("it begins");
    (run, told, calls.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn f20_what_fails_for_ever_ends_the_run_with_what_was_finished() {
    let begun = Instant::now();
    let (run, told, calls) = run(5, u64::MAX).await;
    let stop = run.stop.as_ref().expect("it says why");
    assert_eq!((run.status, stop.kind), (RunStatus::Failed, Some(Kind::Outage)), "{stop:?}");
    assert!(stop.message.contains("503: overloaded"), "{stop:?}");
    let scored = told.ends.iter().filter(|end| **end == OutcomeKind::Scored).count();
    assert_eq!((scored, told.ends.len()), (16, 20), "four were in flight; the others are not spent on it");
    assert!(calls < 16 + 40, "{calls} calls");
    assert!(begun.elapsed() > seconds(600) && begun.elapsed() < seconds(700), "{:?}", begun.elapsed());
    let shown = told.waits.iter().flatten().find(|wait| wait.reason.contains("503")).expect("it is shown");
    assert!(!shown.pauses && shown.count > 0 && shown.until.is_some(), "{shown:?}");
}

#[tokio::test(start_paused = true)]
async fn f20_an_outage_of_two_minutes_is_waited_out() {
    let begun = Instant::now();
    let (run, told, calls) = run(5, 125).await;
    assert_eq!(run.status, RunStatus::Finished);
    assert!(told.ends.iter().all(|end| *end == OutcomeKind::Scored), "{:?}", told.ends);
    assert_eq!(told.ends.len(), 40);
    assert!(calls < 40 + 30, "{calls} calls");
    assert!(begun.elapsed() < seconds(180), "{:?}", begun.elapsed());
    assert_eq!(told.waits.last(), Some(&None), "it is told that it is over");
}

#[tokio::test(start_paused = true)]
async fn f20_a_refusal_for_good_is_met_by_one_call_and_told_to_all_who_wait() {
    for kind in [Kind::Quota, Kind::Auth, Kind::UnknownModel, Kind::Config] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let spent = Scripted::fallible("spent", move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Err(ProviderError::new(kind, "402: the budget is spent"))
        });
        let provider = Arc::new(spent.layer(LimitLayer::adaptive(1, 1)).layer(RetryLayer::new(5)));
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let provider = provider.clone();
                tokio::spawn(async move { provider.complete(&Request::new("m", vec![])).await.unwrap_err() })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap().to_string(), format!("{kind}: 402: the budget is spent"));
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{kind}");
        // Later one call finds out whether it still holds, and only one.
        sleep(seconds(61)).await;
        for _ in 0..3 {
            provider.complete(&Request::new("m", vec![])).await.unwrap_err();
        }
        assert_eq!(calls.load(Ordering::SeqCst), 2, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn f20_one_question_that_always_fails_says_nothing_about_others() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    let poison = Scripted::fallible("poison", move |request: &Request| {
        noted.lock().unwrap().push(request.last().to_owned());
        match request.last() {
            "poison" => Err(ProviderError::new(Kind::Unavailable, "500: cannot be read")),
            _ => Ok(Completion::new("ok")),
        }
    });
    let provider = poison.layer(LimitLayer::adaptive(1, 1)).layer(RetryLayer::new(20));
    let begun = Instant::now();
    let error = provider.complete(&Request::new("m", vec![Message::user("poison")])).await.unwrap_err();
    assert_eq!((error.kind, asked.lock().unwrap().len()), (Kind::Unavailable, 20));
    let answer = provider.complete(&Request::new("m", vec![Message::user("another")])).await.unwrap();
    assert_eq!(answer.timing.queued_ms, 0.0);
    assert!(begun.elapsed() < seconds(600));
}
