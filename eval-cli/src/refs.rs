//! How a person names a run.

mod baseline;

use eval_core::{Run, RunId, RunKind, RunQuery, Store};

use crate::failure::Failure;
use crate::output::clean;

pub(crate) use baseline::{Found, baseline};

/// The run that a reference means: its last six digits, its whole id, `@latest`, `@latest~2`, `tag:KEY=VALUE` (the
/// newest with it) or `ref:COMMIT` (the newest of that commit, branch or tag of git). `@latest` counts runs over whole data sets only, as
/// leaderboard and histories do: a quick look at five questions is no latest state of anything.
pub(crate) async fn resolve(store: &dyn Store, reference: &str) -> Result<Run, Failure> {
    if let Ok(id) = reference.parse::<RunId>() {
        return Ok(store.get_run(id).await?);
    }
    if let Some(rest) = reference.strip_prefix("@latest") {
        let back = match rest.strip_prefix('~') {
            None if rest.is_empty() => 0,
            Some(number) => number.parse().map_err(|_| unknown(reference))?,
            None => return Err(unknown(reference)),
        };
        let found = nth(store, back, |run| run.kind == RunKind::Evaluation && run.dataset.selection.is_all()).await?;
        return found.ok_or_else(|| too_few(back));
    }
    if let Some(run) = latest_of(store, reference).await? {
        return Ok(run);
    }
    let found = if let Some(tag) = reference.strip_prefix("tag:") {
        let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
        nth(store, 0, |run| run.tags.get(key).is_some_and(|found| value.is_empty() || found == value)).await?
    } else if let Some(name) = reference.strip_prefix("ref:") {
        let commit = commit(name);
        nth(store, 0, |run| is_of_commit(run, &commit)).await?
    } else {
        return by_short_id(store, reference).await;
    };
    found.ok_or_else(|| unknown(reference))
}

/// The run that was named, else the newest of all, whatever part of its data set it asked.
pub(crate) async fn resolve_or_newest(store: &dyn Store, reference: Option<&str>) -> Result<Run, Failure> {
    match reference {
        Some(reference) => resolve(store, reference).await,
        None => nth(store, 0, |_| true).await?.ok_or_else(none),
    }
}

/// The run that a page comes after.
pub(crate) async fn cursor(store: &dyn Store, reference: Option<&str>) -> Result<Option<RunId>, Failure> {
    match reference {
        Some(reference) => Ok(Some(resolve(store, reference).await?.id)),
        None => Ok(None),
    }
}

/// `MODEL@latest` or `MODEL@latest~2`: the newest whole, finished run of a name; `None` for what is said otherwise.
async fn latest_of(store: &dyn Store, reference: &str) -> Result<Option<Run>, Failure> {
    let Some((name, rest)) = reference.rsplit_once("@latest").filter(|(name, _)| !name.is_empty()) else {
        return Ok(None);
    };
    let back = if rest.is_empty() { Some(0) } else { rest.strip_prefix('~').and_then(|back| back.parse().ok()) };
    let back: usize = back.ok_or_else(|| unknown(reference))?;
    let found = nth(store, back, |run| run.name == name && run.is_comparable()).await?;
    let missing = || {
        Failure::usage(format!("`{}` has no {} whole, finished runs", clean(name), back + 1))
            .hint("`evalctl models` lists the names")
    };
    found.map(Some).ok_or_else(missing)
}

async fn by_short_id(store: &dyn Store, reference: &str) -> Result<Run, Failure> {
    let digits = reference.to_lowercase();
    if digits.len() < 4 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Err(unknown(reference));
    }
    let ends = |run: &Run| run.id.to_string().ends_with(&digits);
    let first = nth(store, 0, ends).await?.ok_or_else(|| unknown(reference))?;
    match nth(store, 1, ends).await? {
        None => Ok(first),
        Some(second) => Err(Failure::usage(format!("`{reference}` means several runs"))
            .hint(format!("give more digits: {} or {}", first.id, second.id))),
    }
}

/// The commit that a name means in the git folder here; without one, or where git does not know it, the name itself.
fn commit(name: &str) -> String {
    crate::git::commit(name).unwrap_or_else(|| name.to_owned())
}

fn is_of_commit(run: &Run, commit: &str) -> bool {
    commit.len() >= 4 && run.provenance.git_commit.as_deref().is_some_and(|full| full.starts_with(commit))
}

/// The n-th newest run, from 0, that is wanted.
async fn nth(store: &dyn Store, n: usize, wanted: impl Fn(&Run) -> bool) -> Result<Option<Run>, Failure> {
    let mut query = RunQuery::default();
    query.limit = 200;
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

fn unknown(reference: &str) -> Failure {
    Failure::usage(format!("there is no run `{reference}`")).hint(
        "`evalctl runs` lists them; name one by its last six digits, @latest, @latest~1, tag:KEY=VALUE or ref:COMMIT",
    )
}

fn too_few(back: usize) -> Failure {
    let message = match back {
        0 => "there is no run over a whole data set yet".to_owned(),
        back => format!("there are no {} runs over whole data sets yet", back + 1),
    };
    Failure::usage(message).hint(
        "@latest leaves out runs over a part (--limit, --category, --draw): `evalctl show` alone takes the newest of all",
    )
}

fn none() -> Failure {
    Failure::usage("there are no runs yet").hint("start with `evalctl demo` or `evalctl run`")
}
