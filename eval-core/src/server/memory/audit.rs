//! The audit log in memory.

use async_trait::async_trait;

use crate::server::{Audit, AuditEntry, AuditQuery};
use crate::store::lock;
use crate::{InMemory, StoreError};

#[async_trait]
impl Audit for InMemory {
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        lock(&self.server.audit).entry(entry.id).or_insert_with(|| entry.clone());
        Ok(())
    }

    async fn entries(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let all = lock(&self.server.audit);
        Ok(all.values().rev().filter(|entry| query.matches(entry)).take(query.limit).cloned().collect())
    }
}
