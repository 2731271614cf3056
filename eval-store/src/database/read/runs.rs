//! Runs with their summaries.

use std::collections::{BTreeMap, HashMap};

use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use eval_core::{CategorySummary, Run, RunId, RunQuery, RunStatus};

use super::sql_limit;
use crate::database::error::Failure;
use crate::database::rows::{CategoryRow, RunRow, SummaryRow};
use crate::database::schema::{run_categories, run_summaries, runs};

type Found = (RunRow<'static>, Option<SummaryRow<'static>>);
type Categories = HashMap<String, BTreeMap<String, CategorySummary>>;

/// The run of this id.
pub(crate) fn get_run(connection: &mut SqliteConnection, id: RunId) -> Result<Run, Failure> {
    runs_of(connection, vec![id.to_string()])?.pop().ok_or(Failure::Missing(id))
}

/// The runs wanted, newest first.
pub(crate) fn list_runs(connection: &mut SqliteConnection, query: &RunQuery) -> Result<Vec<Run>, Failure> {
    let mut wanted = runs::table.select(runs::id).order(runs::id.desc()).limit(sql_limit(query.limit)).into_boxed();
    if let Some(model) = &query.model {
        wanted = wanted.filter(runs::model.eq(model).or(runs::name.eq(model)));
    }
    if let Some(dataset) = &query.dataset {
        wanted = wanted.filter(runs::dataset.eq(dataset));
    }
    if let Some(status) = query.status {
        wanted = wanted.filter(runs::status.eq(status.name()));
    }
    if let Some((key, value)) = &query.tag {
        let tag = sql::<Bool>("EXISTS (SELECT 1 FROM json_each(runs.tags) AS tag WHERE tag.key = ");
        wanted = wanted.filter(tag.bind::<Text, _>(key).sql(" AND tag.value = ").bind::<Text, _>(value).sql(")"));
    }
    if let Some(group) = query.group {
        wanted = wanted.filter(runs::group_id.eq(group.to_string()));
    }
    if let Some(before) = query.before {
        wanted = wanted.filter(runs::id.lt(before.to_string()));
    }
    let ids = wanted.load(connection)?;
    runs_of(connection, ids)
}

/// The latest whole, finished run of each name on a data set, newest first; `None` takes the data set of the newest.
pub(crate) fn latest_comparable(
    connection: &mut SqliteConnection,
    dataset: Option<String>,
) -> Result<Vec<Run>, Failure> {
    let whole = || runs::status.eq(RunStatus::Finished.name()).and(runs::selection.is_null());
    let dataset = match dataset {
        Some(dataset) => Some(dataset),
        None => {
            let newest = runs::table.filter(whole()).order(runs::id.desc()).select(runs::dataset);
            newest.first(connection).optional()?
        }
    };
    let Some(dataset) = dataset else { return Ok(Vec::new()) };
    let of_name = runs::table.filter(whole()).filter(runs::dataset.eq(dataset)).group_by(runs::name);
    let ids: Vec<Option<String>> = of_name.select(max(runs::id)).load(connection)?;
    runs_of(connection, ids.into_iter().flatten().collect())
}

/// More ids than this would not fit into one statement.
const IDS_PER_STATEMENT: usize = 10_000;

/// The runs of these ids, newest first.
fn runs_of(connection: &mut SqliteConnection, mut ids: Vec<String>) -> Result<Vec<Run>, Failure> {
    ids.sort_unstable_by(|a, b| b.cmp(a));
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<Found> = runs::table
            .left_join(run_summaries::table)
            .filter(runs::id.eq_any(ids))
            .order(runs::id.desc())
            .select((RunRow::as_select(), Option::<SummaryRow<'_>>::as_select()))
            .load(connection)?;
        let mut categories = categories(connection, ids)?;
        for row in rows {
            found.push(assemble(row, &mut categories)?);
        }
    }
    Ok(found)
}

fn categories(connection: &mut SqliteConnection, ids: &[String]) -> Result<Categories, Failure> {
    let of_runs = run_categories::table.filter(run_categories::run_id.eq_any(ids));
    let rows: Vec<CategoryRow<'_>> = of_runs.select(CategoryRow::as_select()).load(connection)?;
    let mut found = Categories::new();
    for row in rows {
        let run = row.run_id.to_string();
        let (category, summary) = row.into_category()?;
        found.entry(run).or_default().insert(category, summary);
    }
    Ok(found)
}

fn assemble((run, summary): Found, categories: &mut Categories) -> Result<Run, Failure> {
    let mut summary = summary.map(SummaryRow::into_summary).transpose()?;
    if let Some(summary) = &mut summary {
        summary.categories = categories.remove(&*run.id).unwrap_or_default();
    }
    run.into_run(summary)
}
