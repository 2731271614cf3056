//! A run held against its evaluations: each question and epoch once, and a summary of just these.

use eval_core::{EvaluationQuery, Run, RunStatus, Stop, Store, StoreError, Summarizer, Summary};

/// The evaluations of a run that are in the store.
#[derive(Debug)]
pub(super) struct Found {
    summary: Summary,
    last_epoch: u32,
}

/// What a run is worth by its evaluations.
#[derive(Debug)]
pub(super) enum Finding {
    /// All that it tells is so.
    Whole(Run),
    /// Its summary told something else; now it is that of its evaluations.
    Corrected(Run),
    /// It told that it had finished, and some of its evaluations are not here.
    Incomplete(Run),
    /// It cannot be: why.
    Contradicts(String),
}

impl Found {
    /// Reads the evaluations page by page.
    pub(super) async fn of(store: &dyn Store, run: &Run) -> Result<Self, StoreError> {
        let mut books = Summarizer::new(run.planned, run.epochs, run.threshold);
        let (mut query, mut last_epoch) = (EvaluationQuery::default(), 0);
        loop {
            let page = store.evaluations(run.id, &query).await?;
            let Some(last) = page.last() else { break };
            query.after = Some((last.sample.id.clone(), last.epoch));
            for evaluation in &page {
                last_epoch = last_epoch.max(evaluation.epoch);
                books.push(evaluation);
            }
        }
        Ok(Self { summary: books.finish(), last_epoch })
    }

    /// Holds the run against what was found; `whole` says whether its file was read to the end.
    pub(super) fn hold_against(self, mut run: Run, whole: bool) -> Finding {
        let found = self.summary.counts.total();
        let is_part = run.dataset.selection.exported.is_some();
        if is_part {
            run.planned = found;
        }
        if let Some(why) = self.contradiction(&run) {
            return Finding::Contradicts(why);
        }
        let ended = run.status == RunStatus::Finished;
        let told = match (&run.summary, ended) {
            (None, false) => return Finding::Whole(run),
            _ => run.summary.replace(self.summary),
        };
        if ended && (found < run.planned || is_part && !whole) {
            let why = format!("{found} of its {} evaluations were imported", run.planned);
            (run.status, run.stop) = (RunStatus::Interrupted, Some(Stop::new(None, why)));
            return Finding::Incomplete(run);
        }
        match told {
            Some(told) if !is_part && differ(&told, &run) => Finding::Corrected(run),
            _ => Finding::Whole(run),
        }
    }

    fn contradiction(&self, run: &Run) -> Option<String> {
        let (found, planned) = (self.summary.counts.total(), run.planned);
        if found > planned {
            return Some(format!("it planned {planned} evaluations, and {found} are here"));
        }
        let too_late = run.status == RunStatus::Finished && self.last_epoch > run.epochs;
        too_late.then(|| format!("it has {} epochs, and an evaluation is of epoch {}", run.epochs, self.last_epoch))
    }
}

/// Whether the figures that a person reads were others.
fn differ(told: &Summary, run: &Run) -> bool {
    let Some(now) = run.summary.as_ref().filter(|now| *now != told) else { return false };
    let figures = |summary: &Summary| match summary.score {
        Some(score) => format!("{:.4} over {} questions, {} failed", score.mean, score.n, summary.counts.failed),
        None => format!("no score, {} failed", summary.counts.failed),
    };
    let (was, is) = (figures(told), figures(now));
    tracing::warn!(run = run.id.short(), was, is, "the summary of a run is not that of its evaluations: made anew");
    true
}
