//! Runs that end early and go on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eval_core::{
    Again, Attempt, AttemptEnd, AttemptLog as _, AttemptOutcome, Collect, Completion, Dataset, Evaluation,
    EvaluationQuery, Evaluator, EvaluatorBuilder, Event, EventKind, InMemory, Judge, JudgeError, Lease, Leases as _,
    Money, Origin, Outcome, Owner, Params, PromptTemplate, Provider, ProviderError, ProviderErrorKind, Request, Run,
    RunError, RunId, RunStatus, Sample, Score, Scripted, Store as _, StoreError, Timestamp, Verdict, Waits,
    async_trait, conformance::fixtures,
};
use tokio::sync::Notify;

fn numbers(n: usize) -> Dataset {
    let sample = |at| Sample::new(format!("q{at:03}").as_str(), format!("{at}")).target(format!("{at}"));
    Dataset::from_samples("numbers", (0..n).map(sample).collect()).expect("ids are unique")
}

/// Half right, and each verdict costs one nano-dollar.
struct Even;

#[async_trait]
impl Judge for Even {
    fn name(&self) -> &str {
        "even"
    }

    async fn judge(&self, _: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
        let even = answer.text.ends_with(['0', '2', '4', '6', '8']);
        Ok(Verdict::scored("even", Score::from(even), "counted").cost(Some(Money::from_nanos(1))))
    }
}

/// Echoes, counts how often each question was asked, and costs ten nano-dollars a call.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<BTreeMap<String, usize>>>);

impl Counted {
    fn asked(&self) -> BTreeMap<String, usize> {
        self.0.lock().expect("no test panics in here").clone()
    }

    fn total(&self) -> usize {
        self.asked().values().sum()
    }
}

#[async_trait]
impl Provider for Counted {
    fn name(&self) -> &str {
        "counted"
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        *self.0.lock().expect("no test panics in here").entry(request.last().to_owned()).or_default() += 1;
        tokio::task::yield_now().await;
        Ok(Completion::new(request.last()).cost(Some(Money::from_nanos(10))))
    }
}

fn durable(model: impl Provider, store: &Arc<InMemory>) -> EvaluatorBuilder {
    Evaluator::builder(model, Even).durable(store.clone()).concurrency(4)
}

/// Runs until so many questions have ended.
async fn stopped_after(evaluator: &Evaluator, dataset: &Dataset, ended: usize) -> Run {
    struct Until(usize, Arc<Notify>);
    #[async_trait]
    impl eval_core::Reporter for Until {
        async fn report(&mut self, event: &Event) -> Result<(), eval_core::BoxError> {
            if event.progress.finished() as usize >= self.0 {
                self.1.notify_one();
            }
            Ok(())
        }
    }
    let enough = Arc::new(Notify::new());
    let stop = enough.clone();
    let mut reporter = Until(ended, enough);
    evaluator.run_until(dataset, &mut reporter, async move { stop.notified().await }).await.expect("the run begins")
}

async fn stored(store: &InMemory, run: RunId) -> Vec<Evaluation> {
    let mut query = EvaluationQuery::default();
    query.limit = usize::MAX;
    store.evaluations(run, &query).await.expect("the run is there")
}

/// What must be the same however often a run was interrupted.
async fn outcome(store: &InMemory, run: &Run) -> (Vec<(String, u32, Outcome)>, Option<f64>, Option<Money>) {
    let row = |found: Evaluation| (found.sample.id.to_string(), found.epoch, found.outcome);
    let rows = stored(store, run.id).await.into_iter().map(row).collect();
    let summary = run.summary.as_ref().expect("it has ended");
    (rows, summary.score.map(|score| score.mean), summary.total_cost())
}

#[tokio::test]
async fn a_run_that_goes_on_ends_as_one_that_was_never_stopped() {
    let (store, dataset) = (Arc::new(InMemory::new()), numbers(40));
    let model = Counted::default();
    let evaluator = durable(model.clone(), &store).epochs(2).build().unwrap();
    let whole = evaluator.run(&dataset, &mut ()).await.unwrap();
    let asked_by_one = model.total();

    let stopped = stopped_after(&evaluator, &dataset, 11).await;
    assert_eq!(stopped.status, RunStatus::Cancelled);
    let kept = stored(&store, stopped.id).await.len();
    assert!((11..80).contains(&kept), "{kept} of 80 ended");

    let mut collect = Collect::default();
    let resumed = evaluator.resume(stopped.id, Again::Missing, &dataset, &mut collect).await.unwrap();
    assert_eq!((resumed.status, resumed.id), (RunStatus::Finished, stopped.id));
    assert_eq!(outcome(&store, &resumed).await, outcome(&store, &whole).await);
    assert_eq!(model.total(), 2 * asked_by_one, "nothing is asked twice");
    let first = collect.events.first().unwrap();
    assert_eq!((first.progress.finished(), first.progress.pending()), (kept as u64, (80 - kept) as u64));
    assert_eq!(store.lease(resumed.id).await.unwrap(), None, "a run that has ended is free");
}

