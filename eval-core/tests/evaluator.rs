//! The pipeline as a program that embeds it sees it.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eval_core::{
    BoxError, Collect, Completion, Dataset, Evaluation, EvaluationQuery, Evaluator, Event, EventKind, Fanout, Group,
    InMemory, Judge, JudgeError, Message, MockJudge, MockProvider, MockReporter, MockStore, Money, Outcome,
    OutcomeKind, PromptTemplate, Provider, ProviderError, ProviderErrorKind, Purpose, Reporter, Request, Run, RunError,
    RunQuery, RunStatus, Sample, Score, Scripted, Store, StoreError, Usage, Verdict, async_trait,
};
use tokio::sync::Notify;

fn numbers(n: usize) -> Dataset {
    let sample = |at| Sample::new(format!("q{at:03}").as_str(), format!("{at}")).target(format!("{at}"));
    Dataset::from_samples("numbers", (0..n).map(sample).collect()).expect("ids are unique")
}

/// Right when the answer is the target.
struct Same;

#[async_trait]
impl Judge for Same {
    fn name(&self) -> &str {
        "same"
    }

    async fn judge(&self, sample: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
        let target = sample.target.as_deref().ok_or(JudgeError::Lacks("an expected output".into()))?;
        Ok(Verdict::scored("same", Score::from(answer.text == target), "compared"))
    }
}

fn echo() -> Scripted {
    Scripted::new("echo", |request| request.last().to_owned())
}

fn finished(events: &[Event]) -> Vec<&Evaluation> {
    events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::SampleFinished { evaluation } => Some(&**evaluation),
            _ => None,
        })
        .collect()
}

async fn run(evaluator: &Evaluator, dataset: &Dataset) -> (Run, Vec<Event>) {
    let mut collect = Collect::default();
    let run = evaluator.run(dataset, &mut collect).await.expect("the run begins");
    (run, collect.events)
}

#[tokio::test]
async fn a_whole_run_is_scored_stored_and_reported() {
    let store = Arc::new(InMemory::new());
    let evaluator = Evaluator::builder(echo(), Same).store(store.clone()).tag("branch", "main").build().unwrap();
    let (run, events) = run(&evaluator, &numbers(20)).await;

    assert_eq!((run.status, run.planned, run.name.as_str()), (RunStatus::Finished, 20, "echo"));
    let score = run.score().unwrap();
    assert_eq!((score.mean, score.n), (1.0, 20));
    assert_eq!(store.get_run(run.id).await.unwrap(), run);
    let stored = store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap();
    assert_eq!(stored.len(), 20);
    assert!(stored.iter().all(|evaluation| evaluation.latency_ms().is_some()));

    assert!(events.iter().enumerate().all(|(at, event)| event.seq == at as u64), "seq has gaps");
    assert_eq!(events.len(), 2 + 2 * 20);
    assert!(matches!(events.first().unwrap().kind, EventKind::RunStarted { .. }));
    assert!(matches!(events.last().unwrap().kind, EventKind::RunFinished { .. }));
    let last = events.last().unwrap().progress;
    assert_eq!((last.scored, last.pending(), last.mean), (20, 0, Some(1.0)));
}

