//! What the harness itself costs per evaluation, with a provider that answers at once and a judge that costs nothing.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eval_core::{Dataset, Evaluator, InMemory, Sample, Scripted, Store};
use eval_judge::Exact;
use eval_store::DieselStore;
use tokio::runtime::{Builder, Runtime};

const QUESTIONS: u64 = 2_000;
const IN_FLIGHT: usize = 64;

fn dataset() -> Dataset {
    let question = "Which of the towns named in the story lies furthest to the north, and why does he not stay there?";
    let sample =
        |at: u64| Sample::new(format!("q{at:05}").as_str(), format!("{question} {at}")).target("The third one.");
    Dataset::from_samples("bench", (0..QUESTIONS).map(sample).collect()).expect("ids are unique")
}

fn evaluate(runtime: &Runtime, dataset: &Dataset, store: Option<Arc<dyn Store>>) {
    let model = Scripted::always("The third one.");
    let mut builder = Evaluator::builder(model, Exact::new()).concurrency(IN_FLIGHT);
    if let Some(store) = store {
        builder = builder.store(store);
    }
    let evaluator = builder.build().expect("the settings are right");
    let run = runtime.block_on(evaluator.run(dataset, &mut ())).expect("the run begins");
    assert_eq!(black_box(run).summary.expect("it has ended").counts.scored, QUESTIONS);
}

fn harness(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let dataset = dataset();
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("{}/bench.db", folder.path().display());
    let sqlite = Arc::new(runtime.block_on(DieselStore::open(&url)).expect("a database"));

    let mut group = criterion.benchmark_group("evaluation");
    group.throughput(Throughput::Elements(QUESTIONS)).sample_size(10);
    group.bench_function("without a store", |bencher| bencher.iter(|| evaluate(&runtime, &dataset, None)));
    group.bench_function("in memory", |bencher| {
        bencher.iter(|| evaluate(&runtime, &dataset, Some(Arc::new(InMemory::new()))));
    });
    group.bench_function("sqlite", |bencher| {
        bencher.iter(|| evaluate(&runtime, &dataset, Some(sqlite.clone())));
    });
    group.finish();
}

criterion_group!(benches, harness);
criterion_main!(benches);
