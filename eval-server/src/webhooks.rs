//! Webhooks after the Standard Webhooks specification 1.0.0 (`standardwebhooks.com`): what is sent, its signature, one
//! attempt to deliver it, and when the next one is due. What was delivered is remembered elsewhere.

mod delivery;
mod receiver;
mod schedule;
mod secret;
mod signature;
mod webhook;

pub(crate) use delivery::pause;
pub use delivery::{Delivered, Next, deliver};
pub use receiver::Receiver;
pub use schedule::retry_delay;
pub use secret::{SecretError, WebhookSecret};
pub use webhook::Webhook;
