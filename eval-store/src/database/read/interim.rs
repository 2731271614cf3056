//! What is stored of a run so far.

use diesel::dsl::{count_star, sum};
use diesel::prelude::*;
use eval_core::{Counts, Interim, OutcomeKind, RunId};

use super::evaluations::require;
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::word;
use crate::database::schema::evaluations;

/// Counts and mean of what is stored, by the database.
pub(crate) fn interim(connection: &mut Connection, run: RunId) -> Result<Interim, Failure> {
    require(connection, run)?;
    let by_outcome = evaluations::table
        .filter(evaluations::run_id.eq(run.to_string()))
        .group_by(evaluations::outcome)
        .select((evaluations::outcome, count_star(), sum(evaluations::score)));
    let rows: Vec<(String, i64, Option<f64>)> = on!(connection, |c| by_outcome.load(c))?;
    let (mut counts, mut mean) = (Counts::default(), None);
    for (outcome, n, scores) in rows {
        let n = n.unsigned_abs();
        match word("evaluations.outcome", &outcome, OutcomeKind::from_name)? {
            OutcomeKind::Scored => {
                counts.scored = n;
                mean = scores.map(|scores| scores / n as f64);
            }
            OutcomeKind::Unscored => counts.unscored = n,
            OutcomeKind::Failed => counts.failed = n,
        }
    }
    Ok(Interim::new(counts, mean))
}
