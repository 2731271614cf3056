//! How people name runs.

mod against;

use thiserror::Error;

use crate::{Run, RunId, RunKind, RunQuery, Store, StoreError};

pub use against::{Against, Missing, SoughtBy, find_baseline};

/// Finds the whole id of the commit that a branch, a tag or the first digits of one mean; `None` where nobody knows.
pub type Commits<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// Why a name means no run. The text says it to people; what to do is said by who knows how they asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// No run has this name, or it is no name.
    #[error("there is no run `{0}`")]
    Unknown(String),
    /// `@latest~N` goes back further than there are runs over whole data sets.
    #[error("{}", too_few(*.0))]
    TooFew(usize),
    /// `NAME@latest~N` goes back further than there are whole, finished runs of the name.
    #[error("`{name}` has no {} whole, finished runs", back.saturating_add(1))]
    TooFewOf {
        /// The name.
        name: String,
        /// How far it goes back.
        back: usize,
    },
    /// The last digits of an id are those of several runs.
    #[error("`{digits}` means several runs")]
    Several {
        /// The digits.
        digits: String,
        /// Two of the runs.
        runs: [RunId; 2],
    },
    /// `tag:`, `branch:` or `ref:` with nothing behind it.
    #[error("`{0}` names none")]
    Empty(String),
    /// A run is to be held against itself.
    #[error("`{0}` is the run itself")]
    Itself(String),
    /// `window:N` with something else than a number from 1 to 1000.
    #[error("`window:{0}` is no window: window:7, up to 1000")]
    BadWindow(String),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn too_few(back: usize) -> String {
    match back {
        0 => "there is no run over a whole data set yet".to_owned(),
        back => format!("there are no {} runs over whole data sets yet", back.saturating_add(1)),
    }
}

/// The run that a reference means: its last six digits, its whole id, `@latest`, `@latest~2`, `NAME@latest`,
/// `tag:KEY=VALUE` (the newest with it) or `ref:COMMIT` (the newest of that commit). `@latest` counts runs over whole data
/// sets only, as leaderboard and histories do: a quick look at five questions is no latest state of anything.
///
/// # Errors
/// [`ReferenceError`] when it means no run, or several, or the store cannot be read.
pub async fn find_run(store: &dyn Store, reference: &str, commits: &Commits<'_>) -> Result<Run, ReferenceError> {
    if let Ok(id) = reference.parse::<RunId>() {
        return Ok(store.get_run(id).await?);
    }
    if let Some(rest) = reference.strip_prefix("@latest") {
        let back = steps_back(rest).ok_or_else(|| unknown(reference))?;
        let found = nth(store, back, |run| run.kind == RunKind::Evaluation && run.dataset.selection.is_all()).await?;
        return found.ok_or(ReferenceError::TooFew(back));
    }
    if let Some(run) = latest_of(store, reference).await? {
        return Ok(run);
    }
    let found = if let Some(tag) = reference.strip_prefix("tag:") {
        let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
        nth(store, 0, |run| has_tag(run, key, value)).await?
    } else if let Some(name) = reference.strip_prefix("ref:") {
        let commit = commit(name, commits);
        nth(store, 0, |run| is_of_commit(run, &commit)).await?
    } else {
        return by_short_id(store, reference).await;
    };
    found.ok_or_else(|| unknown(reference))
}

/// The newest run of all, whatever part of its data set it asked.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn newest_run(store: &dyn Store) -> Result<Option<Run>, StoreError> {
    nth(store, 0, |_| true).await
}

/// How far `~2` goes back; 0 for nothing.
fn steps_back(rest: &str) -> Option<usize> {
    if rest.is_empty() { Some(0) } else { rest.strip_prefix('~').and_then(|back| back.parse().ok()) }
}

/// `MODEL@latest` or `MODEL@latest~2`: the newest whole, finished run of a name; `None` for what is said otherwise.
async fn latest_of(store: &dyn Store, reference: &str) -> Result<Option<Run>, ReferenceError> {
    let Some((name, rest)) = reference.rsplit_once("@latest").filter(|(name, _)| !name.is_empty()) else {
        return Ok(None);
    };
    let back = steps_back(rest).ok_or_else(|| unknown(reference))?;
    let found = nth(store, back, |run| run.name == name && run.is_comparable()).await?;
    found.map(Some).ok_or_else(|| ReferenceError::TooFewOf { name: name.to_owned(), back })
}

async fn by_short_id(store: &dyn Store, reference: &str) -> Result<Run, ReferenceError> {
    let digits = reference.to_lowercase();
    if !is_short_id(&digits) {
        return Err(unknown(reference));
    }
    let ends = |run: &Run| run.id.to_string().ends_with(&digits);
    let first = nth(store, 0, ends).await?.ok_or_else(|| unknown(reference))?;
    match nth(store, 1, ends).await? {
        None => Ok(first),
        Some(second) => Err(ReferenceError::Several { digits: reference.to_owned(), runs: [first.id, second.id] }),
    }
}

fn is_short_id(digits: &str) -> bool {
    digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The commit that a name means; where nobody knows it, the name itself.
fn commit(name: &str, commits: &Commits<'_>) -> String {
    commits(name).unwrap_or_else(|| name.to_owned())
}

fn is_of_commit(run: &Run, commit: &str) -> bool {
    commit.len() >= 4 && run.provenance.git_commit.as_deref().is_some_and(|full| full.starts_with(commit))
}

fn has_tag(run: &Run, key: &str, value: &str) -> bool {
    run.tags.get(key).is_some_and(|found| value.is_empty() || found == value)
}

/// The n-th newest run, from 0, that is wanted.
async fn nth(
    store: &dyn Store,
    n: usize,
    wanted: impl Fn(&Run) -> bool + Send + Sync,
) -> Result<Option<Run>, StoreError> {
    let mut query = RunQuery { limit: 200, ..RunQuery::default() };
    let mut left = n;
    loop {
        let page = store.list_runs(&query).await?;
        let Some(last) = page.last() else { return Ok(None) };
        query.before = Some(last.id);
        for run in page.into_iter().filter(|run| wanted(run)) {
            match left {
                0 => return Ok(Some(run)),
                _ => left -= 1,
            }
        }
    }
}

fn unknown(reference: &str) -> ReferenceError {
    ReferenceError::Unknown(reference.to_owned())
}
