//! Reports in words, for people.

use jiff::tz::TimeZone;

use super::report::DriftReport;
use super::{
    CategoryFinding, Cause, ConditionChange, Correction, Effect, EffectKind, Evidence, Family, Measure, Onset, Status,
    Unit, WindowCounts,
};
use crate::Timestamp;

/// So many categories are named.
const NAMED: usize = 3;

impl DriftReport {
    /// The finding in one sentence.
    ///
    /// ```
    /// use eval_core::{DriftReport, Effect, Measure, Method, Status};
    /// let mut report = DriftReport::new(Method::new("quality-monitor", 1), Measure::Quality, Status::Steady);
    /// report.effect = Effect::points(0.25, Some((-1.0, 1.5)));
    /// assert_eq!(report.headline(), "quality is steady: +0.2 points (95 % interval -1.0 to +1.5)");
    /// ```
    pub fn headline(&self) -> String {
        let found = format!("{} {}", self.measure, verb(self.measure, self.status));
        let rest = match (&self.why, &self.effect) {
            (Some(why), _) => format!(": {why}"),
            (None, Some(effect)) => format!(": {}", size(effect)),
            (None, None) => String::new(),
        };
        match &self.since {
            Some(onset) => format!("{found}{rest} {}", since(onset)),
            None => format!("{found}{rest}"),
        }
    }

    /// All that a person should know beside the [`headline`](Self::headline), a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let parts = [
            self.evidence_notes(),
            self.quantity_notes(),
            self.cause_notes(),
            self.where_notes(),
            self.outlook_notes(),
        ];
        let mut notes = parts.concat();
        notes.extend(self.families.iter().map(family));
        notes.extend(self.warnings.iter().cloned());
        notes
    }

    /// The categories that changed for certain: after Holm's correction the chance that any of them did not is at most 5 %.
    pub fn certain_categories(&self) -> impl Iterator<Item = &CategoryFinding> {
        self.categories.iter().filter(|found| found.p_holm.is_some_and(|p| p <= 0.05))
    }

    fn evidence_notes(&self) -> Vec<String> {
        let mut notes = vec![];
        if let Some(runs) = self.evidence.m.and_then(Evidence::runs_between) {
            notes.push(format!("no-drift histories reach this once in {runs} runs or more rarely"));
        }
        if let Some((shared, threshold)) = self.evidence.shared.zip(self.evidence.threshold).filter(|(m, _)| *m >= 10.0)
        {
            let [shared, threshold] = [shared, threshold].map(whole);
            notes.push(format!(
                "the mean evidence of all streams beside quality is {shared}, an alarm takes {threshold}"
            ));
        }
        if let Some(q) = self.evidence.q {
            notes.push(format!("p = {q:.5} when corrected for all tests of its family"));
        }
        for test in &self.evidence.tests {
            let p = test.p.map(|p| format!("p = {p:.5}"));
            let statistic = test.statistic.map(|value| format!("statistic {value:.4}"));
            let parts: Vec<String> = [p, statistic].into_iter().flatten().collect();
            notes.push(format!("{}: {}", test.name, parts.join(", ")));
        }
        if let Some(kind) = self.effect.filter(|effect| effect.low.is_some()).map(|effect| effect.kind) {
            notes.push(match kind {
                EffectKind::Conditional => "the interval speaks of these very questions, asked again".into(),
                EffectKind::SuperPopulation => {
                    "the interval speaks of all questions of which these are a sample".into()
                }
            });
        }
        notes
    }

    fn quantity_notes(&self) -> Vec<String> {
        let Some(found) = self.quantities else { return vec![] };
        let [p50, p95, p99] = [found.p50, found.p95, found.p99].map(|value| in_unit(self.measure, value));
        let mut notes = vec![format!("in this run: median {p50}, 95th percentile {p95}, 99th {p99}")];
        notes.extend(
            found.typical.map(|change| format!("a typical question against its first runs: {}", size(&change))),
        );
        notes
    }

    fn cause_notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.changes.iter().filter(|change| change.coincides).map(changed).collect();
        let cause = match self.cause {
            Some(Cause::Model) => Some("the judge grades frozen answers as before: it is the model that moved"),
            Some(Cause::Judge) => {
                Some("the judge grades frozen answers otherwise than before, which explains the change")
            }
            Some(Cause::Both) => {
                Some("both moved: the judge grades frozen answers otherwise, and the model moved beside")
            }
            Some(Cause::Unclear) => Some("neither a change of the model nor one of the judge can be shown"),
            Some(Cause::Transient) => Some("one run was out of line and the next one was back: it is left out"),
            None => None,
        };
        notes.extend(cause.map(str::to_owned));
        let sized =
            |what: &str, effect: &Option<Effect>| effect.as_ref().map(|effect| format!("{what}: {}", size(effect)));
        notes.extend(sized("the judge on frozen answers", &self.judge));
        notes.extend(sized("left for the model", &self.model));
        notes
    }

    fn where_notes(&self) -> Vec<String> {
        let mut notes = vec![];
        let held: Vec<String> = self
            .certain_categories()
            .filter_map(|found| Some(format!("{} {}", found.name, size(found.effect.as_ref()?))))
            .collect();
        if !held.is_empty() {
            let more = held.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            notes.push(format!("certain only in {}{more}", held[..held.len().min(NAMED)].join(", ")));
        }
        let questions = self.questions;
        if questions.regressed + questions.improved > 0 {
            notes.push(format!(
                "{} of {} questions regressed ({} in every run), {} improved",
                questions.regressed, questions.compared, questions.consistently, questions.improved
            ));
        }
        notes.extend(
            self.coverage.filter(|coverage| *coverage < 1.0).map(|coverage| {
                format!("the run scored {:.0} % of the baseline's questions", (coverage * 100.0).floor())
            }),
        );
        notes.extend(self.counts.and_then(missing));
        notes
    }

    fn outlook_notes(&self) -> Vec<String> {
        let mut notes = vec![];
        if let Some(settle) = self.settle {
            let runs = settle.runs.map(|runs| format!("about {runs} more {}", plural(runs, "run")));
            let questions = settle.questions.map(|questions| format!("about {questions} questions in one run"));
            let ways: Vec<String> = [runs, questions].into_iter().flatten().collect();
            if !ways.is_empty() {
                notes.push(format!("{} would settle it", ways.join(" or ")));
            }
        }
        let found = self.detectable.map(|found| [(found.in_1, 1), (found.in_7, 7), (found.in_30, 30)]);
        let found = found.into_iter().flatten().filter_map(|(points, runs)| Some((points?, runs)));
        let found: Vec<String> = found.map(|(points, runs)| format!("{points:.1} points in {runs}")).collect();
        if !found.is_empty() {
            notes.push(format!("smallest drop that is expected to be found: {} runs", found.join(", ")));
        }
        notes
    }
}

