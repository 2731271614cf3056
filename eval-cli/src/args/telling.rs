//! Verbs about receivers of webhooks.

use clap::Subcommand;

pub(super) const WEBHOOKS_EXAMPLES: &str = "\
Examples:
  evalctl webhooks secret                 a new secret, for a receiver of evalctl.toml
  evalctl webhooks list                   the receivers, and what became of the last news
  evalctl webhooks test ci                sends a webhook of the type `test`, and says what came back
  evalctl webhooks resend msg_4f3a21...   a server sends it again, under the same id";

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum WebhooksVerb {
    /// The receivers of evalctl.toml, and what became of the last news
    List,
    /// Send a webhook of the type `test` to a receiver, once
    Test {
        /// The receiver
        name: String,
    },
    /// Let a server send a delivery again, whatever became of it
    Resend {
        /// The delivery, as a webhook-id or GET /api/v1/deliveries tells it
        id: String,
    },
    /// Make a new secret, and keep it nowhere
    Secret,
}
