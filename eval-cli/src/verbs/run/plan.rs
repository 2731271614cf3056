//! `evalctl run --dry-run`: what a run would take. Nobody is called.

mod spread;

use std::collections::HashMap;

use eval_core::{Dataset, Evaluation, EvaluationQuery, Money, Run, RunQuery, RunStatus, Served, Store, Usage};
use eval_providers::Prices;
use eval_store::DieselStore;
use serde_json::{Value, json};

use crate::compose::{self, Asked};
use crate::config::Settings;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table, clean, money};
use spread::{Range, Spread};

/// So many runs over the data set are looked at, and so many evaluations of each.
const RUNS: usize = 10;
const EVALUATIONS: usize = 1_000;
/// Without a history: characters of a token, at most and at least; tokens of an answer and of a verdict.
const CHARS: (f64, f64) = (6.0, 2.0);
const ANSWER: (f64, f64) = (1.0, 1_000.0);
const VERDICT: (f64, f64) = (20.0, 200.0);
/// What the judge's own instructions have in characters, beside the rubric.
const INSTRUCTIONS: f64 = 1_500.0;

/// What one model or judge would be asked.
struct Line {
    name: String,
    role: &'static str,
    calls: u64,
    tokens: Range,
    cost: Option<Range>,
    by: &'static str,
}

/// Prints calls, tokens and costs of a run that is not made.
pub(super) async fn plan(console: &Console, settings: &Settings, dataset: &Dataset, asked: &Asked) -> Outcome {
    if asked.all {
        return Err(Failure::usage("--all-models asks the endpoint for its models, and --dry-run calls nobody")
            .hint("name the models with -m"));
    }
    let models = compose::models(settings, dataset, asked)?;
    let names = compose::judge_names(settings, Some(dataset), models.iter().any(|model| model.endpoint().is_some()))?;
    let (lengths, prices) = (Lengths::of(settings, dataset)?, compose::prices(settings)?);
    let past = Past::read(settings, dataset).await?;
    let calls = dataset.selected() * u64::from(settings.epochs.value);
    let bound = settings.answer_bound().map(|tokens| tokens as f64);
    let mut lines = Vec::new();
    for model in models.iter().filter_map(|model| model.endpoint()) {
        let guess = (lengths.prompt, (ANSWER.0, bound.unwrap_or(ANSWER.1)));
        lines.push(line(model, "model", calls, past.answers.get(model), guess, &prices));
    }
    for grader in compose::graders(&names, None) {
        let asked = calls * models.len() as u64;
        lines.push(line(grader, "judge", asked, past.verdicts.get(grader), (lengths.judge, VERDICT), &prices));
    }
    tell(console, settings, &lines)
}

fn line(
    name: &str,
    role: &'static str,
    calls: u64,
    past: Option<&[Spread; 3]>,
    (chars, said): (f64, (f64, f64)),
    prices: &Prices,
) -> Line {
    let n = calls as f64;
    let guessed = |low: f64, high: f64| Range { low: (low * n).floor(), high: (high * n).ceil() };
    let (prompt, answer, by) = match past {
        Some([prompt, answer, _]) if prompt.is_known() && answer.is_known() => {
            (prompt.of(calls), answer.of(calls), "earlier runs")
        }
        _ => (guessed(chars / CHARS.0, chars / CHARS.1), guessed(said.0, said.1), "length"),
    };
    let price = prices.of(name, &Served::default());
    let cost = |prompt: f64, answer: f64| {
        let cost = price.as_ref()?.0.cost(&Usage::new(prompt as u64, answer as u64))?;
        Some(cost.nanos() as f64)
    };
    let by_price = cost(prompt.low, answer.low).zip(cost(prompt.high, answer.high));
    let by_past = || past.map(|[.., cost]| cost).filter(|cost| cost.is_known()).map(|cost| cost.of(calls));
    let cost = by_price.map(|(low, high)| Range { low, high }).or_else(by_past);
    Line { name: name.to_owned(), role, calls, tokens: prompt + answer, cost, by }
}

/// What stands to be sent, in characters a call.
struct Lengths {
    prompt: f64,
    judge: f64,
}

impl Lengths {
    fn of(settings: &Settings, dataset: &Dataset) -> Result<Self, Failure> {
        let (prompt, rubric) = compose::texts(settings, dataset)?;
        let (mut n, mut sent, mut graded) = (0_u64, 0_usize, 0_usize);
        for sample in dataset.samples()? {
            let sample = sample?;
            n += 1;
            sent += prompt.render(&sample)?.iter().map(|message| message.content.chars().count() + 10).sum::<usize>();
            graded += sample.input.chars().count() + sample.target.map_or(0, |target| target.chars().count());
        }
        let mean = |sum: usize| sum as f64 / n.max(1) as f64;
        let fixed = INSTRUCTIONS + rubric.text().chars().count() as f64;
        // An answer of a few hundred characters stands in what the judge reads.
        Ok(Self { prompt: mean(sent), judge: fixed + mean(graded) + 300.0 })
    }
}

