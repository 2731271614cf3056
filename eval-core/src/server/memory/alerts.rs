//! Alerts in memory.

use async_trait::async_trait;

use crate::server::{Ack, Alert, AlertId, AlertLog, AlertQuery, Finding, Opened};
use crate::store::lock;
use crate::{InMemory, StoreError, Timestamp};

#[async_trait]
impl AlertLog for InMemory {
    async fn open(&self, finding: &Finding, at: Timestamp) -> Result<Opened, StoreError> {
        let mut alerts = lock(&self.server.alerts);
        if let Some(alert) = alerts.values_mut().find(|alert| alert.is_open() && alert.finding.key == finding.key) {
            alert.see(finding.clone(), at);
            return Ok(Opened::new(alert.clone(), at));
        }
        let alert = Alert::new(finding.clone(), at);
        alerts.insert(alert.id, alert.clone());
        Ok(Opened::new(alert, at))
    }

    async fn notified(&self, id: AlertId, at: Timestamp) -> Result<bool, StoreError> {
        let mut alerts = lock(&self.server.alerts);
        Ok(alerts.get_mut(&id).map(|alert| alert.notified = Some(at)).is_some())
    }

    async fn acknowledge(&self, id: AlertId, ack: &Ack) -> Result<Option<Alert>, StoreError> {
        let mut alerts = lock(&self.server.alerts);
        Ok(alerts.get_mut(&id).map(|alert| {
            alert.ack = Some(ack.clone());
            alert.clone()
        }))
    }

    async fn recover(&self, key: &str, at: Timestamp) -> Result<Option<Alert>, StoreError> {
        let mut alerts = lock(&self.server.alerts);
        let mut of_key = alerts.values_mut().rev().filter(|alert| alert.finding.key == key);
        let ends = of_key.find(|alert| alert.is_open() || alert.recovered == Some(at));
        Ok(ends.map(|alert| {
            alert.recovered = Some(at);
            alert.clone()
        }))
    }

    async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        Ok(lock(&self.server.alerts).get(&id).cloned())
    }

    async fn alerts(&self, query: &AlertQuery) -> Result<Vec<Alert>, StoreError> {
        let alerts = lock(&self.server.alerts);
        Ok(alerts.values().rev().filter(|alert| query.matches(alert)).take(query.limit).cloned().collect())
    }
}
