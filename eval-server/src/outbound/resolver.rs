//! From names to addresses that may be connected to.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use eval_core::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::OutboundError;
use super::address::not_public;

/// Knows the addresses of names. By default that is the system's own resolver.
#[async_trait]
pub trait Resolver: fmt::Debug + Send + Sync {
    /// All addresses of a host.
    ///
    /// # Errors
    ///
    /// Whatever kept the name from being resolved; nothing is connected to then.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// What the system knows: its files, its cache, its name servers.
#[derive(Debug)]
pub(super) struct System;

#[async_trait]
impl Resolver for System {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// The addresses of a host, all of them.
async fn addresses(resolver: &dyn Resolver, host: &str) -> Result<Vec<IpAddr>, OutboundError> {
    let unresolved = |source| OutboundError::Unresolved { host: host.to_owned(), source };
    let found = resolver.resolve(host).await.map_err(|error| unresolved(Some(Arc::new(error))))?;
    if found.is_empty() { Err(unresolved(None)) } else { Ok(found) }
}

/// The addresses of a host, refused as a whole when one of them is not public: which one is connected to is not ours
/// to say.
pub(super) async fn public(resolver: &dyn Resolver, host: &str) -> Result<Vec<IpAddr>, OutboundError> {
    let found = addresses(resolver, host).await?;
    match found.iter().copied().find_map(not_public) {
        Some(why) => Err(OutboundError::NotPublic { host: host.to_owned(), why }),
        None => Ok(found),
    }
}

/// Resolves for a client, which connects to exactly these addresses.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) public_only: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, public_only) = (self.resolver.clone(), self.public_only);
        Box::pin(async move {
            let host = name.as_str();
            let found = if public_only { public(&*resolver, host).await } else { addresses(&*resolver, host).await };
            // Port 0 stands for that of the URL.
            let addrs: Addrs = Box::new(found?.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addrs)
        })
    }
}
