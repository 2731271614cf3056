//! The runs of one name, and what is known of them question by question.

mod beside;

use std::collections::HashSet;

use diesel::prelude::*;
use eval_core::{
    Answered, Conditions, FinishReason, History, HistoryBuilder, HistoryQuery, OutcomeKind, ProviderErrorKind, Run,
    SampleScore, Served,
};

use super::runs::{comparable, runs_of};
use super::sql_limit;
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, json, time};
use crate::database::schema::{evaluations, runs, verdicts};

diesel::define_sql_function! {
    /// The bytes of a text.
    fn octet_length(text: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Nullable<diesel::sql_types::Integer>;
}

/// The comparable runs that are wanted, newest first.
pub(crate) fn history(connection: &mut Connection, query: &HistoryQuery) -> Result<Vec<Run>, Failure> {
    let found = comparable(connection, query)?;
    runs_of(connection, found)
}

/// What is known of each, oldest run first.
pub(crate) fn windows(connection: &mut Connection, query: &HistoryQuery) -> Result<History, Failure> {
    let mut builder = HistoryBuilder::new();
    let runs = history(connection, query)?;
    let anchors = beside::Anchors::of(connection, &runs)?;
    for run in runs.iter().rev() {
        builder.window(run.id, run.started);
        builder.conditions(Conditions::of(run), run.planned);
        match query.details {
            true => read_details(connection, &mut builder, &run.id.to_string())?,
            false => read_scores(connection, &mut builder, &run.id.to_string())?,
        }
        anchors.read(connection, &mut builder, run)?;
    }
    Ok(builder.build().key(query.key()))
}

/// The scores of the frozen answers that the judge graded anew beside a run.
pub(crate) fn anchors(connection: &mut Connection, run: &Run) -> Result<Vec<SampleScore>, Failure> {
    let mut builder = HistoryBuilder::new();
    builder.window(run.id, run.started);
    beside::Anchors::of(connection, std::slice::from_ref(run))?.read(connection, &mut builder, run)?;
    Ok(builder.build().windows.pop().map(|window| window.anchors).unwrap_or_default())
}

/// On Postgres an index has all of it.
fn read_scores(connection: &mut Connection, builder: &mut HistoryBuilder, run: &str) -> QueryResult<()> {
    builder.scores_alone();
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
    let rows: Vec<(Text<'static>, Text<'static>, Text<'static>, f64)> = on!(connection, |c| scored.load(c))?;
    for (sample, content, category, score) in &rows {
        builder.push(&Answered::scored(sample, content, category, *score));
    }
    Ok(())
}

fn read_details(connection: &mut Connection, builder: &mut HistoryBuilder, run: &str) -> Result<(), Failure> {
    let rows = rows(connection, run)?;
    let wrong = judged_wrong(connection, &rows)?;
    for row in &rows {
        push(builder, row, &wrong)?;
    }
    for (served, answers) in served(connection, run)? {
        builder.served(&served, answers);
    }
    Ok(())
}

fn comparable(connection: &mut Connection, query: &HistoryQuery) -> Result<Vec<String>, Failure> {
    let params = query.params.as_ref().map(json).transpose()?;
    on!(connection, |c| {
        let mut wanted = runs::table
            .filter(runs::dataset.eq(Text::from(&*query.dataset)).and(runs::name.eq(Text::from(&*query.name))))
            .filter(comparable!())
            .order(runs::id.desc())
            .limit(sql_limit(query.limit))
            .select(runs::id)
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

#[derive(Debug, Queryable)]
struct Row {
    id: i64,
    sample: Text<'static>,
    content: Text<'static>,
    category: Text<'static>,
    outcome: String,
    score: Option<f64>,
    error_kind: Option<String>,
    finish: Option<Text<'static>>,
    latency_ms: Option<f64>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
    cost_nanos: Option<i64>,
    /// `None` where there is no answer.
    bytes: Option<i32>,
}

/// A statement a run: no database has to sort the rows of all of them.
fn rows(connection: &mut Connection, run: &str) -> QueryResult<Vec<Row>> {
    let all = evaluations::table
        .filter(evaluations::run_id.eq(run))
        .order((evaluations::sample_id.asc(), evaluations::epoch.asc()))
        .select((
            evaluations::id,
            evaluations::sample_id,
            evaluations::sample_hash,
            evaluations::category,
            evaluations::outcome,
            evaluations::score,
            evaluations::error_kind,
            evaluations::finish_reason,
            evaluations::latency_ms,
            evaluations::prompt_tokens,
            evaluations::completion_tokens,
            evaluations::cost_nanos,
            octet_length(evaluations::answer),
        ));
    on!(connection, |c| all.load(c))
}

fn push(builder: &mut HistoryBuilder, row: &Row, wrong: &Wrong) -> Result<(), Failure> {
    let corrupt = || Failure::Corrupt(format!("evaluations.outcome: `{}`", row.outcome));
    let outcome = OutcomeKind::from_name(&row.outcome).ok_or_else(corrupt)?;
    let mut answered = Answered::ended(&row.sample, &row.content, &row.category, outcome);
    answered.score = row.score;
    let failed = |kind: ProviderErrorKind| row.error_kind.as_deref() == Some(kind.name());
    let is_wrong = |judge: &str| !wrong.is_empty() && wrong.contains(&(row.id, judge.into()));
    answered.timed_out = failed(ProviderErrorKind::Timeout);
    answered.refused = failed(ProviderErrorKind::Filtered)
        || row.finish.as_deref().is_some_and(|finish| FinishReason::from(finish).is_refusal())
        || is_wrong(HistoryBuilder::REFUSAL_JUDGE);
    answered.misformatted = is_wrong(HistoryBuilder::FORMAT_JUDGE);
    if let Some(bytes) = row.bytes {
        let whole = |count: Option<i64>| count.map(|count| count as f64);
        answered.measures = [
            row.latency_ms,
            whole(row.prompt_tokens),
            whole(row.completion_tokens),
            whole(row.cost_nanos),
            Some(f64::from(bytes)),
        ];
    }
    builder.push(&answered);
    Ok(())
}

/// Which evaluations the judges of refusals and formats found wrong.
type Wrong = HashSet<(i64, String)>;

/// Verdicts that are looked up at once: SQLite takes no more than 32,766 values.
const AT_ONCE: usize = 5_000;

/// Looked up by evaluation: a join is an invitation to read all verdicts.
fn judged_wrong(connection: &mut Connection, rows: &[Row]) -> QueryResult<Wrong> {
    let judges = [HistoryBuilder::REFUSAL_JUDGE, HistoryBuilder::FORMAT_JUDGE];
    let mut all = Wrong::new();
    for rows in rows.chunks(AT_ONCE) {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let wrong = verdicts::table
            .filter(verdicts::evaluation_id.eq_any(ids))
            .filter(verdicts::judge.eq_any(judges).and(verdicts::score.eq(0.0)))
            .select((verdicts::evaluation_id, verdicts::judge));
        let found: Vec<(i64, String)> = on!(connection, |c| wrong.load(c))?;
        all.extend(found);
    }
    Ok(all)
}

type Identity = (Option<Text<'static>>, Option<Text<'static>>, Option<Text<'static>>, Option<Text<'static>>);

/// Who answered, and how often.
fn served(connection: &mut Connection, run: &str) -> QueryResult<Vec<(Served, u64)>> {
    let identity = (
        evaluations::served_model,
        evaluations::served_model_id,
        evaluations::served_fingerprint,
        evaluations::served_proxy,
    );
    let counted = evaluations::table
        .filter(evaluations::run_id.eq(run).and(evaluations::answer.is_not_null()))
        .group_by(identity)
        .select((identity, diesel::dsl::count_star()));
    let found: Vec<(Identity, i64)> = on!(connection, |c| counted.load(c))?;
    let owned = |text: Option<Text<'static>>| text.map(Text::into_owned);
    let answers = |((model, id, fingerprint, proxy), count): (Identity, i64)| {
        let mut served = Served::default();
        (served.model, served.model_id) = (owned(model), owned(id));
        (served.fingerprint, served.proxy) = (owned(fingerprint), owned(proxy));
        (served, u64::try_from(count).unwrap_or_default())
    };
    Ok(found.into_iter().map(answers).collect())
}
