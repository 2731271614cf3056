//! `evalctl recost`

use std::collections::HashMap;

use eval_core::{
    AttemptLog as _, AttemptOutcome, Evaluation, EvaluationQuery, Money, PriceSource, Pricing, Purpose, Run, RunQuery,
    SampleId, Served, Store, Summarizer, Total,
};
use eval_providers::Prices;
use eval_store::{DieselStore, Recost};
use serde_json::json;

use crate::args::{Global, RecostArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table, clean, total_money};
use crate::refs;

/// Evaluations and attempts read at a time.
const PAGE: usize = 500;

/// Computes what runs cost by the prices that are known now, shows it beside what is stored, and stores it if told to.
pub(crate) async fn recost(console: &Console, global: &Global, args: RecostArgs) -> Outcome {
    let settings = Settings::load(global, Typed { prices: args.prices.clone(), ..Typed::default() })?;
    let prices = as_of(compose::prices(&settings)?, &args)?;
    let store = compose::writable_store(&settings).await?;
    let runs = match &args.run {
        Some(reference) => vec![refs::resolve(&store, reference).await?],
        None => ended(&store).await?,
    };
    let by = By { prices: &prices, all_sources: args.all_sources };
    let mut found = Vec::new();
    for run in runs {
        let Some(before) = run.summary.clone() else {
            return Err(Failure::usage(format!(
                "run {} has not ended, so nobody knows yet what it costs",
                run.id.short()
            )));
        };
        let (run, changes) = by.run(&store, run).await?;
        if args.write && !changes.is_empty() {
            store.recost(&run, changes.clone()).await?;
        }
        let after = run.summary.clone().unwrap_or_default();
        found.push((run, changes.len(), [before.cost, after.cost, before.judge_cost, after.judge_cost]));
    }
    tell(console, &found, args.write)
}

fn as_of(prices: Prices, args: &RecostArgs) -> Result<Prices, Failure> {
    let Some(day) = args.as_of else { return Ok(prices) };
    let known: Vec<_> = prices.tables().filter_map(|(_, table)| table.date()).map(|date| date.to_string()).collect();
    let prices = prices.as_of(day);
    if prices.tables().next().is_some() {
        return Ok(prices);
    }
    Err(Failure::usage(format!("no table is of {day} or older: there are those of {}", known.join(", ")))
        .hint("name a table of that time with --prices FILE; its entry `_table` says the day"))
}

async fn ended(store: &DieselStore) -> Result<Vec<Run>, Failure> {
    let (mut query, mut found) = (RunQuery::default(), Vec::new());
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else { return Ok(found) };
        query.before = Some(last.id);
        found.extend(page.into_iter().filter(|run| run.summary.is_some()));
    }
}

/// By which prices, and of which costs.
struct By<'a> {
    prices: &'a Prices,
    all_sources: bool,
}

