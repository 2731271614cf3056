#![doc = include_str!("../README.md")]

mod error;
mod evaluations;
mod models;
mod outbound;
mod query;
mod router;
mod runs;
mod state;
mod webhooks;

pub use outbound::{Answer, Outbound, OutboundBuilder, OutboundError, Resolver};
pub use router::router;
pub use state::AppState;
pub use webhooks::{Delivered, Next, Receiver, SecretError, Webhook, WebhookSecret, deliver, retry_delay};
