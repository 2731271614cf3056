//! Webhooks after the Standard Webhooks specification 1.0.0 (`standardwebhooks.com`): what is sent, its signature, one
//! attempt to deliver it, when the next one is due, and the loop that sends what a store says is due.

mod delivery;
mod dispatcher;
mod receiver;
mod receivers;
pub(crate) mod routes;
mod schedule;
mod secret;
mod signature;
mod webhook;

pub(crate) use delivery::pause;
pub use delivery::{Delivered, Next, deliver};
pub use dispatcher::Dispatcher;
pub use receiver::Receiver;
pub use receivers::{CallbackError, Webhooks};
pub use schedule::retry_delay;
pub use secret::{SecretError, WebhookSecret};
pub use webhook::Webhook;
