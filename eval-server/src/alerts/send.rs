//! From notices to people.

use std::time::Duration;

use eval_core::server::{Attempted, Notice};
use eval_core::{StoreError, Timestamp};

use super::{Alerts, Channel, Message, Told};
use crate::webhooks::{Next, retry_delay};

/// How long one attempt may take, whatever a channel promises.
const LONGEST: Duration = Duration::from_secs(45);
/// For how long a notice belongs to who took it: longer than an attempt.
const TAKEN: Duration = Duration::from_secs(90);
/// So many attempts are made, over 17 hours: news of a day ago help nobody.
const ATTEMPTS: u32 = 7;

impl Alerts {
    /// Sends what is due through every channel, one beside the other.
    ///
    /// # Errors
    /// [`StoreError`] of one of them; the others were sent through all the same.
    pub async fn send(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tasks = tokio::task::JoinSet::new();
        for channel in self.channels.clone() {
            let alerts = self.clone();
            tasks.spawn(async move { alerts.send_through(&*channel, now).await });
        }
        let ends = tasks.join_all().await;
        ends.into_iter().collect()
    }

    /// Sends what is due through one channel, one after the other, until one is not taken: the rest waits too then.
    pub(super) async fn send_through(&self, channel: &dyn Channel, now: Timestamp) -> Result<(), StoreError> {
        let until = now.saturating_add(TAKEN).unwrap_or(Timestamp::MAX);
        loop {
            let Some(notice) = self.books.take_notices(channel.name(), now, until, 1).await?.pop() else {
                return Ok(());
            };
            let told = tell(channel, &notice, now).await;
            let end = attempted(&notice, &told, now);
            if let Some(why) = &end.error {
                let left = end.next.is_some();
                tracing::warn!(channel = channel.name(), alert = %notice.id, again = left, "an alert was not taken: {why}");
            }
            let failed = end.error.is_some();
            self.books.attempted(&notice.id, &end).await?;
            if failed {
                return Ok(());
            }
        }
    }

    /// Sends a test message through the channel of this name, or through all, and says what each of them answered, in their
    /// order.
    pub async fn try_channels(&self, name: Option<&str>, now: Timestamp) -> Vec<(String, Told)> {
        let message = Message::test(now);
        let id = format!("test_{}", now.as_microsecond());
        let mut answers = Vec::new();
        for channel in self.channels.iter().filter(|channel| name.is_none_or(|name| is_called(channel.name(), name))) {
            let told = tokio::time::timeout(LONGEST, channel.tell(&id, &message, now)).await;
            answers.push((channel.name().to_owned(), told.unwrap_or_else(|_| late())));
        }
        answers
    }
}

/// `email` is all recipients, `email:ops@example.com` one.
fn is_called(channel: &str, name: &str) -> bool {
    channel == name || channel.split_once(':').is_some_and(|(kind, _)| kind == name)
}

async fn tell(channel: &dyn Channel, notice: &Notice, now: Timestamp) -> Told {
    let Ok(message) = serde_json::from_str(&notice.body) else {
        return Told::failed(Next::GiveUp, "it was written by another version of the server");
    };
    let told = tokio::time::timeout(LONGEST, channel.tell(notice.id.as_str(), &message, now)).await;
    told.unwrap_or_else(|_| late())
}

fn late() -> Told {
    Told::failed(Next::Retry { not_before: None }, format!("no answer within {LONGEST:?}"))
}

fn attempted(notice: &Notice, told: &Told, now: Timestamp) -> Attempted {
    let failures = notice.attempts + 1;
    let Some(why) = &told.failure else { return Attempted::taken(now) };
    let next = match told.next {
        Next::Retry { not_before } if failures < ATTEMPTS => retry_delay(notice.id.as_str(), failures)
            .map(|pause| now.saturating_add(pause.max(not_before.unwrap_or_default())).unwrap_or(Timestamp::MAX)),
        _ => None,
    };
    Attempted::refused(now, why, next)
}
