//! Who may do what.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Secret, SecretHash, TokenId};
use crate::{BoxError, StoreError, Timestamp, clock};

/// What a token allows. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To read.
    Read,
    /// To start runs, and to stop them.
    Run,
    /// To delete, and to change what others rely on.
    Admin,
}

names!(Scope { Read = "read", Run = "run", Admin = "admin" });

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Its secret is another one.
    Wrong,
    /// It was revoked.
    Revoked,
    /// Its time is over.
    Expired,
}

/// What is kept of a token: never its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// The part that may be seen.
    pub id: TokenId,
    /// What it is for, in the words of who made it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// The hash of its secret.
    pub hash: SecretHash,
    /// When it was made (UTC).
    pub created: Timestamp,
    /// From when on it opens nothing (UTC); `None` for never.
    pub expires: Option<Timestamp>,
    /// When it last opened something (UTC).
    pub last_used: Option<Timestamp>,
    /// When it was revoked (UTC).
    pub revoked: Option<Timestamp>,
}

impl Token {
    /// A token that is made now, and what to show to its user once.
    ///
    /// ```
    /// use eval_core::Timestamp;
    /// use eval_core::server::{Refusal, Scope, Secret, Token};
    ///
    /// let (token, secret) = Token::issue("nightly", Scope::Run)?;
    /// let shown = secret.reveal(); // evh_0123456789abcdef_…
    /// let now = Timestamp::now();
    /// assert_eq!(token.admits(&shown.parse()?, now), Ok(Scope::Run));
    /// assert_eq!(token.admits(&Secret::generate()?, now), Err(Refusal::Wrong));
    /// # Ok::<(), eval_core::BoxError>(())
    /// ```
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn issue(name: impl Into<String>, scope: Scope) -> Result<(Self, Secret), BoxError> {
        let secret = Secret::generate()?;
        let token = Self::from_parts(secret.id().clone(), name, scope, secret.hash(), clock::now());
        Ok((token, secret))
    }

    /// A token that was written down: for stores that read rows. Not expiring, not used, not revoked.
    pub fn from_parts(
        id: TokenId,
        name: impl Into<String>,
        scope: Scope,
        hash: SecretHash,
        created: Timestamp,
    ) -> Self {
        Self { id, name: name.into(), scope, hash, created, expires: None, last_used: None, revoked: None }
    }

    /// The same token, which opens nothing from this time on (UTC).
    pub fn expires(mut self, at: Timestamp) -> Self {
        self.expires = Some(at);
        self
    }

    /// What the bearer of this secret may do. The hashes are compared in constant time, and before anything else is
    /// told about the token.
    ///
    /// # Errors
    /// Why nothing.
    pub fn admits(&self, secret: &Secret, now: Timestamp) -> Result<Scope, Refusal> {
        match self {
            _ if self.hash != secret.hash() || self.id != *secret.id() => Err(Refusal::Wrong),
            _ if self.revoked.is_some() => Err(Refusal::Revoked),
            _ if self.expires.is_some_and(|expires| expires <= now) => Err(Refusal::Expired),
            _ => Ok(self.scope),
        }
    }
}

/// Keeps tokens.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Tokens: Send + Sync + 'static {
    /// Stores a new token. To repeat a call changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn put_token(&self, token: &Token) -> Result<(), StoreError>;

    /// The token of this id, whether it still opens something or not.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn token(&self, id: &TokenId) -> Result<Option<Token>, StoreError>;

    /// All tokens, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    async fn tokens(&self) -> Result<Vec<Token>, StoreError>;

    /// Writes down that a token opened something. An earlier time than the one that stands changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn used(&self, id: &TokenId, at: Timestamp) -> Result<(), StoreError>;

    /// Revokes a token for good, and says whether there is such a token. The first time stands.
    ///
    /// # Errors
    /// [`StoreError`] when nothing is stored.
    async fn revoke(&self, id: &TokenId, at: Timestamp) -> Result<bool, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Tokens + ?Sized> Tokens for Arc<S> {
    async fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        (**self).put_token(token).await
    }

    async fn token(&self, id: &TokenId) -> Result<Option<Token>, StoreError> {
        (**self).token(id).await
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        (**self).tokens().await
    }

    async fn used(&self, id: &TokenId, at: Timestamp) -> Result<(), StoreError> {
        (**self).used(id, at).await
    }

    async fn revoke(&self, id: &TokenId, at: Timestamp) -> Result<bool, StoreError> {
        (**self).revoke(id, at).await
    }
}