#[tokio::test]
async fn a_question_that_ended_the_run_is_asked_again() {
    let (store, dataset) = (Arc::new(InMemory::new()), numbers(10));
    let refuse = Arc::new(AtomicUsize::new(1));
    let refusing = refuse.clone();
    let model = Scripted::fallible("moody", move |request| match request.last() {
        "3" if refusing.load(Ordering::SeqCst) > 0 => Err(ProviderError::new(ProviderErrorKind::Quota, "spent")),
        "5" => Err(ProviderError::new(ProviderErrorKind::Filtered, "never")),
        text => Ok(Completion::new(text)),
    });
    let evaluator = durable(model, &store).concurrency(1).build().unwrap();
    let failed = evaluator.run(&dataset, &mut ()).await.unwrap();
    assert_eq!((failed.status, stored(&store, failed.id).await.len()), (RunStatus::Failed, 4));

    refuse.store(0, Ordering::SeqCst);
    let resumed = evaluator.resume(failed.id, Again::Missing, &dataset, &mut ()).await.unwrap();
    let counts = resumed.summary.as_ref().unwrap().counts;
    assert_eq!((resumed.status, counts.scored, counts.failed), (RunStatus::Finished, 9, 1));
    assert_eq!(resumed.stop, None);
}

/// What kept the grader from answering says nothing about the answer, which is there and is graded later.
#[tokio::test]
async fn an_answer_whose_grader_ended_the_run_is_graded_when_the_run_goes_on() {
    struct Moody(Arc<AtomicUsize>, ProviderErrorKind);
    #[async_trait]
    impl Judge for Moody {
        fn name(&self) -> &str {
            "even"
        }

        async fn judge(&self, sample: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
            match answer.text.as_str() {
                "3" if self.0.load(Ordering::SeqCst) > 0 => {
                    Err(JudgeError::Provider(ProviderError::new(self.1, "not now")))
                }
                _ => Even.judge(sample, answer).await,
            }
        }
    }
    for kind in [ProviderErrorKind::Quota, ProviderErrorKind::Unrecorded] {
        let (store, dataset, model) = (Arc::new(InMemory::new()), numbers(10), Counted::default());
        let refuse = Arc::new(AtomicUsize::new(1));
        let builder = Evaluator::builder(model.clone(), Moody(refuse.clone(), kind)).durable(store.clone());
        let evaluator = builder.concurrency(1).build().unwrap();
        let failed = evaluator.run(&dataset, &mut ()).await.unwrap();
        let ungraded = &stored(&store, failed.id).await[3];
        assert!(
            matches!(ungraded.outcome, Outcome::Unscored { kind: Some(found), .. } if found == kind),
            "{ungraded:?}"
        );
        assert_eq!(failed.status, RunStatus::Failed);

        refuse.store(0, Ordering::SeqCst);
        let resumed = evaluator.resume(failed.id, Again::Missing, &dataset, &mut ()).await.unwrap();
        assert_eq!((resumed.status, resumed.summary.as_ref().unwrap().counts.scored), (RunStatus::Finished, 10));
        assert!(model.asked().values().all(|times| *times == 1), "{:?}", model.asked());
    }
}

/// A timeout that cost something all the same.
fn late() -> ProviderError {
    let mut late = ProviderError::new(ProviderErrorKind::Timeout, "late");
    late.cost = Some(Money::from_nanos(5));
    late
}

