//! `evalctl power`

use eval_core::{Reports, Run};
use eval_drift::neutral::{line, markdown as neutral};
use eval_drift::stored;
use eval_drift::{PowerAnswer, PowerPlan, PowerSource};
use serde_json::json;

use crate::args::{Format, Global, PowerArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, BOLD, Console, Table};
use crate::scores;

/// Runs of the history that are read.
const RUNS: usize = 30;

/// Says what it takes to find a drop.
pub(crate) async fn power(console: &Console, global: &Global, args: PowerArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let mut plan = PowerPlan::new(args.detect).epochs(args.epochs).baseline_runs(args.baseline_runs);
    plan.questions = args.questions;
    let found = match (compose::existing_store(&settings).await, args.questions) {
        (Ok(store), _) => history(&store, &args).await?,
        // Whoever says how many questions there are needs no database.
        (Err(_), Some(_)) if args.model.is_none() && args.dataset.is_none() => None,
        (Err(failure), _) => return Err(failure.hint("without any run: --questions N")),
    };
    let (of, answer) = match found {
        Some((run, history)) => (Some(run), plan.answer(&history)?),
        None => (None, plan.answer(&[])?),
    };
    if console.is_machine() {
        let (name, dataset) = of.map(|run| (run.name, run.dataset.name)).unzip();
        console.json(&json!({"schema": "evalctl.power/1", "name": name, "dataset": dataset, "answer": answer}))?;
    } else if console.format == Format::Md {
        console.print(markdown(of.as_ref(), &answer).trim_end())?;
    } else {
        console.print(shown(console, of.as_ref(), &answer))?;
    }
    Ok(Exit::Done)
}

/// The newest run that is meant, and the scores of those that were made alike; `None` when there is none and none is
/// needed.
async fn history(store: &dyn Reports, args: &PowerArgs) -> Result<Option<(Run, Vec<eval_drift::RunScores>)>, Failure> {
    let (name, dataset) = (args.model.as_deref(), args.dataset.as_deref());
    let Some(run) = stored::newest(store, name, dataset).await? else {
        let is_needed = name.is_some() || dataset.is_some() || args.questions.is_none();
        return if is_needed { Err(scores::nothing(store, name, dataset).await?) } else { Ok(None) };
    };
    let runs = stored::alike(store, &run, RUNS).await?;
    Ok(Some((run, stored::scores_of_all(store, &runs).await?)))
}

fn shown(console: &Console, of: Option<&Run>, answer: &PowerAnswer) -> String {
    let mut lines = vec![format!("{BOLD}{}{BOLD:#}{}", title(answer), whose(of))];
    lines.extend(facts(answer).map(|fact| format!("  {fact}")));
    lines.push(format!("\n{}", table(answer).render(console.width)));
    lines.push(format!("  {CAPTION}"));
    lines.join("\n")
}

fn markdown(of: Option<&Run>, answer: &PowerAnswer) -> String {
    let mut text = format!("### {}{}\n\n", title(answer), neutral(&whose(of)));
    text.extend(facts(answer).map(|fact| format!("- {}\n", neutral(&fact))));
    text + "\n" + &table(answer).markdown() + "\n" + CAPTION + "\n"
}

/// What the table shows.
const CAPTION: &str = "smallest drop found, in points";

fn title(answer: &PowerAnswer) -> String {
    format!("to find a drop of {} points", answer.plan.drop)
}

fn whose(of: Option<&Run>) -> String {
    of.map_or_else(String::new, |run| line(&format!(", {} on {}", run.name, run.dataset.name)))
}

fn facts(answer: &PowerAnswer) -> impl Iterator<Item = String> {
    let plan = &answer.plan;
    let runs = if plan.baseline_runs == 1 { "1 run".to_owned() } else { format!("{} runs", plan.baseline_runs) };
    [
        source(answer.source),
        format!(
            "now: {} questions, {} a run, baseline of {runs}: finds {:.1} points in {:.0} of 100 cases",
            answer.questions,
            epochs(plan.epochs.into()),
            answer.minimum_detectable_effect,
            plan.power * 100.0
        ),
        format!("needed: {}", needed(answer)),
        format!(
            "a monitor, run after run: watch after about {:.0} runs, alarm after about {:.0}",
            answer.runs_to_watch.ceil(),
            answer.runs_to_alarm.ceil()
        ),
    ]
    .into_iter()
}

fn source(source: PowerSource) -> String {
    match source {
        PowerSource::History { runs, questions } => {
            format!("from the history of this data set: runs {runs}, questions asked at least twice {questions}")
        }
        _ => "from a prior, not from this data set: no question was asked twice, so this may be far off; run the data \
              set again, or with --epochs 3"
            .to_owned(),
    }
}

fn epochs(n: u64) -> String {
    if n == 1 { "1 epoch".to_owned() } else { format!("{n} epochs") }
}

fn needed(answer: &PowerAnswer) -> String {
    let questions =
        answer.questions_needed.map(|n| format!("{n} questions with {}", epochs(answer.plan.epochs.into())));
    let with = answer.epochs_needed.map(|n| format!("{} with {} questions", epochs(n), answer.questions));
    match (questions, with) {
        (Some(questions), Some(epochs)) => format!("{questions}, or {epochs}"),
        (Some(questions), None) => format!("{questions}; no number of epochs is enough with {}", answer.questions),
        (None, Some(epochs)) => epochs,
        (None, None) => {
            "no number of questions or epochs is enough in one run: the runs themselves move more".to_owned()
        }
    }
}

/// Questions down, epochs across.
fn table(answer: &PowerAnswer) -> Table {
    let heads = [("questions", Align::Right), ("1 epoch", Align::Right), ("3 epochs", Align::Right)];
    let mut table = Table::new(heads.into_iter().chain([("5 epochs", Align::Right)]));
    for row in answer.table.chunk_by(|a, b| a.questions == b.questions) {
        let cells = row.iter().map(|cell| format!("{:.1}", cell.minimum_detectable_effect));
        table.row(row.first().map(|cell| cell.questions.to_string()).into_iter().chain(cells));
    }
    table
}
