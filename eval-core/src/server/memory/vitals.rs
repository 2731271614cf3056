//! How the store in memory is.

use async_trait::async_trait;

use crate::server::{Condition, Tally, Vitals};
use crate::store::lock;
use crate::{Attempt, InMemory, StoreError, Timestamp};

#[async_trait]
impl Vitals for InMemory {
    async fn condition(&self) -> Result<Condition, StoreError> {
        Ok(Condition::new("memory"))
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        for job in lock(&self.server.jobs).values() {
            *tally.jobs.entry(job.state).or_default() += 1;
        }
        for delivery in lock(&self.server.deliveries).values() {
            *tally.deliveries.entry(delivery.state).or_default() += 1;
        }
        tally.open_alerts = lock(&self.server.alerts).values().filter(|alert| alert.is_open()).count() as u64;
        Ok(tally)
    }

    async fn latest_attempts(&self, since: Timestamp, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        let mut found = self.newest_attempts(since, limit);
        for end in found.iter_mut().filter_map(|attempt| attempt.end.as_mut()) {
            end.text = None;
        }
        Ok(found)
    }
}