#[tokio::test]
async fn errors_are_repeated_alone_and_answers_are_not_paid_for_again() {
    let (store, dataset) = (Arc::new(InMemory::new()), numbers(6));
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = calls.clone();
    let model = Scripted::fallible("moody", move |request| {
        let mut calls = seen.lock().unwrap();
        calls.push(request.last().to_owned());
        let again = calls.iter().filter(|call| *call == request.last()).count() > 1;
        match request.last() {
            "2" if !again => Err(late()),
            text => Ok(Completion::new(text).cost(Some(Money::from_nanos(10)))),
        }
    });
    let grumpy = Arc::new(AtomicUsize::new(1));
    struct Grumpy(Arc<AtomicUsize>);
    #[async_trait]
    impl Judge for Grumpy {
        fn name(&self) -> &str {
            "grumpy"
        }
        async fn judge(&self, sample: &Sample, _: &Completion) -> Result<Verdict, JudgeError> {
            let verdict = match sample.input.as_str() {
                "4" if self.0.swap(0, Ordering::SeqCst) == 1 => Verdict::unscored("grumpy", "no mood"),
                _ => Verdict::scored("grumpy", Score::ONE, "fine"),
            };
            Ok(verdict.cost(Some(Money::from_nanos(1))))
        }
    }
    let builder = Evaluator::builder(model, Grumpy(grumpy)).durable(store.clone()).concurrency(1);
    let evaluator = builder.build().unwrap();
    let run = evaluator.run(&dataset, &mut ()).await.unwrap();
    let counts = run.summary.as_ref().unwrap().counts;
    assert_eq!((counts.scored, counts.unscored, counts.failed), (4, 1, 1));

    let again = evaluator.resume(run.id, Again::Errors, &dataset, &mut ()).await.unwrap();
    let summary = again.summary.as_ref().unwrap();
    assert_eq!((again.status, summary.counts.scored, summary.counts.total()), (RunStatus::Finished, 6, 6));
    assert_eq!(calls.lock().unwrap().join(" "), "0 1 2 3 4 5 2", "the answer to 4 is only graded again");
    // Six answers of 10, and the 5 that the timeout cost; six verdicts of 1, and the one without a score.
    assert_eq!(summary.cost.known, Some(Money::from_nanos(65)));
    assert_eq!(summary.judge_cost.known, Some(Money::from_nanos(7)));
    let untouched = evaluator.resume(run.id, Again::Errors, &dataset, &mut ()).await.unwrap();
    assert_eq!((calls.lock().unwrap().len(), untouched.summary), (7, again.summary), "nothing is left to repeat");
}

/// What a process leaves that is killed after an answer came and before its verdict was stored.
#[tokio::test]
async fn f03_an_answer_that_was_not_judged_yet_is_judged_and_not_asked_for_again() {
    let (store, dataset) = (Arc::new(InMemory::new()), numbers(10));
    let model = Counted::default();
    let evaluator = durable(model.clone(), &store).build().unwrap();
    let run = stopped_after(&evaluator, &dataset, 2).await;
    let (asked, kept) = (model.asked(), stored(&store, run.id).await);
    let open: Vec<_> = (0..10).filter(|at| !asked.contains_key(&at.to_string())).collect();
    let origin = |at: usize| Origin::answer(run.id, format!("q{at:03}").as_str().into(), 1);
    let begin = async |origin: Origin| {
        let attempt = Attempt::new(origin, "counted");
        store.begin(&attempt).await.unwrap();
        attempt
    };
    let (answered, failed, judged) = (origin(open[0]), origin(open[1]), origin(open[2]).judge());
    let answer = Completion::new(open[0].to_string()).cost(Some(Money::from_nanos(10)));
    let ends = [
        (answered.clone(), AttemptEnd::failed(&late())),
        (answered.clone(), AttemptEnd::answered(&answer).text(&answer.text)),
        (failed, AttemptEnd::failed(&late())),
        (judged, AttemptEnd::answered(&Completion::new("fine"))),
    ];
    for (origin, end) in ends {
        let attempt = begin(origin).await;
        store.end(attempt.ended(end));
    }
    begin(answered.judge()).await;

    let resumed = evaluator.resume(run.id, Again::Missing, &dataset, &mut ()).await.unwrap();
    let mut expected: BTreeMap<String, usize> = (0..10).map(|at| (at.to_string(), 1)).collect();
    expected.remove(&open[0].to_string());
    assert_eq!(model.asked(), expected, "asked, of {} kept", kept.len());
    let found = stored(&store, run.id).await.swap_remove(open[0]);
    assert_eq!(found.completion.unwrap().origin, Some(answered));
    assert_eq!(resumed.summary.unwrap().cost.known, Some(Money::from_nanos(100)), "and its cost counts once");
    let ends = store.attempts(run.id, None, 99).await.unwrap();
    assert_eq!(ends.last().unwrap().end.as_ref().unwrap().outcome, AttemptOutcome::Abandoned);
}

