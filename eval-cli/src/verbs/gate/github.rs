//! What GitHub is told when it runs us: annotations, the summary of the step, its outputs.

use std::fs::OpenOptions;
use std::io::Write as _;

use eval_core::Run;
use eval_drift::{Decision, GateReport, Markdown, annotations};

use crate::failure::Failure;
use crate::output::{Console, clean};

/// Tells GitHub, where its variables are set. A file that cannot be written is a warning: it must not turn the decision
/// around.
pub(super) fn tell(
    console: &Console,
    run: &Run,
    report: &GateReport,
    summary: Option<Markdown>,
) -> Result<(), Failure> {
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        // GitHub reads commands on both streams; stdout is for results.
        write!(anstream::stderr(), "{}", annotations(report))?;
    }
    if let Some(markdown) = summary {
        append(console, "GITHUB_STEP_SUMMARY", &(markdown.render(report) + "\n"));
    }
    append(console, "GITHUB_OUTPUT", &outputs(run, report));
    Ok(())
}

/// One `name=value` a line; no value holds text of a model or of a data set.
fn outputs(run: &Run, report: &GateReport) -> String {
    let decision = match report.decision {
        Decision::Pass => "pass",
        Decision::Fail => "fail",
        _ => "inconclusive",
    };
    let drop = report.checks.iter().find(|check| check.name == "max drop").and_then(|check| check.measured);
    // A drop of 0 has no sign.
    let drop = drop.map(|points| format!("{:.2}", 0.0 - points)).unwrap_or_default();
    format!("decision={decision}\nexit_code={}\nrun={}\ndrop={drop}\n", report.exit_code(), run.id)
}

/// Appends to the file that a variable names, if it is set.
fn append(console: &Console, variable: &str, text: &str) {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else { return };
    let opened = OpenOptions::new().create(true).append(true).open(&path);
    if let Err(error) = opened.and_then(|mut file| file.write_all(text.as_bytes())) {
        console.warn(format!("cannot write to {} ({variable}): {error}", clean(&path.to_string_lossy())));
    }
}
