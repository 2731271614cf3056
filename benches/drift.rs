//! What the whole drift report costs: 10 models, 7 categories, 90 runs, 1,000 questions.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use eval_core::{
    DriftDetector, DriftReport, History, Measure, RunId, SampleKey, SampleMeasures, SampleScore, Timestamp,
};
use eval_core::{Window, WindowCounts};
use eval_drift::{OperationsMonitor, PairedTest, QualityMonitor, correct_family};

const MODELS: u64 = 10;
const RUNS: u64 = 90;
const QUESTIONS: u64 = 1_000;

/// A number from 0 to 1 that looks like chance (splitmix64).
fn chance(seed: u64) -> f64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// As a store gives it: the windows share their keys.
fn history(model: u64, keys: &[Arc<SampleKey>], categories: &[Arc<str>]) -> History {
    let window = |run: u64| {
        let seed = |question: u64| (model * RUNS + run) * QUESTIONS + question;
        let score = |at: usize| {
            let right = chance(seed(at as u64)) < 0.79;
            SampleScore::new(Arc::clone(&keys[at]), Arc::clone(&categories[at % 7]), f64::from(u8::from(right)))
        };
        let measures = |at: usize| {
            let mut one = SampleMeasures::new(Arc::clone(&keys[at]));
            let value = Some(100.0 + 100.0 * chance(seed(at as u64) ^ 1));
            (one.latency_ms, one.completion_tokens, one.cost_nanos, one.answer_bytes) = (value, value, value, value);
            one
        };
        let mut counts = WindowCounts::default();
        (counts.planned, counts.scored, counts.failed) = (QUESTIONS, QUESTIONS - 10, 10);
        Window::new(RunId::new(), Timestamp::UNIX_EPOCH, (0..keys.len()).map(score).collect())
            .measures((0..keys.len()).map(measures).collect())
            .counts(counts)
    };
    History::new((0..RUNS).map(window).collect())
}

fn report(histories: &[History]) -> Vec<DriftReport> {
    let of = |history: &History| {
        let scores = [QualityMonitor::default().detect(history), PairedTest::new().detect(history)];
        scores.into_iter().chain(OperationsMonitor::watch(history)).collect::<Vec<_>>()
    };
    let mut reports: Vec<DriftReport> = histories.iter().flat_map(of).collect();
    correct_family(&mut reports);
    reports
}

fn drift(criterion: &mut Criterion) {
    let key = |at: u64| Arc::new(SampleKey::new(format!("question-{at:05}").as_str(), format!("{at:032x}")));
    let keys: Vec<_> = (0..QUESTIONS).map(key).collect();
    let categories: Vec<Arc<str>> =
        ["chat", "code", "facts", "logic", "math", "safety", "text"].map(Arc::from).to_vec();
    let histories: Vec<_> = (0..MODELS).map(|model| history(model, &keys, &categories)).collect();
    let mut group = criterion.benchmark_group("drift");
    group.sample_size(20);
    group.bench_function("report of 10 models x 7 categories x 90 runs x 1,000 questions", |bencher| {
        bencher.iter(|| report(black_box(&histories)));
    });
    group.bench_function("quality monitor, one model", |bencher| {
        bencher.iter(|| QualityMonitor::default().detect(black_box(&histories[0])));
    });
    group.bench_function("paired test, one model", |bencher| {
        bencher.iter(|| PairedTest::new().detect(black_box(&histories[0])));
    });
    group.bench_function("all nine operational measures, one model", |bencher| {
        bencher.iter(|| OperationsMonitor::all().map(|monitor| monitor.detect(black_box(&histories[0]))));
    });
    let latency = OperationsMonitor::new(Measure::Latency).expect("it is watched");
    group.bench_function("latency, one model", |bencher| bencher.iter(|| latency.detect(black_box(&histories[0]))));
    group.finish();
}

criterion_group!(benches, drift);
criterion_main!(benches);