#[tokio::test]
async fn f39_what_differs_is_refused_by_name_before_any_call() {
    let (store, dataset) = (Arc::new(InMemory::new()), numbers(10));
    let model = Counted::default();
    let run = stopped_after(&durable(model.clone(), &store).build().unwrap(), &dataset, 4).await;
    let asked = model.total();
    let edited = |id: &str| {
        let samples = dataset.samples().unwrap().map(Result::unwrap);
        let edit = |sample: Sample| if sample.id.as_str() == id { sample.target("edited") } else { sample };
        Dataset::from_samples("numbers", samples.map(edit).collect()).unwrap()
    };
    let builder = || durable(model.clone(), &store);
    let same = || builder().build().unwrap();
    for (evaluator, dataset, told) in [
        (
            builder().model("other").name("counted").build().unwrap(),
            dataset.clone(),
            "the model was counted and is other",
        ),
        (
            builder().params(Params::new().with("seed", 1)).build().unwrap(),
            dataset.clone(),
            "the parameters was {} and is",
        ),
        (
            builder().prompt(PromptTemplate::parse("Say {question}").unwrap()).build().unwrap(),
            dataset.clone(),
            "the prompt",
        ),
        (builder().judge(Even).build().unwrap(), dataset.clone(), "the judges' settings"),
        (builder().epochs(2).build().unwrap(), dataset.clone(), "the epochs was 1 and is 2"),
        (same(), edited("q001"), "question `q001` was edited"),
        (same(), edited("q009"), "questions were added, or edited before they were asked"),
        (same(), numbers(2), "question `q002` is gone"),
    ] {
        match evaluator.resume(run.id, Again::Missing, &dataset, &mut ()).await {
            Err(error @ RunError::Differs { .. }) => {
                assert!(error.to_string().contains(told), "{error}\nexpected: {told}");
            }
            other => panic!("{other:?} where {told}"),
        }
    }
    assert_eq!(model.total(), asked, "nothing is paid for");
    assert!(same().resume(run.id, Again::Missing, &dataset, &mut ()).await.is_ok());
}

#[tokio::test]
async fn f13_a_run_that_another_process_works_on_is_left_to_it() {
    let (store, dataset) = (Arc::new(InMemory::new()), numbers(10));
    let model = Counted::default();
    let evaluator = durable(model.clone(), &store).build().unwrap();
    let run = stopped_after(&evaluator, &dataset, 2).await;
    let asked = model.total();
    let other = Owner::from_parts("other", "machine-7", 4711, None);
    store.acquire(&Lease::new(run.id, other, Timestamp::now())).await.unwrap();
    let refused = evaluator.resume(run.id, Again::Missing, &dataset, &mut ()).await.unwrap_err();
    let text = eval_core::error_chain(&refused);
    assert!(matches!(refused, RunError::Store(StoreError::Held(_))), "{text}");
    assert!(text.contains("process 4711 on machine-7 works on run"), "{text}");
    assert_eq!(model.total(), asked);
}

#[tokio::test(start_paused = true)]
async fn f05_a_run_that_was_taken_over_stops_and_stores_nothing() {
    let (store, dataset) = (Arc::new(InMemory::new()), numbers(10));
    let begun = Arc::new(Notify::new());
    let asked = begun.clone();
    struct Hangs(Arc<Notify>);
    #[async_trait]
    impl Provider for Hangs {
        fn name(&self) -> &str {
            "hangs"
        }
        async fn complete(&self, _: &Request) -> Result<Completion, ProviderError> {
            self.0.notify_one();
            std::future::pending().await
        }
    }
    let evaluator = durable(Hangs(asked), &store).build().unwrap();
    let mut collect = Collect::default();
    let take_over = async {
        begun.notified().await;
        let run = store.list_runs(&eval_core::RunQuery::default()).await.unwrap().remove(0);
        // As after a minute in which this process stood still.
        let late = Timestamp::now() + Lease::LASTS + Lease::LASTS;
        store.acquire(&Lease::new(run.id, Owner::new(), late)).await.unwrap();
    };
    let (run, ()) = tokio::join!(evaluator.run(&dataset, &mut collect), take_over);
    let run = run.unwrap();
    assert_eq!(run.status, RunStatus::Interrupted);
    assert!(run.stop.unwrap().message.contains("works on run"));
    assert_eq!(store.get_run(run.id).await.unwrap().status, RunStatus::Running, "the new owner's word stands");
    assert!(store.lease(run.id).await.unwrap().is_some(), "and so does its lease");
}

