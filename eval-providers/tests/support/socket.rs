//! An endpoint below HTTP.

use std::future::Future;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// An endpoint below HTTP: it reads a request and then does with the connection what it likes.
pub(crate) async fn socket<F, B>(behave: F) -> String
where
    F: Fn(TcpStream) -> B + Send + Sync + 'static,
    B: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            if stream.read(&mut request).await.is_ok() {
                tokio::spawn(behave(stream));
            }
        }
    });
    url
}

/// Writes the head of a reply that announces this many bytes.
pub(crate) async fn head(stream: &mut TcpStream, length: usize) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await
}

/// Waits longer than any test lasts.
pub(crate) async fn hang() -> std::io::Result<()> {
    tokio::time::sleep(Duration::from_secs(600)).await;
    Ok(())
}
