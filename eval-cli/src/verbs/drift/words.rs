//! Findings for people.

use std::collections::BTreeSet;

use anstyle::Style;
use eval_core::{
    Cause, Condition, Correction, DriftReport, Effect, Family, Measure, Onset, QuestionFinding, Run, Status, Timestamp,
    Unit,
};
use eval_drift::BestRunThreshold;
use eval_drift::findings::Found;

use crate::command::{command, quoted};
use crate::config::Settings;
use crate::output::{Console, DIM, ERROR, GOOD, HINT, WARN, one_line, shorten, sparkline};

/// So many questions are named.
const NAMED: usize = 5;
const INDENT: &str = "        ";

/// A finding, with all that a person needs to judge it and to act.
pub(super) fn finding(console: &Console, settings: &Settings, found: &Found, report: &DriftReport) -> String {
    let mut lines = vec![head(found, report)];
    lines.push(history(console, found, report));
    if report.status != Status::Steady || !report.evidence.tests.is_empty() {
        lines.extend(notes(report));
        lines.extend(unchanged(report));
        lines.extend(regressed(report));
    } else if report.measure.is_score() {
        lines.extend(of_steady(report));
    }
    lines.extend(earlier(found, report));
    let next = next(found, report).into_iter();
    lines.extend(next.map(|(what, words)| format!("{HINT}{what:<7} {}{HINT:#}", command(settings, &words))));
    let (first, rest) = lines.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    rest.iter().fold(first.to_owned(), |text, line| format!("{text}\n{INDENT}{line}"))
}

fn head(found: &Found, report: &DriftReport) -> String {
    let (label, style) = label(report);
    let Run { name, dataset, .. } = &found.run;
    let mut parts = vec![format!("{} on {}", one_line(name), one_line(&dataset.name))];
    parts.extend((report.measure != Measure::Quality).then(|| report.measure.to_string()));
    parts.extend(rule(report));
    parts.extend(report.effect.as_ref().map(size));
    parts.extend(report.since.as_ref().map(since));
    parts.extend(report.why.as_deref().map(one_line));
    format!("{style}{label:<7}{style:#} {}", parts.join(" · "))
}

pub(super) fn label(report: &DriftReport) -> (&'static str, Style) {
    match (report.status, report.cause) {
        (Status::Worse, Some(Cause::Judge)) => ("JUDGE", WARN),
        (Status::Worse, _) => ("WORSE", ERROR),
        (Status::Shock, _) => ("SHOCK", WARN),
        (Status::Watch, _) => ("WATCH", WARN),
        (Status::Better, _) => ("BETTER", GOOD),
        (Status::Partial, _) => ("PARTIAL", WARN),
        (Status::NotComparable, _) => ("NONE", DIM),
        (Status::Warming, _) => ("WARMING", DIM),
        _ => ("STEADY", Style::new()),
    }
}

/// Which rule says so, where it is not the default one.
fn rule(report: &DriftReport) -> Option<String> {
    let name = report.method.name.as_str();
    let default = [eval_drift::QualityMonitor::NAME, eval_drift::OperationsMonitor::NAME].contains(&name);
    match name {
        BestRunThreshold::NAME => Some("latest against best run, which is no evidence".into()),
        _ => (!default).then(|| format!("by {name}")),
    }
}

fn size(effect: &Effect) -> String {
    let unit = match effect.unit {
        Unit::Points => "points",
        Unit::Percent => "%",
    };
    let level = (effect.level * 100.0).round();
    match effect.interval() {
        Some((low, high)) => format!("{:+.1} {unit} ({low:+.1} to {high:+.1}, {level} % interval)", effect.change),
        None => format!("{:+.1} {unit}", effect.change),
    }
}

