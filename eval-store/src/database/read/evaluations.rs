//! Evaluations with their samples and verdicts.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use eval_core::{Evaluation, EvaluationQuery, RunId, Verdict};

use super::sql_limit;
use crate::database::error::Failure;
use crate::database::rows::{EvaluationRow, SampleRow, VerdictRow};
use crate::database::schema::{evaluations, runs, samples, verdicts};

#[diesel::declare_sql_function]
extern "SQL" {
    /// Where the second text begins in the first, from 1; 0 when it is not in it. Case counts, and nothing is a
    /// pattern.
    fn instr(text: Nullable<Text>, part: Text) -> Nullable<Integer>;
}

/// More ids than this would not fit into one statement.
const IDS_PER_STATEMENT: usize = 10_000;

type Found = (EvaluationRow<'static>, SampleRow<'static>);

/// The evaluations of a run that are wanted, ordered by sample id and epoch.
pub(crate) fn evaluations(
    connection: &mut SqliteConnection,
    run: RunId,
    query: &EvaluationQuery,
) -> Result<Vec<Evaluation>, Failure> {
    let text = run.to_string();
    let known: Option<String> = runs::table.find(&text).select(runs::id).get_result(connection).optional()?;
    known.ok_or(Failure::Missing(run))?;
    let rows = page(connection, &text, query)?;
    let mut verdicts = verdicts_of(connection, &rows)?;
    let whole = |(row, sample): Found| {
        let verdicts = verdicts.remove(&row.id).unwrap_or_default();
        row.into_evaluation(run, sample, verdicts)
    };
    rows.into_iter().map(whole).collect()
}

fn page(connection: &mut SqliteConnection, run: &str, query: &EvaluationQuery) -> QueryResult<Vec<Found>> {
    let mut wanted = evaluations::table
        .inner_join(samples::table)
        .filter(evaluations::run_id.eq(run))
        .order((evaluations::sample_id.asc(), evaluations::epoch.asc()))
        .limit(sql_limit(query.limit))
        .select((EvaluationRow::as_select(), SampleRow::as_select()))
        .into_boxed();
    if let Some(category) = &query.category {
        wanted = wanted.filter(evaluations::category.eq(category));
    }
    if let Some(outcome) = query.outcome {
        wanted = wanted.filter(evaluations::outcome.eq(outcome.name()));
    }
    if let Some(min) = query.min_score {
        wanted = wanted.filter(evaluations::score.ge(min));
    }
    if let Some(max) = query.max_score {
        wanted = wanted.filter(evaluations::score.le(max));
    }
    if let Some(text) = &query.text {
        let reasons = verdicts::table.filter(verdicts::evaluation_id.eq(evaluations::id));
        let reason = exists(reasons.filter(instr(verdicts::explanation, text).gt(0)).select(verdicts::position));
        let said = instr(samples::question.nullable(), text).gt(0).or(instr(evaluations::answer, text).gt(0));
        wanted = wanted.filter(said.or(reason.nullable()));
    }
    if let Some((sample, epoch)) = &query.after {
        // The first condition alone lets SQLite begin in the middle of the index.
        let later = evaluations::sample_id.gt(sample.as_str()).or(evaluations::epoch.gt(i64::from(*epoch)));
        wanted = wanted.filter(evaluations::sample_id.ge(sample.as_str())).filter(later);
    }
    wanted.load(connection)
}

fn verdicts_of(connection: &mut SqliteConnection, rows: &[Found]) -> Result<HashMap<i64, Vec<Verdict>>, Failure> {
    let ids: Vec<i64> = rows.iter().map(|(row, _)| row.id).collect();
    let mut found: HashMap<i64, Vec<Verdict>> = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<VerdictRow<'_>> = verdicts::table
            .filter(verdicts::evaluation_id.eq_any(ids))
            .order((verdicts::evaluation_id.asc(), verdicts::position.asc()))
            .select(VerdictRow::as_select())
            .load(connection)?;
        for row in rows {
            found.entry(row.evaluation_id).or_default().push(row.into_verdict()?);
        }
    }
    Ok(found)
}
