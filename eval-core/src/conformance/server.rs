//! What every store must do that a server keeps its jobs, tokens, alerts and audit log in.

mod alerts;
mod audit;
mod deletes;
mod jobs;
mod notices;
mod outbox;
mod tokens;
mod turns;
mod vitals;

use crate::server::{AlertLog, Audit, Deletes, JobQueue, Jobs, Notices, Outbox, Tokens, Vitals};
use crate::{AttemptLog, Leases, Store};

/// Holds a store to the contracts of [`Jobs`], [`JobQueue`], [`Outbox`], [`Tokens`], [`AlertLog`], [`Notices`], [`Audit`],
/// [`Deletes`] and [`Vitals`]. `make` gives an empty store each time that it is called.
///
/// # Panics
/// When something does not hold; the message says what.
pub async fn server<S>(make: impl AsyncFn() -> S)
where
    S: Store + AttemptLog + Leases,
    S: Jobs + JobQueue + Outbox + Tokens + AlertLog + Notices + Audit + Deletes + Vitals,
{
    jobs::kept(&make().await).await;
    jobs::known_again(&make().await).await;
    jobs::bounded(&make().await).await;
    jobs::cancelled(&make().await).await;
    jobs::paused(&make().await).await;
    turns::fair(&make().await).await;
    turns::one_worker(&make().await).await;
    turns::resumed(&make().await).await;
    turns::interrupted(&make().await).await;
    turns::paused(&make().await).await;
    deletes::unless_protected(&make().await).await;
    outbox::derived(&make().await).await;
    outbox::tried(&make().await).await;
    outbox::taken(&make().await).await;
    tokens::kept(&make().await).await;
    tokens::ended(&make().await).await;
    alerts::one_of_a_key(&make().await).await;
    alerts::told_and_answered(&make().await).await;
    notices::told_once(&make().await).await;
    notices::tried(&make().await).await;
    audit::added(&make().await).await;
    vitals::counted(&make().await).await;
    vitals::latest(&make().await).await;
}
