//! Statistics at the sizes that peers are measured at, and the monitor on large golden sets.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use eval_drift::{
    Adwin, AdwinSettings, Candidate, Constraints, PageHinkley, PairedRanking, QualityMonitor, RunSum, Weights,
    benjamini_hochberg, bootstrap_bca, histogram, ks_2samp, mann_whitney, pooled_levels, population_stability_index,
    recommend, sign_flip, wasserstein,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const SEED: u64 = 20_261_125;
const MANY: usize = 1_000_000;

/// Numbers from `from` to `from + 1`.
fn numbers(count: usize, from: f64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    (0..count).map(|_| from + (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64).collect()
}

fn samples(criterion: &mut Criterion) {
    let (a, b) = (numbers(MANY, 0.0), numbers(MANY, 0.001));
    let mut group = criterion.benchmark_group("1,000,000 beside 1,000,000");
    group.throughput(Throughput::Elements(2 * MANY as u64)).sample_size(10);
    group.bench_function("Kolmogorov-Smirnov", |bencher| bencher.iter(|| ks_2samp(black_box(&a), black_box(&b))));
    group.bench_function("Mann-Whitney", |bencher| bencher.iter(|| mann_whitney(black_box(&a), black_box(&b))));
    group.bench_function("Wasserstein", |bencher| bencher.iter(|| wasserstein(black_box(&a), black_box(&b))));
    group.bench_function("PSI, 10 bins", |bencher| {
        bencher.iter(|| {
            let (reference, current) = histogram(black_box(&a), black_box(&b), 10).expect("numbers");
            population_stability_index(&reference, &current)
        });
    });
    group.finish();
}

fn resampling(criterion: &mut Criterion) {
    let differences = numbers(1_000, -0.45);
    let mut group = criterion.benchmark_group("n = 1,000");
    group.sample_size(20);
    group.bench_function("BCa, 10,000 resamples", |bencher| {
        bencher.iter(|| bootstrap_bca(black_box(&differences), 0.95, 10_000, SEED));
    });
    group.bench_function("sign flips, 9,999", |bencher| bencher.iter(|| sign_flip(black_box(&differences), SEED)));
    group.finish();
    let p = numbers(100_000, 0.0);
    criterion.bench_function("Benjamini-Hochberg, 100,000", |bencher| {
        bencher.iter(|| benjamini_hochberg(black_box(&p)));
    });
}

fn sequences(criterion: &mut Criterion) {
    let values = numbers(MANY, 0.0);
    let mut group = criterion.benchmark_group("1,000,000 updates");
    group.throughput(Throughput::Elements(MANY as u64)).sample_size(10);
    group.bench_function("ADWIN", |bencher| {
        bencher.iter(|| {
            let mut window = Adwin::new(AdwinSettings::default()).expect("the defaults are right");
            black_box(&values).iter().filter(|value| window.update(**value)).count()
        });
    });
    group.bench_function("Page-Hinkley", |bencher| {
        bencher.iter(|| {
            let mut test = PageHinkley::default();
            black_box(&values).iter().filter(|value| test.update(**value)).count()
        });
    });
    group.finish();
}

/// A run: each question is right, but for a tenth that chance picks.
fn run(questions: usize, rng: &mut ChaCha8Rng) -> Vec<Option<f64>> {
    (0..questions).map(|_| Some(f64::from(!rng.next_u32().is_multiple_of(10)))).collect()
}

fn runs(count: usize, questions: usize, seed: u64) -> Vec<Vec<Option<f64>>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| run(questions, &mut rng)).collect()
}

/// A monitor of questions in so many categories that has seen these runs.
fn monitor(questions: usize, categories: usize, runs: &[Vec<Option<f64>>]) -> QualityMonitor {
    let mut monitor = QualityMonitor::new((0..questions).map(|at| (at % categories) as u32));
    runs.iter().for_each(|run| drop(monitor.observe(run).expect("scores")));
    monitor
}

fn monitors(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("QualityMonitor");
    let history = runs(30, 10_000, SEED);
    let (next, before) = history.split_last().expect("runs");
    // The mean, the sentinel and 18 categories.
    let warm = monitor(10_000, 18, before);
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("a run of 10,000 questions, 20 streams", |bencher| {
        let observe = |monitor: &mut QualityMonitor| monitor.observe(black_box(next));
        bencher.iter_batched_ref(|| warm.clone(), observe, BatchSize::LargeInput);
    });
    let models: Vec<_> = (0..10).map(|model| runs(90, 1_000, SEED + model)).collect();
    group.throughput(Throughput::Elements(900_000)).sample_size(10);
    group.bench_function("replay: 10 models, 90 runs, 1,000 questions, 7 categories", |bencher| {
        bencher.iter(|| black_box(&models).iter().map(|runs| monitor(1_000, 7, runs)).collect::<Vec<_>>());
    });
    group.finish();
}

/// Six models over 500 questions, as a page that compares them asks for.
fn comparison(criterion: &mut Criterion) {
    let model = |at: usize| -> Vec<Option<f64>> {
        let least = 0.1 + 0.02 * at as f64;
        numbers(500 * (at + 1), 0.0)[500 * at..].iter().map(|draw| Some(f64::from(*draw > least))).collect()
    };
    let candidate = |at: usize| Candidate {
        scores: model(at),
        cost: Some(10.0 / (at + 1) as f64),
        p95_ms: Some(5_000.0 / (at + 1) as f64),
    };
    let models: Vec<Candidate> = (0..6).map(candidate).collect();
    let scores: Vec<&Vec<Option<f64>>> = models.iter().map(|model| &model.scores).collect();
    let ranking = PairedRanking::of(&scores, 0.05).expect("scores");
    let mut group = criterion.benchmark_group("6 models, 500 questions");
    group.sample_size(20);
    group.bench_function("ranks with ties", |bencher| bencher.iter(|| PairedRanking::of(black_box(&scores), 0.05)));
    group.bench_function("recommendation, 10,000 resamples", |bencher| {
        let (limits, weights) = (Constraints::default(), Weights::default());
        bencher.iter(|| recommend(black_box(&models), &ranking, &limits, &weights, 10_000, SEED));
    });
    group.finish();
    let runs: Vec<RunSum> = numbers(1_000, 400.0).into_iter().map(|sum| RunSum { sum, n: 500 }).collect();
    criterion.bench_function("pooled levels, 1,000 runs", |bencher| {
        bencher.iter(|| pooled_levels(black_box(&runs), &[600], 160, 7, 0.95));
    });
}

criterion_group!(benches, samples, resampling, sequences, monitors, comparison);
criterion_main!(benches);
