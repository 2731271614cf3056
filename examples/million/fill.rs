//! A database as it is after 100 days of 10 models, each day 1,000 questions for each.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use eval_core::{
    Completion, DatasetRef, Evaluation, Money, Origin, Outcome, ProviderErrorKind, Reports as _, Run, RunId, RunStatus,
    Sample, Score, Store, Summary, Timestamp, Timing, Usage, Verdict,
};
use eval_store::DieselStore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

pub const MODELS: usize = 10;
pub const QUESTIONS: usize = 1_000;
const SEED: u64 = 4;
/// Each model of a day in turn: what stands side by side in the file belongs to different runs, as it does when they
/// run at once.
const BATCH: usize = 50;

/// What the database holds.
pub struct Filled {
    /// All runs, oldest first.
    pub runs: Vec<RunId>,
    pub samples: Vec<Arc<Sample>>,
}

/// Fills an empty database; one that was filled before stays as it is.
pub async fn fill(store: &DieselStore, runs: usize) -> Result<Filled> {
    let samples = samples();
    let stats = store.stats().await?;
    if stats.runs.is_empty() {
        let begun = Instant::now();
        for day in 0..runs.div_ceil(MODELS) {
            group(store, &samples, day, (runs - day * MODELS).min(MODELS)).await?;
        }
        let (rows, seconds) = (runs * QUESTIONS, begun.elapsed().as_secs_f64());
        println!("   filled: {rows} evaluations in {seconds:.0} s, {:.0} a second", rows as f64 / seconds);
    }
    let mut query = eval_core::RunQuery::default();
    query.limit = usize::MAX;
    let runs = store.list_runs(&query).await?.iter().rev().map(|run| run.id).collect();
    Ok(Filled { runs, samples })
}

/// The runs of a day.
async fn group(store: &DieselStore, samples: &[Arc<Sample>], day: usize, models: usize) -> Result<()> {
    let mut runs: Vec<_> = (0..models).map(|model| run(day, model)).collect();
    for run in &runs {
        store.put_run(run).await?;
    }
    let mut kept: Vec<Vec<Evaluation>> = vec![Vec::with_capacity(QUESTIONS); models];
    for part in samples.chunks(BATCH) {
        for (model, run) in runs.iter().enumerate() {
            let batch: Vec<_> = part.iter().map(|sample| evaluation(run, sample, (day, model))).collect();
            store.put_evaluations(run.id, &batch).await?;
            kept[model].extend(batch);
        }
    }
    for (run, evaluations) in runs.iter_mut().zip(&kept) {
        run.status = if day % 25 == 24 { RunStatus::Failed } else { RunStatus::Finished };
        run.finished = Timestamp::from_second(run.started.as_second() + 600).ok();
        run.summary = Some(Summary::of(evaluations, 1, run.threshold));
        store.put_run(run).await?;
    }
    Ok(())
}

pub fn run(day: usize, model: usize) -> Run {
    let mut run =
        Run::new(format!("model-{model}"), DatasetRef::new("golden", "f00d", QUESTIONS as u64), QUESTIONS as u64);
    // From the beginning of 2026.
    run.started = Timestamp::from_second(1_767_225_600 + (day * 86_400 + model * 60) as i64).unwrap_or(run.started);
    run.id = RunId::at(run.started);
    run.provenance.prompt = "prompt".into();
    run.provenance.judge = "llm:grader".into();
    run.provenance.judge_hash = "judge".into();
    run.provenance.git_commit = Some(format!("{day:040x}"));
    run.tags = [("branch".to_owned(), ["main", "dev"][day % 2].to_owned())].into();
    run
}

/// Questions of about 300 characters in seven categories.
fn samples() -> Vec<Arc<Sample>> {
    let categories = ["reasoning", "math", "coding", "hallucination", "rag", "instruction", "safety"];
    let sample = |at: usize| {
        let id = format!("question-{at:04}");
        let category = Arc::<str>::from(categories[at % 7]);
        Arc::new(Sample::new(id.as_str(), words(at as u64, 300)).target(words(at as u64, 80)).category(category))
    };
    (0..QUESTIONS).map(sample).collect()
}

/// An evaluation of 1.5 kB.
pub fn evaluation(run: &Run, sample: &Arc<Sample>, (day, model): (usize, usize)) -> Evaluation {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED ^ ((day * MODELS + model) << 10) as u64 ^ hash(sample));
    let started = run.started;
    if rng.next_u32() % 50 == 0 {
        let outcome = Outcome::Failed { kind: ProviderErrorKind::Timeout, message: "no answer after 60 s".into() };
        return Evaluation::new(sample.clone(), 1, outcome, started);
    }
    // Each model knows its share of the questions, and wavers on some.
    let able = hash(sample) % 100 < 60 + 3 * model as u64;
    let grade = if rng.next_u32() % 10 == 0 { rng.next_u32() % 5 } else { 4 * u32::from(able) };
    let score = Score::new(f64::from(grade) / 4.0).unwrap_or(Score::ZERO);
    let answer = Completion::new(words(rng.next_u64(), 900))
        .usage(Usage::new(90, 220))
        .cost(Some(Money::from_nanos(900_000 + i64::from(rng.next_u32() % 100_000))))
        .timing(Timing::service(500.0 + f64::from(rng.next_u32() % 4_000)))
        .origin(Some(Origin::answer(run.id, sample.id.clone(), 1)));
    let verdict =
        Verdict::scored("llm:grader", score, words(rng.next_u64(), 350)).cost(Some(Money::from_nanos(90_000)));
    Evaluation::new(sample.clone(), 1, Outcome::Scored { score }, started).completion(answer).verdicts(vec![verdict])
}

fn hash(sample: &Sample) -> u64 {
    sample.id.as_str().bytes().fold(7, |hash: u64, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte))
}

/// About so many characters of text.
fn words(seed: u64, length: usize) -> String {
    const WORDS: [&str; 16] = [
        "town", "north", "winter", "clock", "travels", "because", "the", "of", "stays", "furthest", "road", "river",
        "asked", "never", "letter", "bridge",
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut text = String::with_capacity(length + 10);
    while text.len() < length {
        let mut bits = rng.next_u64();
        for _ in 0..16 {
            text.push_str(WORDS[(bits & 15) as usize]);
            text.push(' ');
            bits >>= 4;
        }
    }
    text.truncate(length);
    text
}
