//! Evaluations with their samples and verdicts.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{self, Nullable};
use eval_core::{Changes, Comparison, ComparisonQuery, Evaluation, EvaluationQuery, RunId, Verdict};

use super::sql_limit;
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{EvaluationRow, SampleRow, Text, VerdictRow};
use crate::database::schema::{evaluations, runs, samples, verdicts};

#[diesel::declare_sql_function]
extern "SQL" {
    /// Where the second text begins in the first, from 1; 0 when it is not in it. Case counts, and nothing is a
    /// pattern.
    fn instr(text: Nullable<sql_types::Text>, part: sql_types::Text) -> Nullable<Integer>;
}

/// More ids than this would not fit into one statement.
const IDS_PER_STATEMENT: usize = 10_000;

diesel::alias!(evaluations as other: Other);

type Found = (EvaluationRow<'static>, SampleRow<'static>);

/// The evaluations of a run that are wanted, ordered by sample id and epoch.
pub(crate) fn evaluations(
    connection: &mut Connection,
    run: RunId,
    query: &EvaluationQuery,
) -> Result<Vec<Evaluation>, Failure> {
    require(connection, run)?;
    let rows = page(connection, run, query, None)?;
    Ok(whole(connection, run, rows)?.into_iter().map(|(_, evaluation)| evaluation).collect())
}

/// The evaluations of a run that are wanted, each beside that of another run.
pub(crate) fn compared(
    connection: &mut Connection,
    run: RunId,
    query: &ComparisonQuery,
) -> Result<Vec<Comparison>, Failure> {
    require(connection, query.against)?;
    require(connection, run)?;
    let rows = page(connection, run, &query.evaluations, Some((query.against, query.changes)))?;
    let current = whole(connection, run, rows)?;
    let others = partners(connection, query.against, &current)?;
    let others = whole(connection, query.against, others)?.into_iter();
    let key = |hash, evaluation: &Evaluation| (hash, evaluation.sample.id.clone(), evaluation.epoch);
    let mut others: HashMap<_, _> = others.map(|(hash, found)| (key(hash, &found), found)).collect();
    let pair = |(hash, evaluation)| {
        let earlier = others.remove(&key(hash, &evaluation));
        Comparison::new(evaluation, earlier)
    };
    Ok(current.into_iter().map(pair).collect())
}

pub(super) fn require(connection: &mut Connection, run: RunId) -> Result<(), Failure> {
    let known = runs::table.find(run.to_string()).select(runs::id);
    let known: Option<String> = on!(connection, |c| known.get_result(c)).optional()?;
    known.map(drop).ok_or(Failure::Missing(run))
}

/// The evaluations of these rows, each with the hash of its sample.
fn whole(connection: &mut Connection, run: RunId, rows: Vec<Found>) -> Result<Vec<(String, Evaluation)>, Failure> {
    let mut verdicts = verdicts_of(connection, &rows)?;
    let whole = |(row, sample): Found| {
        let (hash, verdicts) = (sample.hash.to_string(), verdicts.remove(&row.id).unwrap_or_default());
        Ok((hash, row.into_evaluation(run, sample, verdicts)?))
    };
    rows.into_iter().map(whole).collect()
}

/// What another run made of the same questions; also of those whose text was edited.
fn partners(connection: &mut Connection, run: RunId, rows: &[(String, Evaluation)]) -> QueryResult<Vec<Found>> {
    let mut ids: Vec<_> = rows.iter().map(|(_, evaluation)| Text::from(evaluation.sample.id.as_str())).collect();
    ids.dedup();
    let mut found = Vec::with_capacity(rows.len());
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let of_ids = evaluations::table
            .inner_join(samples::table)
            .filter(evaluations::run_id.eq(run.to_string()))
            .filter(evaluations::sample_id.eq_any(ids));
        let rows = on!(connection, |c| {
            of_ids.select((EvaluationRow::as_select(), SampleRow::as_select())).load::<Found>(c)?
        });
        found.extend(rows);
    }
    Ok(found)
}

fn page(
    connection: &mut Connection,
    run: RunId,
    query: &EvaluationQuery,
    changes: Option<(RunId, Changes)>,
) -> QueryResult<Vec<Found>> {
    on!(connection, |c| {
        let mut wanted = evaluations::table
            .inner_join(samples::table)
            .filter(evaluations::run_id.eq(run.to_string()))
            .order((evaluations::sample_id.asc(), evaluations::epoch.asc()))
            .limit(sql_limit(query.limit))
            .select((EvaluationRow::as_select(), SampleRow::as_select()))
            .into_boxed();
        if let Some(category) = &query.category {
            wanted = wanted.filter(evaluations::category.eq(Text::from(&**category)));
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
        if let Some(text) = query.text.as_deref().map(Text::from) {
            let reasons = verdicts::table.filter(verdicts::evaluation_id.eq(evaluations::id));
            let reason =
                exists(reasons.filter(instr(verdicts::explanation, text.clone()).gt(0)).select(verdicts::position));
            let said =
                instr(samples::question.nullable(), text.clone()).gt(0).or(instr(evaluations::answer, text).gt(0));
            wanted = wanted.filter(said.or(reason.nullable()));
        }
        if let Some((sample, epoch)) = &query.after {
            // The first condition alone lets a database begin in the middle of the index.
            let sample = Text::from(sample.as_str());
            let later = evaluations::sample_id.gt(sample.clone()).or(evaluations::epoch.gt(i64::from(*epoch)));
            wanted = wanted.filter(evaluations::sample_id.ge(sample)).filter(later);
        }
        if let Some((against, changes)) = changes {
            let (score, outcome) = (other.field(evaluations::score), other.field(evaluations::outcome));
            let same = other
                .filter(other.field(evaluations::run_id).eq(against.to_string()))
                .filter(other.field(evaluations::sample_id).eq(evaluations::sample_id))
                .filter(other.field(evaluations::epoch).eq(evaluations::epoch))
                .filter(other.field(evaluations::sample_hash).eq(evaluations::sample_hash))
                .select(other.field(evaluations::id));
            let (lower, higher) = (evaluations::score.lt(score), evaluations::score.gt(score));
            wanted = match changes {
                Changes::Regressed => wanted.filter(exists(same.filter(lower))),
                Changes::Improved => wanted.filter(exists(same.filter(higher))),
                Changes::Changed => {
                    let ended = evaluations::outcome.ne(outcome);
                    wanted.filter(exists(same.filter(lower.or(higher).or(ended.nullable()))))
                }
                _ => wanted,
            };
        }
        wanted.load(c)
    })
}

fn verdicts_of(connection: &mut Connection, rows: &[Found]) -> Result<HashMap<i64, Vec<Verdict>>, Failure> {
    let ids: Vec<i64> = rows.iter().map(|(row, _)| row.id).collect();
    let mut found: HashMap<i64, Vec<Verdict>> = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let of_rows = verdicts::table
            .filter(verdicts::evaluation_id.eq_any(ids))
            .order((verdicts::evaluation_id.asc(), verdicts::position.asc()));
        let rows: Vec<VerdictRow<'_>> = on!(connection, |c| of_rows.select(VerdictRow::as_select()).load(c))?;
        for row in rows {
            found.entry(row.evaluation_id).or_default().push(row.into_verdict()?);
        }
    }
    Ok(found)
}
