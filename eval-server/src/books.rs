//! What a server keeps beside the runs.

use eval_core::server::{AlertLog, Audit, Deletes, JobQueue, Jobs, Notices, Outbox, Tokens, Vitals};
use eval_core::{Baselines, DriftLog, Labels, Leases, Marks};

/// What a server keeps beside the runs: what people said of them and what was found in them, jobs, tokens, alerts, news,
/// who did what. Whatever implements these traits is one, as [`InMemory`](eval_core::InMemory) and the stores of eval-store.
pub trait Books:
    Baselines
    + Labels
    + Marks
    + DriftLog
    + Leases
    + Jobs
    + JobQueue
    + Outbox
    + Tokens
    + AlertLog
    + Notices
    + Audit
    + Deletes
    + Vitals
{
}

impl<S> Books for S where
    S: Baselines
        + Labels
        + Marks
        + DriftLog
        + Leases
        + Jobs
        + JobQueue
        + Outbox
        + Tokens
        + AlertLog
        + Notices
        + Audit
        + Deletes
        + Vitals
{
}
