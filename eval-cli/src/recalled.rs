//! How many answers of a run were given before it.

use eval_core::{EvaluationQuery, Recall, Run, RunKind, Store};

use crate::failure::Failure;

/// Evaluations that are read at once.
const PAGE: usize = 1_000;

/// Says how many answers of a run are older than it; `None` for a run that asked for all of them.
pub(crate) async fn words(store: &dyn Store, run: &Run) -> Result<Option<String>, Failure> {
    if run.kind != RunKind::Recall {
        return Ok(None);
    }
    let (mut answers, mut cached, mut taped) = (0_u64, 0_u64, 0_u64);
    let mut query = EvaluationQuery::default();
    query.limit = PAGE;
    loop {
        let page = store.evaluations(run.id, &query).await?;
        let Some(last) = page.last() else { break };
        query.after = Some((last.sample.id.clone(), last.epoch));
        for completion in page.iter().filter_map(|evaluation| evaluation.completion.as_ref()) {
            answers += 1;
            cached += u64::from(completion.served.recalled == Some(Recall::Cache));
            taped += u64::from(completion.served.recalled == Some(Recall::Cassette));
        }
    }
    let from = [(cached, "the cache"), (taped, "a cassette")].into_iter().filter(|(count, _)| *count > 0);
    let from: Vec<String> =
        from.map(|(count, from)| format!("{count} of {answers} answers come from {from}")).collect();
    let from = if from.is_empty() { "it was replayed from a cassette".to_owned() } else { from.join(", ") };
    Ok(Some(format!("{from}: in no leaderboard and no history")))
}
