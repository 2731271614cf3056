//! The runs that may be compared with each other.

use eval_core::{
    ConditionChange, DriftReport, History, HistoryKey, MarkKind, Measure, Method, RunId, Status, Warming, Window,
};

use crate::changes::{changes, user_changes};

/// The runs since the user last changed something or accepted a level, oldest first, without those that are masked.
#[derive(Debug)]
pub(crate) struct Era<'a> {
    key: Option<&'a HistoryKey>,
    pub(crate) windows: Vec<&'a Window>,
    /// Runs that a person masked.
    pub(crate) masked: usize,
    /// Why the era begins with its first run; `None` where the history does.
    pub(crate) began: Option<Began>,
}

/// Why an era began.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Began {
    Changed(ConditionChange),
    Accepted { author: String, reason: String },
}

impl Began {
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Changed(change) => {
                let ConditionChange { condition, before, after, .. } = change;
                format!("a new era began: the {condition} changed ({} -> {})", before.join(", "), after.join(", "))
            }
            Self::Accepted { author, reason } => format!("a new era began: {author} accepted the level ({reason})"),
        }
    }
}

impl<'a> Era<'a> {
    pub(crate) fn of(history: &'a History) -> Self {
        let masked = runs_marked(history, MarkKind::Masked);
        let all: Vec<&Window> = history.windows.iter().filter(|window| !masked.contains(&window.run)).collect();
        let changed = user_changes(&all).pop().map(|(at, change)| (at, Began::Changed(change)));
        let accepted = accepted(history, &all);
        let began = [changed, accepted].into_iter().flatten().max_by_key(|(at, _)| *at);
        let (start, began) = began.map_or((0, None), |(at, began)| (at, Some(began)));
        let masked = history.windows.len() - all.len();
        Self { key: history.key.as_ref(), windows: all[start..].to_vec(), masked, began }
    }

    /// Two runs that somebody wants to be compared, whatever the user changed between them.
    pub(crate) fn pair(earlier: &'a Window, later: &'a Window) -> Self {
        Self { key: None, windows: vec![earlier, later], masked: 0, began: None }
    }

    /// The run looked at; `None` when there is none.
    pub(crate) fn current(&self) -> Option<&'a Window> {
        self.windows.last().copied()
    }

    /// A report about the current run that says no more than its status.
    pub(crate) fn report(&self, method: Method, measure: Measure, status: Status) -> DriftReport {
        let mut report = DriftReport::new(method, measure, status);
        report.key = self.key.cloned();
        if let Some(window) = self.current() {
            report = report.about(self.key, window);
        }
        report.changes = changes(&self.windows);
        report.changes.extend(user_changes(&self.windows).into_iter().map(|(_, change)| change));
        report.changes.extend(self.began.iter().filter_map(|began| match began {
            Began::Changed(change) => Some(change.clone()),
            Began::Accepted { .. } => None,
        }));
        report.changes.sort_by_key(|change| change.at);
        if self.masked > 0 {
            report.warnings.push(format!("left out, because a person masked them: {} runs", self.masked));
        }
        report
    }

    /// A report that there are too few runs; it says where the others are.
    pub(crate) fn warming(&self, method: Method, measure: Measure, need: u32) -> DriftReport {
        let have = u32::try_from(self.windows.len()).unwrap_or(u32::MAX);
        let mut report = self.report(method, measure, Status::Warming);
        report.warming = Some(Warming::new(have, need));
        let began = self.began.as_ref().map(|began| format!("; {}", began.words()));
        report.because(format!("{have} of {need} runs that it takes{}", began.unwrap_or_default()))
    }

    /// A report that the current run has nothing to be compared with: too few runs at all, or none under the same
    /// conditions.
    pub(crate) fn alone(&self, method: Method, measure: Measure) -> Option<DriftReport> {
        match (&self.began, self.windows.len()) {
            (_, 2..) => None,
            (Some(began), 1) => {
                let why = format!("{}, and no earlier run is like this one", began.words());
                Some(self.report(method, measure, Status::NotComparable).because(why))
            }
            _ => Some(self.warming(method, measure, 2)),
        }
    }

    /// A report that a score is none, naming it.
    pub(crate) fn bad_score(&self, method: Method, measure: Measure) -> Option<DriftReport> {
        let scores = |window: &'a Window| match measure {
            Measure::Anchors => &window.anchors,
            _ => &window.scores,
        };
        let mut all = self.windows.iter().flat_map(|window| scores(window).iter().map(|found| (window.run, found)));
        let (run, found) = all.find(|(_, found)| !(0.0..=1.0).contains(&found.score))?;
        let why = format!(
            "run {run} has the score {} for question {}, expected a number from 0 to 1",
            found.score, found.key.id
        );
        Some(self.report(method, measure, Status::NotComparable).because(why))
    }
}

fn runs_marked(history: &History, kind: MarkKind) -> Vec<RunId> {
    history.marks.iter().filter(|mark| mark.kind == kind).map(|mark| mark.run).collect()
}

/// The first run of the level that was accepted last. The run that was marked may be gone: ids sort by time.
fn accepted(history: &History, windows: &[&Window]) -> Option<(usize, Began)> {
    let marks = history.marks.iter().filter(|mark| mark.kind == MarkKind::Accepted);
    let placed = marks.filter_map(|mark| {
        let exact = windows.iter().position(|window| window.run == mark.run);
        let at = exact.or_else(|| windows.iter().position(|window| window.run > mark.run))?;
        Some((at, Began::Accepted { author: mark.author.clone(), reason: mark.reason.clone() }))
    });
    placed.max_by_key(|(at, _)| *at)
}
