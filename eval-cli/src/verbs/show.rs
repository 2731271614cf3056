//! `evalctl show`

mod comparison;
mod labels;
mod page;
mod served;

use eval_core::{Evaluation, EvaluationQuery, Flag, Interim, OutcomeKind, Reports, Run, Store, Verdict};
use eval_drift::stored;
use eval_judge::{Level, panel_agreement};
use eval_store::DieselStore;
use serde_json::json;

use super::runs::commit;
use crate::args::{Global, ShowArgs};
use crate::command::quoted;
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, did_you_mean};
use crate::fitness::{self, Known};
use crate::output::{BOLD, Console, DIM, Mark, clean, counted, latency, money, one_line, percent, shorten};
use crate::refs;
use crate::report;

const CUT: usize = 160;

/// A run with its questions, or one question whole.
pub(crate) async fn show(console: &Console, global: &Global, args: ShowArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::existing_store(&settings).await?;
    let run = refs::resolve_or_newest(&store, args.run.as_deref()).await?;
    match (&args.question, &args.comparing.against) {
        (Some(question), _) => one(console, &store, &run, question).await,
        (None, Some(other)) => comparison::compare(console, &store, &run, other, (&args, query(&args))).await,
        (None, None) => whole(console, &store, &run, &args).await,
    }
}

async fn whole(console: &Console, store: &DieselStore, run: &Run, args: &ShowArgs) -> Outcome {
    let place = |evaluation: &Evaluation| (evaluation.sample.id.clone(), evaluation.epoch);
    let fetch = async |query: EvaluationQuery| store.evaluations(run.id, &query).await;
    let page = page::questions(query(args), (args.limit, run.epochs), place, fetch).await?;
    let evaluations = page.rows;
    let interim = report::interim(store, run).await?;
    let (labels, known) = (fitness::labels(store, run).await?, Known::of(store, &run.provenance.judge_hash).await?);
    let labels = labels::shown(labels, &evaluations);
    let answered = served::answered(store, run).await?;
    if console.is_machine() {
        let mut document = json!({
            "schema": "evalctl.show/1", "run": run, "judge_fitness": known, "evaluations": evaluations,
            "labels": labels, "served": answered.served,
        });
        document["prompt_tokens"] = answered.tokens();
        if let Some(interim) = interim {
            document["interim"] = serde_json::to_value(interim)?;
        }
        console.json(&document)?;
        return Ok(Exit::Done);
    }
    console.print(head(run, &known))?;
    if let Some(recalled) = crate::recalled::words(run, &answered.served) {
        console.print(format!("  recalled {recalled}"))?;
    }
    if let Some(alpha) = agreement(store, run).await? {
        console.print(format!(
            "  agree    Krippendorff's alpha of the panel: {alpha:.2} (1: all agree, 0: as by chance)"
        ))?;
    }
    match interim {
        Some(interim) => console.print(format!("  so far   {}", so_far(run, &interim)))?,
        None => console.print(format!("\n{}", report::results(console, &[run])))?,
    }
    for line in answered.words() {
        console.print(format!("  served   {}", clean(&line)))?;
    }
    if let Some(categories) = report::categories(console, run) {
        console.print(format!("\n{categories}"))?;
    }
    for evaluation in &evaluations {
        let said = labels::of(&labels, evaluation);
        console.print(format!("\n{}{said}", question(console, evaluation, args.full)))?;
    }
    if page.more {
        next(console, args.limit, evaluations.last());
    }
    Ok(Exit::Done)
}

/// How far the members of a panel agree over the whole run; `None` when one judge alone judged it.
async fn agreement(store: &dyn Reports, run: &Run) -> Result<Option<f64>, Failure> {
    let judge = &run.provenance.judge;
    let (level, is_panel) = match judge.split_once('(') {
        Some(("mean" | "median", _)) => (Level::Interval, true),
        Some(("majority", _)) => (Level::Nominal, true),
        _ => (Level::Interval, false),
    };
    if !is_panel {
        return Ok(None);
    }
    let evaluations = stored::evaluations(store, run).await?;
    let verdicts = evaluations.iter().flat_map(|evaluation| &evaluation.verdicts);
    Ok(panel_agreement(verdicts.filter(|verdict| verdict.judge == *judge), level))
}

