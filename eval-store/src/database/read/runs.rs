//! Runs with their summaries.

use std::collections::{BTreeMap, HashMap};

use diesel::dsl::{count_star, exists, max};
use diesel::prelude::*;
use eval_core::{CategorySummary, Run, RunId, RunQuery, RunStatus, Timestamp, UsedDataset};

use super::sql_limit;
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::leases;
use crate::database::rows::{CategoryRow, RunRow, SummaryRow, TagRow, Text, time};
use crate::database::schema::{run_categories, run_summaries, run_tags, runs};

type Found = (RunRow<'static>, Option<SummaryRow<'static>>);
type Tags = HashMap<String, BTreeMap<String, String>>;
type Categories = HashMap<String, BTreeMap<String, CategorySummary>>;

/// The run of this id.
pub(crate) fn get_run(connection: &mut Connection, id: RunId) -> Result<Run, Failure> {
    runs_of(connection, vec![id.to_string()])?.pop().ok_or(Failure::Missing(id))
}

/// The runs wanted, newest first.
pub(crate) fn list_runs(connection: &mut Connection, query: &RunQuery) -> Result<Vec<Run>, Failure> {
    let lost = match query.status {
        Some(RunStatus::Running | RunStatus::Interrupted) => leases::lost(connection, Timestamp::now())?,
        _ => Vec::new(),
    };
    let Some(model) = query.model.as_deref().map(Text::from) else {
        let ids = on!(connection, |c| wanted!(query, lost).load(c)?);
        return runs_of(connection, ids);
    };
    // Two statements, because an index leads to the newest of each, and to those of both only by way of all of them.
    let mut ids: Vec<String> =
        on!(connection, |c| wanted!(query, lost).filter(runs::model.eq(model.clone())).load(c)?);
    let named: Vec<String> = on!(connection, |c| wanted!(query, lost).filter(runs::name.eq(model)).load(c)?);
    ids.extend(named);
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.dedup();
    ids.truncate(query.limit);
    runs_of(connection, ids)
}