impl By<'_> {
    /// The run as it would be, and what changes in it.
    async fn run(&self, store: &DieselStore, mut run: Run) -> Result<(Run, Vec<Recost>), Failure> {
        let lost = lost(store, &run).await?;
        let mut books = Summarizer::new(run.planned, run.epochs, run.threshold);
        let mut changes = Vec::new();
        let mut query = EvaluationQuery::default();
        query.limit = PAGE;
        loop {
            let page = store.evaluations(run.id, &query).await?;
            let Some(last) = page.last() else { break };
            query.after = Some((last.sample.id.clone(), last.epoch));
            for mut evaluation in page {
                let key = (evaluation.sample.id.clone(), evaluation.epoch);
                let change = self.evaluation(&run.model, &mut evaluation, lost.get(&key).copied().unwrap_or_default());
                books.push(&evaluation);
                changes.extend(change);
            }
        }
        let sums = books.finish();
        if let Some(summary) = run.summary.as_mut().filter(|_| !changes.is_empty()) {
            (summary.cost, summary.judge_cost) = (sums.cost, sums.judge_cost);
        }
        Ok((run, changes))
    }

    /// What changes in an evaluation, which is changed so. `lost` is what its other attempts cost.
    fn evaluation(&self, model: &str, evaluation: &mut Evaluation, lost: Money) -> Option<Recost> {
        let mut change = Recost::new(evaluation.sample.id.clone(), evaluation.epoch);
        if let Some(answer) = evaluation.completion.as_ref().filter(|answer| was_made(&answer.served))
            && self.may_change(evaluation.cost, answer.pricing)
            && let Some((cost, pricing)) = self.prices.cost(model, &answer.served, &answer.usage)
            && (evaluation.cost, answer.pricing) != (Some(cost + lost), Some(pricing))
        {
            evaluation.cost = Some(cost + lost);
            change.answer = Some((cost + lost, pricing));
        }
        for (position, verdict) in evaluation.verdicts.iter_mut().enumerate() {
            let Some(grader) = verdict.judge.strip_prefix("llm:") else { continue };
            if self.may_change(verdict.cost, verdict.pricing)
                && let Some((cost, pricing)) = self.prices.cost(grader, &Served::default(), &verdict.usage)
                && (verdict.cost, verdict.pricing) != (Some(cost), Some(pricing))
            {
                verdict.cost = Some(cost);
                change.verdicts.push((position, cost, pricing));
            }
        }
        (!change.is_empty()).then_some(change)
    }

    /// A cost that nobody says the source of was reported: tables say that they are tables.
    fn may_change(&self, cost: Option<Money>, pricing: Option<Pricing>) -> bool {
        let reported = match pricing {
            Some(pricing) => pricing.source == PriceSource::Reported,
            None => cost.is_some(),
        };
        self.all_sources || !reported
    }
}

/// Whether a model made the answer for this run: one out of a cache has no cost to compute.
fn was_made(served: &Served) -> bool {
    served.recalled.is_none() && served.cache_hit != Some(true)
}

/// What the attempts of each question cost beside the one that brought its answer, as far as that is known.
async fn lost(store: &DieselStore, run: &Run) -> Result<HashMap<(SampleId, u32), Money>, Failure> {
    let (mut lost, mut last, mut after) = (HashMap::<_, Money>::new(), HashMap::new(), None);
    loop {
        let page = store.attempts(run.id, after, PAGE).await?;
        let Some(end) = page.last() else { return Ok(lost) };
        after = Some(end.id);
        for attempt in page.into_iter().filter(|attempt| attempt.origin.purpose == Purpose::Answer) {
            let Some(end) = attempt.end else { continue };
            let key = (attempt.origin.sample, attempt.origin.epoch);
            let cost = match end.outcome {
                // An answer that was asked for again is lost too.
                AttemptOutcome::Answered => last.insert(key.clone(), end.cost).flatten(),
                _ => end.cost,
            };
            let sum = lost.entry(key).or_default();
            *sum = *sum + cost.unwrap_or_default();
        }
    }
}

type Found = (Run, usize, [Total<Money>; 4]);

fn tell(console: &Console, found: &[Found], written: bool) -> Outcome {
    if console.is_machine() {
        let runs: Vec<_> = (found.iter())
            .map(|(run, changes, [before, after, judge_before, judge_after])| {
                json!({
                    "run": run.id, "model": run.model, "changed": changes,
                    "cost": {"before": before, "after": after},
                    "judge_cost": {"before": judge_before, "after": judge_after},
                })
            })
            .collect();
        console.json(&json!({"schema": "evalctl.recost/1", "written": written, "runs": runs}))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new([
        ("run", Align::Left),
        ("model", Align::Left),
        ("cost", Align::Right),
        ("now", Align::Right),
        ("judge cost", Align::Right),
        ("now", Align::Right),
        ("changed", Align::Right),
    ]);
    for (run, changes, costs) in found {
        let [before, after, judge_before, judge_after] = costs.each_ref().map(total_money);
        let name = clean(&run.name);
        table.row([run.id.short(), name, before, after, judge_before, judge_after, changes.to_string()]);
    }
    console.print(table.render(console.width))?;
    let changed = found.iter().any(|(_, changes, _)| *changes > 0);
    console.note(match (changed, written) {
        (false, _) => "nothing changes",
        (true, true) => "stored",
        (true, false) => "nothing is stored yet: --write does it",
    });
    Ok(Exit::Done)
}
