//! A run beside another that judged its answers again.

use eval_core::{Run, RunId, RunKind};

use crate::{RunComparison, RunScores};

const ONLY_THE_JUDGE: &str =
    "these are the same answers, judged again: only the judge differs, so what changed is its doing";

/// Which of the runs that are put beside the first one have its answers.
#[derive(Debug, Default)]
pub struct SameAnswers {
    first: Option<(Run, RunScores)>,
    others: Vec<bool>,
}

impl SameAnswers {
    /// The scores as they are compared. Other judges make runs incomparable, unless it is the judges that are compared:
    /// of the same answers.
    pub fn beside_first(&mut self, run: &Run, scores: RunScores) -> RunScores {
        let Some((first, its)) = &self.first else {
            self.first = Some((run.clone(), scores.clone()));
            return scores;
        };
        let same = answers(run) == answers(first) && run.id != first.id;
        self.others.push(same);
        if same { scores.judge(its.judge.clone(), its.judge_hash.clone()) } else { scores }
    }

    /// Says of each comparison whether only the judge differs.
    pub fn tell(&self, comparisons: &mut [RunComparison]) {
        for (pair, _) in comparisons.iter_mut().zip(&self.others).filter(|(_, same)| **same) {
            pair.warnings.insert(0, ONLY_THE_JUDGE.to_owned());
        }
    }
}

/// The run in which the answers of a run stand.
fn answers(run: &Run) -> RunId {
    match (run.kind, run.of) {
        (RunKind::Rescore, Some(of)) => of,
        _ => run.id,
    }
}