#[tokio::test]
async fn the_three_ends_are_counted_apart() {
    let model = Scripted::fallible("mixed", |request| match request.last() {
        "0" => Err(ProviderError::new(ProviderErrorKind::ContextWindow, "too long")),
        "1" => Ok(Completion::new("wrong").cost(Money::from_usd(0.5))),
        text => Ok(Completion::new(text).usage(Usage::new(3, 1)).cost(Money::from_usd(0.25))),
    });
    let mut samples = vec![Sample::new("open", "9")];
    samples.extend((0..3).map(|at| Sample::new(format!("{at}").as_str(), format!("{at}")).target(format!("{at}"))));
    let dataset = Dataset::from_samples("mixed", samples).unwrap();
    let evaluator = Evaluator::builder(model, Same).build().unwrap();
    let (run, events) = run(&evaluator, &dataset).await;

    let summary = run.summary.unwrap();
    assert_eq!((summary.counts.scored, summary.counts.unscored, summary.counts.failed), (2, 1, 1));
    assert_eq!(summary.score.unwrap().mean, 0.5);
    assert_eq!(summary.cost.known, Money::from_usd(1.0));
    assert_eq!(summary.cost.unknown, 1, "the failed call's cost is unknown, not 0");
    assert_eq!((summary.prompt_tokens.known, summary.prompt_tokens.unknown), (Some(6), 1));
    let reason = finished(&events).into_iter().find_map(|evaluation| match &evaluation.outcome {
        Outcome::Unscored { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(reason.unwrap(), "the sample lacks an expected output, which this judge needs");
}

/// Counts how many calls are in flight, and holds each until it is let go.
#[derive(Default)]
struct Gate {
    inside: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Provider for Gate {
    fn name(&self) -> &str {
        "gate"
    }

    async fn complete(&self, _: &Request) -> Result<Completion, ProviderError> {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        Ok(Completion::new("x"))
    }
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_used_and_never_passed() {
    let gate = Arc::new(Gate::default());
    let evaluator = Evaluator::builder(gate.clone(), Same).concurrency(7).build().unwrap();
    let begun = tokio::time::Instant::now();
    run(&evaluator, &numbers(21)).await;
    assert_eq!(gate.most.load(Ordering::SeqCst), 7);
    assert_eq!(begun.elapsed(), Duration::from_secs(3), "3 rounds of 7");
}

#[tokio::test(start_paused = true)]
async fn stop_lets_those_in_flight_finish() {
    let evaluator = Evaluator::builder(Gate::default(), Same).concurrency(4).build().unwrap();
    let mut collect = Collect::default();
    let stop = tokio::time::sleep(Duration::from_millis(1500));
    let run = evaluator.run_until(&numbers(100), &mut collect, stop).await.unwrap();
    assert_eq!(run.status, RunStatus::Cancelled);
    assert_eq!(finished(&collect.events).len(), 8, "one round before the stop, one in flight");
    assert_eq!(run.summary.unwrap().counts.total(), 8);
}

#[tokio::test]
async fn dropping_the_run_aborts_it() {
    let held = Arc::new(Notify::new());
    let (entered, calls) = (held.clone(), Arc::new(AtomicUsize::new(0)));
    struct Hang(Arc<Notify>, Arc<AtomicUsize>);
    #[async_trait]
    impl Provider for Hang {
        fn name(&self) -> &str {
            "hang"
        }
        async fn complete(&self, _: &Request) -> Result<Completion, ProviderError> {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.notify_one();
            pending().await
        }
    }
    let evaluator = Evaluator::builder(Hang(entered, calls.clone()), Same).concurrency(1).build().unwrap();
    let (dataset, mut silent) = (numbers(5), ());
    tokio::select! {
        _ = evaluator.run(&dataset, &mut silent) => panic!("cannot finish"),
        () = held.notified() => {}
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn f07_a_panic_in_the_model_fails_its_question_only() {
    let model = Scripted::new("brittle", |request| {
        assert!(request.last() != "3", "three is my weak spot");
        request.last().to_owned()
    });
    let (run, events) = run(&Evaluator::builder(model, Same).build().unwrap(), &numbers(10)).await;
    assert_eq!(run.status, RunStatus::Finished);
    let failed: Vec<_> =
        finished(&events).into_iter().filter(|evaluation| evaluation.outcome.kind() == OutcomeKind::Failed).collect();
    assert_eq!(failed.len(), 1);
    match &failed[0].outcome {
        Outcome::Failed { kind, message } => {
            assert_eq!(*kind, ProviderErrorKind::Panicked);
            assert!(message.contains("three is my weak spot"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn f07_a_panic_in_a_judge_keeps_the_answer_that_was_paid_for() {
    let mut judge = MockJudge::new();
    judge.expect_name().return_const("moody".to_owned());
    judge.expect_fingerprint().return_const("0".to_owned());
    judge.expect_judge().times(4).returning(|_, _| panic!("not today"));
    let store = Arc::new(InMemory::new());
    let evaluator = Evaluator::builder(echo(), judge).store(store.clone()).build().unwrap();
    let (run, _) = run(&evaluator, &numbers(4)).await;
    assert_eq!(run.summary.unwrap().counts.unscored, 4);
    let kept = store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap();
    assert!(kept.iter().all(|evaluation| evaluation.completion.is_some()));
    assert_eq!(kept[0].verdicts[0].error.as_deref(), Some("the judge panicked: not today"));
}

#[tokio::test]
async fn f27_a_wrong_key_in_the_middle_stops_the_run_and_keeps_what_was_finished() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let model = Scripted::fallible("revoked", move |request| {
        if counted.fetch_add(1, Ordering::SeqCst) >= 6 {
            return Err(ProviderError::new(ProviderErrorKind::Auth, "401 from the endpoint"));
        }
        Ok(Completion::new(request.last()))
    });
    let store = Arc::new(InMemory::new());
    let evaluator = Evaluator::builder(model, Same).concurrency(3).store(store.clone()).build().unwrap();
    let (run, _) = run(&evaluator, &numbers(100)).await;
    assert_eq!(run.status, RunStatus::Failed);
    let stop = run.stop.unwrap();
    assert_eq!((stop.kind, stop.message.as_str()), (Some(ProviderErrorKind::Auth), "auth: 401 from the endpoint"));
    assert!(calls.load(Ordering::SeqCst) <= 6 + 3, "only those in flight may follow the first refusal");
    let kept = store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap();
    assert_eq!(kept.iter().filter(|evaluation| evaluation.score().is_some()).count(), 6);
}

#[tokio::test]
async fn a_grader_without_a_key_stops_the_run_too() {
    let mut judge = MockJudge::new();
    judge.expect_name().return_const("llm".to_owned());
    judge.expect_fingerprint().return_const("0".to_owned());
    judge
        .expect_judge()
        .returning(|_, _| Err(JudgeError::Provider(ProviderError::new(ProviderErrorKind::Auth, "wrong key?"))));
    let evaluator = Evaluator::builder(echo(), judge).concurrency(2).build().unwrap();
    let (run, _) = run(&evaluator, &numbers(50)).await;
    assert_eq!(run.stop.unwrap().message, "the grader did not answer: auth: wrong key?");
    assert!(run.summary.unwrap().counts.unscored <= 3);
}

#[tokio::test]
async fn settings_that_do_not_fit_are_refused_before_the_first_call() {
    let mut model = MockProvider::new();
    model.expect_name().return_const("paid".to_owned());
    model.expect_complete().never();
    let model = Arc::new(model);
    let prompt = PromptTemplate::parse("{persona} {question}").unwrap();
    let evaluator = Evaluator::builder(model.clone(), Same).prompt(prompt).build().unwrap();
    let error = evaluator.run(&numbers(3), &mut ()).await.unwrap_err();
    assert!(matches!(&error, RunError::Config(why) if why.contains("{persona}")), "{error}");

    let mut store = MockStore::new();
    store.expect_put_run().returning(|_| Err(StoreError::Backend("disk full".into())));
    let evaluator = Evaluator::builder(model.clone(), Same).store(Arc::new(store)).build().unwrap();
    assert!(matches!(evaluator.run(&numbers(3), &mut ()).await, Err(RunError::Store(_))));

    for (name, builder) in [
        ("epochs", Evaluator::builder(model.clone(), Same).epochs(0)),
        ("concurrency", Evaluator::builder(model.clone(), Same).concurrency(0)),
        ("threshold", Evaluator::builder(model.clone(), Same).threshold(80.0)),
        ("model", Evaluator::builder(model.clone(), Same).model(" ")),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(name) || name == "model", "{name}: {error}");
    }
}

#[tokio::test]
async fn a_store_in_trouble_stops_new_calls() {
    let mut store = MockStore::new();
    store.expect_put_run().returning(|_| Ok(()));
    store.expect_put_evaluations().returning(|_, _| Err(StoreError::Backend("database is locked".into())));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let model = Scripted::new("m", move |_| counted.fetch_add(1, Ordering::SeqCst).to_string());
    let evaluator = Evaluator::builder(model, Same).concurrency(2).store(Arc::new(store)).build().unwrap();
    let (run, _) = run(&evaluator, &numbers(50)).await;
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(run.stop.unwrap().message, "cannot store results: the database failed: database is locked");
    assert!(calls.load(Ordering::SeqCst) <= 3);
}

#[tokio::test]
async fn epochs_are_reduced_to_one_mean_per_question() {
    let answers = Mutex::new(std::collections::HashMap::<String, u32>::new());
    // Right in the first epoch only.
    let model = Scripted::fallible("tired", move |request| {
        let mut answers = answers.lock().unwrap();
        let asked = answers.entry(request.last().to_owned()).or_default();
        *asked += 1;
        Ok(Completion::new(if *asked == 1 { request.last() } else { "?" }))
    });
    let evaluator = Evaluator::builder(model, Same).epochs(4).build().unwrap();
    let (run, events) = run(&evaluator, &numbers(5)).await;
    let summary = run.summary.unwrap();
    assert_eq!((run.planned, summary.counts.scored), (20, 20));
    let score = summary.score.unwrap();
    assert_eq!((score.n, score.mean, score.interval), (5, 0.25, None), "5 questions, all alike: no interval");
    let epochs: Vec<u32> = finished(&events).iter().map(|evaluation| evaluation.epoch).collect();
    assert_eq!(epochs.iter().filter(|epoch| **epoch == 4).count(), 5);
}

#[tokio::test]
async fn judges_see_what_the_call_was_for() {
    let mut judge = MockJudge::new();
    judge.expect_name().return_const("curious".to_owned());
    judge.expect_fingerprint().return_const("0".to_owned());
    judge.expect_judge().times(2).returning(|sample, completion| {
        let origin = completion.origin.as_ref().unwrap();
        assert_eq!((&origin.sample, origin.epoch, origin.purpose), (&sample.id, 1, Purpose::Answer));
        Ok(Verdict::scored("curious", Score::ONE, ""))
    });
    let evaluator = Evaluator::builder(echo(), judge).judge(Same).build().unwrap();
    let (run, events) = run(&evaluator, &numbers(2)).await;
    assert_eq!(run.provenance.judge, "curious");
    assert_eq!(finished(&events)[0].verdicts.len(), 2);
}

#[tokio::test]
async fn prompts_and_parameters_reach_the_model() {
    let mut model = MockProvider::new();
    model.expect_name().return_const("m".to_owned());
    model
        .expect_complete()
        .withf(|request| {
            request.model == "gpt-x"
                && request.messages == [Message::system("Be brief."), Message::user("Q: 0")]
                && request.params.get("temperature") == Some(&0.into())
        })
        .times(1)
        .returning(|_| Ok(Completion::new("0")));
    let prompt = PromptTemplate::parse("Q: {question}").unwrap().system("Be brief.");
    let params = eval_core::Params::new().with("temperature", 0);
    let builder = Evaluator::builder(model, Same).model("gpt-x").prompt(prompt).params(params);
    let (run, _) = run(&builder.name("brief").build().unwrap(), &numbers(1)).await;
    assert_eq!((run.name.as_str(), run.model.as_str()), ("brief", "gpt-x"));
}

#[tokio::test(start_paused = true)]
async fn a_group_runs_its_models_side_by_side() {
    let slow = |name: &str| Evaluator::builder(Gate::default(), Same).model(name).concurrency(5).build().unwrap();
    let group = Group::new([slow("a"), slow("b"), slow("c")]);
    let mut collect = Collect::default();
    let begun = tokio::time::Instant::now();
    let runs = group.run(&numbers(10), &mut collect).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(2), "as long as one model alone");
    for run in &runs {
        let run = run.as_ref().unwrap();
        assert_eq!(run.group, Some(group.id()));
        let seqs: Vec<u64> = collect.events.iter().filter(|event| event.run == run.id).map(|event| event.seq).collect();
        assert_eq!(seqs, (0..22).collect::<Vec<_>>(), "{}", run.name);
    }
    let names: Vec<_> = runs.iter().map(|run| run.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_every_run_of_a_group() {
    let slow = |name: &str| Evaluator::builder(Gate::default(), Same).model(name).concurrency(1).build().unwrap();
    let group = Group::new([slow("a"), slow("b")]);
    let runs = group.run_until(&numbers(50), &mut (), tokio::time::sleep(Duration::from_millis(2500))).await;
    for run in runs {
        let run = run.unwrap();
        assert_eq!((run.status, run.summary.unwrap().counts.total()), (RunStatus::Cancelled, 3));
    }
}

#[tokio::test]
async fn one_model_of_a_group_fails_alone() {
    let bad = Scripted::fallible("bad", |_| Err(ProviderError::new(ProviderErrorKind::UnknownModel, "no such model")));
    let build = |provider: Scripted| Evaluator::builder(provider, Same).build().unwrap();
    let runs = Group::new([build(bad), build(echo())]).run(&numbers(10), &mut ()).await;
    let statuses: Vec<_> = runs.iter().map(|run| run.as_ref().unwrap().status).collect();
    assert_eq!(statuses, [RunStatus::Failed, RunStatus::Finished]);
}

#[tokio::test]
async fn a_broken_reporter_is_left_out_and_the_run_goes_on() {
    let mut broken = MockReporter::new();
    broken.expect_report().times(1).returning(|_| Err("stdout is closed".into()));
    struct Count(Arc<AtomicUsize>);
    #[async_trait]
    impl Reporter for Count {
        async fn report(&mut self, _: &Event) -> Result<(), BoxError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }
    let seen = Arc::new(AtomicUsize::new(0));
    let mut fanout = Fanout::new().with(broken).with(Count(seen.clone()));
    let evaluator = Evaluator::builder(echo(), Same).build().unwrap();
    let run = evaluator.run(&numbers(3), &mut fanout).await.unwrap();
    assert_eq!((run.status, seen.load(Ordering::SeqCst)), (RunStatus::Finished, 8));

    let mut alone = MockReporter::new();
    alone.expect_report().times(1).returning(|_| panic!("a display that panics"));
    assert_eq!(evaluator.run(&numbers(3), &mut alone).await.unwrap().status, RunStatus::Finished);
}

#[tokio::test]
async fn events_survive_a_trip_through_json() {
    let evaluator = Evaluator::builder(echo(), Same).build().unwrap();
    let (_, events) = run(&evaluator, &numbers(2)).await;
    for event in events {
        let line = serde_json::to_string(&event).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
    }
}

#[tokio::test]
async fn the_leaderboard_takes_the_latest_whole_run_of_each_name() {
    use eval_core::Reports as _;
    let store = Arc::new(InMemory::new());
    let build = |provider: Scripted| Evaluator::builder(provider, Same).store(store.clone()).build().unwrap();
    let wrong = Scripted::new("echo", |_| "?".to_owned());
    let failing = Scripted::fallible("down", |_| Err(ProviderError::new(ProviderErrorKind::Timeout, "60 s")));
    for evaluator in [build(wrong), build(echo()), build(failing)] {
        evaluator.run(&numbers(10), &mut ()).await.unwrap();
    }
    let board = store.leaderboard(None).await.unwrap();
    let lines: Vec<_> = board
        .iter()
        .map(|entry| (entry.run.name.as_str(), entry.run.score().map(|score| score.mean), entry.unreliable))
        .collect();
    assert_eq!(lines, [("echo", Some(1.0), false), ("down", None, true)]);
    assert_eq!(store.list_runs(&RunQuery::default()).await.unwrap().len(), 3);
}
