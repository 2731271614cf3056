//! What really answered in a run.

use crate::{EvaluationQuery, RunId, ServedSummary, Store, StoreError};

pub(super) async fn served<S: Store + ?Sized>(store: &S, run: RunId) -> Result<ServedSummary, StoreError> {
    let asked = store.get_run(run).await?.model;
    let mut summary = ServedSummary::default();
    let mut query = EvaluationQuery::default();
    loop {
        let page = store.evaluations(run, &query).await?;
        let Some(last) = page.last() else { return Ok(summary) };
        query.after = Some((last.sample.id.clone(), last.epoch));
        page.iter().filter_map(|evaluation| evaluation.completion.as_ref()).for_each(|answer| {
            summary.add(&asked, &answer.served, 1);
        });
    }
}
