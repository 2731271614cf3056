//! What was spent, by day and model.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use super::stats::PAGE;
use crate::{Money, RunQuery, Store, StoreError, Total};

/// Which costs are wanted. The default is all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct CostQuery {
    /// Only runs of this model.
    pub model: Option<String>,
    /// Only runs that began at this time or later (UTC).
    pub since: Option<Timestamp>,
    /// Only runs that began before this time (UTC).
    pub until: Option<Timestamp>,
}

/// What the runs of one model that began on one day cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DailyCost {
    /// The day on which the runs began (UTC).
    pub day: Date,
    /// The model asked for.
    pub model: String,
    /// Runs that began.
    pub runs: u64,
    /// Runs of these that have not ended: their cost is not in the sums.
    pub open: u64,
    /// Cost of the answers, failed calls included, in nano-dollars.
    pub answers: Total<Money>,
    /// Cost of the judges, in nano-dollars.
    pub judges: Total<Money>,
}

impl DailyCost {
    /// Nothing yet on the day of this time.
    pub fn new(time: Timestamp, model: impl Into<String>) -> Self {
        let none = Total::default();
        Self { day: day(time), model: model.into(), runs: 0, open: 0, answers: none, judges: none }
    }

    /// Adds a run with what its answers and its judges cost; `None` when it has not ended.
    pub fn add(&mut self, cost: Option<(Total<Money>, Total<Money>)>) {
        self.runs += 1;
        match cost {
            None => self.open += 1,
            Some((answers, judges)) => {
                self.answers += answers;
                self.judges += judges;
            }
        }
    }
}

/// The day of a time (UTC).
fn day(time: Timestamp) -> Date {
    Offset::UTC.to_datetime(time).date()
}

pub(super) async fn costs<S: Store + ?Sized>(store: &S, query: &CostQuery) -> Result<Vec<DailyCost>, StoreError> {
    let mut wanted = RunQuery {
        model: query.model.clone(),
        since: query.since,
        until: query.until,
        limit: PAGE,
        ..RunQuery::default()
    };
    let mut found = BTreeMap::new();
    loop {
        let page = store.list_runs(&wanted).await?;
        let Some(last) = page.last() else { break };
        wanted.before = Some(last.id);
        let asked = page.into_iter().filter(|run| query.model.as_ref().is_none_or(|model| *model == run.model));
        for run in asked {
            let key = (std::cmp::Reverse(day(run.started)), run.model);
            let cost = found.entry(key).or_insert_with_key(|(_, model)| DailyCost::new(run.started, model));
            cost.add(run.summary.map(|summary| (summary.cost, summary.judge_cost)));
        }
    }
    Ok(found.into_values().collect())
}
