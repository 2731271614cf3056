//! What a finding says in a message, in the words of people.

use eval_core::{
    CategoryFinding, Condition, ConditionChange, DriftReport, Effect, Measure, Onset, Status, Timestamp, Unit,
};
use eval_drift::neutral;

/// Characters of a text that somebody else chose.
const TEXT_CHARS: usize = 120;
/// So many categories are named.
const NAMED: usize = 3;

/// A text of somebody else: one line, not long, without control and direction characters.
pub(super) fn safe(text: &str) -> String {
    neutral::cut(&neutral::line(text), TEXT_CHARS)
}

/// `gamma-pro is worse by 4.4 points`.
pub(super) fn headline(name: &str, report: &DriftReport) -> String {
    let by = report.effect.map(|effect| format!(" by {}", size(effect.change.abs(), effect.unit))).unwrap_or_default();
    let verb = if report.measure.is_score() { "dropped" } else { "rose" };
    let subject = subject(name, report.measure);
    match (report.measure, report.status) {
        (Measure::Quality, Status::Worse) => format!("{subject} is worse{by}"),
        (_, Status::Worse) => format!("{subject} {verb}{by}"),
        (Measure::Quality, status) => format!("Quality of {subject}: {status}"),
        (_, status) => format!("{subject}: {status}"),
    }
}

/// `gamma-pro`, or `Latency of gamma-pro`.
fn subject(name: &str, measure: Measure) -> String {
    match measure {
        Measure::Quality => safe(name),
        measure => format!("{} of {}", capital(measure.name()), safe(name)),
    }
}

const STEADY: &str = " is steady again";

/// `gamma-pro is steady again`.
pub(super) fn steady(name: &str, report: &DriftReport) -> String {
    format!("{}{STEADY}", subject(name, report.measure))
}

/// What was found is over: `gamma-pro is steady again (was worse by 4.4 points)`, or, where a person or another reason
/// ended it, `over: gamma-pro was worse by 4.4 points`.
pub(super) fn over(title: &str, why: &str) -> String {
    match why.strip_suffix(STEADY).and_then(|subject| title.strip_prefix(subject)) {
        Some(rest) => format!("{why} ({})", rest.trim_start().replacen("is ", "was ", 1)),
        None => format!("over: {}", title.replacen(" is worse", " was worse", 1)),
    }
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

fn size(number: f64, unit: Unit) -> String {
    match unit {
        Unit::Points => format!("{number:.1} points"),
        Unit::Percent => format!("{number:.0} %"),
    }
}

/// A number with its sign, a real minus.
fn signed(number: f64) -> String {
    if number < 0.0 { format!("−{:.1}", number.abs()) } else { format!("+{number:.1}") }
}

/// `−6.1 to −2.7`.
pub(super) fn interval(effect: &Effect) -> Option<String> {
    let (low, high) = effect.interval()?;
    Some(format!("{} to {}", signed(low), signed(high)))
}

/// `95% interval −6.1 to −2.7`.
pub(super) fn whole_interval(effect: &Effect) -> Option<String> {
    Some(format!("{:.0}% interval {}", effect.level * 100.0, interval(effect)?))
}

pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%-d %b").to_string()
}

/// `9 Nov ± 2 days`.
pub(super) fn since(onset: &Onset) -> String {
    let seconds = |from: Timestamp, to: Timestamp| to.as_second().saturating_sub(from.as_second());
    let before = seconds(onset.earliest.at, onset.since.at);
    let days = (before.max(seconds(onset.since.at, onset.latest.at)) + 43_200) / 86_400;
    match days {
        ..=0 => day(onset.since.at),
        1 => format!("{} ± 1 day", day(onset.since.at)),
        days => format!("{} ± {days} days", day(onset.since.at)),
    }
}

/// `very strong, 14 runs`.
pub(super) fn evidence(report: &DriftReport) -> Option<String> {
    let (m, threshold) = report.evidence.m.zip(report.evidence.threshold)?;
    let strength = match m / threshold {
        ratio if ratio >= 10.0 => "very strong",
        ratio if ratio >= 1.0 => "strong",
        _ => "not yet strong",
    };
    let runs = report.since.map(|onset| format!(", {}", counted(onset.runs, "run"))).unwrap_or_default();
    Some(format!("{strength}{runs}"))
}

