//! A run as it is now, for those who have missed how it came to that.

use axum::body::Bytes;
use eval_core::{Interim, Progress, Reports, Run, RunId, StoreError};
use serde::Serialize;

/// The data of the event `snapshot`.
#[derive(Serialize)]
struct Snapshot<'a> {
    run: &'a Run,
    /// The counts of the last event; null unless the run goes on in this process.
    progress: Option<Progress>,
    /// What is stored of the run so far, and no result: the mean of some questions. Null once the run has a summary.
    interim: Option<Interim>,
}

/// A run as it is stored now.
pub(super) struct Taken {
    run: Run,
    interim: Option<Interim>,
}

/// Reads a run.
pub(super) async fn take(store: &dyn Reports, id: RunId) -> Result<Taken, StoreError> {
    let run = store.get_run(id).await?.without_folders();
    let interim = match run.summary {
        Some(_) => None,
        None => Some(store.interim(id).await?),
    };
    Ok(Taken { run, interim })
}

impl Taken {
    /// Whether nothing more happens by itself.
    pub(super) fn is_over(&self) -> bool {
        self.run.status.is_end()
    }

    /// The event, with the number of the last event that it stands for.
    pub(super) fn event(&self, last: Option<u64>, progress: Option<Progress>) -> Bytes {
        let snapshot = Snapshot { run: &self.run, progress, interim: self.interim };
        let json = serde_json::to_string(&snapshot).unwrap_or_default();
        let id = last.map(|last| format!("id: {last}\n")).unwrap_or_default();
        format!("event: snapshot\n{id}data: {json}\n\n").into()
    }
}
