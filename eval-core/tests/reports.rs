//! What the default bodies of `Reports` say, number by number.

use std::sync::Arc;

use eval_core::conformance::fixtures::{self, failed, finished, scored, unscored};
use eval_core::{
    Change, Changes, ComparisonQuery, CostQuery, Evaluation, HistoryQuery, InMemory, Money, Reports, Run, RunStatus,
    Sample, SampleKey, Store, StoreError, Total,
};

async fn store(runs: &[(&Run, &[Evaluation])]) -> InMemory {
    let store = InMemory::new();
    for (run, evaluations) in runs {
        store.put_run(run).await.expect("a run is taken");
        store.put_evaluations(run.id, evaluations).await.expect("evaluations are taken");
    }
    store
}

fn edited(mut evaluation: Evaluation) -> Evaluation {
    let mut sample = Sample::clone(&evaluation.sample);
    sample.input = "another question".into();
    evaluation.sample = Arc::new(sample);
    evaluation
}

#[tokio::test]
async fn a_run_stands_beside_another_question_by_question() {
    let (old, new) = (fixtures::run("gpt-4o", 0), fixtures::run("gpt-4o", 1));
    let earlier = [
        scored(old.id, "better", 1, 0.5),
        scored(old.id, "edited", 1, 1.0),
        scored(old.id, "failed", 1, 1.0),
        failed("failing", 1, "timeout"),
        scored(old.id, "gone", 1, 1.0),
        scored(old.id, "same", 1, 0.5),
        scored(old.id, "worse", 1, 1.0),
        scored(old.id, "worse", 2, 0.5),
    ];
    let current = [
        scored(new.id, "better", 1, 0.75),
        edited(scored(new.id, "edited", 1, 0.0)),
        failed("failed", 1, "timeout"),
        failed("failing", 1, "another reason"),
        scored(new.id, "new", 1, 1.0),
        scored(new.id, "same", 1, 0.5),
        scored(new.id, "worse", 1, 0.0),
        scored(new.id, "worse", 2, 0.5),
    ];
    let store = store(&[(&old, &earlier), (&new, &current)]).await;
    let found = async |changes| {
        let query = ComparisonQuery::against(old.id).changes(changes);
        let pairs = store.compared(new.id, &query).await.expect("a comparison");
        let line = |pair: &eval_core::Comparison| (pair.current.sample.id.to_string(), pair.current.epoch, pair.change);
        pairs.iter().map(line).collect::<Vec<_>>()
    };
    let line = |id: &str, epoch, change| (id.to_owned(), epoch, change);
    let (better, worse) = (line("better", 1, Some(Change::Improved)), line("worse", 1, Some(Change::Regressed)));
    let lost = line("failed", 1, Some(Change::Outcome));
    let all = [
        better.clone(),
        line("edited", 1, None),
        lost.clone(),
        line("failing", 1, Some(Change::Same)),
        line("new", 1, None),
        line("same", 1, Some(Change::Same)),
        worse.clone(),
        line("worse", 2, Some(Change::Same)),
    ];
    assert_eq!(found(Changes::All).await, all, "an edited question is not compared with the old one");
    assert_eq!(found(Changes::Changed).await, [better.clone(), lost, worse.clone()]);
    assert_eq!(found(Changes::Regressed).await, [worse], "a failure is no score of 0");
    assert_eq!(found(Changes::Improved).await, [better]);

    let mut query = ComparisonQuery::against(old.id).changes(Changes::Changed);
    query.evaluations.limit = 1;
    query.evaluations.after = Some(("better".into(), 1));
    let page = store.compared(new.id, &query).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(page[0].earlier.as_ref(), Some(&earlier[2]), "the page brings both evaluations");
}

#[tokio::test]
async fn a_run_is_not_compared_with_one_that_is_not_there() {
    let (run, stranger) = (fixtures::run("gpt-4o", 0), fixtures::run("gpt-4o", 1).id);
    let store = store(&[(&run, &[])]).await;
    let error = store.compared(run.id, &ComparisonQuery::against(stranger)).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound(id) if id == stranger), "{error}");
}

#[tokio::test]
async fn only_whole_and_finished_runs_enter_a_history() {
    let mut part = finished("gpt-4o", 1, 0.9, 0);
    part.dataset.selection.limit = Some(5);
    let mut going = finished("gpt-4o", 2, 0.9, 0);
    going.status = RunStatus::Running;
    let (first, second) = (finished("gpt-4o", 3, 0.5, 20), finished("gpt-4o", 4, 0.6, 0));
    let mut another = finished("gpt-4o", 5, 0.7, 0);
    another.name = "gpt-4o with a prompt".into();
    let runs = [&part, &going, &first, &second, &another].map(|run| (run, [].as_slice()));
    let store = store(&runs).await;
    let found = store.history(&HistoryQuery::new("gpt-4o", "golden")).await.unwrap();
    assert_eq!(found, [second, first], "newest first, by name");
    let score = found[1].score().unwrap();
    assert_eq!((score.mean, score.n), (0.5, 80));
    assert!((score.variance().unwrap() - 0.01 * 0.01 * 80.0).abs() < 1e-15, "{score:?}");
}

