//! A mail as a reader sees it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A mail that was read.
#[derive(Debug)]
pub(crate) struct Read {
    /// The names of the headers, in order.
    pub(crate) names: Vec<String>,
    headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Read {
    pub(crate) fn of(data: &str) -> Self {
        let (head, body) = data.split_once("\n\n").expect("a body");
        let headers = headers(head);
        let kind = &headers.iter().find(|(name, _)| name == "content-type").expect("a type").1;
        let boundary = kind.split_once("boundary=\"").expect("parts").1.trim_end_matches('"');
        let boundary = format!("--{}", boundary.split('"').next().expect("a boundary"));
        let mut parts = body.split(&boundary).skip(1);
        let mut next = || decoded(parts.next().expect("a part").trim_start_matches('\n'));
        let (text, html) = (next(), next());
        Self { names: headers.iter().map(|(name, _)| name.clone()).collect(), headers, text, html }
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let value = &self.headers.iter().find(|(found, _)| found == name).expect("the header").1;
        words(value)
    }
}

/// Headers with their names in small letters, unfolded.
fn headers(head: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        match (line.starts_with(' '), headers.last_mut()) {
            (true, Some((_, value))) => *value += line,
            _ => {
                let (name, value) = line.split_once(':').expect("a header");
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
    }
    headers
}

/// Encoded words (RFC 2047) in base64, which is what our library writes.
fn words(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut was_word = false;
    for word in value.split(' ').filter(|word| !word.is_empty()) {
        let inner = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
        if !(bytes.is_empty() || was_word && inner.is_some()) {
            bytes.push(b' ');
        }
        was_word = inner.is_some();
        bytes.extend(inner.map_or_else(|| word.as_bytes().to_vec(), |word| STANDARD.decode(word).expect("base64")));
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn decoded(part: &str) -> String {
    let (head, body) = part.split_once("\n\n").expect("a body");
    let headers = headers(head);
    let encoding =
        headers.iter().find(|(name, _)| name == "content-transfer-encoding").map(|(_, value)| value.as_str());
    let text = match encoding {
        Some("base64") => String::from_utf8(STANDARD.decode(body.replace('\n', "")).expect("base64")).expect("UTF-8"),
        Some("quoted-printable") => printable(body),
        _ => body.to_owned(),
    };
    text.replace("\r\n", "\n").trim_end().to_owned()
}

/// Quoted-printable (RFC 2045, 6.7).
fn printable(body: &str) -> String {
    let joined = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'=' => {
                let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                u8::from_str_radix(std::str::from_utf8(&digits).expect("digits"), 16).expect("a byte")
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("UTF-8")
}
