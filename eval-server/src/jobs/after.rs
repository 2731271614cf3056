//! What happens when runs have ended.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use eval_core::{Run, async_trait};
use futures_util::FutureExt as _;

/// Is told when the runs of a job have ended: to look for drift, to send news, to tell people.
///
/// It comes after the runs are stored, and in a task of its own: nothing that it does or fails to do touches a run, and no
/// worker waits for it. A process that is killed in between tells nobody, so whoever must not miss a run derives what is
/// due from the store, and takes this as a hint to look at once.
#[async_trait]
pub trait AfterRuns: Send + Sync + 'static {
    /// These runs have ended, in whichever way; never none. They are of one job, in the order of its models.
    async fn ended(&self, runs: &[Run]);
}

/// Tells all, one after the other. One that panics is logged, and the others are told all the same.
pub(super) async fn tell(hooks: &[Arc<dyn AfterRuns>], runs: &[Run]) {
    for hook in hooks {
        if AssertUnwindSafe(hook.ended(runs)).catch_unwind().await.is_err() {
            tracing::error!("what was to happen after a run panicked");
        }
    }
}
