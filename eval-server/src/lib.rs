#![doc = include_str!("../README.md")]

mod access;
mod alerts;
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
mod state;
mod webhooks;

pub use access::{Access, Caller};
pub use alerts::{
    AckError, AlertHook, AlertSettings, Alerts, Channel, Email, Item, Link, MailError, MailServer, MailTls, Message,
    Slack, Told, Tone,
};
pub use books::Books;
pub use outbound::{Answer, Outbound, OutboundBuilder, OutboundError, Resolver};
pub use router::{router, routes};
pub use routes::Route;
pub use state::AppState;
pub use webhooks::{Delivered, Next, Receiver, SecretError, Webhook, WebhookSecret, deliver, retry_delay};
