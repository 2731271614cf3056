//! Stats and costs. They are added up from the summaries of runs, some thousand at a time: sums in SQL would overflow
//! where ours stop at the largest amount, and have another type on each database.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::dsl::{count, count_star, max, min};
use diesel::prelude::*;
use eval_core::{CostQuery, DailyCost, Money, RunStatus, Stats, Timestamp, Total};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::leases;
use crate::database::rows::{Text, counts, money, time, word};
use crate::database::schema::{run_summaries, runs};

/// Rows that are read at once.
const PAGE: i64 = 5_000;

/// The store in a few numbers.
pub(crate) fn stats(connection: &mut Connection) -> Result<Stats, Failure> {
    let mut stats = Stats::default();
    stats.runs = by_status(connection)?;
    let models = runs::table.select(count(runs::model).aggregate_distinct());
    stats.models = on!(connection, |c| models.get_result::<i64>(c))?.unsigned_abs();
    let datasets = runs::table.select(count(runs::dataset).aggregate_distinct());
    stats.datasets = on!(connection, |c| datasets.get_result::<i64>(c))?.unsigned_abs();
    let times = |time: Option<NaiveDateTime>| time.map(|time| time::from_column("runs.started_at", time)).transpose();
    let (first, last) = (runs::table.select(min(runs::started_at)), runs::table.select(max(runs::started_at)));
    stats.first = times(on!(connection, |c| first.get_result(c))?)?;
    stats.last = times(on!(connection, |c| last.get_result(c))?)?;
    add_summaries(connection, &mut stats)?;
    Ok(stats)
}

/// Runs by status. One that goes on and whose owner is gone is interrupted, whatever its row says.
fn by_status(connection: &mut Connection) -> Result<BTreeMap<RunStatus, u64>, Failure> {
    let by_status = runs::table.group_by(runs::status).select((runs::status, count_star()));
    let rows: Vec<(String, i64)> = on!(connection, |c| by_status.load(c))?;
    let mut found = BTreeMap::new();
    for (status, n) in rows {
        found.insert(word("runs.status", &status, RunStatus::from_name)?, n.unsigned_abs());
    }
    let lost = leases::lost(connection, Timestamp::now())?.len() as u64;
    if let Some(running) = found.get_mut(&RunStatus::Running).filter(|_| lost > 0) {
        *running = running.saturating_sub(lost);
        *found.entry(RunStatus::Interrupted).or_default() += lost;
        found.retain(|_, n| *n > 0);
    }
    Ok(found)
}

type Figures = (String, i64, i64, i64, Option<i64>, i64, Option<i64>, i64);

fn add_summaries(connection: &mut Connection, stats: &mut Stats) -> Result<(), Failure> {
    let (mut before, mut ended) = (None::<String>, 0);
    loop {
        let page = on!(connection, |c| {
            let mut wanted = run_summaries::table
                .order(run_summaries::run_id.desc())
                .limit(PAGE)
                .select((
                    run_summaries::run_id,
                    run_summaries::scored,
                    run_summaries::unscored,
                    run_summaries::failed,
                    run_summaries::cost_nanos,
                    run_summaries::cost_unknown,
                    run_summaries::judge_cost_nanos,
                    run_summaries::judge_cost_unknown,
                ))
                .into_boxed();
            if let Some(before) = &before {
                wanted = wanted.filter(run_summaries::run_id.lt(before));
            }
            wanted.load::<Figures>(c)?
        });
        for (_, scored, unscored, failed, cost, cost_unknown, judge_cost, judge_unknown) in &page {
            stats.evaluations += counts(*scored, *unscored, *failed)?;
            stats.cost += money(*cost, *cost_unknown)?;
            stats.judge_cost += money(*judge_cost, *judge_unknown)?;
        }
        ended += page.len() as u64;
        let Some(last) = page.into_iter().next_back() else { break };
        before = Some(last.0);
    }
    stats.open = stats.runs.values().sum::<u64>().saturating_sub(ended);
    Ok(())
}

type Spent = (String, NaiveDateTime, Text<'static>, Option<(Option<i64>, i64, Option<i64>, i64)>);

/// What was spent by day and model, the newest day first.
pub(crate) fn costs(connection: &mut Connection, query: &CostQuery) -> Result<Vec<DailyCost>, Failure> {
    let (mut before, mut found) = (None, BTreeMap::new());
    loop {
        let page = spent(connection, query, before.as_deref())?;
        for (_, started, model, figures) in &page {
            let day = DailyCost::new(time::from_column("runs.started_at", *started)?, &**model);
            let cost = found.entry((Reverse(day.day), day.model.clone())).or_insert(day);
            cost.add(figures.map(totals).transpose()?);
        }
        let Some(last) = page.into_iter().next_back() else { break };
        before = Some(last.0);
    }
    Ok(found.into_values().collect())
}

fn totals(
    (answers, answers_unknown, judges, judges_unknown): (Option<i64>, i64, Option<i64>, i64),
) -> Result<(Total<Money>, Total<Money>), Failure> {
    Ok((money(answers, answers_unknown)?, money(judges, judges_unknown)?))
}

fn spent(connection: &mut Connection, query: &CostQuery, before: Option<&str>) -> QueryResult<Vec<Spent>> {
    on!(connection, |c| {
        let figures = (
            run_summaries::cost_nanos,
            run_summaries::cost_unknown,
            run_summaries::judge_cost_nanos,
            run_summaries::judge_cost_unknown,
        );
        let mut wanted = runs::table
            .left_join(run_summaries::table)
            .order(runs::id.desc())
            .limit(PAGE)
            .select((runs::id, runs::started_at, runs::model, figures.nullable()))
            .into_boxed();
        if let Some(model) = &query.model {
            wanted = wanted.filter(runs::model.eq(Text::from(&**model)));
        }
        if let Some(since) = query.since {
            wanted = wanted.filter(runs::started_at.ge(time::to_column(since)));
        }
        if let Some(until) = query.until {
            wanted = wanted.filter(runs::started_at.lt(time::to_column(until)));
        }
        if let Some(before) = before {
            wanted = wanted.filter(runs::id.lt(before));
        }
        wanted.load(c)
    })
}
