//! The runs of one name, and their scores question by question.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::{History, HistoryBuilder, HistoryQuery, Run, RunStatus};

use super::runs::runs_of;
use super::sql_limit;
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, json, run_id, time};
use crate::database::schema::{evaluations, runs};

/// The comparable runs that are wanted, newest first.
pub(crate) fn history(connection: &mut Connection, query: &HistoryQuery) -> Result<Vec<Run>, Failure> {
    let found = comparable(connection, query)?;
    runs_of(connection, found.into_iter().map(|(id, _)| id).collect())
}

/// Their scores, oldest run first.
pub(crate) fn windows(connection: &mut Connection, query: &HistoryQuery) -> Result<History, Failure> {
    let mut history = HistoryBuilder::new();
    for (run, started) in comparable(connection, query)?.iter().rev() {
        history.window(run_id("runs.id", run)?, time::from_column("runs.started_at", *started)?);
        for (sample, content, category, score) in scores(connection, run)? {
            history.push(&sample, &content, &category, score);
        }
    }
    Ok(history.build())
}

fn comparable(connection: &mut Connection, query: &HistoryQuery) -> Result<Vec<(String, NaiveDateTime)>, Failure> {
    let params = query.params.as_ref().map(json).transpose()?;
    on!(connection, |c| {
        let mut wanted = runs::table
            .filter(runs::dataset.eq(Text::from(&*query.dataset)).and(runs::name.eq(Text::from(&*query.name))))
            .filter(runs::status.eq(RunStatus::Finished.name()).and(runs::selection.is_null()))
            .order(runs::id.desc())
            .limit(sql_limit(query.limit))
            .select((runs::id, runs::started_at))
            .into_boxed();
        if let Some(prompt) = &query.prompt {
            wanted = wanted.filter(runs::prompt_hash.eq(Text::from(&**prompt)));
        }
        if let Some(params) = params {
            wanted = wanted.filter(runs::params.eq(params));
        }
        if let Some(judge) = &query.judge {
            wanted = wanted.filter(runs::judge_hash.eq(Text::from(&**judge)));
        }
        if let Some(since) = query.since {
            wanted = wanted.filter(runs::started_at.ge(time::to_column(since)));
        }
        if let Some(until) = query.until {
            wanted = wanted.filter(runs::started_at.lt(time::to_column(until)));
        }
        if let Some(before) = query.before {
            wanted = wanted.filter(runs::id.lt(before.to_string()));
        }
        Ok(wanted.load(c)?)
    })
}

type Scored = (Text<'static>, Text<'static>, Text<'static>, f64);

/// A statement a run: no database has to sort the rows of all of them.
fn scores(connection: &mut Connection, run: &str) -> QueryResult<Vec<Scored>> {
    let scored = evaluations::table
        .filter(evaluations::run_id.eq(run))
        .filter(evaluations::score.is_not_null())
        .order((evaluations::sample_id.asc(), evaluations::epoch.asc()))
        .select((
            evaluations::sample_id,
            evaluations::sample_hash,
            evaluations::category,
            evaluations::score.assume_not_null(),
        ));
    on!(connection, |c| scored.load(c))
}
