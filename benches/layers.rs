//! What the layers cost around a provider that answers at once.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use eval_core::{DatasetRef, InMemory, Message, Origin, Provider, ProviderExt as _, Request, Run, Scripted, Store};
use eval_providers::{LedgerLayer, LimitLayer, RetryLayer, TimeoutLayer};
use tokio::runtime::{Builder, Runtime};

const DEADLINE: Duration = Duration::from_secs(60);

fn model() -> Scripted {
    Scripted::always("The third one.")
}

fn request() -> Request {
    Request::new("m", vec![Message::user("Which of the towns named in the story lies furthest to the north?")])
}

fn ask(runtime: &Runtime, provider: &dyn Provider, request: &Request) {
    black_box(runtime.block_on(provider.complete(request)).expect("it answers"));
}

fn layers(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let request = request();
    let stacks: [(&str, Arc<dyn Provider>); 5] = [
        ("none", Arc::new(model())),
        ("timeout", Arc::new(model().layer(TimeoutLayer::new(DEADLINE)))),
        ("adaptive limit", Arc::new(model().layer(LimitLayer::adaptive(1, 64)))),
        (
            "timeout, limit, retry",
            Arc::new(model().layer(TimeoutLayer::new(DEADLINE)).layer(LimitLayer::new(64)).layer(RetryLayer::new(5))),
        ),
        (
            "timeout, adaptive limit, retry",
            Arc::new(
                model()
                    .layer(TimeoutLayer::new(DEADLINE))
                    .layer(LimitLayer::adaptive(1, 64).per_minute(u64::MAX).tokens_per_minute(u64::MAX))
                    .layer(RetryLayer::new(5)),
            ),
        ),
    ];
    let mut group = criterion.benchmark_group("layers");
    for (name, provider) in &stacks {
        group.bench_function(*name, |bencher| bencher.iter(|| ask(&runtime, provider, &request)));
    }
    ledger(&mut group, &runtime, &request);
    group.finish();
}

/// With a ledger in memory, which keeps each call: a new one every so often.
fn ledger(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    runtime: &Runtime,
    request: &Request,
) {
    let run = Run::new("m", DatasetRef::new("bench", "f00d", 1), 1);
    let request = request.clone().origin(Some(Origin::answer(run.id, "q1".into(), 1)));
    let stack = || {
        let store = Arc::new(InMemory::new());
        runtime.block_on(store.put_run(&run)).expect("memory");
        let model = model().layer(TimeoutLayer::new(DEADLINE)).layer(LedgerLayer::new(store));
        model.layer(LimitLayer::adaptive(1, 64)).layer(RetryLayer::new(5))
    };
    group.bench_function("timeout, ledger in memory, adaptive limit, retry", |bencher| {
        bencher.iter_batched_ref(
            stack,
            |provider| (0..100).for_each(|_| ask(runtime, provider, &request)),
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, layers);
criterion_main!(benches);
