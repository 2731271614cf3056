//! How many answers of a run were given before it.

use eval_core::{Recall, Run, RunKind, ServedSummary};

/// Says how many answers of a run are older than it; `None` for a run that asked for all of them.
pub(crate) fn words(run: &Run, served: &ServedSummary) -> Option<String> {
    if run.kind != RunKind::Recall {
        return None;
    }
    let sources = [(Recall::Cache, "the cache"), (Recall::Cassette, "a cassette")];
    let counted = |(recall, from)| {
        served.recalled.get(&recall).map(|count| format!("{count} of {} answers come from {from}", served.answers))
    };
    let from: Vec<String> = sources.into_iter().filter_map(counted).collect();
    let from = if from.is_empty() { "it was replayed from a cassette".to_owned() } else { from.join(", ") };
    Some(format!("{from}: in no leaderboard and no history"))
}