/// The ids of the runs that a query wants, its model left out; `lost` are those that nobody keeps alive. Not a function,
/// because boxed queries have a type that depends on the database.
macro_rules! wanted {
    ($query:expr, $lost:expr) => {{
        let (query, lost) = ($query, &$lost);
        let mut wanted = runs::table.select(runs::id).order(runs::id.desc()).limit(sql_limit(query.limit)).into_boxed();
        if let Some(dataset) = &query.dataset {
            wanted = wanted.filter(runs::dataset.eq(Text::from(&**dataset)));
        }
        if let Some(status) = query.status {
            let stored = runs::status.eq(status.name());
            wanted = match status {
                RunStatus::Running => wanted.filter(stored.and(runs::id.ne_all(lost))),
                RunStatus::Interrupted => wanted.filter(stored.or(runs::id.eq_any(lost))),
                _ => wanted.filter(stored),
            };
        }
        if let Some((key, value)) = &query.tag {
            let tag = run_tags::key.eq(Text::from(&**key)).and(run_tags::value.eq(Text::from(&**value)));
            wanted = wanted.filter(exists(run_tags::table.filter(run_tags::run_id.eq(runs::id)).filter(tag)));
        }
        if let Some(group) = query.group {
            wanted = wanted.filter(runs::group_id.eq(group.to_string()));
        }
        if let Some(kind) = query.kind {
            wanted = wanted.filter(runs::kind.eq(kind.name()));
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
        wanted
    }};
}
use wanted;

/// What [`Run::is_comparable`] asks of a run.
macro_rules! comparable {
    () => {
        runs::kind
            .eq(eval_core::RunKind::Evaluation.name())
            .and(runs::status.eq(eval_core::RunStatus::Finished.name()))
            .and(runs::selection.is_null())
    };
}
pub(super) use comparable;

/// The latest whole, finished run of each name on a data set, newest first; `None` takes the data set of the newest.
pub(crate) fn latest_comparable(connection: &mut Connection, dataset: Option<&str>) -> Result<Vec<Run>, Failure> {
    let whole = || comparable!();
    let dataset = match dataset {
        Some(dataset) => Some(Text::from(dataset)),
        None => {
            let newest = runs::table.filter(whole()).order(runs::id.desc()).select(runs::dataset);
            on!(connection, |c| newest.first(c)).optional()?
        }
    };
    let Some(dataset) = dataset else { return Ok(Vec::new()) };
    let of_name = runs::table.filter(whole()).filter(runs::dataset.eq(dataset)).group_by(runs::name);
    let ids: Vec<Option<String>> = on!(connection, |c| of_name.select(max(runs::id)).load(c))?;
    runs_of(connection, ids.into_iter().flatten().collect())
}

/// The data sets that runs were made over, by name. An index has all that is counted.
pub(crate) fn datasets(connection: &mut Connection) -> Result<Vec<UsedDataset>, Failure> {
    let by_name = runs::table.group_by(runs::dataset).select((max(runs::id), count_star()));
    let newest: Vec<(Option<String>, i64)> = on!(connection, |c| by_name.load(c))?;
    let mut counts: HashMap<String, i64> = newest.into_iter().filter_map(|(id, n)| Some((id?, n))).collect();
    let newest = runs_of(connection, counts.keys().cloned().collect())?;
    let used = |run: &Run| UsedDataset::new(run, counts.remove(&run.id.to_string()).unwrap_or(0).unsigned_abs());
    let mut found: Vec<UsedDataset> = newest.iter().map(used).collect();
    found.sort_by(|a, b| a.dataset.name.cmp(&b.dataset.name));
    Ok(found)
}

/// More ids than this would not fit into one statement.
const IDS_PER_STATEMENT: usize = 10_000;

/// The runs of these ids, newest first.
///
/// A run that goes on under a lease that nobody keeps alive is interrupted, whatever its row says.
pub(crate) fn runs_of(connection: &mut Connection, mut ids: Vec<String>) -> Result<Vec<Run>, Failure> {
    let lost = leases::lost(connection, Timestamp::now())?;
    ids.sort_unstable_by(|a, b| b.cmp(a));
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<Found> = on!(connection, |c| {
            runs::table
                .left_join(run_summaries::table)
                .filter(runs::id.eq_any(ids))
                .order(runs::id.desc())
                .select((RunRow::as_select(), Option::<SummaryRow<'_>>::as_select()))
                .load(c)?
        });
        let (mut tags, mut categories) = (tags(connection, ids)?, categories(connection, ids)?);
        for row in rows {
            let mut run = assemble(row, &mut tags, &mut categories)?;
            if run.status == RunStatus::Running && lost.contains(&run.id.to_string()) {
                run.status = RunStatus::Interrupted;
            }
            found.push(run);
        }
    }
    Ok(found)
}

fn tags(connection: &mut Connection, ids: &[String]) -> QueryResult<Tags> {
    let of_runs = run_tags::table.filter(run_tags::run_id.eq_any(ids));
    let rows: Vec<TagRow<'_>> = on!(connection, |c| of_runs.select(TagRow::as_select()).load(c))?;
    let mut found = Tags::new();
    for row in rows {
        found.entry(row.run_id.into_owned()).or_default().insert(row.key.into_owned(), row.value.into_owned());
    }
    Ok(found)
}

fn categories(connection: &mut Connection, ids: &[String]) -> Result<Categories, Failure> {
    let of_runs = run_categories::table.filter(run_categories::run_id.eq_any(ids));
    let rows: Vec<CategoryRow<'_>> = on!(connection, |c| of_runs.select(CategoryRow::as_select()).load(c))?;
    let mut found = Categories::new();
    for row in rows {
        let run = row.run_id.to_string();
        let (category, summary) = row.into_category()?;
        found.entry(run).or_default().insert(category, summary);
    }
    Ok(found)
}

fn assemble((run, summary): Found, tags: &mut Tags, categories: &mut Categories) -> Result<Run, Failure> {
    let mut summary = summary.map(SummaryRow::into_summary).transpose()?;
    if let Some(summary) = &mut summary {
        summary.categories = categories.remove(&*run.id).unwrap_or_default();
    }
    let tags = tags.remove(&*run.id).unwrap_or_default();
    run.into_run(tags, summary)
}
