//! Alerts for a program: a webhook per Standard Webhooks.

use eval_core::Timestamp;
use eval_core::async_trait;
use serde_json::json;

use super::channel::{Channel, Told};
use super::message::{Message, Tone};
use crate::outbound::Outbound;
use crate::webhooks::{Next, Receiver, Webhook, deliver};

/// A program that is told of alerts: `{"type": "alert.opened", "timestamp": …, "data": {…}}`, signed.
#[derive(Debug)]
pub struct AlertHook {
    receiver: Receiver,
    outbound: Outbound,
}

impl AlertHook {
    /// The program at this receiver.
    pub fn new(receiver: Receiver, outbound: Outbound) -> Self {
        Self { receiver, outbound }
    }
}

#[async_trait]
impl Channel for AlertHook {
    fn name(&self) -> &str {
        "webhook"
    }

    async fn tell(&self, id: &str, message: &Message, now: Timestamp) -> Told {
        let delivered = deliver(&self.outbound, &self.receiver, &webhook(id, message), now).await;
        match delivered.failure {
            None => Told::taken(delivered.answer),
            // Gone (410): nobody is there for this one.
            Some(why) => {
                let next = if delivered.next == Next::Disable { Next::GiveUp } else { delivered.next };
                Told { answer: delivered.answer, ..Told::failed(next, why) }
            }
        }
    }
}

fn webhook(id: &str, message: &Message) -> Webhook {
    let kind = match message.tone {
        Tone::Bad => "alert.opened",
        Tone::Over => "alert.recovered",
        Tone::Test => "alert.test",
    };
    let event = json!({"type": kind, "timestamp": message.at, "data": message});
    Webhook::new(id.to_owned(), event.to_string().into_bytes())
}