#[tokio::test]
async fn windows_hold_a_mean_for_each_scored_question() {
    let mut runs = [finished("gpt-4o", 0, 0.5, 0), finished("gpt-4o", 9, 0.5, 0)];
    runs[1].provenance.judge_hash = "another judge".into();
    let [old, new] = &runs;
    let batch = [
        scored(old.id, "b", 1, 0.25),
        scored(old.id, "b", 2, 0.75),
        scored(old.id, "a", 1, 1.0),
        failed("a", 2, "timeout"),
        unscored(old.id, "c", 1, "garbled"),
    ];
    let store = store(&[(old, &batch), (new, &[edited(scored(new.id, "a", 1, 0.0))])]).await;
    let history = store.windows(&HistoryQuery::new("gpt-4o", "golden")).await.unwrap();
    let [first, second] = history.windows.as_slice() else { panic!("{history:?}") };
    assert_eq!((first.run, first.at, second.run), (old.id, old.started, new.id), "oldest first");
    let scores: Vec<_> = first.scores.iter().map(|one| (one.key.id.as_str(), one.score, one.epochs)).collect();
    assert_eq!(scores, [("a", 1.0, 1), ("b", 0.5, 2)], "what failed or could not be graded is no 0");
    assert_eq!(first.mean(), Some(0.75));
    assert_eq!(*first.scores[0].key, SampleKey::new("a", batch[2].sample.content_hash()));
    assert_eq!(second.scores[0].key.id, first.scores[0].key.id);
    assert_ne!(second.scores[0].key, first.scores[0].key, "an edited question is another one");

    let own = store.windows(&HistoryQuery::of(new)).await.unwrap();
    assert_eq!(own.windows.len(), 1, "another judge, another history");
}

fn priced(mut run: Run, nanos: Option<i64>, unknown: u64) -> Run {
    let summary = run.summary.as_mut().expect("a run that has ended");
    summary.cost = Total::new(nanos.map(Money::from_nanos), unknown);
    summary.judge_cost = Total::new(Some(Money::from_nanos(1)), 0);
    run
}

#[tokio::test]
async fn costs_are_added_by_day_and_model_and_what_is_unknown_is_counted() {
    // The fixtures' day begins 0.123457 s before second 0.
    let runs = [
        priced(finished("a", -1, 0.5, 0), Some(5), 0),
        priced(finished("a", 0, 0.5, 0), Some(7), 2),
        priced(finished("a", 60, 0.5, 0), None, 50),
        priced(finished("b", 60, 0.5, 10), None, 50),
        fixtures::run("a", 120),
    ];
    let store = store(&runs.each_ref().map(|run| (run, [].as_slice()))).await;
    let costs = store.costs(&CostQuery::default()).await.unwrap();
    let line = |cost: &eval_core::DailyCost| {
        let known = |total: &Total<Money>| (total.known.map(Money::nanos), total.unknown);
        (cost.day.to_string(), cost.model.clone(), cost.runs, cost.open, known(&cost.answers), known(&cost.judges))
    };
    let expected = [
        ("2026-01-01".to_owned(), "a".to_owned(), 3, 1, (Some(7), 52), (Some(2), 0)),
        ("2026-01-01".to_owned(), "b".to_owned(), 1, 0, (None, 50), (Some(1), 0)),
        ("2025-12-31".to_owned(), "a".to_owned(), 1, 0, (Some(5), 0), (Some(1), 0)),
    ];
    assert_eq!(costs.iter().map(line).collect::<Vec<_>>(), expected);

    let stats = store.stats().await.unwrap();
    assert_eq!(stats.runs, [(RunStatus::Running, 1), (RunStatus::Finished, 4)].into());
    assert_eq!((stats.models, stats.datasets, stats.open), (2, 1, 1));
    assert_eq!((stats.evaluations.scored, stats.evaluations.failed), (390, 10));
    assert_eq!(stats.cost, Total::new(Some(Money::from_nanos(12)), 102));
    assert_eq!(stats.judge_cost, Total::new(Some(Money::from_nanos(4)), 0));
    assert_eq!((stats.first, stats.last), (Some(runs[0].started), Some(runs[4].started)));
}
