//! Paid calls: what is read of them, and what happens to them outside of the commits of the writer.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use eval_core::{Attempt, AttemptEnd, AttemptId, AttemptOutcome, Money, RunId, Scope, Spending, Timestamp, Total};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::read::sql_limit;
use crate::database::rows::{EndRow, IntentRow, Text, number, purpose_name, time};
use crate::database::schema::{attempt_ends, attempts, runs};

/// The attempts of a run after this one, in the order in which they began.
pub(crate) fn read(
    connection: &mut Connection,
    run: RunId,
    after: Option<AttemptId>,
    limit: usize,
) -> Result<Vec<Attempt>, Failure> {
    let after = after.map_or(i64::MIN, AttemptId::number);
    let its_end = attempt_ends::run_id.eq(attempts::run_id).and(attempt_ends::id.eq(attempts::id));
    let wanted = attempts::table
        .left_join(attempt_ends::table.on(its_end))
        .filter(attempts::run_id.eq(run.to_string()))
        .filter(attempts::id.gt(after))
        .order(attempts::id.asc())
        .limit(sql_limit(limit));
    let rows: Vec<(IntentRow<'_>, Option<EndRow<'_>>)> =
        on!(connection, |c| wanted.select((IntentRow::as_select(), Option::<EndRow<'_>>::as_select())).load(c))?;
    rows.into_iter().map(|(intent, end)| intent.into_attempt(run, end)).collect()
}

/// Marks what has begun and not ended.
pub(crate) fn abandon(connection: &mut Connection, run: RunId) -> Result<u64, Failure> {
    let run = run.to_string();
    let ends = attempt_ends::table
        .filter(attempt_ends::run_id.eq(attempts::run_id))
        .filter(attempt_ends::id.eq(attempts::id))
        .select(attempt_ends::id);
    let open = attempts::table.filter(attempts::run_id.eq(&run)).filter(not(exists(ends))).select(attempts::id);
    let open: Vec<i64> = on!(connection, |c| open.load(c))?;
    let end = AttemptEnd::new(AttemptOutcome::Abandoned);
    for id in &open {
        let row = EndRow::new(AttemptId::from_number(*id), &end, &run)?;
        on!(connection, |c| diesel::insert_into(attempt_ends::table).values(&row).execute(c))?;
    }
    Ok(open.len() as u64)
}

/// Forgets the answers of a run that has finished: they stand in its evaluations.
pub(crate) fn forget_answers(connection: &mut Connection, run: &str) -> QueryResult<()> {
    let told = attempt_ends::table.filter(attempt_ends::run_id.eq(run)).filter(attempt_ends::answer.is_not_null());
    on!(connection, |c| diesel::update(told).set(attempt_ends::answer.eq(None::<String>)).execute(c)).map(drop)
}

/// More runs than this would not fit into one statement.
const RUNS_PER_STATEMENT: usize = 10_000;

type Ended = (String, Option<i64>, Option<i64>, Option<i64>);

/// What the calls of a scope took that began since then. Every run that made one is open, or ended later.
pub(crate) fn spent(connection: &mut Connection, since: Timestamp, scope: &Scope) -> Result<Spending, Failure> {
    // No database has the beginning of time, and nobody asked a model before there were any.
    let since = since.max(Timestamp::UNIX_EPOCH);
    let late = runs::finished_at.is_null().or(runs::finished_at.ge(time::to_column(since)));
    let ids: Vec<String> = match scope.run {
        Some(run) => vec![run.to_string()],
        None => on!(connection, |c| runs::table.filter(late).select(runs::id).load(c))?,
    };
    let mut spent = Spending::default();
    for ids in ids.chunks(RUNS_PER_STATEMENT) {
        for (outcome, prompt, completion, cost) in ended(connection, since, scope, ids)? {
            let known = |tokens: Option<i64>| number::known("attempt_ends.tokens", tokens);
            let tokens = known(prompt)?.zip(known(completion)?).and_then(|(prompt, answer)| prompt.checked_add(answer));
            let unpriced = u64::from(outcome == AttemptOutcome::Answered.name() && cost.is_none());
            let cost = Total::new(cost.map(Money::from_nanos), u64::from(cost.is_none()));
            spent += Spending::new(1, unpriced, Total::new(tokens, u64::from(tokens.is_none())), cost);
        }
    }
    Ok(spent)
}

fn ended(connection: &mut Connection, since: Timestamp, scope: &Scope, runs: &[String]) -> QueryResult<Vec<Ended>> {
    let its_end = attempt_ends::run_id.eq(attempts::run_id).and(attempt_ends::id.eq(attempts::id));
    on!(connection, |c| {
        let mut wanted = attempts::table
            .inner_join(attempt_ends::table.on(its_end))
            .filter(attempts::run_id.eq_any(runs))
            .filter(attempts::begun_at.ge(time::to_column(since)))
            .select((
                attempt_ends::outcome,
                attempt_ends::prompt_tokens,
                attempt_ends::completion_tokens,
                attempt_ends::cost_nanos,
            ))
            .into_boxed();
        if let Some(model) = &scope.model {
            wanted = wanted.filter(attempts::model.eq(Text::from(&**model)));
        }
        if let Some(purpose) = scope.purpose {
            wanted = wanted.filter(attempts::purpose.eq(purpose_name(purpose)));
        }
        wanted.load(c)
    })
}
