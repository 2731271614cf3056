//! Parts that every evaluation goes through: reading a row, parsing a verdict, the summary.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use eval_core::{Completion, Dataset, Evaluation, Money, Outcome, Sample, Score, Summary, Timestamp, Timing, Usage};
use eval_judge::parse_verdict;

const ROWS: u64 = 10_000;
const EVALUATIONS: u64 = 100_000;

fn csv_reading(criterion: &mut Criterion) {
    let mut csv = String::from("id,category,question,expected_output,context\n");
    for at in 0..ROWS {
        let question = "which of the towns named in the story lies furthest to the north, and why?";
        writeln!(csv, "q{at:06},math,\"Question {at}: {question}\",Town {at},\"a \"\"quoted\"\" note\"")
            .expect("memory");
    }
    let bytes = csv.len() as u64;
    let mut group = criterion.benchmark_group("csv");
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("check 10,000 rows", |bencher| {
        bencher.iter(|| Dataset::from_csv_text("bench", black_box(&csv)).expect("it is right"));
    });
    let dataset = Dataset::from_csv_text("bench", &csv).expect("it is right");
    group.bench_function("stream 10,000 rows", |bencher| {
        bencher.iter(|| {
            dataset.samples().expect("it is there").for_each(|row| drop(black_box(row.expect("it is right"))))
        });
    });
    group.finish();
}

fn verdict_parsing(criterion: &mut Criterion) {
    let verdict = r#"{"reasoning": "The answer names the same town as the reference and gives the same reason for it.", "score": 0.85}"#;
    criterion.bench_function("verdict/parse", |bencher| {
        bencher.iter(|| parse_verdict(black_box(verdict)).expect("it is right"));
    });
}

fn evaluations() -> Vec<Evaluation> {
    let categories = ["reasoning", "math", "coding", "rag"].map(Arc::<str>::from);
    let evaluation = |at: u64| {
        let sample = Sample::new(format!("q{at:06}").as_str(), "?").category(categories[at as usize % 4].clone());
        let score = Score::new((at % 5) as f64 / 4.0).expect("within 0 and 1");
        let completion = Completion::new("an answer")
            .usage(Usage::new(50, 20))
            .cost(Some(Money::from_nanos(90_000)))
            .timing(Timing::service(200.0 + (at * 7919 % 1000) as f64));
        Evaluation::new(Arc::new(sample), 1, Outcome::Scored { score }, Timestamp::UNIX_EPOCH).completion(completion)
    };
    (0..EVALUATIONS).map(evaluation).collect()
}

fn summary(criterion: &mut Criterion) {
    let evaluations = evaluations();
    let mut group = criterion.benchmark_group("summary");
    group.throughput(Throughput::Elements(EVALUATIONS)).sample_size(20);
    group.bench_function("of 100,000 evaluations", |bencher| {
        bencher.iter_batched(|| &evaluations, |all| black_box(Summary::of(all, 1, 0.5)), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, csv_reading, verdict_parsing, summary);
criterion_main!(benches);
