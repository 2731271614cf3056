//! A receiver on loopback that does as it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a receiver does with each request.
#[derive(Debug, Clone)]
pub(crate) enum Behaviour {
    /// Answers this, as it stands, and closes.
    Answer(String),
    /// Begins with this and then says nothing more, for ever.
    Stop(String),
    /// Resets the connection.
    Reset,
    /// Begins with the first and repeats the second until nobody takes it any more.
    Flood(String, String),
}

impl Behaviour {
    pub(crate) fn status(line: &str) -> Self {
        Self::Answer(format!("HTTP/1.1 {line}\r\ncontent-length: 2\r\n\r\nok"))
    }
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Received {
    head: String,
    pub(crate) body: String,
}

impl Received {
    /// A header; its absence is a failure of the test.
    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).expect("the header").1
    }

    pub(crate) fn request_line(&self) -> &str {
        self.head.lines().next().expect("a line")
    }
}

pub(crate) struct Sink {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: UnboundedReceiver<Received>,
    /// What a flood had written when its connection broke, in bytes.
    pub(crate) floods: UnboundedReceiver<u64>,
}

impl Sink {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let ((told, requests), (flooded, floods)) = (unbounded_channel(), unbounded_channel());
        let count = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, behaviour.clone(), told.clone(), flooded.clone()));
            }
        });
        Self { address, connections, requests, floods }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn next(&mut self) -> Received {
        self.requests.recv().await.expect("a request")
    }

    /// Connections that have been made. One of its own shows that none waits to be taken.
    pub(crate) async fn connections(&self) -> usize {
        let before = self.connections.load(Ordering::SeqCst);
        let _own = TcpStream::connect(self.address).await.expect("a connection");
        while self.connections.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
        self.connections.fetch_sub(1, Ordering::SeqCst) - 1
    }
}

async fn serve(
    mut stream: TcpStream,
    behaviour: Behaviour,
    told: UnboundedSender<Received>,
    flooded: UnboundedSender<u64>,
) {
    let Some(received) = read(&mut stream).await else { return };
    match behaviour {
        Behaviour::Answer(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = told.send(received);
        }
        Behaviour::Stop(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = told.send(received);
            std::future::pending::<()>().await;
        }
        Behaviour::Reset => stream.set_zero_linger().expect("a reset"),
        Behaviour::Flood(first, again) => {
            let _ = flooded.send(flood(&mut stream, &first, &again).await);
        }
    }
}

/// Ten gigabytes, unless the connection breaks before.
async fn flood(stream: &mut TcpStream, first: &str, again: &str) -> u64 {
    let block = again.repeat(65_536 / again.len());
    let mut written = 0;
    if stream.write_all(first.as_bytes()).await.is_ok() {
        while written < 10_000_000_000 && stream.write_all(block.as_bytes()).await.is_ok() {
            written += block.len() as u64;
        }
    }
    written
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let received = Received { head: head.to_owned(), body: body.to_owned() };
            let length: usize = received.header("content-length").parse().expect("a length");
            if body.len() >= length {
                return Some(received);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
