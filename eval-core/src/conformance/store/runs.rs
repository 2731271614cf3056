//! Runs.

use super::{evaluations_of, everything, is_missing, put, put_run, runs_of, stored_run};
use crate::conformance::{fixtures, must};
use crate::{ProviderErrorKind, Run, RunKind, RunQuery, RunStatus, Selection, Stop, Store};

pub(super) async fn missing(store: &impl Store) {
    let id = fixtures::run("gpt-4o", 0).id;
    assert!(is_missing(&store.get_run(id).await, id), "a run that is not there is not found");
    assert!(is_missing(&store.put_evaluations(id, &[]).await, id), "an empty batch needs a run too");
    let batch = [fixtures::scored(id, "a", 1, 1.0)];
    assert!(is_missing(&store.put_evaluations(id, &batch).await, id), "evaluations need a run");
    assert!(is_missing(&store.evaluations(id, &everything()).await, id), "evaluations of no run are not found");
    assert_eq!(runs_of(store, &RunQuery::default()).await, [], "an empty store lists no runs");
}

pub(super) async fn round_trip(store: &impl Store) {
    let mut runs = vec![fixtures::run("plain", 1), fixtures::rich_run(), fixtures::finished("done", 2, 0.5, 3)];
    for (at, status) in (100..).zip(RunStatus::ALL) {
        runs.push(Run { status, ..fixtures::run("status", at) });
    }
    for (at, kind) in (200..).zip(ProviderErrorKind::ALL) {
        runs.push(Run { stop: Some(Stop::new(Some(kind), "")), ..fixtures::run("stop", at) });
    }
    runs.push(Run { stop: Some(Stop::new(None, "because")), ..fixtures::run("stop", 300) });
    for run in &runs {
        put_run(store, run).await;
    }
    for run in &runs {
        let found = must(store.get_run(run.id).await, "a stored run is found");
        assert_eq!(found, *run, "a run read back equals the run stored");
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    assert_eq!(runs_of(store, &RunQuery::default()).await, runs, "listed runs equal the runs stored, newest first");
}

pub(super) async fn replace(store: &impl Store) {
    let mut run = stored_run(store).await;
    let batch = [fixtures::scored(run.id, "a", 1, 1.0)];
    put(store, run.id, &batch).await;
    let rich = Run { id: run.id, ..fixtures::rich_run() };
    for next in [&rich, &rich, &run.clone()] {
        put_run(store, next).await;
        let found = must(store.get_run(run.id).await, "a replaced run is found");
        assert_eq!(found, *next, "a run put again replaces the former one, summary and all");
    }
    run.tags.insert("a".into(), "b".into());
    put_run(store, &run).await;
    assert_eq!(runs_of(store, &RunQuery::default()).await, [run.clone()], "a replaced run is no second run");
    assert_eq!(evaluations_of(store, run.id, &everything()).await, batch, "a replaced run keeps its evaluations");
}

pub(super) async fn pages(store: &impl Store) {
    let mut runs: Vec<_> = (0..23).map(|at| fixtures::run("gpt-4o", at)).collect();
    // Not in the order of their times.
    for run in runs.iter().skip(10).chain(&runs[..10]) {
        put_run(store, run).await;
    }
    runs.reverse();
    let mut query = RunQuery { limit: 5, ..RunQuery::default() };
    let mut walked = Vec::new();
    loop {
        let page = runs_of(store, &query).await;
        assert!(page.len() <= 5, "a page of runs keeps to its limit");
        let Some(last) = page.last() else { break };
        query.before = Some(last.id);
        walked.extend(page);
    }
    assert_eq!(walked, runs, "pages of runs have no gaps and no repeats");
    let none = RunQuery { limit: 0, ..RunQuery::default() };
    assert_eq!(runs_of(store, &none).await, [], "a limit of 0 gives no runs");
    let all = RunQuery { limit: usize::MAX, ..RunQuery::default() };
    assert_eq!(runs_of(store, &all).await.len(), 23, "the largest limit gives all runs");
}

pub(super) async fn filters(store: &impl Store) {
    let group = Some(fixtures::run("group", 0).id);
    let mut runs = Vec::new();
    for (at, model) in (0..).zip(["gpt-4o", "gpt-4o-mini", "GPT-4O", "a"].repeat(8)) {
        let mut run = fixtures::run(model, at);
        run.name = if at % 3 == 0 { "gpt-4o".into() } else { run.name };
        run.dataset.name = ["golden", "gold"][usize::from(at % 5 == 0)].into();
        run.dataset.selection = Selection { limit: (at % 7 == 0).then_some(5), ..Selection::all() };
        run.status = RunStatus::ALL[usize::try_from(at).unwrap_or(0) % RunStatus::ALL.len()];
        run.group = group.filter(|_| at % 4 == 1);
        run.kind = if at % 6 == 2 { RunKind::Rescore } else { RunKind::Evaluation };
        run.tags = [("branch".into(), ["main", "main\"", "dev"][usize::try_from(at).unwrap_or(0) % 3].into())].into();
        put_run(store, &run).await;
        runs.insert(0, run);
    }
    for query in queries(&runs) {
        let expected: Vec<_> = runs.iter().filter(|run| query.matches(run)).take(query.limit).cloned().collect();
        assert_eq!(runs_of(store, &query).await, expected, "{query:?} finds what it matches");
    }
}

fn queries(runs: &[Run]) -> Vec<RunQuery> {
    let time = fixtures::time;
    let tag = |key: &str, value: &str| RunQuery { tag: Some((key.into(), value.into())), ..RunQuery::default() };
    let text = |text: &str| Some(text.to_owned());
    let (group, before) = (runs.iter().find_map(|run| run.group), runs.get(9).map(|run| run.id));
    let all = RunQuery { model: text("gpt-4o"), dataset: text("golden"), before, ..tag("branch", "main") };
    vec![
        RunQuery { model: text("gpt-4o"), ..RunQuery::default() },
        RunQuery { model: text("gpt"), ..RunQuery::default() },
        RunQuery { model: text(""), ..RunQuery::default() },
        RunQuery { dataset: text("gold"), limit: 3, ..RunQuery::default() },
        RunQuery { status: Some(RunStatus::Finished), ..RunQuery::default() },
        RunQuery { group, ..RunQuery::default() },
        RunQuery { kind: Some(RunKind::Rescore), ..RunQuery::default() },
        RunQuery { kind: Some(RunKind::Audit), ..RunQuery::default() },
        RunQuery { before, limit: 4, ..RunQuery::default() },
        RunQuery { since: Some(time(10)), ..RunQuery::default() },
        RunQuery { until: Some(time(10)), ..RunQuery::default() },
        RunQuery { since: Some(time(10)), until: Some(time(13)), ..RunQuery::default() },
        RunQuery { since: Some(time(13)), until: Some(time(10)), ..RunQuery::default() },
        tag("branch", "main"),
        tag("branch", "main\""),
        tag("branch", "' OR 1=1 --"),
        tag("main", "branch"),
        all,
    ]
}
