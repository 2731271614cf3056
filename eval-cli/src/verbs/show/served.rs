//! What really answered in a run.

use eval_core::{Baselines, HistoryQuery, PromptTokens, Reports, Run, RunId, ServedSummary};
use serde_json::{Value, json};

use crate::failure::Failure;

/// Who answered, and whether the questions still have as many tokens as they had.
pub(super) struct Answered {
    pub(super) served: ServedSummary,
    /// The prompt tokens beside those of an earlier run of the same history, where there is one.
    tokens: Option<(RunId, &'static str, PromptTokens)>,
}

pub(super) async fn answered<S: Reports + Baselines>(store: &S, run: &Run) -> Result<Answered, Failure> {
    let tokens = match earlier(store, run).await? {
        Some((other, what)) => Some((other, what, store.prompt_tokens(run.id, other).await?)),
        None => None,
    };
    Ok(Answered { served: store.served(run.id).await?, tokens })
}

/// The baseline where a person blessed one that was prompted alike, else the run before.
async fn earlier<S: Reports + Baselines>(store: &S, run: &Run) -> Result<Option<(RunId, &'static str)>, Failure> {
    let mut query = HistoryQuery::of(run);
    // Whoever grades has nothing to do with prompt tokens.
    query.judge = None;
    let blessed = store.baselines(Some(&run.name), Some(&run.dataset.name)).await?;
    for baseline in blessed.into_iter().take(1).filter(|baseline| baseline.run < run.id) {
        if let Ok(other) = store.get_run(baseline.run).await
            && other.provenance.prompt == run.provenance.prompt
            && other.params == run.params
        {
            return Ok(Some((other.id, "the baseline")));
        }
    }
    (query.before, query.limit) = (Some(run.id), 1);
    Ok(store.history(&query).await?.first().map(|other| (other.id, "the run before")))
}

impl Answered {
    /// What a person should know, a line each.
    pub(super) fn words(&self) -> Vec<String> {
        let mut lines = self.served.words();
        if let Some((other, what, tokens)) = &self.tokens
            && let Some(words) = tokens.words()
        {
            lines.push(words.replacen("changed", &format!("changed since {what}, {}", other.short()), 1));
        }
        lines
    }

    /// The prompt tokens for a program; null without an earlier run.
    pub(super) fn tokens(&self) -> Value {
        self.tokens.map_or(
            Value::Null,
            |(other, _, tokens)| json!({"against": other, "compared": tokens.compared, "changed": tokens.changed}),
        )
    }
}