/// What calls over this data set took before: prompt, answer, cost; by model and by grader.
#[derive(Default)]
struct Past {
    answers: HashMap<String, [Spread; 3]>,
    verdicts: HashMap<String, [Spread; 3]>,
}

impl Past {
    /// A database that is not there yet has no past.
    async fn read(settings: &Settings, dataset: &Dataset) -> Result<Self, Failure> {
        let mut past = Self::default();
        if compose::must_exist(settings).is_err() {
            return Ok(past);
        }
        let store = compose::existing_store(settings).await?;
        let mut query = RunQuery::default();
        (query.dataset, query.status) = (Some(dataset.name().to_owned()), Some(RunStatus::Finished));
        for run in store.list_runs(&query).await?.iter().filter(|run| !run.provenance.simulated).take(RUNS) {
            past.add(&store, run).await?;
        }
        Ok(past)
    }

    async fn add(&mut self, store: &DieselStore, run: &Run) -> Result<(), Failure> {
        let mut query = EvaluationQuery::default();
        query.limit = EVALUATIONS;
        for evaluation in store.evaluations(run.id, &query).await? {
            self.note(&run.model, &evaluation);
        }
        Ok(())
    }

    fn note(&mut self, model: &str, evaluation: &Evaluation) {
        let put = |into: &mut HashMap<String, [Spread; 3]>, name: &str, usage: Usage, cost: Option<Money>| {
            let [prompt, answer, spent] = into.entry(name.to_owned()).or_default();
            prompt.push(usage.prompt_tokens.map(|tokens| tokens as f64));
            answer.push(usage.completion_tokens.map(|tokens| tokens as f64));
            spent.push(cost.map(|cost| cost.nanos() as f64));
        };
        if let Some(answer) = &evaluation.completion {
            put(&mut self.answers, model, answer.usage, evaluation.cost);
        }
        for verdict in &evaluation.verdicts {
            if let Some(grader) = verdict.judge.strip_prefix("llm:") {
                put(&mut self.verdicts, grader, verdict.usage, verdict.cost);
            }
        }
    }
}

fn tell(console: &Console, settings: &Settings, lines: &[Line]) -> Outcome {
    if console.is_machine() {
        let lines: Vec<Value> = lines.iter().map(json).collect();
        console.json(&json!({"schema": "evalctl.plan/1", "lines": lines, "caps": settings.caps.value}))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new([
        ("asked", Align::Left),
        ("as", Align::Left),
        ("calls", Align::Right),
        ("tokens", Align::Right),
        ("cost", Align::Right),
        ("estimated by", Align::Left),
    ]);
    for line in lines {
        let tokens = format!("{:.0} to {:.0}", line.tokens.low, line.tokens.high);
        table.row([
            clean(&line.name),
            line.role.into(),
            line.calls.to_string(),
            tokens,
            cost(line.cost),
            line.by.into(),
        ]);
    }
    console.print(table.render(console.width))?;
    let unknown: Vec<_> = lines.iter().filter(|line| line.cost.is_none()).map(|line| clean(&line.name)).collect();
    let all = lines.iter().filter_map(|line| line.cost).fold(Range::default(), |sum, cost| sum + cost);
    let runs = lines.iter().filter(|line| line.role == "model").count().max(1) as f64;
    let (cap, low, high) = (settings.caps.value.run.cost, all.low / runs, all.high / runs);
    let all = cost(Some(all));
    console.print(match (unknown.as_slice(), lines) {
        (_, []) => "  nothing here is paid for".to_owned(),
        ([], _) => format!("  together {all}; retries are not in it"),
        (unknown, _) => format!("  unpriced: {} (`evalctl prices list MODEL`); the rest {all}", unknown.join(", ")),
    })?;
    if let Some(warning) = cap.filter(|cap| high > cap.nanos() as f64).map(|cap| too_dear(cap, low)) {
        console.warn(warning);
    }
    console.note("nobody was called");
    Ok(Exit::Done)
}

/// What a cap on the money of each run does to runs that cost at least `low` nano-dollars on the average.
fn too_dear(cap: Money, low: f64) -> String {
    let word = if low > cap.nanos() as f64 { "cannot" } else { "may not" };
    format!("a run {word} fit its cap, {cap}: it would end capped, and go on when the cap is raised")
}

fn cost(range: Option<Range>) -> String {
    let shown = |nanos: f64| money(Some(Money::from_nanos(nanos as i64)));
    range.map_or_else(|| "unpriced".into(), |range| format!("{} to {}", shown(range.low), shown(range.high)))
}

fn json(line: &Line) -> Value {
    let range = |range: Range| json!({"low": range.low as i64, "high": range.high as i64});
    json!({
        "name": line.name, "role": line.role, "calls": line.calls, "tokens": range(line.tokens),
        "cost_nanos": line.cost.map(range), "estimated_by": line.by,
    })
}
