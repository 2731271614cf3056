//! The loop that takes connections: bounded in how many, in how long each may take, and in how long it goes on after it
//! was asked to stop.

mod connections;
mod counted;
mod patient;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use connections::{Connections, Place};
use counted::Counted;
use patient::Patient;

/// After an error of the system, such as too many open files, that only time can mend.
const PAUSE: Duration = Duration::from_millis(50);
/// Twice of what routes take, so that the routes' own refusal is the first that a client meets.
const MOST_HEADERS: usize = 32 << 10;
const BUFFER: usize = 64 << 10;

/// How long things may take, and how many connections there are.
///
/// ```
/// use std::time::Duration;
/// use eval_server::ServeOptions;
/// let options = ServeOptions::default().connections(200).drain(Duration::from_secs(2));
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
pub struct ServeOptions {
    connections: usize,
    head: Duration,
    stall: Duration,
    drain: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connections: 1_024, head: seconds(15), stall: seconds(30), drain: seconds(10) }
    }
}

impl ServeOptions {
    /// How many connections there are at most. For one more, that which has done nothing for longest is closed; if all are at
    /// work, the new one is. Default 1,024; at least 1.
    pub fn connections(mut self, most: usize) -> Self {
        self.connections = most.max(1);
        self
    }

    /// How long the head of a request may take, counted from the end of the one before: so an idle connection is closed after
    /// this time too. Default 15 seconds.
    pub fn head(mut self, within: Duration) -> Self {
        self.head = within;
        self
    }

    /// How long a client may take nothing of an answer. Default 30 seconds.
    pub fn stall(mut self, within: Duration) -> Self {
        self.stall = within;
        self
    }

    /// How long requests that are being answered may go on after `shutdown`. Default 10 seconds.
    pub fn drain(mut self, within: Duration) -> Self {
        self.drain = within;
        self
    }
}

/// Serves a router at a socket until `shutdown` ends. Then no connection is taken, idle ones are closed, what is being
/// answered has [`drain`](ServeOptions::drain) to end, and what still goes on, such as a stream of events, is cut.
///
/// Routes know whom they talk to by `ConnectInfo<SocketAddr>`.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use eval_core::InMemory;
/// use eval_server::{AccessOptions, AppState, ServeOptions, bind, router, serve};
///
/// let store = Arc::new(InMemory::new());
/// let bound = bind("127.0.0.1:8080", &*store).await?;
/// let state = AppState::new(store).access(AccessOptions::default().bound(bound.address));
/// serve(bound.listener, router(state), ServeOptions::default(), std::future::pending()).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// None for now: whatever happens at a connection ends that connection alone.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let (stopping, cut) = (CancellationToken::new(), CancellationToken::new());
    let (connections, tasks) = (Connections::new(options.connections, cut.clone()), TaskTracker::new());
    let serving = Arc::new(Serving { http: http(&options), router, stall: options.stall, stopping });
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // A connection that there is no place for is closed by being dropped.
            Ok((stream, from)) => {
                if let Some(place) = connections.take() {
                    tasks.spawn(serving.clone().connection(stream, from, place));
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a connection could not be taken");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    serving.stopping.cancel();
    tasks.close();
    if timeout(options.drain, tasks.wait()).await.is_err() {
        cut.cancel();
        tasks.wait().await;
    }
    Ok(())
}

fn http(options: &ServeOptions) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(options.head).max_header_size(MOST_HEADERS).max_buf_size(BUFFER);
    http
}

/// What all connections share.
struct Serving {
    http: http1::Builder,
    router: Router,
    stall: Duration,
    stopping: CancellationToken,
}

impl Serving {
    /// Answers the requests of one connection.
    async fn connection(self: Arc<Self>, stream: TcpStream, from: SocketAddr, place: Place) {
        let _ = stream.set_nodelay(true);
        let entry = place.entry().clone();
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(from));
            let (busy, answer) = (entry.begin(), self.router.clone().call(request));
            async { Ok::<_, std::convert::Infallible>(answer.await?.map(|body| Counted::new(body, busy))) }
        });
        let stream = TokioIo::new(Patient::new(stream, self.stall));
        let mut connection = pin!(self.http.serve_connection(stream, service));
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = place.closed() => None,
            () = self.stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => Some(ended),
                    () = place.closed() => None,
                }
            }
        };
        // A client that vanishes or is too slow is its own affair.
        if let Some(Err(error)) = ended {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended");
        }
    }
}