/// What is stored of a run that has no summary.
fn so_far(run: &Run, interim: &Interim) -> String {
    let Interim { counts, mean, .. } = interim;
    let asked = format!("{} of {} asked", counts.total(), run.planned);
    let mean = percent(*mean);
    format!(
        "{asked}: {} scored, {} unscored, {} failed; mean so far {mean}",
        counts.scored, counts.unscored, counts.failed
    )
}

/// Says how to go on where a page is full.
fn next(console: &Console, limit: usize, last: Option<&Evaluation>) {
    if let Some(last) = last {
        let (shown, id) = (counted(limit as u64, "question"), quoted(last.sample.id.as_str()));
        console.note(format!("\n{shown} shown; the next with --after {id}, more with -n, less with a filter (--help)"));
    }
}

fn query(args: &ShowArgs) -> EvaluationQuery {
    let mut query = args.filtering.query();
    query.after = args.after.as_deref().map(|question| (question.into(), u32::MAX));
    query.limit = args.limit;
    query
}

fn head(run: &Run, known: &Known) -> String {
    let provenance = &run.provenance;
    let mut lines = vec![
        format!("{BOLD}run {}{BOLD:#}  {}  {}", run.id.short(), report::label(run), run.status),
        format!("  id       {}", run.id),
        format!("  started  {} (UTC), took {}", run.started.strftime("%Y-%m-%d %H:%M:%S"), took(run)),
        format!(
            "  dataset  {} ({}), {} × {} epochs, fingerprint {}",
            clean(&run.dataset.name),
            run.dataset.selection,
            run.planned / u64::from(run.epochs.max(1)),
            run.epochs,
            run.dataset.fingerprint
        ),
        format!("  judge    {} ({}), {}", clean(&provenance.judge), provenance.judge_hash, known.words()),
        format!("  prompt   {}", provenance.prompt),
    ];
    lines.extend(run.of.map(|of| format!("  kind     {} of run {}", run.kind, of.short())));
    if let Some(family) = eval_judge::relatives(&run.model, &provenance.judge) {
        let family = clean(&family);
        lines.push(format!(
            "  caution  judge and model are of one family ({family}): such a judge tends to prefer its own kind"
        ));
    }
    if !run.params.is_empty() {
        let params = run.params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        lines.push(format!("  params   {}", clean(&params.join(" "))));
    }
    if provenance.git_commit.is_some() {
        lines.push(format!("  commit   {}", commit(run)));
    }
    if !run.tags.is_empty() {
        let tags = run.tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
        lines.push(format!("  tags     {}", clean(&tags.join(" "))));
    }
    if let Some(stop) = &run.stop {
        lines.push(format!("  stopped  {}", clean(&stop.message)));
    }
    lines.join("\n")
}

fn took(run: &Run) -> String {
    latency(run.wall_ms().map(|ms| ms as f64))
}

/// A question in a few lines.
fn question(console: &Console, evaluation: &Evaluation, full: bool) -> String {
    let cut =
        |text: &str| if full { clean(text).replace('\n', "\n            ") } else { shorten_end(&one_line(text), CUT) };
    let sample = &evaluation.sample;
    let mut lines = vec![format!("{} {}", title(console, evaluation), cut(&sample.input))];
    lines.extend(sample.target.as_ref().map(|target| format!("  {DIM}expected{DIM:#}  {}", cut(target))));
    let word = if evaluation.outcome.kind() == OutcomeKind::Failed { "failed" } else { "answer" };
    lines.push(format!("  {DIM}{word}{DIM:#}    {}", cut(&said(evaluation))));
    lines.extend(judged(evaluation).map(|reason| format!("  {DIM}judge{DIM:#}     {}", cut(&reason))));
    lines.join("\n")
}

/// What the model said, or why it did not.
fn said(evaluation: &Evaluation) -> String {
    match (&evaluation.completion, &evaluation.outcome) {
        (Some(completion), _) => completion.text.clone(),
        (None, eval_core::Outcome::Failed { kind, message }) => format!("{kind}: {message}"),
        (None, _) => "–".into(),
    }
}

/// What the judges said.
fn judged(evaluation: &Evaluation) -> impl Iterator<Item = String> {
    evaluation.verdicts.iter().map(reason)
}

/// The score, or how it ended without one.
fn ending(evaluation: &Evaluation) -> String {
    let score = evaluation.score();
    score.map_or_else(|| evaluation.outcome.name().to_owned(), |score| format!("{:.2}", score.get()))
}

