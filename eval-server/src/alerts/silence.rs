//! Histories that no longer get runs.

use std::collections::BTreeMap;

use eval_core::server::{Alert, Finding};
use eval_core::{Run, RunKind, StoreError, Timestamp};

use super::{Alerts, words};

/// So many finished runs make a history that is expected to go on.
const REGULAR: usize = 3;
/// So many runs in a row that did not finish are silence as well.
const FAILED: usize = 3;
const DAY: i64 = 86_400;
const PREFIX: &str = "no-data/";

/// Whether an alert is about silence.
pub(super) fn is_silence(alert: &Alert) -> bool {
    alert.finding.key.starts_with(PREFIX)
}

fn key(run: &Run) -> String {
    format!("{PREFIX}{}", eval_core::short_hash([run.name.as_str(), &run.dataset.name]))
}

/// Why nothing more is known of a name on a data set, by its runs, newest first; `None` while it goes on.
fn silence(runs: &[&Run], days: u32, now: Timestamp) -> Option<String> {
    let finished: Vec<&&Run> = runs.iter().filter(|run| run.is_comparable()).collect();
    let newest = finished.first()?;
    let name = words::safe(&newest.name);
    let days = i64::from(days);
    let regular = finished.get(REGULAR - 1)?;
    if newest.started.as_second() - regular.started.as_second() > REGULAR as i64 * days * DAY {
        return None;
    }
    if runs.iter().take(FAILED).filter(|run| !run.is_comparable() && run.status.is_end()).count() == FAILED {
        return Some(format!("the last {FAILED} runs of {name} did not finish"));
    }
    let silent = (now.as_second() - newest.started.as_second()) / DAY;
    (silent >= days).then(|| format!("{name} has no finished run since {}", words::day(newest.started)))
}

impl Alerts {
    /// Opens alerts for names on data sets that had runs regularly and have none any more, and ends those that have. The
    /// runs are those of late, newest first: what was given up long ago is not silent.
    pub(super) async fn watch_silence(&self, runs: &[Run], now: Timestamp) -> Result<(), StoreError> {
        let Some(days) = self.settings.no_data_days else { return Ok(()) };
        let mut histories: BTreeMap<(&str, &str), Vec<&Run>> = BTreeMap::new();
        for run in runs.iter().filter(|run| run.kind == RunKind::Evaluation) {
            histories.entry((&run.name, &run.dataset.name)).or_default().push(run);
        }
        let open = self.open().await?;
        let mut over = Vec::new();
        for runs in histories.values() {
            let Some(last) = runs.iter().find(|run| run.is_comparable()) else { continue };
            match silence(runs, days, now) {
                Some(title) => {
                    let mut finding = Finding::new(key(last), title);
                    finding.run = Some(last.id);
                    self.see(finding, last).await?;
                }
                None => {
                    let ended = open.get(&key(last)).cloned();
                    over.extend(ended.map(|alert| (alert, "there are runs again".to_owned())));
                }
            }
        }
        self.end(over, now).await
    }
}

#[cfg(test)]
mod tests {
    use eval_core::{DatasetRef, RunStatus};

    use super::*;

    /// Runs at these days, newest first, with whether they finished.
    fn runs(days: &[(i64, bool)]) -> Vec<Run> {
        let run = |(day, finished): &(i64, bool)| {
            let mut run = Run::new("m", DatasetRef::new("d", "f", 1), 1);
            run.started = Timestamp::from_second(day * DAY).unwrap();
            run.status = if *finished { RunStatus::Finished } else { RunStatus::Failed };
            run
        };
        days.iter().map(run).collect()
    }

    fn says(days: &[(i64, bool)], now: i64) -> Option<String> {
        let runs = runs(days);
        silence(&runs.iter().collect::<Vec<_>>(), 3, Timestamp::from_second(now * DAY).unwrap())
    }

    #[test]
    fn only_what_was_regular_can_be_silent() {
        assert_eq!(says(&[(10, true)], 30), None, "a run by hand");
        assert_eq!(says(&[(30, true), (20, true), (10, true)], 60), None, "now and then");
        assert_eq!(says(&[(12, true), (11, true), (10, true)], 14), None, "not yet");
        let silent = says(&[(12, true), (11, true), (10, true)], 15);
        assert_eq!(silent.as_deref(), Some("m has no finished run since 13 Jan"));
        let failed = says(&[(15, false), (14, false), (13, false), (12, true), (11, true), (10, true)], 15);
        assert_eq!(failed.as_deref(), Some("the last 3 runs of m did not finish"));
        assert_eq!(says(&[(14, false), (13, false), (12, true), (11, true), (10, true)], 14), None);
    }
}
