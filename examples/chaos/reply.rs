//! What goes out on the wire, and how it goes.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// How the bytes of a reply go out. Places are counted from the first byte of the head.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    /// All of them, and the connection stays open.
    Whole,
    /// All of them, after a while.
    Late(Duration),
    /// All of them, with the body so many times.
    Repeated(u64),
    /// So many; then nothing more comes.
    Hang(usize),
    /// So many; then this side says that it is done.
    Close(usize),
    /// So many; then the connection is reset.
    Reset(usize),
    /// The head at once, then a byte of the body after each pause.
    Trickle(Duration),
}

/// A reply: bytes that claim to be HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    head: String,
    body: Vec<u8>,
    manner: Manner,
}

impl Reply {
    /// A status with a body, whose length is told.
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let reply = Self { head: format!("HTTP/1.1 {status} Chaos\r\n"), body, manner: Manner::Whole };
        let length = reply.body.len();
        reply.header("content-length", &length.to_string())
    }

    /// A status with a JSON body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).header("content-type", "application/json")
    }

    /// A success whose head tells no length: the headers given must say how the body ends.
    pub(crate) fn unframed(body: impl Into<Vec<u8>>) -> Self {
        Self { head: "HTTP/1.1 200 OK\r\n".into(), body: body.into(), manner: Manner::Whole }
    }

    /// Bytes that are no HTTP.
    pub(crate) fn raw(bytes: &str) -> Self {
        Self { head: String::new(), body: bytes.into(), manner: Manner::Close(usize::MAX) }
    }

    /// One more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// Bytes that come before another reply.
    pub(crate) fn followed_by(mut self, other: &Self) -> Self {
        self.body.extend(format!("{}\r\n", other.head).bytes().chain(other.body.iter().copied()));
        self.manner(Manner::Whole)
    }

    /// How it goes out.
    pub(crate) fn manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    /// The head and half of the body go out.
    pub(crate) fn half(self, manner: fn(usize) -> Manner) -> Self {
        let half = self.head.len() + 2 + self.body.len() / 2;
        self.manner(manner(half))
    }

    /// Writes it. Says whether the connection can take another request.
    pub(crate) async fn write(mut self, stream: &mut TcpStream) -> io::Result<bool> {
        if !self.head.is_empty() {
            self.head.push_str("\r\n");
        }
        let message = [self.head.as_bytes(), &self.body].concat();
        let first = |bytes: usize| &message[..bytes.min(message.len())];
        match self.manner {
            Manner::Whole => {
                stream.write_all(&message).await?;
                return Ok(true);
            }
            Manner::Late(pause) => {
                tokio::time::sleep(pause).await;
                stream.write_all(&message).await?;
                return Ok(true);
            }
            Manner::Repeated(times) => {
                stream.write_all(self.head.as_bytes()).await?;
                for _ in 0..times {
                    stream.write_all(&self.body).await?;
                }
                return Ok(true);
            }
            Manner::Hang(bytes) => {
                stream.write_all(first(bytes)).await?;
                tokio::time::sleep(FOR_EVER).await;
            }
            Manner::Close(bytes) => {
                stream.write_all(first(bytes)).await?;
                stream.shutdown().await?;
                drain(stream).await?;
            }
            Manner::Reset(bytes) => {
                stream.write_all(first(bytes)).await?;
                stream.set_zero_linger()?;
            }
            Manner::Trickle(pause) => trickle(stream, &self, pause).await?,
        }
        Ok(false)
    }
}

async fn trickle(stream: &mut TcpStream, reply: &Reply, pause: Duration) -> io::Result<()> {
    stream.write_all(reply.head.as_bytes()).await?;
    for byte in &reply.body {
        stream.write_all(&[*byte]).await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

/// Half-closed: what the client still sends is read until it hangs up too.
async fn drain(stream: &mut TcpStream) -> io::Result<()> {
    let mut rest = [0; 4096];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
