//! How long pages take.

use std::time::Instant;

use anyhow::Result;
use eval_core::{
    Changes, ComparisonQuery, CostQuery, EvaluationQuery, HistoryQuery, OutcomeKind, Reports as _, RunId, RunQuery,
    RunStatus, Store as _, StoreError, Timestamp,
};
use eval_store::DieselStore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::fill::{Filled, MODELS};
use crate::memory;

const CALLS: usize = 60;
const SEED: u64 = 5;

/// The parameters of a call, drawn with a seed.
struct Dice<'a> {
    rng: ChaCha8Rng,
    filled: &'a Filled,
}

impl Dice<'_> {
    fn below(&mut self, n: usize) -> usize {
        (self.rng.next_u64() % n as u64) as usize
    }

    fn run(&mut self) -> RunId {
        let at = self.below(self.filled.runs.len());
        self.filled.runs[at]
    }

    /// The same model on another day.
    fn pair(&mut self) -> (RunId, RunId) {
        let days = self.filled.runs.len() / MODELS;
        let (model, one, two) = (self.below(MODELS), self.below(days), self.below(days));
        (self.filled.runs[one * MODELS + model], self.filled.runs[two * MODELS + model])
    }

    fn model(&mut self) -> String {
        format!("model-{}", self.below(MODELS))
    }

    fn time(&mut self) -> Timestamp {
        let day = self.below(self.filled.runs.len() / MODELS);
        Timestamp::from_second(1_767_225_600 + day as i64 * 86_400).unwrap_or_default()
    }

    /// A page in any part of a run.
    fn page(&mut self) -> EvaluationQuery {
        let at = self.below(self.filled.samples.len());
        let mut query = EvaluationQuery::default();
        query.after = Some((self.filled.samples[at].id.clone(), 1)).filter(|_| !at.is_multiple_of(4));
        query
    }

    fn changes(&mut self) -> Changes {
        [Changes::All, Changes::Changed, Changes::Regressed, Changes::Improved][self.below(4)]
    }
}

/// Times each page and prints a table.
pub async fn time(store: &DieselStore, filled: &Filled) -> Result<()> {
    println!("   {:42} {:>8} {:>8} {:>8} {:>12}", "page", "p50 ms", "p95 ms", "most ms", "memory MB");
    row(filled, "runs: 50, any depth", async |dice| {
        let mut query = RunQuery::default();
        query.before = Some(dice.run());
        store.list_runs(&query).await
    })
    .await?;
    row(filled, "runs: 50 by model, data set, tag, status, time", async |dice| store.list_runs(&runs(dice)).await)
        .await?;
    row(filled, "run with its categories", async |dice| store.get_run(dice.run()).await).await?;
    row(filled, "evaluations: 200, any depth", async |dice| {
        let (run, query) = (dice.run(), dice.page());
        store.evaluations(run, &query).await
    })
    .await?;
    row(filled, "evaluations: by category, outcome, score", async |dice| {
        let (run, query) = (dice.run(), filtered(dice));
        store.evaluations(run, &query).await
    })
    .await?;
    row(filled, "evaluations: containing a text", async |dice| {
        let (run, mut query) = (dice.run(), dice.page());
        query.text = Some(["bridge bridge bridge", "no such text"][dice.below(2)].to_owned());
        store.evaluations(run, &query).await
    })
    .await?;
    row(filled, "a run beside another: 200", async |dice| {
        let ((run, other), page) = (dice.pair(), dice.page());
        let mut query = ComparisonQuery::against(other).changes(dice.changes());
        query.evaluations = page;
        store.compared(run, &query).await
    })
    .await?;
    row(filled, "leaderboard", async |dice| {
        let dataset = ["golden"].get(dice.below(2)).copied();
        store.leaderboard(dataset).await
    })
    .await?;
    row(filled, "history: 90 runs of a model", async |dice| {
        store.history(&HistoryQuery::new(dice.model(), "golden")).await
    })
    .await?;
    row(filled, "windows: 90 runs x 1,000 questions", async |dice| {
        store.windows(&HistoryQuery::new(dice.model(), "golden")).await
    })
    .await?;
    row(filled, "the same with details", async |dice| {
        store.windows(&HistoryQuery::new(dice.model(), "golden").details(true)).await
    })
    .await?;
    row(filled, "stats", async |_| store.stats().await).await?;
    row(filled, "costs by day and model", async |dice| {
        let mut query = CostQuery::default();
        query.since = Some(dice.time()).filter(|_| dice.below(2) == 0);
        store.costs(&query).await
    })
    .await
}

fn runs(dice: &mut Dice<'_>) -> RunQuery {
    let mut query = RunQuery::default();
    match dice.below(5) {
        0 => query.model = Some(dice.model()),
        1 => query.dataset = Some(["golden", "none such"][dice.below(2)].to_owned()),
        2 => query.tag = Some(("branch".to_owned(), ["main", "none such"][dice.below(2)].to_owned())),
        3 => query.status = Some([RunStatus::Failed, RunStatus::Running][dice.below(2)]),
        _ => query.until = Some(dice.time()),
    }
    query.before = Some(dice.run()).filter(|_| dice.below(2) == 0);
    query
}

fn filtered(dice: &mut Dice<'_>) -> EvaluationQuery {
    let mut query = dice.page();
    match dice.below(3) {
        0 => query.category = Some(["math", "none such"][dice.below(2)].to_owned()),
        1 => query.outcome = Some([OutcomeKind::Failed, OutcomeKind::Unscored][dice.below(2)]),
        _ => (query.min_score, query.max_score) = (Some(0.25), Some(0.5)),
    }
    query
}

/// Times many calls and prints a line.
async fn row<T>(
    filled: &Filled,
    name: &str,
    mut call: impl AsyncFnMut(&mut Dice<'_>) -> Result<T, StoreError>,
) -> Result<()> {
    let mut dice = Dice { rng: ChaCha8Rng::seed_from_u64(SEED), filled };
    let before = memory::resident()?;
    memory::forget()?;
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let begun = Instant::now();
        drop(call(&mut dice).await?);
        times.push(begun.elapsed());
    }
    let grown = (memory::peak()? - before).max(0.0);
    times.sort_unstable();
    let ms = |share: f64| times[((times.len() - 1) as f64 * share).ceil() as usize].as_secs_f64() * 1e3;
    println!("   {name:42} {:8.2} {:8.2} {:8.2} {grown:+12.1}", ms(0.5), ms(0.95), ms(1.0));
    Ok(())
}
