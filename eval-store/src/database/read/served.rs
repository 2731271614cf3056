//! What really answered in a run.

use diesel::prelude::*;
use eval_core::{RunId, Served, ServedSummary};

use super::runs::get_run;
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::Text;
use crate::database::schema::evaluations;

type Word = Option<Text<'static>>;
type Row = (Word, Word, Word, Word, Option<bool>, Option<i64>, Option<i64>, i64);

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
    );
    let counted = evaluations::table
        .filter(evaluations::run_id.eq(run.to_string()).and(evaluations::answer.is_not_null()))
        .group_by(identity)
        .select((
            evaluations::served_model,
            evaluations::served_model_id,
            evaluations::served_fingerprint,
            evaluations::served_proxy,
            evaluations::served_cache_hit,
            evaluations::served_fallbacks,
            evaluations::served_retries,
            diesel::dsl::count_star(),
        ));
    let rows: Vec<Row> = on!(connection, |c| counted.load(c))?;
    let mut summary = ServedSummary::default();
    for (model, id, fingerprint, proxy, cache_hit, fallbacks, retries, count) in rows {
        let owned = |text: Word| text.map(Text::into_owned);
        let number = |number: Option<i64>| number.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let mut served = Served::default();
        (served.model, served.model_id) = (owned(model), owned(id));
        (served.fingerprint, served.proxy) = (owned(fingerprint), owned(proxy));
        (served.cache_hit, served.fallbacks, served.retries) = (cache_hit, number(fallbacks), number(retries));
        summary.add(&asked, &served, count.unsigned_abs());
    }
    Ok(summary)
}
