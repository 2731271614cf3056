//! Why nothing was sent, or nothing came back.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// Why a receiver was not asked or did not answer. It names the host and never the rest of the URL, which is often a
/// password.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// The URL cannot be asked; another attempt would end the same.
    #[error("the URL of a receiver {why}; expected http://… or https://… without user and password")]
    Url {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The host is, or leads to, an address that is not public.
    #[error(
        "{host} leads to an address that is not public ({why}); a receiver inside needs host:port in the list of allowed ones"
    )]
    NotPublic {
        /// The host of the URL.
        host: String,
        /// What the address is for, for instance `loopback`.
        why: &'static str,
    },
    /// Nobody knows an address of the host. It may be known later.
    #[error("no address of {host} is known")]
    Unresolved {
        /// The host of the URL.
        host: String,
        /// What the resolver said; `None` when it knew the name, but no address.
        #[source]
        source: Option<Arc<std::io::Error>>,
    },
    /// There was no whole answer in time.
    #[error("no answer from {host} within {after:?}")]
    Timeout {
        /// The host of the URL.
        host: String,
        /// The limit.
        after: Duration,
    },
    /// The connection was refused or broke.
    #[error("the connection to {host} failed")]
    Network {
        /// The host of the URL.
        host: String,
        /// What happened.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// An entry of the list of allowed receivers is no host with a port.
    #[error(
        "the allowed receiver {entry:?} is no host:port; expected for instance hooks.corp.example:8080, no wildcard"
    )]
    Allowed {
        /// The entry.
        entry: String,
    },
    /// The HTTP client cannot be set up.
    #[error("the HTTP client for outgoing requests cannot be set up")]
    Client {
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl OutboundError {
    /// Whether another attempt may end otherwise although nobody changes anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unresolved { .. } | Self::Timeout { .. } | Self::Network { .. })
    }
}
