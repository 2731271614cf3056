#![doc = include_str!("../README.md")]

mod access;
mod baselines;
mod body;
mod books;
mod compare;
mod costs;
mod datasets;
mod drift;
mod error;
mod evaluations;
mod export;
mod gate;
mod history;
mod labels;
mod models;
mod openapi;
mod outbound;
mod query;
mod references;
mod router;
mod routes;
mod runs;
mod state;
mod stats;
mod webhooks;

pub use access::{Access, Caller};
pub use books::Books;
pub use outbound::{Answer, Outbound, OutboundBuilder, OutboundError, Resolver};
pub use router::{router, routes};
pub use routes::Route;
pub use state::AppState;
pub use webhooks::{Delivered, Next, Receiver, SecretError, Webhook, WebhookSecret, deliver, retry_delay};
