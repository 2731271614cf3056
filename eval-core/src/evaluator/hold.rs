//! The lease of a run, held while it goes on.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Durable, Lease, Owner, RunId, StoreError, clock, error_chain};

/// A lease that a task of its own renews: a run that is busy elsewhere must not lose it.
pub(super) struct Hold {
    leases: Arc<dyn Durable>,
    run: RunId,
    owner: Owner,
    lost: oneshot::Receiver<String>,
    beat: JoinHandle<()>,
}

impl Hold {
    /// Takes the run.
    pub(super) async fn take(leases: Arc<dyn Durable>, run: RunId) -> Result<Self, StoreError> {
        let owner = Owner::new();
        leases.acquire(&Lease::new(run, owner.clone(), clock::now())).await?;
        let (tell, lost) = oneshot::channel();
        let beat = tokio::spawn(beat(leases.clone(), run, owner.clone(), tell));
        Ok(Self { leases, run, owner, lost, beat })
    }

    /// Ready when the run was lost to another process, with the reason; never otherwise.
    pub(super) async fn lost(hold: Option<&mut Self>) -> String {
        if let Some(hold) = hold
            && let Ok(why) = (&mut hold.lost).await
        {
            return why;
        }
        std::future::pending().await
    }

    /// Gives the run back.
    pub(super) async fn release(self) {
        if let Err(error) = self.leases.release(self.run, &self.owner).await {
            // It expires by itself.
            tracing::warn!(error = error_chain(&error), run = %self.run, "the lease of the run could not be given back");
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.beat.abort();
    }
}

async fn beat(leases: Arc<dyn Durable>, run: RunId, owner: Owner, lost: oneshot::Sender<String>) {
    loop {
        tokio::time::sleep(Lease::HEARTBEAT).await;
        match leases.acquire(&Lease::new(run, owner.clone(), clock::now())).await {
            Err(error @ (StoreError::Held(_) | StoreError::NotFound(_))) => {
                let _ = lost.send(error_chain(&error));
                return;
            }
            Err(error) => tracing::debug!(error = error_chain(&error), %run, "the lease could not be renewed"),
            Ok(()) => {}
        }
    }
}
