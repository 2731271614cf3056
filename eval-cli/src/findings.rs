//! What detectors find in the histories of a database, and when it is computed.

use eval_core::{DriftLog, HistoryKey, Marks, Reports, Run};
use eval_drift::findings::{Detector, Findings, FindingsError, Found, Shown, Watched};
use eval_store::{DieselStore, Spill};

use crate::failure::{Failure, did_you_mean};
use crate::output::{Console, clean};

/// What findings are made of and where they are kept.
pub(crate) trait Watch: Reports + Marks + DriftLog {}

impl<S: Reports + Marks + DriftLog> Watch for S {}

fn of(store: &dyn Watch) -> Findings<'_> {
    Findings::of(store, store, store)
}

/// Looks at these histories. What several of them show is corrected for how many they are.
pub(crate) async fn look(
    store: &dyn Watch,
    watched: Vec<Watched>,
    detectors: &[Detector],
    shown: Shown,
) -> Result<Vec<Found>, Failure> {
    of(store).look(watched, detectors, shown).await.map_err(|error| failure(error, None))
}

/// The newest whole run of each of these names, of all when there is none, on one data set or on all, by name.
pub(crate) async fn newest(store: &dyn Watch, names: &[String], dataset: Option<&str>) -> Result<Vec<Run>, Failure> {
    of(store).newest(names, dataset).await.map_err(|error| failure(error, dataset))
}

/// Computes what is found in the histories of these runs after they changed: runs have finished or came in, were marked
/// or deleted. What was found in the newest run of each history before is replaced. A failure is told and stops nobody:
/// who looks later computes what is missing.
pub(crate) async fn renew(console: &Console, store: &dyn Watch, runs: &[Run]) {
    let mut keys: Vec<HistoryKey> = Vec::new();
    for key in runs.iter().filter(|run| run.is_comparable()).map(HistoryKey::of) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for key in keys {
        let name = clean(&key.name);
        if let Err(error) = of(store).renew(key).await {
            console.warn(format!("what drifted in {name} was not computed: {}", Failure::from(error)));
        }
    }
}

/// The same when a run has ended. A database in trouble is left alone.
pub(crate) async fn ended(console: &Console, store: &Spill<DieselStore>, runs: &[Run]) {
    if store.spilled().is_none() && !store.is_behind() {
        renew(console, store.inner(), runs).await;
    }
}

fn failure(error: FindingsError, dataset: Option<&str>) -> Failure {
    match error {
        FindingsError::Unknown { name, known } => unknown(&name, dataset, &known),
        FindingsError::Nothing => nothing(dataset),
        FindingsError::NotInHistory { run, name } => {
            let (id, name) = (run.short(), clean(&name));
            Failure::usage(format!("run {id} is not in the history of {name} that is looked at"))
                .hint("it was made otherwise (prompt, parameters, judge, data set): evalctl compare puts two runs beside each other")
        }
        FindingsError::Store(error) => error.into(),
    }
}

fn unknown(name: &str, dataset: Option<&str>, known: &[String]) -> Failure {
    let on = dataset.map(|dataset| format!(" on `{dataset}`")).unwrap_or_default();
    let failure = Failure::usage(format!("there is no whole, finished run of `{name}`{on}"));
    match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint("`evalctl models` lists the names; runs over a part (--limit, --category) do not count"),
    }
}

fn nothing(dataset: Option<&str>) -> Failure {
    let on = dataset.map(|dataset| format!(" on `{dataset}`")).unwrap_or_default();
    Failure::usage(format!("there is no whole, finished run{on} yet"))
        .hint("runs over a part (--limit, --category, --draw) do not count; start with `evalctl demo` or `evalctl run`")
}
