//! Notices in memory.

use async_trait::async_trait;

use crate::server::{AlertId, Attempted, Notice, NoticeId, NoticeQuery, Notices};
use crate::store::lock;
use crate::{InMemory, StoreError, Timestamp};

#[async_trait]
impl Notices for InMemory {
    async fn announce(&self, first: &[AlertId], notices: &[Notice], at: Timestamp) -> Result<bool, StoreError> {
        let mut alerts = lock(&self.server.alerts);
        if first.iter().any(|id| alerts.get(id).is_none_or(|alert| alert.notified.is_some())) {
            return Ok(false);
        }
        for id in first {
            alerts.entry(*id).and_modify(|alert| alert.notified = Some(at));
        }
        let mut kept = lock(&self.server.notices);
        for notice in notices {
            kept.entry(notice.id.clone()).or_insert_with(|| notice.clone());
        }
        Ok(true)
    }

    async fn take_notices(
        &self,
        channel: &str,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        let mut notices = lock(&self.server.notices);
        let due = notices.values_mut().filter(|notice| notice.channel == channel && notice.is_due(now));
        let mut due: Vec<&mut Notice> = due.collect();
        due.sort_by(|a, b| (a.next, &a.id).cmp(&(b.next, &b.id)));
        due.truncate(limit);
        Ok(due
            .into_iter()
            .map(|notice| {
                notice.next = Some(until);
                notice.clone()
            })
            .collect())
    }

    async fn attempted(&self, id: &NoticeId, end: &Attempted) -> Result<Option<Notice>, StoreError> {
        let mut notices = lock(&self.server.notices);
        Ok(notices.get_mut(id).map(|notice| {
            notice.attempted(end);
            notice.clone()
        }))
    }

    async fn notices(&self, query: &NoticeQuery) -> Result<Vec<Notice>, StoreError> {
        let notices = lock(&self.server.notices);
        let mut wanted: Vec<Notice> = notices.values().filter(|notice| query.matches(notice)).cloned().collect();
        wanted.sort_by(|a, b| (&a.channel, &a.id).cmp(&(&b.channel, &b.id)));
        wanted.truncate(query.limit);
        Ok(wanted)
    }
}
