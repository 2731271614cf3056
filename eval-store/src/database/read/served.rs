//! What really answered in a run.

use std::collections::HashMap;

use diesel::prelude::*;
use eval_core::{PromptTokens, RunId, SampleId, Served, ServedSummary, Usage};

use super::evaluations::require;
use super::runs::get_run;
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, served_details};
use crate::database::schema::evaluations;

type Word = Option<Text<'static>>;
type Identity = (Word, Word, Word, Word, Option<bool>, Option<i64>, Option<i64>, Word);

/// Counted by the database: a row for each way in which answers were served.
pub(crate) fn served(connection: &mut Connection, run: RunId) -> Result<ServedSummary, Failure> {
    let asked = get_run(connection, run)?.model;
    let identity = (
        evaluations::served_model,
        evaluations::served_model_id,
        evaluations::served_fingerprint,
        evaluations::served_proxy,
        evaluations::served_cache_hit,
        evaluations::served_fallbacks,
        evaluations::served_retries,
        evaluations::details,
    );
    let counted = evaluations::table
        .filter(evaluations::run_id.eq(run.to_string()).and(evaluations::answer.is_not_null()))
        .group_by(identity)
        .select((identity, diesel::dsl::count_star()));
    let rows: Vec<(Identity, i64)> = on!(connection, |c| counted.load(c))?;
    let mut summary = ServedSummary::default();
    for ((model, id, fingerprint, proxy, cache_hit, fallbacks, retries, details), count) in rows {
        let owned = |text: Word| text.map(Text::into_owned);
        let number = |number: Option<i64>| number.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let mut served = Served::default();
        (served.model, served.model_id) = (owned(model), owned(id));
        (served.fingerprint, served.proxy) = (owned(fingerprint), owned(proxy));
        (served.cache_hit, served.fallbacks, served.retries) = (cache_hit, number(fallbacks), number(retries));
        served_details(details.as_deref(), &mut served)?;
        summary.add(&asked, &served, count.unsigned_abs());
    }
    Ok(summary)
}

type Tokens = (String, i64, String, Option<i64>, Option<i64>);

/// Without the texts, of which there may be many megabytes.
pub(crate) fn prompt_tokens(connection: &mut Connection, run: RunId, other: RunId) -> Result<PromptTokens, Failure> {
    require(connection, other)?;
    require(connection, run)?;
    let of_run = |run: RunId| {
        evaluations::table
            .filter(evaluations::run_id.eq(run.to_string()).and(evaluations::answer.is_not_null()))
            .select((
                evaluations::sample_id,
                evaluations::epoch,
                evaluations::sample_hash,
                evaluations::prompt_tokens,
                evaluations::cached_tokens,
            ))
    };
    let now: Vec<Tokens> = on!(connection, |c| of_run(run).load(c))?;
    let then: Vec<Tokens> = on!(connection, |c| of_run(other).load(c))?;
    let mut then: HashMap<_, _> =
        then.into_iter().map(|(id, epoch, hash, prompt, cached)| ((id, epoch, hash), (prompt, cached))).collect();
    let pairs = now.into_iter().filter_map(|(id, epoch, hash, prompt, cached)| {
        let key = (id, epoch, hash);
        let (prompt_then, cached_then) = then.remove(&key)?;
        Some((SampleId::from(&*key.0), usage(prompt, cached), usage(prompt_then, cached_then)))
    });
    Ok(PromptTokens::count(pairs))
}

fn usage(prompt: Option<i64>, cached: Option<i64>) -> Usage {
    let known = |tokens: Option<i64>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
    let mut usage = Usage::default();
    (usage.prompt_tokens, usage.cached_tokens) = (known(prompt), known(cached));
    usage
}
