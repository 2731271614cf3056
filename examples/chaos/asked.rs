//! A request, read from the wire.

use std::io;

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// What one request asks for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Method and target, for instance `GET /v1/models`.
    pub(crate) what: String,
    /// The `authorization` header.
    pub(crate) key: Option<String>,
    /// The model that is asked.
    pub(crate) model: String,
    /// The last message.
    pub(crate) question: String,
}

impl Asked {
    /// The next request of a connection; `None` when there is none. What lies behind it stays in the buffer.
    pub(crate) async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Self>> {
        loop {
            if let Some((length, asked)) = whole(buffer) {
                buffer.drain(..length);
                return Ok(Some(asked));
            }
            if stream.read_buf(buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

fn whole(buffer: &[u8]) -> Option<(usize, Asked)> {
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&buffer[..head]).into_owned();
    let header = |name: &str| {
        let mut fields = text.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find_map(|(field, value)| field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned()))
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let end = head + 4 + length;
    let body: Value = serde_json::from_slice(buffer.get(head + 4..end)?).unwrap_or_default();
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let last = body["messages"].as_array().and_then(|messages| messages.last());
    let asked = Asked {
        what: text.lines().next().unwrap_or_default().rsplit_once(' ').unwrap_or_default().0.to_owned(),
        key: header("authorization"),
        model: said(&body["model"]),
        question: last.map(|last| said(&last["content"])).unwrap_or_default(),
    };
    Some((end, asked))
}
