//! The only way out of the server: requests to addresses that users name.
//!
//! Whoever may set a webhook could otherwise make this process ask what only this process can reach: a database on
//! loopback, the metadata of a cloud, a neighbour in the private network. So the URL is parsed once and sent as
//! parsed; a name is resolved once, when its connection is made, and is refused if any of its addresses is not public;
//! redirects and proxies are not followed.

mod address;
mod allowed;
mod builder;
mod error;
mod resolver;
mod target;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response};

use allowed::Allowed;
pub use builder::OutboundBuilder;
pub use error::OutboundError;
pub use resolver::Resolver;
use target::Target;

/// How much of an answer is read, in bytes.
const ANSWER_BYTES: usize = 1024;

/// Sends requests to receivers that users name, and to no private address.
///
/// ```
/// use eval_server::{Outbound, OutboundError};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let outbound = Outbound::builder().allow(["hooks.corp.example:8080"]).build()?;
/// let refused = outbound.check("http://169.254.169.254/latest/meta-data/").await;
/// assert!(matches!(refused, Err(OutboundError::NotPublic { .. })));
/// # Ok::<(), OutboundError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Connects to public addresses alone.
    public: Client,
    /// Connects to whatever the names of allowed receivers lead to.
    internal: Option<Client>,
    allowed: Allowed,
    resolver: Arc<dyn Resolver>,
    timeout: Duration,
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The header `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// The body as text, as far as it was read: at most 1,024 bytes.
    pub text: String,
}

impl Outbound {
    /// Begins with no allowed receivers, 15 seconds for a request and the resolver of the system.
    pub fn builder() -> OutboundBuilder {
        OutboundBuilder::default()
    }

    /// Says whether a URL could be asked, as far as that is known without asking for the addresses of its name: for who
    /// reads settings.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Url`] or [`OutboundError::NotPublic`].
    pub fn check_url(&self, url: &str) -> Result<(), OutboundError> {
        let target = Target::parse(url)?;
        if self.allowed.holds(&target) { Ok(()) } else { target.check_literal() }
    }

    /// Says whether a URL may be asked now. It is for whoever saves one, who wants to hear it at once; sending checks
    /// again, because a name may lead elsewhere by then.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Url`], [`OutboundError::NotPublic`] or [`OutboundError::Unresolved`].
    pub async fn check(&self, url: &str) -> Result<(), OutboundError> {
        let target = Target::parse(url)?;
        if self.allowed.holds(&target) {
            return Ok(());
        }
        target.check_literal()?;
        if target.is_name() {
            let found = tokio::time::timeout(self.timeout, resolver::public(&*self.resolver, target.host())).await;
            found.map_err(|_| OutboundError::Timeout { host: target.host().to_owned(), after: self.timeout })??;
        }
        Ok(())
    }

    /// Posts JSON and reads at most 1,024 bytes of the answer, whatever its status; redirects are answers.
    ///
    /// # Errors
    ///
    /// An [`OutboundError`]; nothing was connected to unless it is `Timeout` or `Network`.
    pub async fn post(&self, url: &str, headers: HeaderMap, json: Vec<u8>) -> Result<Answer, OutboundError> {
        let target = Target::parse(url)?;
        let client = match &self.internal {
            Some(internal) if self.allowed.holds(&target) => internal,
            _ => {
                target.check_literal()?;
                &self.public
            }
        };
        let request = client.post(target.url().clone()).headers(headers).body(json);
        let response = request.send().await.map_err(|error| self.broken(&target, error))?;
        self.read(response).await.map_err(|error| self.broken(&target, error))
    }

    async fn read(&self, mut response: Response) -> Result<Answer, reqwest::Error> {
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::with_capacity(ANSWER_BYTES);
        while body.len() < ANSWER_BYTES {
            let Some(chunk) = response.chunk().await? else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES - body.len())]);
        }
        Ok(Answer { status, retry_after, text: String::from_utf8_lossy(&body).into_owned() })
    }

    /// The URL is left out of errors: the path of a webhook is often its password.
    fn broken(&self, target: &Target, error: reqwest::Error) -> OutboundError {
        let host = target.host().to_owned();
        if let Some(refused) = refusal(&error) {
            refused.clone()
        } else if error.is_timeout() {
            OutboundError::Timeout { host, after: self.timeout }
        } else {
            OutboundError::Network { host, source: Arc::new(error.without_url()) }
        }
    }
}

/// What our resolver said, wherever the client has put it.
fn refusal(error: &reqwest::Error) -> Option<&OutboundError> {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(refused) = source.downcast_ref() {
            return Some(refused);
        }
        next = source.source();
    }
    None
}