fn counted(count: u32, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// How long it has held, and how rare that is where nothing changed.
pub(super) fn held(report: &DriftReport) -> Vec<String> {
    let held = report.since.map(|onset| format!("It has held for {}.", counted(onset.runs, "run")));
    // What the report says of its evidence, it says first.
    let rare = report.notes().into_iter().find(|note| note.starts_with("no-drift histories"));
    held.into_iter().chain(rare.map(|rare| format!("{}.", capital(&rare)))).collect()
}

/// Whether a category certainly moved.
pub(super) fn is_certain(found: &CategoryFinding) -> bool {
    found.effect.is_some() && found.p_holm.is_some_and(|p| p <= 0.05)
}

/// The categories that certainly dropped, the worst first.
pub(super) fn place(report: &DriftReport) -> Option<String> {
    let certain = report.categories.iter().filter(|found| is_certain(found));
    let mut held: Vec<(&str, Effect)> = certain.filter_map(|found| Some((&*found.name, found.effect?))).collect();
    held.sort_by(|a, b| a.1.change.total_cmp(&b.1.change));
    let more = held.len().saturating_sub(NAMED);
    let named = held.iter().take(NAMED).map(|(name, effect)| match interval(effect) {
        Some(interval) => format!("{} {} ({interval})", safe(name), signed(effect.change)),
        None => format!("{} {}", safe(name), signed(effect.change)),
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if more > 0 {
        text += &format!(" and {more} more");
    }
    (!held.is_empty()).then_some(text)
}

/// What changed at the same time.
pub(super) fn changes(report: &DriftReport) -> Vec<String> {
    report.changes.iter().filter(|change| change.coincides).map(changed).collect()
}

fn changed(change: &ConditionChange) -> String {
    let list = |values: &[String]| match values {
        [] => "nothing".to_owned(),
        values => neutral::cut(&values.iter().map(|value| safe(value)).collect::<Vec<_>>().join(", "), TEXT_CHARS),
    };
    let (before, after) = (list(&change.before), list(&change.after));
    format!("{} {before} → {after} on {}.", capital(change.condition.name()), day(change.at))
}

/// Which of judge, data set and prompt did not change.
pub(super) fn unchanged(report: &DriftReport) -> Option<String> {
    let asked = [(Condition::Judge, "judge"), (Condition::Dataset, "data set"), (Condition::Prompt, "prompt")];
    let has_changed = |condition: Condition| report.changes.iter().any(|it| it.condition == condition && it.coincides);
    let same: Vec<&str> = asked.iter().filter(|(it, _)| !has_changed(*it)).map(|(_, name)| *name).collect();
    match same[..] {
        [] => None,
        [one] => Some(format!("{} did not change.", capital(one))),
        [ref most @ .., last] => Some(format!("{} and {last} did not change.", capital(&most.join(", ")))),
    }
}

#[cfg(test)]
mod tests {
    use eval_core::{Point, RunId};

    use super::*;

    #[test]
    fn an_onset_says_its_uncertainty_in_days() {
        let point = |text: &str| Point::new(RunId::new(), text.parse().unwrap());
        let at = point("2026-11-09T02:00:00Z");
        let between = |a: &str, b: &str| since(&Onset::new(at, 3).between(point(a), point(b)));
        assert_eq!(since(&Onset::new(at, 3)), "9 Nov");
        assert_eq!(between("2026-11-08T02:00:00Z", "2026-11-09T02:00:00Z"), "9 Nov ± 1 day");
        assert_eq!(between("2026-11-08T02:00:00Z", "2026-11-11T03:00:00Z"), "9 Nov ± 2 days");
    }

    #[test]
    fn texts_of_others_are_one_short_line() {
        assert!(!safe("a\r\nBcc: x@example.com\u{202e}").contains(['\r', '\n', '\u{202e}']));
        assert!(safe(&"x".repeat(10_000)).chars().count() <= TEXT_CHARS + 1);
    }
}
