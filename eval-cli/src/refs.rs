//! How a person names a run: what eval-core says of it, with the commands that help.

use eval_core::{Against, Baselines, Missing, ReferenceError, Reports, Run, RunId, SoughtBy, Store};

use crate::failure::Failure;
use crate::git;
use crate::output::clean;

/// How a run is blessed, where none is.
const BLESS: &str = "evalctl run DATASET -m MODEL, then evalctl baseline set @latest --reason TEXT";

/// The run that a reference means; commits are those of the git folder here.
pub(crate) async fn resolve(store: &dyn Store, reference: &str) -> Result<Run, Failure> {
    Ok(eval_core::find_run(store, reference, &git::commit).await?)
}

/// The run that was named, else the newest of all, whatever part of its data set it asked.
pub(crate) async fn resolve_or_newest(store: &dyn Store, reference: Option<&str>) -> Result<Run, Failure> {
    match reference {
        Some(reference) => resolve(store, reference).await,
        None => eval_core::newest_run(store).await?.ok_or_else(none),
    }
}

/// The run that a page comes after.
pub(crate) async fn cursor(store: &dyn Store, reference: Option<&str>) -> Result<Option<RunId>, Failure> {
    match reference {
        Some(reference) => Ok(Some(resolve(store, reference).await?.id)),
        None => Ok(None),
    }
}

/// The runs that a reference means as a baseline of this run.
pub(crate) async fn baseline<S: Reports + Baselines>(
    store: &S,
    run: &Run,
    reference: &str,
) -> Result<Against, Failure> {
    Ok(eval_core::find_baseline(store, store, run, reference, &git::commit).await?)
}

/// The command that makes the baseline that is missing.
pub(crate) fn to_make(missing: &Missing) -> String {
    match missing {
        Missing::Earlier(_) => "evalctl run, once before the run that is to be decided".to_owned(),
        Missing::Alike { by: SoughtBy::Tag, value, .. } => format!("evalctl run DATASET -m MODEL --tag '{value}'"),
        Missing::Alike { by: SoughtBy::Branch, value, .. } => {
            format!("evalctl run DATASET -m MODEL --tag 'branch={value}'")
        }
        Missing::Alike { value, .. } => format!("git checkout '{value}' && evalctl run DATASET -m MODEL"),
        Missing::Run(_) => "evalctl run DATASET -m MODEL".to_owned(),
        _ => BLESS.to_owned(),
    }
}

impl From<ReferenceError> for Failure {
    fn from(error: ReferenceError) -> Self {
        if let ReferenceError::Store(error) = error {
            return error.into();
        }
        let failure = Self::usage(clean(&error.to_string()));
        match &error {
            ReferenceError::Unknown(_) => failure.hint(
                "`evalctl runs` lists them; name one by its last six digits, @latest, @latest~1, tag:KEY=VALUE or \
                 ref:COMMIT",
            ),
            ReferenceError::TooFew(_) => failure.hint(
                "@latest leaves out runs over a part (--limit, --category, --draw): `evalctl show` alone takes the \
                 newest of all",
            ),
            ReferenceError::TooFewOf { .. } => failure.hint("`evalctl models` lists the names"),
            ReferenceError::Several { runs: [first, second], .. } => {
                failure.hint(format!("give more digits: {first} or {second}"))
            }
            ReferenceError::Empty(_) => failure.hint("tag:KEY=VALUE, branch:NAME or ref:COMMIT"),
            ReferenceError::Itself(_) => failure.hint("hold it against another one: @latest~1, @baseline, window:7"),
            _ => failure,
        }
    }
}

fn none() -> Failure {
    Failure::usage("there are no runs yet").hint("start with `evalctl demo` or `evalctl run`")
}
