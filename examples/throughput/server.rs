//! An OpenAI-compatible endpoint that answers at once, or after the delay that the model's name asks for.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &str = "The northernmost town is the one where the river freezes first, and he leaves before it does.";
const VERDICT: &str =
    r#"{\"reasoning\": \"The answer names the town and the reason that the reference names.\", \"score\": 0.9}"#;

/// Prints its address on stdout and serves until it is killed or its standard input ends.
pub fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}/v1", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                // A client that goes away ends its own connection only.
                let _ = connection(stream).await;
            });
        }
    })
}

async fn connection(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        let Some((length, model)) = request(&mut stream, &mut buffer).await? else { return Ok(()) };
        buffer.drain(..length);
        let delay = model.split('-').nth(1).and_then(|delay| delay.parse().ok()).unwrap_or(0);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        stream.write_all(response(&model).as_bytes()).await?;
    }
}

/// Reads until a whole request is there: its length and the model it names.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<(usize, String)>> {
    loop {
        if let Some(found) = whole(buffer) {
            return Ok(Some(found));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn whole(buffer: &[u8]) -> Option<(usize, String)> {
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
    let body: usize =
        text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let end = head + 4 + body;
    let content = buffer.get(head + 4..end)?;
    let at = content.windows(9).position(|window| window == br#""model":""#).map_or(0, |at| at + 9);
    let model = content.get(at..)?.split(|byte| *byte == b'"').next().unwrap_or_default();
    Some((end, String::from_utf8_lossy(model).into_owned()))
}

fn response(model: &str) -> String {
    let content = if model.starts_with("judge") { VERDICT } else { ANSWER };
    let body = format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"{model}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{content}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":60,"completion_tokens":20,"total_tokens":80}}}}"#
    );
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
}
