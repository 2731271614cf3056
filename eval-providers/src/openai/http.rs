//! One HTTP exchange: with a deadline, a cap on the body, and no redirects.

use std::error::Error;
use std::time::Duration;

use eval_core::{ProviderError, ProviderErrorKind};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Request, Response, StatusCode, Url, redirect};

use crate::awake::within;

/// What came back, read to its end.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A request with this body.
pub(crate) fn request(method: Method, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Request {
    let mut request = Request::new(method, url.clone());
    *request.headers_mut() = headers;
    if !body.is_empty() {
        *request.body_mut() = Some(body.into());
    }
    request
}

/// The one connection pool of a client.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    host: String,
    timeout: Duration,
    max_body_bytes: usize,
}

impl Http {
    pub(crate) fn new(
        host: String,
        timeout: Duration,
        connect_timeout: Duration,
        max_body_bytes: usize,
    ) -> Result<Self, ProviderError> {
        let client = Client::builder()
            .connect_timeout(connect_timeout)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(usize::MAX)
            .redirect(redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("eval-providers/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                ProviderError::new(ProviderErrorKind::Config, "the HTTP client cannot be set up").with_source(error)
            })?;
        Ok(Self { client, host, timeout, max_body_bytes })
    }

    /// Sends a request and reads the answer to its end, whatever its status.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Received, ProviderError> {
        let exchange = within(self.timeout, self.send_and_read(request));
        exchange.await.unwrap_or_else(|| {
            let message = format!("no whole answer from {} within {:?}", self.host, self.timeout);
            Err(ProviderError::new(ProviderErrorKind::Timeout, message))
        })
    }

    async fn send_and_read(&self, request: Request) -> Result<Received, ProviderError> {
        let mut response = self.client.execute(request).await.map_err(|error| self.broken(error))?;
        let body = self.body(&mut response).await?;
        let status = response.status();
        Ok(Received { status, headers: std::mem::take(response.headers_mut()), body })
    }

    async fn body(&self, response: &mut Response) -> Result<Vec<u8>, ProviderError> {
        let announced = response.content_length().map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced > self.max_body_bytes {
            return Err(self.too_large());
        }
        let mut body = Vec::with_capacity(announced);
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(error))? {
            if body.len() + chunk.len() > self.max_body_bytes {
                return Err(self.too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn too_large(&self) -> ProviderError {
        let message = format!("the answer is larger than {} bytes", self.max_body_bytes);
        ProviderError::new(ProviderErrorKind::Malformed, message)
    }

    fn broken(&self, error: reqwest::Error) -> ProviderError {
        let (kind, what) = if error.is_connect() {
            (ProviderErrorKind::Network, "cannot connect to")
        } else if error.is_builder() {
            (ProviderErrorKind::Config, "cannot make a request for")
        } else if is_garbage(&error) {
            (ProviderErrorKind::Malformed, "cannot decompress the answer of")
        } else {
            (ProviderErrorKind::Network, "the connection broke:")
        };
        let message = match cause(&error) {
            Some(cause) => format!("{what} {} ({cause})", self.host),
            None => format!("{what} {}", self.host),
        };
        // The source is shown to people, and a URL may lead where they should not look.
        ProviderError::new(kind, message).with_source(error.without_url())
    }
}

/// Whether the bytes came, but cannot be decompressed.
fn is_garbage(error: &reqwest::Error) -> bool {
    let corrupt = [std::io::ErrorKind::InvalidInput, std::io::ErrorKind::InvalidData];
    io_kind(error).is_some_and(|kind| corrupt.contains(&kind))
}

/// The cause in two or three words, for records that keep the message only.
fn cause(error: &reqwest::Error) -> Option<String> {
    if error.is_timeout() {
        return Some("timed out".to_owned());
    }
    if error.is_dns() {
        return Some("the name is unknown".to_owned());
    }
    io_kind(error).map(|kind| kind.to_string())
}

fn io_kind(error: &reqwest::Error) -> Option<std::io::ErrorKind> {
    let mut source = error.source();
    let mut kind = None;
    while let Some(error) = source {
        kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or(kind);
        source = error.source();
    }
    kind
}
