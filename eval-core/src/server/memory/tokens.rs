//! Tokens in memory.

use async_trait::async_trait;

use crate::server::{Token, TokenId, Tokens};
use crate::store::lock;
use crate::{InMemory, StoreError, Timestamp};

#[async_trait]
impl Tokens for InMemory {
    async fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        lock(&self.server.tokens).entry(token.id.clone()).or_insert_with(|| token.clone());
        Ok(())
    }

    async fn token(&self, id: &TokenId) -> Result<Option<Token>, StoreError> {
        Ok(lock(&self.server.tokens).get(id).cloned())
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let mut all: Vec<_> = lock(&self.server.tokens).values().cloned().collect();
        all.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(all)
    }

    async fn used(&self, id: &TokenId, at: Timestamp) -> Result<(), StoreError> {
        if let Some(token) = lock(&self.server.tokens).get_mut(id) {
            token.last_used = token.last_used.max(Some(at));
        }
        Ok(())
    }

    async fn revoke(&self, id: &TokenId, at: Timestamp) -> Result<bool, StoreError> {
        let mut tokens = lock(&self.server.tokens);
        Ok(tokens.get_mut(id).map(|token| token.revoked.get_or_insert(at)).is_some())
    }
}
