#![doc = include_str!("../README.md")]

mod access;
mod body;
mod books;
mod error;
mod evaluations;
mod models;
mod openapi;
mod outbound;
mod query;
mod router;
mod routes;
mod runs;
mod schedules;
mod state;
mod webhooks;

pub use access::{Access, Caller};
pub use books::Books;
pub use outbound::{Answer, Outbound, OutboundBuilder, OutboundError, Resolver};
pub use router::{router, routes};
pub use routes::Route;
pub use state::AppState;
pub use schedules::{Cron, CronError, Missed, Schedule, Schedules, Skipped};
pub use webhooks::{
    CallbackError, Delivered, Dispatcher, Next, Receiver, SecretError, Webhook, WebhookSecret, Webhooks, deliver,
    retry_delay,
};
