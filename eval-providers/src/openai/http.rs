//! One HTTP exchange: with deadlines, a cap on the body, and no redirects.

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

/// How long an exchange and its parts may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// Connecting alone.
    pub(crate) connect: Duration,
    /// From the request to the head of the answer, connecting included.
    pub(crate) first_byte: Duration,
    /// Between two pieces of the body.
    pub(crate) idle: Duration,
    /// All of it.
    pub(crate) total: Duration,
}

impl Deadlines {
    /// The same for all.
    pub(crate) fn of(deadline: Duration) -> Self {
        Self { connect: deadline, first_byte: deadline, idle: deadline, total: deadline }
    }
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
    deadlines: Deadlines,
    max_body_bytes: usize,
}

impl Http {
    pub(crate) fn new(host: String, deadlines: Deadlines, max_body_bytes: usize) -> Result<Self, ProviderError> {
        let client = Client::builder()
            .connect_timeout(deadlines.connect)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(usize::MAX)
            .redirect(redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("eval-providers/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                ProviderError::new(ProviderErrorKind::Config, "the HTTP client cannot be set up").with_source(error)
            })?;
        Ok(Self { client, host, deadlines, max_body_bytes })
    }

    /// Sends a request and reads the answer to its end, whatever its status.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Received, ProviderError> {
        let total = self.deadlines.total;
        let exchange = within(total, self.send_and_read(request));
        exchange.await.unwrap_or_else(|| Err(late(format!("no whole answer from {} within {total:?}", self.host))))
    }

    async fn send_and_read(&self, request: Request) -> Result<Received, ProviderError> {
        let first_byte = self.deadlines.first_byte;
        let response = within(first_byte, self.client.execute(request)).await;
        let response = response.ok_or_else(|| late(format!("no answer from {} within {first_byte:?}", self.host)))?;
        let mut response = response.map_err(|error| self.broken(error))?;
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
        while let Some(chunk) = self.chunk(response).await? {
            let chunk = chunk.as_ref();
            if body.len() + chunk.len() > self.max_body_bytes {
                return Err(self.too_large());
            }
            body.extend_from_slice(chunk);
        }
        Ok(body)
    }

    async fn chunk(&self, response: &mut Response) -> Result<Option<impl AsRef<[u8]>>, ProviderError> {
        let idle = self.deadlines.idle;
        let chunk = within(idle, response.chunk()).await;
        let chunk =
            chunk.ok_or_else(|| late(format!("{} stopped in the middle of its answer for {idle:?}", self.host)))?;
        chunk.map_err(|error| self.broken(error))
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
        let unsent = error.is_connect();
        // The source is shown to people, and a URL may lead where they should not look.
        let error = ProviderError::new(kind, message).with_source(error.without_url());
        if unsent { error.with_unsent() } else { error }
    }
}

fn late(message: String) -> ProviderError {
    ProviderError::new(ProviderErrorKind::Timeout, message)
}

/// Whether the bytes came, but cannot be decompressed. What is wrong on the wire has an error of the connection in
/// between.
fn is_garbage(error: &reqwest::Error) -> bool {
    error.is_decode() && error.source().is_some_and(|source| source.is::<std::io::Error>())
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
