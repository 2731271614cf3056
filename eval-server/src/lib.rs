#![doc = include_str!("../README.md")]

mod access;
mod alerts;
mod assets;
mod audit;
mod baselines;
mod body;
mod books;
mod compare;
mod costs;
#[cfg(feature = "dashboard")]
pub mod dashboard;
mod datasets;
mod docs;
mod drift;
mod error;
mod evaluations;
mod events;
mod expected;
mod export;
mod gate;
mod health;
mod history;
mod jobs;
mod labels;
mod models;
mod openapi;
mod outbound;
mod query;
mod references;
mod router;
mod routes;
mod runs;
mod schedules;
mod serve;
mod state;
mod stats;
mod webhooks;

pub use access::{Access, AccessOptions, BindError, Bound, Caller, bind, first_token};
pub use alerts::{
    AckError, AlertHook, AlertSettings, Alerts, Channel, Email, Item, Link, MailError, MailServer, MailTls, Message,
    Slack, Told, Tone,
};
pub use books::Books;
pub use expected::plain_expected;
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