fn title(console: &Console, evaluation: &Evaluation) -> String {
    let score = evaluation.score();
    let mark = match score.map(|score| score.get()) {
        Some(1.0) => Mark::Good,
        Some(0.0) => Mark::Bad,
        _ => Mark::Open,
    };
    let shown = ending(evaluation);
    let epoch = if evaluation.epoch > 1 { format!(" epoch {}", evaluation.epoch) } else { String::new() };
    let sample = &evaluation.sample;
    let id = shorten(&clean(sample.id.as_str()), 40);
    format!("{} {shown} {BOLD}{id}{BOLD:#}{epoch} [{}]", console.mark(mark), clean(&sample.category))
}

fn reason(verdict: &Verdict) -> String {
    let score = verdict.score.map_or_else(|| "unscored".to_owned(), |score| format!("{:.2}", score.get()));
    let why = verdict.explanation.as_deref().or(verdict.error.as_deref()).unwrap_or("no reason given");
    format!("{} {score}: {why}", verdict.judge)
}

fn shorten_end(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// One question with everything that is known about it.
async fn one(console: &Console, store: &DieselStore, run: &Run, id: &str) -> Outcome {
    let found = find(store, run, id).await?;
    let labels = labels::shown(fitness::labels(store, run).await?, &found);
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.question/1", "run": run, "evaluations": found, "labels": labels,
        }))?;
        return Ok(Exit::Done);
    }
    for evaluation in &found {
        console.print(question(console, evaluation, true) + &labels::of(&labels, evaluation))?;
        console.print(call(run, evaluation))?;
    }
    Ok(Exit::Done)
}

async fn find(store: &dyn Store, run: &Run, id: &str) -> Result<Vec<Evaluation>, Failure> {
    let (mut found, mut ids) = (Vec::new(), Vec::new());
    let mut query = EvaluationQuery::default();
    loop {
        let page = store.evaluations(run.id, &query).await?;
        let Some(last) = page.last() else { break };
        query.after = Some((last.sample.id.clone(), last.epoch));
        for evaluation in page {
            ids.push(evaluation.sample.id.clone());
            if evaluation.sample.id.as_str() == id {
                found.push(evaluation);
            }
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let failure = Failure::usage(format!("run {} has no question `{id}`", run.id.short()));
    Err(match did_you_mean(id, ids.iter().map(eval_core::SampleId::as_str)) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure,
    })
}

fn call(run: &Run, evaluation: &Evaluation) -> String {
    let tokens = |count: Option<u64>| count.map_or_else(|| "–".into(), |count| count.to_string());
    let timing = &evaluation.timing;
    let mut lines = vec![format!(
        "  {DIM}time{DIM:#}      {} in service, {} queued, {} backing off",
        latency(timing.service_ms),
        latency(Some(timing.queued_ms)),
        latency(Some(timing.backing_off_ms))
    )];
    lines.push(format!(
        "  {DIM}cost{DIM:#}      {} answer, {} judge",
        money(evaluation.cost),
        money(evaluation.judge_cost())
    ));
    let recalled = evaluation.completion.as_ref().and_then(|answer| Some((answer, answer.served.recalled?)));
    lines.extend(recalled.map(|(answer, from)| {
        let cost = money(answer.would_have_cost);
        format!("  {DIM}recalled{DIM:#}  from the {}; asked, it would have cost {cost}", from.name())
    }));
    if let Some(completion) = &evaluation.completion {
        let (usage, served) = (&completion.usage, &completion.served);
        let (prompt, answer) = (tokens(usage.prompt_tokens), tokens(usage.completion_tokens));
        lines.push(format!(
            "  {DIM}tokens{DIM:#}    {prompt} prompt, {answer} completion, finish {}",
            completion.finish
        ));
        let known = [
            ("model", &served.model),
            ("behind it", &served.raw_model),
            ("headers of", &served.family),
            ("deployment", &served.model_id),
            ("fingerprint", &served.fingerprint),
            ("proxy", &served.proxy),
            ("call", &served.call_id),
        ];
        let known = known.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", clean(value.as_ref()?))));
        lines.push(format!("  {DIM}served by{DIM:#} {}", known.collect::<Vec<_>>().join(", ")));
        let flags: Vec<_> = Flag::of(&run.model, served).into_iter().map(Flag::name).collect();
        lines.extend((!flags.is_empty()).then(|| format!("  {DIM}flags{DIM:#}     {}", flags.join(", "))));
    }
    lines.join("\n")
}
