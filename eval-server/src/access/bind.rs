//! Where it is listened: at loopback, or nowhere without a token.

use std::io;
use std::net::SocketAddr;

use eval_core::server::{Audit, AuditEntry, Scope, Secret, Token, Tokens};
use eval_core::{BoxError, StoreError, Timestamp};
use thiserror::Error;
use tokio::net::{TcpListener, lookup_host};

/// Why it is not listened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// The text is no address, or no machine has the name.
    #[error("cannot listen at {address:?}: expected HOST:PORT, for instance 127.0.0.1:8080")]
    Address {
        /// What was given.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// Others than this machine could connect, and whoever did would find no token that could have been asked for.
    #[error("{address} can be reached from other machines, and no token is there to ask for: make one first")]
    Unguarded {
        /// Where.
        address: SocketAddr,
    },
    /// The store cannot say whether there is a token.
    #[error("cannot read the tokens")]
    Store(#[from] StoreError),
    /// The system refuses, for instance because somebody else listens there.
    #[error("cannot listen at {address}")]
    Io {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A socket that is listened at.
#[derive(Debug)]
#[non_exhaustive]
pub struct Bound {
    /// The socket.
    pub listener: TcpListener,
    /// Its address, with the port that the system chose where 0 was asked for.
    pub address: SocketAddr,
}

/// Listens at `HOST:PORT`. An address that is not loopback is refused before any socket is opened while no token of the
/// store opens anything: there is no way around it.
///
/// # Errors
/// [`BindError`] when it is not listened.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use eval_core::InMemory;
/// use eval_server::{BindError, bind};
///
/// assert!(matches!(bind("0.0.0.0:0", &InMemory::new()).await, Err(BindError::Unguarded { .. })));
/// assert_ne!(bind("127.0.0.1:0", &InMemory::new()).await?.address.port(), 0);
/// # Ok::<(), BindError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn bind(address: &str, tokens: &(impl Tokens + ?Sized)) -> Result<Bound, BindError> {
    let unknown = |source| BindError::Address { address: address.to_owned(), source };
    let found: Vec<SocketAddr> = lookup_host(address).await.map_err(unknown)?.collect();
    // What was checked is what is bound: the name is not asked again.
    let first = *found.first().ok_or_else(|| unknown(io::ErrorKind::NotFound.into()))?;
    let open = found.iter().find(|found| !found.ip().to_canonical().is_loopback());
    if let Some(open) = open
        && !guarded(tokens).await?
    {
        return Err(BindError::Unguarded { address: *open });
    }
    let refused = |source| BindError::Io { address: first, source };
    let listener = TcpListener::bind(&found[..]).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok(Bound { listener, address })
}

/// Whether any token opens anything.
async fn guarded(tokens: &(impl Tokens + ?Sized)) -> Result<bool, StoreError> {
    let now = Timestamp::now();
    let opens = |token: &Token| token.revoked.is_none() && token.expires.is_none_or(|expires| expires > now);
    Ok(tokens.tokens().await?.iter().any(opens))
}

/// The first token of a store that has none at all, not even one that opens nothing any more: with the scope admin, and
/// written into the audit log. It is to be shown once.
///
/// # Errors
/// When the store or the randomness of the system is not available.
pub async fn first_token(books: &(impl Tokens + Audit + ?Sized)) -> Result<Option<Secret>, BoxError> {
    if !books.tokens().await?.is_empty() {
        return Ok(None);
    }
    let (token, secret) = Token::issue("first start", Scope::Admin)?;
    books.record(&AuditEntry::new("first start", "token.create", token.id.as_str()).detail("scope", "admin")).await?;
    books.put_token(&token).await?;
    Ok(Some(secret))
}
