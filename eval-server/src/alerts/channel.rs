//! Through what people are told.

use std::fmt;

use eval_core::Timestamp;
use eval_core::async_trait;

use super::Message;
use crate::webhooks::Next;

/// Through what people are told: a chat, a mailbox, a program.
#[async_trait]
pub trait Channel: fmt::Debug + Send + Sync + 'static {
    /// Its name in records, the same after a restart: `slack`, `email:ops@example.com`.
    fn name(&self) -> &str;

    /// Tells people once. `id` is the same in each attempt, so that a receiver knows what it has seen. It ends within
    /// 30 seconds, whatever the receiver does.
    async fn tell(&self, id: &str, message: &Message, now: Timestamp) -> Told;
}

/// What became of one attempt to tell people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told {
    /// What has to be done now.
    pub next: Next,
    /// Why it failed, for a person; `None` for a success. No secret is in it.
    pub failure: Option<String>,
    /// What the receiver said. It may be hostile: show it as text.
    pub answer: String,
}

impl Told {
    /// The receiver took it and said this.
    pub fn taken(answer: impl Into<String>) -> Self {
        Self { next: Next::Done, failure: None, answer: answer.into() }
    }

    /// The receiver did not take it.
    pub fn failed(next: Next, why: impl Into<String>) -> Self {
        Self { next, failure: Some(why.into()), answer: String::new() }
    }
}
