//! A gate over stored runs.

use eval_core::{Reports, Run, StoreError};

use super::{Gate, GateReport, kept};
use crate::{RunScores, judge_moved, stored};

/// What a stored run is held against: the runs of a baseline, with the limits by which they were decided on.
#[derive(Debug, Clone)]
pub struct StoredBaseline {
    scores: Vec<RunScores>,
    /// Why the judge is thought to have moved since.
    judge_moved: Option<String>,
    /// The run is held against itself: it is the one that was blessed.
    is_itself: bool,
}

impl StoredBaseline {
    /// These runs as the baseline of a run; none where there is no baseline.
    ///
    /// # Errors
    /// [`StoreError`] when one of the runs cannot be read.
    pub async fn of(store: &dyn Reports, run: &Run, baseline: &[Run]) -> Result<Self, StoreError> {
        let mut scores = stored::scores_of_all(store, baseline).await?;
        scores.iter_mut().zip(baseline).for_each(|(scores, run)| kept::recall(scores, run));
        let is_itself = matches!(baseline, [one] if one.id == run.id);
        Ok(Self { scores, is_itself, judge_moved: moved(store, run, baseline).await? })
    }

    /// What the gate decides at this look, from 1, on a run. It tells which limits changed since the baseline.
    pub fn decide(&self, gate: &Gate, look: u32, mut run: RunScores) -> GateReport {
        kept::beside(&mut run, gate, &self.scores);
        run.judge_moved.clone_from(&self.judge_moved);
        let mut report = gate.look(look, &run, &self.scores);
        report.warnings.splice(0..0, kept::changed(&report));
        if self.is_itself {
            report.warnings.insert(0, "the baseline is this very run: it cannot be worse than itself".to_owned());
        }
        report
    }
}

/// What the frozen answers say that were judged beside the runs.
async fn moved(store: &dyn Reports, run: &Run, baseline: &[Run]) -> Result<Option<String>, StoreError> {
    let now = store.anchors(run).await?;
    let mut before = Vec::new();
    for run in baseline.iter().filter(|_| !now.is_empty()) {
        before.push(store.anchors(run).await?);
    }
    Ok(if baseline.is_empty() { None } else { judge_moved(&now, &before) })
}
