//! From what detectors reported to alerts.

use eval_core::server::{Alert, Finding};
use eval_core::{
    Cause, DriftReport, HistoryKey, Mark, MarkKind, Run, RunQuery, RunStatus, Status, StoreError, Timestamp,
};

use super::history::{Newest, alert_key};
use super::{Alerts, words};

/// How far back histories are looked for, in days.
const LOOK_BACK_DAYS: i64 = 60;

/// What a report means for an alert.
#[derive(Debug, PartialEq)]
enum Sight {
    /// It is there.
    Bad,
    /// It is over, for this reason.
    Over(String),
    /// Neither: what lasts stays.
    Unclear,
}

fn sight(name: &str, report: &DriftReport, marks: &[Mark], min_drop: f64) -> Sight {
    let accepted = || marks.iter().rfind(|mark| mark.kind == MarkKind::Accepted);
    match (report.status, report.cause) {
        _ if report.pages(min_drop) => Sight::Bad,
        (Status::Worse, Some(Cause::Judge)) => Sight::Over("it was the judge that moved".into()),
        (Status::Worse, Some(Cause::Transient)) => Sight::Over("it was one run out of line".into()),
        (Status::Steady | Status::Better, _) => Sight::Over(words::steady(name, report)),
        // A new era, which a person began: what was found before it counts no more.
        (Status::Warming, _) => accepted().map_or(Sight::Unclear, |mark| {
            Sight::Over(format!("a new level was accepted by {}: {}", mark.author, mark.reason))
        }),
        _ => Sight::Unclear,
    }
}

impl Alerts {
    /// Runs that began lately, newest first.
    pub(super) async fn recent(&self, now: Timestamp) -> Result<Vec<Run>, StoreError> {
        let since = now.as_second().saturating_sub(LOOK_BACK_DAYS * 86_400);
        let mut query = RunQuery::default();
        (query.limit, query.since) = (500, Timestamp::from_second(since).ok());
        let mut runs = Vec::new();
        loop {
            let page = self.store.list_runs(&query).await?;
            let Some(last) = page.last() else { return Ok(runs) };
            query.before = Some(last.id);
            runs.extend(page.into_iter().filter(|run| run.status != RunStatus::Running));
        }
    }

    /// Looks at the histories of these runs: opens alerts and ends them.
    pub(super) async fn watch(&self, runs: &[Run], now: Timestamp) -> Result<(), StoreError> {
        let open = self.open().await?;
        let mut over: Vec<(Alert, String)> = Vec::new();
        for Newest { run, marks, reports } in self.newest(runs).await? {
            let history = HistoryKey::of(&run);
            for report in &reports {
                let key = alert_key(&history, report.measure);
                match sight(&run.name, report, &marks, self.settings.min_drop) {
                    Sight::Bad => {
                        let mut finding = finding(key, &run, report);
                        // Its size is that of the day it was opened: while it goes away, detectors report less and less.
                        if let Some(alert) = open.get(&finding.key) {
                            finding.title.clone_from(&alert.finding.title);
                        }
                        self.see(finding, &run).await?;
                    }
                    Sight::Over(why) => over.extend(open.get(&key).map(|alert| (alert.clone(), why))),
                    Sight::Unclear => {}
                }
            }
        }
        self.end(over, now).await
    }

    /// Opens an alert, or counts that it was seen again. The time is that of the run, so that to look twice is to see once.
    pub(super) async fn see(&self, finding: Finding, run: &Run) -> Result<(), StoreError> {
        self.books.open(&finding, run.finished.unwrap_or(run.started)).await.map(|_| ())
    }
}

fn finding(key: String, run: &Run, report: &DriftReport) -> Finding {
    let mut finding = Finding::new(key, words::headline(&run.name, report));
    (finding.severity, finding.run) = (report.severity, Some(run.id));
    finding
}

#[cfg(test)]
mod tests {
    use eval_core::{Effect, Measure, Method};

    use super::*;

    fn report(status: Status, change: f64) -> DriftReport {
        let mut report = DriftReport::new(Method::new("quality-monitor", 1), Measure::Quality, status);
        report.effect = Effect::points(change, None);
        report
    }

    #[test]
    fn only_an_alarm_that_is_large_enough_calls_people() {
        for status in [Status::Shock, Status::Watch, Status::NotComparable, Status::Partial, Status::Warming] {
            assert_eq!(sight("m", &report(status, -20.0), &[], 1.0), Sight::Unclear, "{status}");
        }
        assert_eq!(sight("m", &report(Status::Worse, -1.0), &[], 1.0), Sight::Bad);
        assert_eq!(
            sight("m", &report(Status::Worse, -0.9), &[], 1.0),
            Sight::Unclear,
            "it lasts, whatever its size is by now"
        );
        assert_eq!(sight("m", &report(Status::Worse, -0.9), &[], 0.5), Sight::Bad);
        assert!(matches!(sight("m", &report(Status::Steady, -3.0), &[], 1.0), Sight::Over(_)));
        let mut of_judge = report(Status::Worse, -9.0);
        of_judge.cause = Some(Cause::Judge);
        assert!(matches!(sight("m", &of_judge, &[], 1.0), Sight::Over(_)));
    }

    #[test]
    fn a_new_era_that_a_person_began_ends_it() {
        let run = eval_core::RunId::new();
        let mark = |kind: MarkKind| Mark::new(HistoryKey::new("m", "d"), run, kind, "ann", "new prompt");
        let warming = report(Status::Warming, 0.0);
        assert_eq!(sight("m", &warming, &[mark(MarkKind::Masked)], 1.0), Sight::Unclear);
        let accepted = Sight::Over("a new level was accepted by ann: new prompt".into());
        assert_eq!(sight("m", &warming, &[mark(MarkKind::Accepted)], 1.0), accepted);
    }
}
