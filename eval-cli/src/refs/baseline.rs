//! How a person names what a run is held against.

use eval_core::{Baselines, HistoryQuery, Reports, Run, RunId, Store, StoreError};

use super::{by_short_id, commit, is_of_commit, latest_of, nth, resolve};
use crate::failure::Failure;

/// How a run is blessed, where none is.
const BLESS: &str = "evalctl run DATASET -m MODEL, then evalctl baseline set @latest --reason TEXT";

/// What a reference to a baseline means for a run.
#[derive(Debug)]
pub(crate) enum Found {
    /// These runs, oldest first: at least one.
    Runs(Vec<Run>),
    /// It makes sense, but there is no such run.
    Missing {
        /// What there is not.
        why: String,
        /// The command that makes it.
        command: String,
    },
}

impl Found {
    /// The runs; none where there is none.
    pub(crate) fn runs(&self) -> &[Run] {
        match self {
            Self::Runs(runs) => runs,
            Self::Missing { .. } => &[],
        }
    }
}

/// The runs that a reference means as a baseline of this run. `@baseline` (or `blessed`), `tag:`, `ref:` and `branch:`
/// are looked for among whole runs of the same name and data set; `window:N` among those that were made alike and
/// before.
pub(crate) async fn baseline<S: Reports + Baselines>(store: &S, run: &Run, reference: &str) -> Result<Found, Failure> {
    if matches!(reference, "blessed" | "@baseline" | "@blessed") {
        return blessed(store, run).await;
    }
    let (kind, rest) = reference.split_once(':').unwrap_or(("", reference));
    if rest.is_empty() && matches!(kind, "tag" | "branch" | "ref") {
        return Err(
            Failure::usage(format!("`{reference}` names none")).hint("tag:KEY=VALUE, branch:NAME or ref:COMMIT")
        );
    }
    let found = match kind {
        "window" => return window(store, run, rest).await,
        "tag" => {
            let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
            of_its_kind(store, run, |other| has_tag(other, key, value)).await?
        }
        "branch" => of_its_kind(store, run, |other| has_tag(other, "branch", rest)).await?,
        "ref" => {
            let commit = commit(rest);
            of_its_kind(store, run, |other| is_of_commit(other, &commit)).await?
        }
        _ => named(store, reference).await?,
    };
    match found {
        Some(found) if found.id == run.id => Err(Failure::usage(format!("`{reference}` is the run itself"))
            .hint("hold it against another one: @latest~1, @baseline, window:7")),
        Some(found) => Ok(Found::Runs(vec![found])),
        None => Ok(missing(run, reference, kind, rest)),
    }
}

fn has_tag(run: &Run, key: &str, value: &str) -> bool {
    run.tags.get(key).is_some_and(|found| value.is_empty() || found == value)
}

/// The newest other whole run of the same name and data set that is wanted.
async fn of_its_kind(store: &dyn Store, run: &Run, wanted: impl Fn(&Run) -> bool) -> Result<Option<Run>, Failure> {
    let alike = |other: &Run| other.is_comparable() && other.name == run.name && other.dataset.name == run.dataset.name;
    nth(store, 0, |other| other.id != run.id && alike(other) && wanted(other)).await
}

async fn blessed<S: Reports + Baselines>(store: &S, run: &Run) -> Result<Found, Failure> {
    let blessed = store.baselines(Some(&run.name), Some(&run.dataset.name)).await?;
    let Some(newest) = blessed.first() else {
        return Ok(Found::Missing {
            why: format!("no run of {} on {} is blessed", run.name, run.dataset.name),
            command: BLESS.to_owned(),
        });
    };
    match store.get_run(newest.run).await {
        Err(StoreError::NotFound(id)) => Ok(Found::Missing {
            why: format!("the blessed run {} is not in the database any more", id.short()),
            command: BLESS.to_owned(),
        }),
        found => Ok(Found::Runs(vec![found?])),
    }
}

async fn window(store: &dyn Reports, run: &Run, number: &str) -> Result<Found, Failure> {
    let most = number.parse().ok().filter(|most| (1..=1_000).contains(most));
    let most = most.ok_or_else(|| Failure::usage(format!("`window:{number}` is no window: window:7, up to 1000")))?;
    let mut query = HistoryQuery::of(run);
    (query.before, query.limit) = (Some(run.id), most);
    let mut runs = store.history(&query).await?;
    runs.reverse();
    if runs.is_empty() {
        let why =
            format!("no whole run before {} has its name, data set, prompt, parameters and judge", run.id.short());
        return Ok(Found::Missing {
            why,
            command: "evalctl run, once before the run that is to be decided".to_owned(),
        });
    }
    Ok(Found::Runs(runs))
}

/// A run by its id or by its place: an id that is well formed and not there is `None`.
async fn named(store: &dyn Store, reference: &str) -> Result<Option<Run>, Failure> {
    if let Ok(id) = reference.parse::<RunId>() {
        return match store.get_run(id).await {
            Err(StoreError::NotFound(_)) => Ok(None),
            found => Ok(Some(found?)),
        };
    }
    if let Some(rest) = reference.strip_prefix("@latest") {
        let back = if rest.is_empty() { Some(0) } else { rest.strip_prefix('~').and_then(|back| back.parse().ok()) };
        return match back {
            Some(back) => nth(store, back, |_| true).await,
            None => resolve(store, reference).await.map(Some),
        };
    }
    if reference.contains("@latest") {
        return latest_of(store, reference).await;
    }
    let digits = reference.to_lowercase();
    let is_id = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_id && nth(store, 0, |run| run.id.to_string().ends_with(&digits)).await?.is_none() {
        return Ok(None);
    }
    by_short_id(store, reference).await.map(Some)
}

fn missing(run: &Run, reference: &str, kind: &str, rest: &str) -> Found {
    let like = format!("{} on {}", run.name, run.dataset.name);
    let (why, command) = match kind {
        "tag" => (
            format!("no other whole run of {like} has the tag {rest}"),
            format!("evalctl run DATASET -m MODEL --tag '{rest}'"),
        ),
        "branch" => (
            format!("no other whole run of {like} has the tag branch={rest}"),
            format!("evalctl run DATASET -m MODEL --tag 'branch={rest}'"),
        ),
        "ref" => (
            format!("no other whole run of {like} is of the commit {rest}"),
            format!("git checkout '{rest}' && evalctl run DATASET -m MODEL"),
        ),
        _ => (format!("there is no run {reference}"), "evalctl run DATASET -m MODEL".to_owned()),
    };
    Found::Missing { why, command }
}
