//! What GitHub is told when it runs us: annotations, the summary of the step, its outputs.

use std::io::Write as _;

use eval_drift::annotations;

use super::markdown::markdown;
use super::publish::Published;
use crate::failure::Failure;
use crate::github::{SUMMARY, append};
use crate::output::Console;

/// Tells GitHub, where its variables are set. A file that cannot be written is a warning: it must not turn the decision
/// around.
pub(super) fn tell(console: &Console, published: &Published<'_>) -> Result<(), Failure> {
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        for found in published.decided {
            // GitHub reads commands on both streams; stdout is for results.
            write!(anstream::stderr(), "{}", annotations(&found.report))?;
        }
    }
    if !published.args.no_summary {
        append(console, SUMMARY, &(markdown(published, false) + "\n"));
    }
    append(console, "GITHUB_OUTPUT", &outputs(published));
    Ok(())
}

/// One `name=value` a line; no value holds text of a model or of a data set. Of several runs, the largest drop.
fn outputs(published: &Published<'_>) -> String {
    let drops = published.decided.iter().filter_map(|found| {
        let check = found.report.checks.iter().find(|check| check.name == "max drop")?;
        // A drop of 0 has no sign.
        check.measured.map(|points| 0.0 - points)
    });
    let drop = drops.reduce(f64::max).map(|points| format!("{points:.2}")).unwrap_or_default();
    let runs: Vec<String> = published.decided.iter().map(|found| found.run.id.to_string()).collect();
    let (decision, exit) = (published.decision(), published.exit as u8);
    format!("decision={decision}\nexit_code={exit}\nrun={}\ndrop={drop}\n", runs.join(","))
}
