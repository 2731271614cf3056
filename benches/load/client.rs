//! A client that costs little: one connection, one request after the other.

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection that is kept.
pub struct Client {
    stream: BufReader<TcpStream>,
    address: String,
    token: String,
}

impl Client {
    pub async fn new(address: &str, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), address: address.to_owned(), token: token.to_owned() })
    }

    /// The status and the body of an answer.
    pub async fn get(&mut self, path: &str) -> Result<(u16, Vec<u8>)> {
        self.send("GET", path, "").await
    }

    pub async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<(u16, Vec<u8>)> {
        self.begin(method, path, body).await?;
        let (status, length) = self.head().await?;
        let mut body = vec![0; length.context("an answer without a length")?];
        self.stream.read_exact(&mut body).await?;
        Ok((status, body))
    }

    async fn begin(&mut self, method: &str, path: &str, body: &str) -> Result<()> {
        let (address, token, length) = (&self.address, &self.token, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        Ok(self.stream.get_mut().write_all(request.as_bytes()).await?)
    }

    /// The status, and the length of the body where it is known.
    async fn head(&mut self) -> Result<(u16, Option<usize>)> {
        let (mut line, mut status, mut length) = (String::new(), None, None);
        loop {
            line.clear();
            if self.stream.read_line(&mut line).await? == 0 {
                bail!("the connection ended");
            }
            let text = line.trim_end();
            match (status, text.split_once(':')) {
                (None, _) => status = Some(text.split(' ').nth(1).context("no status")?.parse()?),
                (Some(status), None) => return Ok((status, length)),
                (_, Some((name, value))) if name.eq_ignore_ascii_case("content-length") => {
                    length = Some(value.trim().parse()?);
                }
                _ => {}
            }
        }
    }

    /// Reads a stream of events to its end; how many bytes it had.
    pub async fn listen(mut self, path: String) -> Result<usize> {
        self.begin("GET", &path, "").await?;
        let (status, _) = self.head().await?;
        anyhow::ensure!(status == 200, "{path}: {status}");
        let (mut total, mut buffer, mut last) = (0, [0; 4096], Vec::new());
        while !last.ends_with(b"\r\n0\r\n\r\n") {
            let read = self.stream.read(&mut buffer).await?;
            if read == 0 {
                break;
            }
            total += read;
            last.extend_from_slice(&buffer[..read]);
            last.drain(..last.len().saturating_sub(7));
        }
        Ok(total)
    }
}
