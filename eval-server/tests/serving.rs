//! The loop that takes connections, at a real socket. The clock is tokio's and stands still unless nothing else can go on:
//! so what is waited for is always the next thing to happen, and takes no time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use eval_core::InMemory;
use eval_server::{AccessOptions, AppState, ServeOptions, router, serve};
use futures_util::stream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
const CLOSING: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(options: ServeOptions) -> Self {
        let state = AppState::new(std::sync::Arc::new(InMemory::new())).access(AccessOptions::default());
        let more = Router::new()
            .route("/events", get(endless))
            .route(
                "/flood",
                get(async || Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(vec![b'x'; 65_536])))),
            )
            .route("/echo", post(async |body: Bytes| body))
            .route("/whence", get(async |ConnectInfo(from): ConnectInfo<SocketAddr>| from.to_string()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("set up");
        let address = listener.local_addr().expect("set up");
        let (stop, stopped) = oneshot::channel();
        let service = router(state).merge(more);
        let task = tokio::spawn(serve(listener, service, options, async { stopped.await.unwrap_or_default() }));
        Self { address, stop, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("set up")
    }

    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.expect("set up");
        stream
    }
}

/// A stream of events that says hello and then nothing, for ever.
async fn endless() -> Body {
    let hello = stream::iter([Ok::<_, Infallible>(Bytes::from("data: hello\n\n"))]);
    Body::from_stream(stream::StreamExt::chain(hello, stream::pending()))
}

/// Reads until the end of an answer to a request for `/healthz`.
async fn healthy(stream: &mut TcpStream) -> bool {
    let mut text = Vec::new();
    let mut part = [0; 4_096];
    while !text.ends_with(br#"{"status":"ok"}"#) {
        match stream.read(&mut part).await {
            Ok(n) if n > 0 => text.extend_from_slice(&part[..n]),
            _ => return false,
        }
    }
    text.starts_with(b"HTTP/1.1 200")
}

/// All that comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn requests_are_answered_and_know_whence_they_come() {
    let server = Server::start(ServeOptions::default()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(HEALTH.as_bytes()).await.expect("set up");
        assert!(healthy(&mut stream).await, "one connection, many requests");
    }
    let mut whence = server.send(&CLOSING.replace("healthz", "whence")).await;
    let from = whence.local_addr().expect("set up").to_string();
    assert!(rest(&mut whence).await.ends_with(&from));
}

#[tokio::test(start_paused = true)]
async fn f43_a_head_that_does_not_end_is_not_waited_for() {
    let server = Server::start(ServeOptions::default().head(Duration::from_secs(15))).await;
    for begun in ["", "GET", "GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ", HEALTH] {
        let mut stream = server.send(begun).await;
        let since = Instant::now();
        let answer = rest(&mut stream).await;
        let waited = since.elapsed().as_secs();
        assert_eq!(answer.contains("200 OK"), begun == HEALTH, "{begun:?}: {answer}");
        assert!((14..=30).contains(&waited), "{begun:?}: {waited} s");
    }
}

#[tokio::test(start_paused = true)]
async fn f43_a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start(ServeOptions::default()).await;
    let head = "POST /login HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\n\
                content-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\ntoken=";
    let mut stream = server.send(head).await;
    let since = Instant::now();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_too_slow"), "{answer}");
    assert!((29..=60).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn f43_a_client_that_takes_nothing_is_not_waited_for() {
    let server = Server::start(ServeOptions::default().connections(1).stall(Duration::from_secs(30))).await;
    let mut stuck = server.send(&HEALTH.replace("healthz", "flood")).await;
    let mut part = [0; 1_024];
    assert!(stuck.read(&mut part).await.expect("set up") > 0, "it has begun");
    // The only place is at work until then.
    let mut refused = 0;
    loop {
        let mut other = server.send(HEALTH).await;
        if healthy(&mut other).await {
            break;
        }
        refused += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!((1..=40).contains(&refused), "{refused} times");
    drop(stuck);
}

#[tokio::test]
async fn f43_a_client_that_vanishes_leaves_nothing_behind() {
    let server = Server::start(ServeOptions::default().connections(2)).await;
    for text in ["POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\nhalf", "GET /heal", HEALTH] {
        for _ in 0..100 {
            drop(server.send(text).await);
        }
    }
    // Both places are free or can be taken.
    let (mut one, mut two) = (server.send(HEALTH).await, server.send(HEALTH).await);
    assert!(healthy(&mut one).await && healthy(&mut two).await);
}

#[tokio::test]
async fn f43_idle_connections_are_bounded_and_the_oldest_goes() {
    let server = Server::start(ServeOptions::default().connections(50)).await;
    let mut working = server.send(&HEALTH.replace("healthz", "events")).await;
    let mut part = [0; 1_024];
    assert!(working.read(&mut part).await.expect("set up") > 0, "events have begun");
    let mut idle = std::collections::VecDeque::new();
    for at in 0..10_000 {
        idle.push_back(server.connect().await);
        if idle.len() > 100 {
            // It was closed by the server long ago, or this would wait for ever.
            assert_eq!(rest(&mut idle.pop_front().expect("set up")).await, "", "{at}");
        }
        if at % 1_000 == 0 {
            assert!(healthy(&mut server.send(HEALTH).await).await, "somebody who asks is answered");
        }
    }
    working.write_all(b"x").await.expect("what is at work stays");
}

#[tokio::test(start_paused = true)]
async fn f43_a_stop_ends_what_is_idle_waits_for_what_is_at_work_and_cuts_what_never_ends() {
    let server = Server::start(ServeOptions::default().drain(Duration::from_secs(5))).await;
    let mut idle = server.send(HEALTH).await;
    assert!(healthy(&mut idle).await);
    let mut events = server.send(&HEALTH.replace("healthz", "events")).await;
    let mut part = [0; 1_024];
    assert!(events.read(&mut part).await.expect("set up") > 0);
    let since = Instant::now();
    server.stop.send(()).expect("set up");
    assert_eq!(rest(&mut idle).await, "");
    server.task.await.expect("set up").expect("set up");
    assert_eq!(since.elapsed().as_secs(), 5, "the events had until then");
    rest(&mut events).await;
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn s13_a_head_that_is_too_large_is_refused_by_whoever_sees_it_first() {
    let server = Server::start(ServeOptions::default()).await;
    for (bytes, by_a_route) in [(17 << 10, true), (40 << 10, false), (1 << 20, false)] {
        let mut stream = server.connect().await;
        let text = format!(
            "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx: {}\r\n\r\n",
            "x".repeat(bytes)
        );
        // The server may close before all of it is sent.
        let _ = stream.write_all(text.as_bytes()).await;
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 431") || answer.is_empty() && !by_a_route, "{bytes}: {answer}");
        assert_eq!(answer.contains("headers_too_large"), by_a_route, "{bytes}");
    }
}