fn verb(measure: Measure, status: Status) -> &'static str {
    match (status, measure.is_score()) {
        (Status::Worse, true) => "dropped",
        (Status::Worse, false) => "rose",
        (Status::Watch, true) => "may have dropped",
        (Status::Watch, false) => "may have risen",
        (Status::Better, true) => "rose",
        (Status::Better, false) => "fell",
        (Status::Shock, _) => "was out of line in this run",
        (Status::Steady, _) => "is steady",
        (Status::Partial, _) => "was seen in part only",
        (Status::NotComparable, _) => "cannot be compared",
        (Status::Warming, _) => "has too short a history",
    }
}

fn size(effect: &Effect) -> String {
    let unit = match effect.unit {
        Unit::Points => "points",
        Unit::Percent => "%",
    };
    let level = (effect.level * 100.0).round();
    match effect.interval() {
        Some((low, high)) => format!("{:+.1} {unit} ({level} % interval {low:+.1} to {high:+.1})", effect.change),
        None => format!("{:+.1} {unit}", effect.change),
    }
}

fn since(onset: &Onset) -> String {
    let runs = format!("{} {}", onset.runs, plural(onset.runs, "run"));
    if onset.earliest == onset.latest {
        return format!("since {} ({runs})", day(onset.since.at));
    }
    let (earliest, latest) = (day(onset.earliest.at), day(onset.latest.at));
    format!("since {} ({runs}; between {earliest} and {latest})", day(onset.since.at))
}

/// A quantity in the unit in which people read it.
fn in_unit(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Latency => format!("{value:.0} ms"),
        Measure::Cost => format!("${:.6}", value / 1e9),
        Measure::AnswerLength => format!("{value:.0} bytes"),
        _ => format!("{value:.0}"),
    }
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

fn changed(change: &ConditionChange) -> String {
    let list = |values: &[String]| if values.is_empty() { "nothing".to_owned() } else { values.join(", ") };
    let (before, after) = (list(&change.before), list(&change.after));
    format!("the {} changed on {}: {before} -> {after}", change.condition, day(change.at))
}

fn missing(counts: WindowCounts) -> Option<String> {
    let pending = counts.planned.saturating_sub(counts.ended());
    let parts = [(counts.failed, "not answered"), (counts.unscored, "not graded"), (pending, "not asked")];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| format!("missing and not counted as 0: {}", parts.join(", ")))
}

fn family(family: &Family) -> String {
    let holds = match family.holds {
        Some(true) => "; this finding holds",
        Some(false) => "; this finding does not hold",
        None => "",
    };
    let Family { of, tests, level, .. } = family;
    let correction = match family.correction {
        Correction::Holm => "Holm",
        Correction::BenjaminiHochberg => "Benjamini and Hochberg",
        Correction::EBenjaminiHochberg => "Benjamini and Hochberg with e-values",
        Correction::SharedBudget => {
            let runs = whole(1.0 / level);
            return format!("{of}: {tests} share a budget of one false alarm in {runs} runs or more{holds}");
        }
    };
    format!("{of}: {tests} tests, corrected by {correction} at {level}{holds}")
}

fn plural(count: u32, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

impl Evidence {
    /// After how many runs without drift such an `m` is seen once, as people write it: `24,000`, `a million`. Of more than a
    /// million nobody has seen one: what a model of noise says there is words. `None` below ten, which is no evidence.
    ///
    /// ```
    /// use eval_core::Evidence;
    /// assert_eq!(Evidence::runs_between(24_000.4).as_deref(), Some("24,000"));
    /// assert_eq!(Evidence::runs_between(3.0), None);
    /// ```
    pub fn runs_between(m: f64) -> Option<String> {
        (m >= 10.0).then(|| if m > 1e6 { "a million".to_owned() } else { whole(m) })
    }
}

/// A number in whole thousands, as people write it.
fn whole(number: f64) -> String {
    let digits = format!("{:.0}", number.min(1e12));
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let text: Vec<String> = [1.0, 999.0, 1_000.0, 24_000.0, 1_234_567.0].into_iter().map(whole).collect();
        assert_eq!(text, ["1", "999", "1,000", "24,000", "1,234,567"]);
        assert_eq!(whole(f64::MAX), "1,000,000,000,000");
        assert_eq!(Evidence::runs_between(1e300).as_deref(), Some("a million"));
    }
}
