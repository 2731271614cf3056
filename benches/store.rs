//! What the store takes and gives: a batch of evaluations, a page of a run, the scores of a history.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eval_core::{
    Completion, DatasetRef, Evaluation, EvaluationQuery, HistoryQuery, Money, Origin, Outcome, Reports, Run, RunStatus,
    Sample, Score, Store, Timestamp, Timing, Usage, Verdict,
};
use eval_store::DieselStore;
use tokio::runtime::{Builder, Runtime};

const RUNS: u64 = 20;
const QUESTIONS: u64 = 1_000;

fn run(name: &str) -> Run {
    let mut run = Run::new(name, DatasetRef::new("bench", "f00d", QUESTIONS), QUESTIONS);
    run.status = RunStatus::Finished;
    run
}

/// Evaluations of 1.5 kB.
fn evaluations(run: &Run) -> Vec<Evaluation> {
    let (question, answer, reason) = ("What? ".repeat(50), "This, because. ".repeat(60), "It says so. ".repeat(30));
    let evaluation = |at: u64| {
        let sample = Arc::new(Sample::new(format!("q{at:05}").as_str(), format!("{question}{at}")));
        let score = Score::new((at % 5) as f64 / 4.0).expect("within 0 and 1");
        let completion = Completion::new(answer.clone())
            .usage(Usage::new(50, 20))
            .cost(Some(Money::from_nanos(90_000)))
            .timing(Timing::service(800.0))
            .origin(Some(Origin::answer(run.id, sample.id.clone(), 1)));
        Evaluation::new(sample, 1, Outcome::Scored { score }, Timestamp::UNIX_EPOCH)
            .completion(completion)
            .verdicts(vec![Verdict::scored("llm:grader", score, reason.clone())])
    };
    (0..QUESTIONS).map(evaluation).collect()
}

/// Stores a new run with all its evaluations.
async fn put(store: &DieselStore) -> Run {
    let run = run("model");
    store.put_run(&run).await.expect("it is stored");
    store.put_evaluations(run.id, &evaluations(&run)).await.expect("they are stored");
    run
}

fn filled(runtime: &Runtime, url: &str) -> (DieselStore, Vec<Run>) {
    runtime.block_on(async {
        let store = DieselStore::open(url).await.expect("a database");
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            runs.push(put(&store).await);
        }
        (store, runs)
    })
}

fn store(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let (store, runs) = filled(&runtime, &format!("{}/bench.db", folder.path().display()));
    let turn = Cell::new(0);
    let next = || &runs[turn.replace(turn.get() + 1) % runs.len()];

    let mut group = criterion.benchmark_group("sqlite");
    group.sample_size(20).throughput(Throughput::Elements(QUESTIONS));
    group.bench_function("put_evaluations: 1,000 of 1.5 kB", |bencher| {
        let fresh = || {
            let run = run("another model");
            runtime.block_on(store.put_run(&run)).expect("it is stored");
            (run.id, evaluations(&run))
        };
        let put = |(run, batch): (_, Vec<_>)| runtime.block_on(store.put_evaluations(run, &batch)).expect("stored");
        bencher.iter_batched(fresh, put, criterion::BatchSize::PerIteration);
    });
    group.throughput(Throughput::Elements(200));
    group.bench_function("evaluations: a page of 200", |bencher| {
        let mut query = EvaluationQuery::default();
        query.after = Some(("q00500".into(), 1));
        let page = || runtime.block_on(store.evaluations(next().id, &query)).expect("a page");
        bencher.iter(|| assert_eq!(black_box(page()).len(), 200));
    });
    group.throughput(Throughput::Elements(RUNS * QUESTIONS));
    group.bench_function("windows: 20 runs x 1,000 questions", |bencher| {
        let query = HistoryQuery::new("model", "bench");
        bencher.iter(|| black_box(runtime.block_on(store.windows(&query)).expect("windows")));
    });
    group.finish();
}

criterion_group!(benches, store);
criterion_main!(benches);
