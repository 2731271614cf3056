//! How outgoing requests are set up.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, redirect};

use super::allowed::Allowed;
use super::resolver::{Guard, System};
use super::{Outbound, OutboundError, Resolver};

const TIMEOUT: Duration = Duration::from_secs(15);

/// Sets up [`Outbound`].
#[derive(Debug, Clone)]
pub struct OutboundBuilder {
    allowed: Vec<String>,
    timeout: Duration,
    resolver: Arc<dyn Resolver>,
}

impl Default for OutboundBuilder {
    fn default() -> Self {
        Self { allowed: Vec::new(), timeout: TIMEOUT, resolver: Arc::new(System) }
    }
}

impl OutboundBuilder {
    /// Receivers inside that may be asked although their addresses are not public, each as `host:port`, exactly as
    /// their URLs name them. Default: none.
    pub fn allow<S: Into<String>>(mut self, receivers: impl IntoIterator<Item = S>) -> Self {
        self.allowed.extend(receivers.into_iter().map(Into::into));
        self
    }

    /// How long a request may take, from resolving the name to the end of the answer. Default: 15 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Who knows the addresses of names. Default: the system.
    pub fn resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Checks the list of receivers and sets up the client.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Allowed`] for an entry that is no host with a port, [`OutboundError::Client`].
    pub fn build(self) -> Result<Outbound, OutboundError> {
        let allowed = Allowed::parse(&self.allowed)?;
        let public = self.client(true)?;
        let internal = if allowed.is_empty() { None } else { Some(self.client(false)?) };
        Ok(Outbound { public, internal, allowed, resolver: self.resolver, timeout: self.timeout })
    }

    /// No connection is kept: each request resolves its name and is checked. A proxy would resolve it again by itself.
    fn client(&self, public_only: bool) -> Result<Client, OutboundError> {
        let json = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Client::builder()
            .dns_resolver(Arc::new(Guard { resolver: self.resolver.clone(), public_only }))
            .timeout(self.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .no_gzip()
            .http1_only()
            .referer(false)
            .pool_max_idle_per_host(0)
            .default_headers(json)
            .user_agent(concat!("eval-server/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OutboundError::Client { source: Arc::new(error) })
    }
}
