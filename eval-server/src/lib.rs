#![doc = include_str!("../README.md")]

mod access;
mod alerts;
mod audit;
mod body;
mod books;
#[cfg(feature = "dashboard")]
pub mod dashboard;
mod docs;
mod error;
mod evaluations;
mod events;
mod health;
mod jobs;
mod models;
mod openapi;
mod outbound;
mod query;
mod router;
mod routes;
mod runs;
mod schedules;
mod serve;
mod state;
mod webhooks;

pub use access::{Access, AccessOptions, BindError, Bound, Caller, bind, first_token};
pub use alerts::{
    AckError, AlertHook, AlertSettings, Alerts, Channel, Email, Item, Link, MailError, MailServer, MailTls, Message,
    Slack, Told, Tone,
};
pub use books::Books;
pub use jobs::{AfterRuns, Workers, WorkersBuilder};
pub use outbound::{Answer, Outbound, OutboundBuilder, OutboundError, Resolver};
pub use router::{document, router, routes};
pub use routes::Route;
pub use schedules::{Cron, CronError, Missed, Schedule, Schedules, Skipped};
pub use serve::{ServeOptions, serve};
pub use state::AppState;
pub use webhooks::{
    CallbackError, Delivered, Dispatcher, Next, Receiver, SecretError, Webhook, WebhookSecret, Webhooks, deliver,
    retry_delay,
};
