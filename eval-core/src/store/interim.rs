//! What is stored of a run that has not ended, or that ended without a word.

use serde::{Deserialize, Serialize};

use crate::exact::Sum;
use crate::{Counts, EvaluationQuery, RunId, Score, Store, StoreError};

/// What is stored of a run so far: a run that goes on or was cut off has no [`Summary`](crate::Summary) yet.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Interim {
    /// How the evaluations ended that are stored.
    pub counts: Counts,
    /// The mean of their scores, from 0 to 1; `None` while nothing is scored. It is over evaluations, and not over
    /// questions as that of a summary.
    pub mean: Option<f64>,
}

impl Interim {
    /// Figures that were taken elsewhere: for stores that read rows.
    pub const fn new(counts: Counts, mean: Option<f64>) -> Self {
        Self { counts, mean }
    }
}

pub(super) async fn interim<S: Store + ?Sized>(store: &S, run: RunId) -> Result<Interim, StoreError> {
    let (mut counts, mut scores) = (Counts::default(), Sum::default());
    let mut query = EvaluationQuery::default();
    loop {
        let page = store.evaluations(run, &query).await?;
        let Some(last) = page.last() else { return Ok(Interim::new(counts, scores.mean())) };
        query.after = Some((last.sample.id.clone(), last.epoch));
        for evaluation in &page {
            counts.add(evaluation.outcome.kind());
            evaluation.score().map(Score::get).into_iter().for_each(|score| scores.add(score));
        }
    }
}