fn since(onset: &Onset) -> String {
    let runs = if onset.runs == 1 { "1 run".to_owned() } else { format!("{} runs", onset.runs) };
    let (earliest, latest) = (day(onset.earliest.at), day(onset.latest.at));
    let between = if earliest == latest { String::new() } else { format!(" (from {earliest} to {latest})") };
    format!("since {}{between} · held for {runs}", day(onset.since.at))
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The sparkline, with the levels before and now.
fn history(console: &Console, found: &Found, report: &DriftReport) -> String {
    let levels: Vec<Option<f64>> = found.levels.iter().map(|level| level.percent).collect();
    let change = report.since.and_then(|onset| found.levels.iter().position(|level| level.run == onset.since.run));
    let line = sparkline(&levels, change, console.unicode);
    let mean = |span: Option<eval_core::Span>| span.and_then(|span| span.mean);
    let figures = match (mean(report.baseline), mean(report.current)) {
        (Some(before), Some(now)) if report.measure.is_score() => format!("{before:.1} -> {now:.1} %"),
        _ => levels.last().copied().flatten().map(|last| format!("last {last:.1} %")).unwrap_or_default(),
    };
    let skipped = if levels.len() == 1 { "1 run".to_owned() } else { format!("{} runs", levels.len()) };
    format!("{line}  {figures}, {skipped}")
}

/// What the report says; what was corrected is said once, below all of them.
pub(super) fn notes(report: &DriftReport) -> Vec<String> {
    let mut report = report.clone();
    let fails = report.families.iter().any(|family| family.holds == Some(false));
    report.families.clear();
    let mut notes: Vec<String> = report.notes().iter().map(|note| one_line(note)).collect();
    if fails {
        notes.push("it does not hold under the stricter demand for all histories together (below)".into());
    }
    notes
}

/// What a person must know to believe that nothing moved: what would have been found, and what was left out.
fn of_steady(report: &DriftReport) -> impl Iterator<Item = String> {
    let warnings: Vec<String> = report.warnings.iter().map(|warning| one_line(warning)).collect();
    let told = move |note: &String| note.starts_with("smallest drop") || warnings.contains(note);
    notes(report).into_iter().filter(told)
}

/// What did not change when it moved: what changed is among the notes.
fn unchanged(report: &DriftReport) -> Option<String> {
    report.since.as_ref()?;
    let all = [Condition::Fingerprint, Condition::ServedModel, Condition::Dataset, Condition::Judge, Condition::Prompt];
    let moved = |condition: &Condition| {
        let changes = report.changes.iter();
        changes.filter(|change| change.coincides).any(|change| change.condition == *condition)
    };
    let same: Vec<&str> = all.iter().filter(|condition| !moved(condition)).map(|condition| condition.name()).collect();
    Some(format!("no change seen then: {}, {}", same.join(", "), Condition::Params.name()))
}

pub(super) fn regressed(report: &DriftReport) -> Option<String> {
    let named: Vec<String> = report.regressed.iter().take(NAMED).map(question).collect();
    let more = report.questions.regressed.saturating_sub(named.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let wanted = !named.is_empty() && matches!(report.status, Status::Worse | Status::Shock | Status::Watch);
    wanted.then(|| format!("regressed most: {}{more}", named.join(", ")))
}

fn question(question: &QuestionFinding) -> String {
    let QuestionFinding { key, category, baseline, current, .. } = question;
    let (id, category) = (shorten(&one_line(key.id.as_str()), 30), shorten(&one_line(category), 30));
    format!("{id} ({category}, {:.0} -> {:.0} %)", baseline.mean * 100.0, current.mean * 100.0)
}

/// Why a history that is too short begins where it does.
pub(super) fn earlier(found: &Found, report: &DriftReport) -> Option<String> {
    let earlier = found.earlier.as_ref().filter(|_| report.status == Status::Warming && report.measure.is_score())?;
    let changed = earlier.changed.iter().map(|found| {
        let [before, after] = [&found.before, &found.after].map(|text| shorten(&one_line(text), 60));
        format!("the {} ({before} -> {after})", found.condition)
    });
    let changed: Vec<String> = changed.collect();
    Some(format!("an earlier history ended on {}: you changed {}", day(earlier.at), changed.join(" and ")))
}

/// What a person may do next: what for, and the words of the command.
fn next(found: &Found, report: &DriftReport) -> Vec<(&'static str, String)> {
    let name = quoted(&one_line(&found.run.name));
    let first = report.since.map_or(report.run, |onset| Some(onset.since.run));
    let Some(first) = first.map(|run| run.short()) else { return vec![] };
    let before = report.baseline.map(|span| span.to.run.short());
    let last = found.run.id.short();
    let accept = || format!("drift accept {name} --run {first} --reason TEXT");
    match report.status {
        Status::Worse | Status::Shock | Status::Watch if report.measure.is_score() => {
            let look = before.map(|before| ("look:", format!("show {last} --against {before} --regressed")));
            let mishap = ("mishap:", format!("drift mask {name} --run {last} --reason TEXT"));
            look.into_iter().chain([("meant:", accept()), mishap]).collect()
        }
        Status::Worse | Status::Partial => vec![("meant:", accept())],
        Status::Better if report.measure.is_score() => {
            vec![("keep:", accept()), ("bless:", format!("baseline set {last} --reason TEXT"))]
        }
        _ => vec![],
    }
}

/// What was corrected together, each family once.
pub(super) fn families(found: &[Found]) -> impl Iterator<Item = String> {
    let all = found.iter().flat_map(|found| &found.reports).flat_map(|report| &report.families);
    all.filter(|family| family.tests > 1).map(family).collect::<BTreeSet<_>>().into_iter()
}

fn family(family: &Family) -> String {
    if family.correction == Correction::SharedBudget {
        let (tests, of) = (family.tests, one_line(&family.of));
        return format!(
            "corrected together: {tests} {of}: of each run by their mean evidence, one budget of false alarms"
        );
    }
    let by = match family.correction {
        Correction::Holm => "Holm",
        Correction::BenjaminiHochberg => "Benjamini and Hochberg",
        Correction::EBenjaminiHochberg => "Benjamini and Hochberg with e-values",
        _ => "another method",
    };
    format!("corrected together: {} {} by {by} at {}", family.tests, one_line(&family.of), family.level)
}
