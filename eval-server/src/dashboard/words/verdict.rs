//! The answer, in one sentence.

use eval_core::{Onset, Status};

use super::ModelFinding;
use crate::dashboard::figures::{listed, long_day, signed, size, spelled};

/// So many models are named.
const NAMED: usize = 3;

/// Whether any model drifted, in one sentence: the first thing on the overview.
///
/// ```
/// use eval_core::{DriftReport, Measure, Method, Status};
/// use eval_server::dashboard::words::{ModelFinding, verdict};
/// let steady = DriftReport::new(Method::new("quality-monitor", 1), Measure::Quality, Status::Steady);
/// let findings = [ModelFinding::new("beta-4", &steady), ModelFinding::new("delta-70b", &steady)];
/// assert_eq!(verdict(&findings), "No model moved: beta-4 and delta-70b are steady.");
/// ```
pub fn verdict(findings: &[ModelFinding<'_>]) -> String {
    let of = |status: Status| -> Vec<&ModelFinding<'_>> { findings.iter().filter(|found| found.has(status)).collect() };
    let (judge, worse): (Vec<&ModelFinding<'_>>, Vec<&ModelFinding<'_>>) =
        of(Status::Worse).into_iter().partition(|found| found.is_of_the_judge());
    match (worse.as_slice(), of(Status::Shock).as_slice(), of(Status::Watch).as_slice()) {
        ([one], ..) => dropped(one),
        ([_, ..], ..) => several(&worse),
        ([], ..) if !judge.is_empty() => {
            let names: Vec<&str> = judge.iter().map(|found| found.model).collect();
            format!("The judge changed: whether {} changed too is not identified.", named(&names))
        }
        ([], [one, ..], _) => shocked(one),
        ([], [], [one]) => watched(one),
        ([], [], [_, ..]) => {
            let names: Vec<&str> = of(Status::Watch).iter().map(|found| found.model).collect();
            format!("{} may have dropped: too close to call.", named(&names))
        }
        _ => calm(findings),
    }
}

fn dropped(found: &ModelFinding<'_>) -> String {
    let lost = match found.change() {
        Some(change) if change < 0.0 => format!("lost {} points", size(change)),
        Some(change) => format!("got worse, now {} points", signed(change)),
        None => "got worse".to_owned(),
    };
    let since = found.report.since.as_ref().map(since).unwrap_or_default();
    let most = found.most_of_it().map(|category| format!(", most of it in {}", category.name)).unwrap_or_default();
    format!("{} {lost}{since}{most}.", found.model)
}

fn since(onset: &Onset) -> String {
    let (earliest, latest) = (long_day(onset.earliest.at), long_day(onset.latest.at));
    let word = if earliest == latest { "on" } else { "around" };
    format!(" {word} {}", long_day(onset.since.at))
}

fn several(worse: &[&ModelFinding<'_>]) -> String {
    let mut worse = worse.to_vec();
    worse.sort_by(|a, b| a.change().unwrap_or(0.0).total_cmp(&b.change().unwrap_or(0.0)));
    let one = |found: &&ModelFinding<'_>| match found.change() {
        Some(change) => format!("{} ({} points)", found.model, signed(change)),
        None => found.model.to_owned(),
    };
    let each: Vec<String> = worse.iter().map(one).collect();
    format!("{} models got worse: {}.", capital(&spelled(worse.len())), named(&each))
}

fn shocked(found: &ModelFinding<'_>) -> String {
    let by = found.change().map(|change| format!(" {} points", size(change))).unwrap_or_default();
    format!("{} lost{by} in its last run; whether that lasts the next runs will tell.", found.model)
}

fn watched(found: &ModelFinding<'_>) -> String {
    let by = found.change().map(|change| format!(" ({} points)", signed(change))).unwrap_or_default();
    format!("{} may have dropped{by}: too close to call.", found.model)
}

fn calm(findings: &[ModelFinding<'_>]) -> String {
    let names = |status: Status| -> Vec<&str> {
        findings.iter().filter(|found| found.has(status)).map(|found| found.model).collect()
    };
    let (better, steady) = (names(Status::Better), names(Status::Steady));
    let unclear = [names(Status::NotComparable), names(Status::Partial)].concat();
    match (better.as_slice(), steady.as_slice(), unclear.as_slice()) {
        ([], [], []) if findings.is_empty() => "No model has been compared yet.".to_owned(),
        ([], [], []) => "Too early to tell: no model has enough runs yet.".to_owned(),
        ([], [], unclear) => format!("{} cannot be compared with what it was before.", named(unclear)),
        ([one], ..) => {
            let found = findings.iter().find(|found| found.model == *one).and_then(ModelFinding::change);
            let by = found.map_or("got better".to_owned(), |change| format!("gained {} points", size(change)));
            format!("No model got worse; {one} {by}.")
        }
        ([_, ..], ..) => format!("No model got worse; {} got better.", named(&better)),
        ([], [one], _) => format!("No model moved: {one} is steady."),
        ([], many, _) => format!("No model moved: {} are steady.", named(many)),
    }
}

/// Names as sentences list them, at most three and how many more.
pub(super) fn named<S: AsRef<str>>(names: &[S]) -> String {
    if names.len() <= NAMED {
        return listed(names);
    }
    let mut shown: Vec<String> = names[..NAMED - 1].iter().map(|name| name.as_ref().to_owned()).collect();
    shown.push(format!("{} more", spelled(names.len() - shown.len())));
    listed(&shown)
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
