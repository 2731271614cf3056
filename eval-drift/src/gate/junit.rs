//! The report as JUnit XML.

use eval_core::Change;

use super::report::{Check, CheckOutcome, Decision, GateReport};
use super::{Policy, QuestionChange, drop};
use crate::neutral::{cut, xml};

/// The longest text of a data set that is written.
const LONGEST: usize = 500;

/// Reports as JUnit XML, each with a suite of the checks and one of the questions that regressed or have no score. Where
/// there are several, their suites begin with the name of the run, as a rule the model.
///
/// `<failure>` is a confirmed regression: a check that failed, and, where a drop failed, each question that regressed in
/// every epoch. `<error>` is what has no score or cannot be computed. An underpowered check is skipped under the policy
/// warn, else an error. Texts of the data set are [neutral](crate::neutral::xml).
pub fn junit<'a>(reports: impl IntoIterator<Item = &'a GateReport>) -> String {
    let reports: Vec<&GateReport> = reports.into_iter().collect();
    let suites: String = reports.iter().map(|report| suites(report, reports.len() > 1)).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"evalctl gate\">\n{suites}</testsuites>\n")
}

fn suites(report: &GateReport, named: bool) -> String {
    let checks: Vec<Case> = report.checks.iter().map(|check| of_check(check, report)).chain(obstacle(report)).collect();
    let of = if named { xml(&cut(&report.name, LONGEST)) + ": " } else { String::new() };
    suite(&format!("{of}gate"), &checks) + &suite(&format!("{of}questions"), &questions(report))
}

struct Case {
    class: String,
    name: String,
    ended: Ended,
    message: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Ended {
    Passed,
    Failure,
    Error,
    Skipped,
}

fn of_check(check: &Check, report: &GateReport) -> Case {
    let ended = match check.outcome {
        CheckOutcome::Pass => Ended::Passed,
        CheckOutcome::Fail => Ended::Failure,
        CheckOutcome::Underpowered if report.gate.on_inconclusive == Policy::Warn => Ended::Skipped,
        CheckOutcome::Underpowered | CheckOutcome::NotComputable => Ended::Error,
    };
    let name = format!("{} {}", cut(&check.name, LONGEST), check.limit_text());
    Case { class: report.candidate.clone(), name, ended, message: check.words.clone() }
}

/// Why nothing can be decided, as a case of its own: a gate may have no check that says so.
fn obstacle(report: &GateReport) -> Option<Case> {
    let why = report.obstacles.first()?;
    let name = "can be decided".to_owned();
    Some(Case { class: report.candidate.clone(), name, ended: Ended::Error, message: why.clone() })
}

fn questions(report: &GateReport) -> Vec<Case> {
    let failed = |name: &str| report.ended(CheckOutcome::Fail).any(|check| check.name == name);
    let regressed = report.questions.iter().filter(|question| question.change == Change::Regressed);
    let regressed = regressed.map(|question| {
        let dropped = failed(drop::OVERALL) || failed(&drop::name_in(&question.category));
        of_question(question, dropped && report.decision == Decision::Fail)
    });
    let lost = report.without_score.iter().map(|id| Case {
        class: "no score".to_owned(),
        name: cut(id, LONGEST),
        ended: Ended::Error,
        message: "the question has no score".to_owned(),
    });
    regressed.chain(lost).collect()
}

fn of_question(question: &QuestionChange, dropped: bool) -> Case {
    let confirmed = dropped && question.in_every_epoch;
    let text = question.text.as_deref().unwrap_or_default();
    let reading = if confirmed { "regressed in every epoch" } else { "regressed, which may be luck" };
    Case {
        class: cut(&question.category, LONGEST),
        name: cut(&question.id, LONGEST),
        ended: if confirmed { Ended::Failure } else { Ended::Passed },
        message: format!("{reading}: {} -> {}. {}", question.before, question.now, cut(text, LONGEST)),
    }
}

fn suite(name: &str, cases: &[Case]) -> String {
    let ended = |ended| cases.iter().filter(|case| case.ended == ended).count();
    let (failures, errors, skipped) = (ended(Ended::Failure), ended(Ended::Error), ended(Ended::Skipped));
    let body: String = cases.iter().map(case).collect();
    format!(
        "<testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n\
         {body}</testsuite>\n",
        cases.len()
    )
}

fn case(case: &Case) -> String {
    let element = match case.ended {
        Ended::Passed => "system-out",
        Ended::Failure => "failure",
        Ended::Error => "error",
        Ended::Skipped => "skipped",
    };
    let message = xml(&case.message);
    let body = if case.ended == Ended::Passed {
        format!("<system-out>{message}</system-out>")
    } else {
        format!("<{element} message=\"{message}\"/>")
    };
    format!("<testcase classname=\"{}\" name=\"{}\">{body}</testcase>\n", xml(&case.class), xml(&case.name))
}
