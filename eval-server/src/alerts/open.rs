//! The alerts that last.

use std::collections::BTreeMap;

use eval_core::StoreError;
use eval_core::server::{Alert, AlertQuery};

use super::Alerts;

impl Alerts {
    /// The alerts that last, by key.
    pub(super) async fn open(&self) -> Result<BTreeMap<String, Alert>, StoreError> {
        let mut query = AlertQuery::default();
        (query.open, query.limit) = (Some(true), 500);
        let mut all = BTreeMap::new();
        loop {
            let page = self.books.alerts(&query).await?;
            let Some(last) = page.last() else { return Ok(all) };
            query.before = Some(last.id);
            all.extend(page.into_iter().map(|alert| (alert.finding.key.clone(), alert)));
        }
    }

    /// The alert of this key before this one.
    pub(super) async fn earlier(&self, alert: &Alert) -> Result<Option<Alert>, StoreError> {
        let mut query = AlertQuery::default();
        (query.key, query.before, query.limit) = (Some(alert.finding.key.clone()), Some(alert.id), 1);
        Ok(self.books.alerts(&query).await?.pop())
    }
}
