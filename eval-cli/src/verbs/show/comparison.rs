//! A run beside another one.

use eval_core::{Change, Comparison, ComparisonQuery, EvaluationQuery, Reports, Run};
use eval_drift::settings_apart;
use serde_json::json;

use super::{CUT, judged, page, question, shorten_end};
use crate::args::ShowArgs;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::{BOLD, Console, DIM, clean, one_line};
use crate::refs;
use crate::report;

/// The questions of a run that are wanted, each with what the other run made of it.
pub(super) async fn compare(
    console: &Console,
    store: &dyn Reports,
    run: &Run,
    against: &str,
    (args, wanted): (&ShowArgs, EvaluationQuery),
) -> Outcome {
    let earlier = refs::resolve(store, against).await?;
    let query = ComparisonQuery::against(earlier.id).changes(args.comparing.changes());
    let place = |found: &Comparison| (found.current.sample.id.clone(), found.current.epoch);
    let fetch = async |page: EvaluationQuery| {
        let mut query = query.clone();
        query.evaluations = page;
        store.compared(run.id, &query).await
    };
    let page = page::questions(wanted, (args.limit, run.epochs), place, fetch).await?;
    let found = page.rows;
    let differences = settings_apart(run, &earlier);
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.comparison/1", "run": run, "against": earlier, "differences": differences,
            "comparisons": found,
        }))?;
        return Ok(Exit::Done);
    }
    let name = |run: &Run| format!("run {} ({})", run.id.short(), report::label(run));
    console.print(format!("{BOLD}{}{BOLD:#} beside {}", name(run), name(&earlier)))?;
    console.print(format!("\n{}", report::results(console, &[run, &earlier])))?;
    if !differences.is_empty() {
        let differences: Vec<_> = differences.iter().map(|found| clean(&found.to_string())).collect();
        let why = "the runs were not asked and graded alike, so scores may differ for that reason alone";
        console.print(format!("\n{why}: {}", differences.join(", ")))?;
    }
    for comparison in &found {
        console.print(format!("\n{}", both(console, comparison, args.full)))?;
    }
    if found.is_empty() {
        console.note("\nno such questions");
    }
    if page.more {
        super::next(console, args.limit, found.last().map(|last| &last.current));
    }
    Ok(Exit::Done)
}

fn both(console: &Console, comparison: &Comparison, full: bool) -> String {
    let cut = |text: &str| match full {
        true => clean(text).replace('\n', "\n            "),
        false => shorten_end(&one_line(text), CUT),
    };
    let mut lines = vec![question(console, &comparison.current, full)];
    let Some(earlier) = &comparison.earlier else {
        lines.push(format!("  {DIM}before{DIM:#}    not asked, or with another text"));
        return lines.join("\n");
    };
    let word = match comparison.change {
        Some(Change::Regressed) => "lower now",
        Some(Change::Improved) => "higher now",
        Some(Change::Outcome) => "ended in another way",
        _ => "as now",
    };
    lines.push(format!("  {DIM}before{DIM:#}    {}, {word}", super::ending(earlier)));
    lines.push(format!("  {DIM}  answer{DIM:#}  {}", cut(&super::said(earlier))));
    lines.extend(judged(earlier).map(|reason| format!("  {DIM}  judge{DIM:#}   {}", cut(&reason))));
    lines.join("\n")
}
