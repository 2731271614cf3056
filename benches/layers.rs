//! What the layers cost around a provider that answers at once.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use eval_core::{
    Caps, Completion, DatasetRef, InMemory, Message, Origin, Provider, ProviderExt as _, Request, Run, Scripted, Store,
    Usage,
};
use eval_providers::{
    Allowances, BudgetLayer, LedgerLayer, LimitLayer, OutageLayer, PriceLayer, Prices, RetryLayer, TimeoutLayer,
};
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
    let mut request = request.clone().origin(Some(Origin::answer(run.id, "q1".into(), 1)));
    request.model = "gpt-4o-mini".to_owned();
    let stack = || {
        let store = Arc::new(InMemory::new());
        runtime.block_on(store.put_run(&run)).expect("memory");
        whole(store)
    };
    group.bench_function("all: timeout, price, ledger in memory, budget, outage, adaptive limit, retry", |bencher| {
        bencher.iter_batched_ref(
            stack,
            |provider| (0..100).for_each(|_| ask(runtime, provider, &request)),
            BatchSize::LargeInput,
        );
    });
}

/// Every layer that `evalctl` puts around an endpoint, with a price to look up and a cap to keep.
fn whole(store: Arc<InMemory>) -> impl Provider {
    let (prices, mut caps) = (Prices::built_in(), Caps::NONE);
    caps.run.calls = Some(u64::MAX);
    Scripted::fallible("m", |_| Ok(Completion::new("The third one.").usage(Usage::new(120, 12))))
        .layer(TimeoutLayer::new(DEADLINE))
        .layer(PriceLayer::new(prices.clone()))
        .layer(LedgerLayer::new(store))
        .layer(BudgetLayer::new(Arc::new(Allowances::new(caps)), prices))
        .layer(OutageLayer::new(DEADLINE))
        .layer(LimitLayer::adaptive(1, 64))
        .layer(RetryLayer::new(5))
}

criterion_group!(benches, layers);
criterion_main!(benches);
