//! Frozen answers that the judge of a run graded anew beside it.

use crate::{
    Answered, Evaluation, EvaluationQuery, HistoryBuilder, Run, RunKind, RunQuery, RunStatus, SampleScore, Store,
    StoreError,
};

/// Rows that are read at once.
const PAGE: usize = 500;

/// The newest finished run of anchors in the group of a run, graded by the same judges; `None` where there is none.
async fn run_of<S: Store + ?Sized>(store: &S, run: &Run) -> Result<Option<Run>, StoreError> {
    let Some(group) = run.group else { return Ok(None) };
    let mut query = RunQuery { group: Some(group), kind: Some(RunKind::Anchor), ..RunQuery::default() };
    query.status = Some(RunStatus::Finished);
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else { return Ok(None) };
        query.before = Some(last.id);
        let is_alike = |found: &Run| found.provenance.judge_hash == run.provenance.judge_hash;
        if let Some(found) = page.into_iter().find(is_alike) {
            return Ok(Some(found));
        }
    }
}

/// Gives the window begun last, which is that of this run, its anchors.
pub(super) async fn add<S: Store + ?Sized>(
    store: &S,
    run: &Run,
    history: &mut HistoryBuilder,
) -> Result<(), StoreError> {
    let Some(anchors) = run_of(store, run).await? else { return Ok(()) };
    let mut wanted = EvaluationQuery { limit: PAGE, ..EvaluationQuery::default() };
    loop {
        let page = store.evaluations(anchors.id, &wanted).await?;
        page.iter().for_each(|evaluation| push(history, evaluation));
        let Some(last) = page.last() else { return Ok(()) };
        wanted.after = Some((last.sample.id.clone(), last.epoch));
    }
}

fn push(history: &mut HistoryBuilder, evaluation: &Evaluation) {
    if let (Some(score), Some(answer)) = (evaluation.score(), &evaluation.completion) {
        let (sample, content) = (&evaluation.sample, evaluation.sample.content_hash());
        let row = Answered::scored(sample.id.as_str(), &content, &sample.category, score.get());
        history.anchor(&row, &answer.text);
    }
}

/// The scores of the anchors beside a run.
pub(super) async fn of<S: Store + ?Sized>(store: &S, run: &Run) -> Result<Vec<SampleScore>, StoreError> {
    let mut history = HistoryBuilder::new();
    history.window(run.id, run.started);
    add(store, run, &mut history).await?;
    Ok(history.build().windows.pop().map(|window| window.anchors).unwrap_or_default())
}
