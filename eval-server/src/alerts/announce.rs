//! From alerts to notices.

use eval_core::server::{AckKind, Alert, AlertId, Notice, NoticeKind};
use eval_core::{HistoryKey, StoreError, Timestamp};

use super::history::alert_key;
use super::{Alerts, Message};

impl Alerts {
    /// Makes notices of the alerts of which nobody was told yet, once they have waited for others. Those that a person
    /// answered stay quiet, and so does what was told not long ago.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn announce(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.channels.is_empty() {
            return Ok(());
        }
        let mut ready = Vec::new();
        for alert in self.open().await?.into_values().filter(|alert| alert.notified.is_none() && !alert.is_quiet(now)) {
            if !self.is_held_back(&alert, now).await? {
                ready.push(alert);
            }
        }
        if !self.have_waited(!ready.is_empty(), now) {
            return Ok(());
        }
        let mut messages = Vec::with_capacity(ready.len());
        for alert in ready {
            messages.push((alert.id, self.opened(&alert, now).await?));
        }
        for (alerts, message) in self.grouped(messages, NoticeKind::Opened, now) {
            let notices = self.notices(&alerts, NoticeKind::Opened, &message, now);
            self.books.announce(&alerts, &notices, now).await?;
        }
        Ok(())
    }

    /// Ends alerts. People hear of it who heard of the beginning. The news are written down first: who is killed between
    /// does both again, under the same ids.
    pub(super) async fn end(&self, over: Vec<(Alert, String)>, now: Timestamp) -> Result<(), StoreError> {
        let mut messages = Vec::new();
        for (alert, why) in &over {
            let muted = alert.ack.as_ref().is_some_and(|ack| ack.kind == AckKind::Mute) && alert.is_quiet(now);
            if alert.notified.is_some() && !muted {
                let run = self.run(alert.finding.run).await?;
                messages.push((alert.id, Message::recovered(alert, run.as_ref(), why, &self.links, now)));
            }
        }
        for (alerts, message) in self.grouped(messages, NoticeKind::Recovered, now) {
            let notices = self.notices(&alerts, NoticeKind::Recovered, &message, now);
            self.books.announce(&[], &notices, now).await?;
        }
        for (alert, _) in over {
            self.books.recover(&alert.finding.key, now).await?;
        }
        Ok(())
    }

    /// What is told of each of them, or of all at once where they are many.
    fn grouped(
        &self,
        messages: Vec<(AlertId, Message)>,
        kind: NoticeKind,
        now: Timestamp,
    ) -> Vec<(Vec<AlertId>, Message)> {
        if messages.len() <= self.settings.digest.max(1) {
            return messages.into_iter().map(|(id, message)| (vec![id], message)).collect();
        }
        let (ids, messages): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        vec![(ids, Message::digest(messages, kind, &self.links, now))]
    }

    fn notices(&self, alerts: &[AlertId], kind: NoticeKind, message: &Message, now: Timestamp) -> Vec<Notice> {
        let body = serde_json::to_string(message).unwrap_or_default();
        self.channels.iter().map(|channel| Notice::new(alerts.to_vec(), channel.name(), kind, &*body, now)).collect()
    }

    /// What is told of an alert: what the detector reported of the run in which it was seen last.
    async fn opened(&self, alert: &Alert, now: Timestamp) -> Result<Message, StoreError> {
        let run = self.run(alert.finding.run).await?;
        let found = match &run {
            Some(run) => Some(self.found(run.clone()).await?),
            None => None,
        };
        let history = run.as_ref().map(HistoryKey::of);
        let is_it = |key: &str| key == alert.finding.key;
        let report = found
            .iter()
            .flat_map(|found| &found.reports)
            .find(|report| history.as_ref().is_some_and(|history| is_it(&alert_key(history, report.measure))));
        Ok(Message::opened(alert, run.as_ref(), report, &self.links, now))
    }

    /// Whether the alert of this key before it was told not long ago, or a person wanted to hear no more of it.
    async fn is_held_back(&self, alert: &Alert, now: Timestamp) -> Result<bool, StoreError> {
        let Some(earlier) = self.earlier(alert).await? else { return Ok(false) };
        let muted = earlier
            .ack
            .as_ref()
            .is_some_and(|ack| ack.kind == AckKind::Mute && ack.until.is_some_and(|until| now < until));
        let cooling = |told: Timestamp| now.duration_since(told).unsigned_abs() < self.settings.cooldown && told <= now;
        Ok(muted || earlier.notified.is_some_and(cooling))
    }

    /// Whether what waits has waited long enough for others.
    fn have_waited(&self, is_any: bool, now: Timestamp) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let since = *waiting.get_or_insert(now);
        let done = is_any && now.duration_since(since).unsigned_abs() >= self.settings.gather;
        if !is_any || done {
            *waiting = None;
        }
        done
    }
}
