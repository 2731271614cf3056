//! How people name what a run is held against.

use std::fmt;

use super::{
    Commits, ReferenceError, by_short_id, commit, has_tag, is_of_commit, is_short_id, latest_of, nth, steps_back,
};
use crate::{Baselines, HistoryQuery, Reports, Run, RunId, Store, StoreError};

/// What a reference to a baseline means for a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Against {
    /// These runs, oldest first: at least one.
    Runs(Vec<Run>),
    /// It makes sense, but there is no such run.
    Missing(Missing),
}

impl Against {
    /// The runs; none where there is none.
    pub fn runs(&self) -> &[Run] {
        match self {
            Self::Runs(runs) => runs,
            Self::Missing(_) => &[],
        }
    }

    /// What there is not.
    pub fn missing(&self) -> Option<&Missing> {
        match self {
            Self::Runs(_) => None,
            Self::Missing(missing) => Some(missing),
        }
    }
}

/// What there is not where a baseline is missing. Its text says it to people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// No run of this name on this data set is blessed.
    Blessed {
        /// The name.
        name: String,
        /// The data set.
        dataset: String,
    },
    /// The run that was blessed is not there any more.
    Deleted(RunId),
    /// No whole run was made as this one was, and before.
    Earlier(RunId),
    /// No other whole run of this name on this data set has the tag, or is of the commit.
    Alike {
        /// The name.
        name: String,
        /// The data set.
        dataset: String,
        /// By what it was looked for.
        by: SoughtBy,
        /// The tag, the branch or the commit.
        value: String,
    },
    /// There is no such run.
    Run(String),
}

/// By what a baseline was looked for among the runs of a name on a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SoughtBy {
    /// `tag:KEY=VALUE`
    Tag,
    /// `branch:NAME`
    Branch,
    /// `ref:COMMIT`
    Commit,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blessed { name, dataset } => write!(f, "no run of {name} on {dataset} is blessed"),
            Self::Deleted(run) => write!(f, "the blessed run {} is not in the database any more", run.short()),
            Self::Earlier(run) => {
                write!(f, "no whole run before {} has its name, data set, prompt, parameters and judge", run.short())
            }
            Self::Alike { name, dataset, by, value } => {
                let what = match by {
                    SoughtBy::Tag => "has the tag ",
                    SoughtBy::Branch => "has the tag branch=",
                    SoughtBy::Commit => "is of the commit ",
                };
                write!(f, "no other whole run of {name} on {dataset} {what}{value}")
            }
            Self::Run(reference) => write!(f, "there is no run {reference}"),
        }
    }
}

/// The runs that a reference means as a baseline of this run. `@baseline` (or `blessed`), `tag:`, `ref:` and `branch:`
/// are looked for among whole runs of the same name and data set; `window:N` among those that were made alike and
/// before; all else is a run as [`find_run`](super::find_run) knows it.
///
/// # Errors
/// [`ReferenceError`] when the reference makes no sense, or the store cannot be read.
pub async fn find_baseline(
    store: &dyn Reports,
    blessed_runs: &dyn Baselines,
    run: &Run,
    reference: &str,
    commits: &Commits<'_>,
) -> Result<Against, ReferenceError> {
    if matches!(reference, "blessed" | "@baseline" | "@blessed") {
        return Ok(blessed(store, blessed_runs, run).await?);
    }
    let (kind, rest) = reference.split_once(':').unwrap_or(("", reference));
    let mark = match kind {
        "window" => return window(store, run, rest).await,
        "tag" => Some(SoughtBy::Tag),
        "branch" => Some(SoughtBy::Branch),
        "ref" => Some(SoughtBy::Commit),
        _ => None,
    };
    let found = match mark {
        Some(_) if rest.is_empty() => return Err(ReferenceError::Empty(reference.to_owned())),
        Some(mark) => marked(store, run, (mark, rest), commits).await?,
        None => named(store, reference).await?,
    };
    match found {
        Some(found) if found.id == run.id => Err(ReferenceError::Itself(reference.to_owned())),
        Some(found) => Ok(Against::Runs(vec![found])),
        None => Ok(Against::Missing(match mark {
            Some(by) => {
                let (name, dataset) = (run.name.clone(), run.dataset.name.clone());
                Missing::Alike { name, dataset, by, value: rest.to_owned() }
            }
            None => Missing::Run(reference.to_owned()),
        })),
    }
}

/// The newest other whole run of the same name and data set that has a mark.
async fn marked(
    store: &dyn Store,
    run: &Run,
    (mark, value): (SoughtBy, &str),
    commits: &Commits<'_>,
) -> Result<Option<Run>, StoreError> {
    let commit = if mark == SoughtBy::Commit { commit(value, commits) } else { String::new() };
    let has = |other: &Run| match mark {
        SoughtBy::Tag => {
            let (key, value) = value.split_once('=').unwrap_or((value, ""));
            has_tag(other, key, value)
        }
        SoughtBy::Branch => has_tag(other, "branch", value),
        SoughtBy::Commit => is_of_commit(other, &commit),
    };
    let alike = |other: &Run| other.is_comparable() && other.name == run.name && other.dataset.name == run.dataset.name;
    nth(store, 0, |other| other.id != run.id && alike(other) && has(other)).await
}

async fn blessed(store: &dyn Reports, blessed: &dyn Baselines, run: &Run) -> Result<Against, StoreError> {
    let blessed = blessed.baselines(Some(&run.name), Some(&run.dataset.name)).await?;
    let Some(newest) = blessed.first() else {
        let (name, dataset) = (run.name.clone(), run.dataset.name.clone());
        return Ok(Against::Missing(Missing::Blessed { name, dataset }));
    };
    match store.get_run(newest.run).await {
        Err(StoreError::NotFound(id)) => Ok(Against::Missing(Missing::Deleted(id))),
        found => Ok(Against::Runs(vec![found?])),
    }
}

async fn window(store: &dyn Reports, run: &Run, number: &str) -> Result<Against, ReferenceError> {
    let most = number.parse().ok().filter(|most| (1..=1_000).contains(most));
    let most = most.ok_or_else(|| ReferenceError::BadWindow(number.to_owned()))?;
    let mut query = HistoryQuery::of(run);
    (query.before, query.limit) = (Some(run.id), most);
    let mut runs = store.history(&query).await?;
    runs.reverse();
    match runs.is_empty() {
        true => Ok(Against::Missing(Missing::Earlier(run.id))),
        false => Ok(Against::Runs(runs)),
    }
}

/// A run by its id or by its place: an id that is well formed and not there is `None`.
async fn named(store: &dyn Store, reference: &str) -> Result<Option<Run>, ReferenceError> {
    if let Ok(id) = reference.parse::<RunId>() {
        return match store.get_run(id).await {
            Err(StoreError::NotFound(_)) => Ok(None),
            found => Ok(Some(found?)),
        };
    }
    if let Some(rest) = reference.strip_prefix("@latest") {
        return match steps_back(rest) {
            Some(back) => Ok(nth(store, back, |_| true).await?),
            None => Err(super::unknown(reference)),
        };
    }
    if reference.contains("@latest") {
        return latest_of(store, reference).await;
    }
    let digits = reference.to_lowercase();
    if is_short_id(&digits) && nth(store, 0, |run| run.id.to_string().ends_with(&digits)).await?.is_none() {
        return Ok(None);
    }
    by_short_id(store, reference).await.map(Some)
}