#[tokio::test(start_paused = true)]
async fn f04_questions_that_hang_are_dropped_at_the_end_of_the_drain() {
    let (store, dataset) = (Arc::new(InMemory::new()), numbers(10));
    let model = Scripted::new("echo", |request| request.last().to_owned());
    struct HangsOn3(Scripted);
    #[async_trait]
    impl Provider for HangsOn3 {
        fn name(&self) -> &str {
            "hangs"
        }
        async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
            match request.last() {
                "3" => std::future::pending().await,
                _ => self.0.complete(request).await,
            }
        }
    }
    let evaluator = durable(HangsOn3(model), &store).drain(Duration::from_secs(10)).build().unwrap();
    let begun = tokio::time::Instant::now();
    let run = evaluator.run_until(&dataset, &mut (), tokio::time::sleep(Duration::from_secs(60))).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(69), "the drain, less a second to store the end");
    let counts = run.summary.as_ref().unwrap().counts;
    assert_eq!((run.status, counts.scored, counts.total()), (RunStatus::Cancelled, 9, 9));
    assert_eq!(stored(&store, run.id).await.len(), 9);
}

#[tokio::test]
async fn nothing_new_is_asked_while_the_database_is_in_trouble() {
    let (store, waits) = (Arc::new(InMemory::new()), Waits::new());
    let model = Counted::default();
    let evaluator = durable(model.clone(), &store).waits(waits.clone()).concurrency(2).build().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    struct Watching(Arc<Mutex<Vec<Option<String>>>>, Waits, Option<eval_core::Waiting>);
    #[async_trait]
    impl eval_core::Reporter for Watching {
        async fn report(&mut self, event: &Event) -> Result<(), eval_core::BoxError> {
            match &event.kind {
                EventKind::SampleFinished { .. } if event.progress.finished() == 3 => {
                    self.2 = Some(self.1.begin("the disk is full"));
                    // A second one in the same trouble is not told again.
                    drop(self.1.begin("another"));
                }
                EventKind::Waiting { wait } => {
                    self.0.lock().unwrap().push(wait.as_ref().map(|wait| wait.reason.clone()));
                    if wait.is_some() {
                        assert!(event.progress.started <= 5, "at most those in flight went on: {:?}", event.progress);
                        self.2 = None;
                    }
                }
                _ => {}
            }
            Ok(())
        }
    }
    let mut reporter = Watching(told.clone(), waits, None);
    let run = evaluator.run(&numbers(20), &mut reporter).await.unwrap();
    assert_eq!(run.status, RunStatus::Finished);
    assert_eq!(*told.lock().unwrap(), [Some("the disk is full".into()), None]);
    assert_eq!(model.total(), 20);
}

#[tokio::test]
async fn a_run_without_leases_cannot_go_on() {
    let store = Arc::new(InMemory::new());
    let evaluator = Evaluator::builder(Counted::default(), Even).store(store.clone()).build().unwrap();
    let run = fixtures::run("counted", 0);
    store.put_run(&run).await.unwrap();
    let refused = evaluator.resume(run.id, Again::Missing, &numbers(1), &mut ()).await.unwrap_err();
    assert!(refused.to_string().contains("durable"), "{refused}");
    assert_eq!(stored(&store, run.id).await, []);
}

/// A clock that was set back an hour between the two halves of a run, and one that stands still while a model thinks:
/// tokio's is paused here, and what is measured follows it and not the time of day.
#[tokio::test(start_paused = true)]
async fn f35_times_of_a_run_survive_a_clock_that_jumps() {
    struct Thinks;
    #[async_trait]
    impl Provider for Thinks {
        fn name(&self) -> &str {
            "counted"
        }
        async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
            tokio::time::sleep(Duration::from_secs(90)).await;
            Ok(Completion::new(request.last()))
        }
    }
    let (store, dataset) = (Arc::new(InMemory::new()), numbers(6));
    let mut run = stopped_after(&durable(Counted::default(), &store).build().unwrap(), &dataset, 2).await;
    run.started = Timestamp::now() + Lease::LASTS * 120;
    store.put_run(&run).await.unwrap();
    let evaluator = durable(Thinks, &store).model("counted").build().unwrap();
    let resumed = evaluator.resume(run.id, Again::Missing, &dataset, &mut ()).await.unwrap();
    assert_eq!(resumed.status, RunStatus::Finished);
    assert_eq!(resumed.wall_ms(), Some(0), "never negative");
    let slow = stored(&store, run.id).await.into_iter().filter_map(|found| found.latency_ms());
    assert_eq!(
        slow.filter(|ms| *ms == 90_000.0).count(),
        6 - run.summary.unwrap().counts.total() as usize,
        "as long as the model thought"
    );
}
