//! Text that came from outside, made fit for messages and records.

use std::fmt;

use memchr::memmem::Finder;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::http::Received;

/// What a secret is replaced by.
const MASK: &str = "[redacted]";
/// The word in it.
const MASKED: &str = "redacted";

/// How long a key is at least that cannot be a word, in bytes.
const SECRET: usize = 12;

/// How much of a text is looked at, in bytes. More is never shown.
const WINDOW: usize = 2048;

/// How keys of well-known providers begin.
const KEY_PREFIXES: [&str; 13] =
    ["sk-", "sk_", "pk-", "pk_", "rk_", "xai-", "gsk_", "hf_", "ghp_", "github_pat_", "AIza", "AKIA", "eyJ"];

/// Masks the client's own key by value and what looks like another one.
#[derive(Clone)]
pub(crate) struct Redactor {
    key: Option<SecretString>,
}

impl Redactor {
    pub(crate) fn new(key: Option<SecretString>) -> Self {
        Self { key }
    }

    /// At most `longest` characters of a text, on one line, without keys.
    pub(crate) fn clean(&self, text: &str, longest: usize) -> String {
        let window = &text[..text.floor_char_boundary(WINDOW)];
        let masked = mask_shapes(&self.mask_own(window));
        let cut = window.len() < text.len() || masked.chars().count() > longest;
        let mut clean: String = masked.chars().take(longest).flat_map(escaped).collect();
        if cut {
            clean.push('…');
        }
        clean
    }

    /// Masks the client's own key in all that came back, so that no answer brings it into a record. Keys that are
    /// ordinary words (`none`, `ollama`) are left: they are no secret, and an answer may well contain them.
    pub(crate) fn hide(&self, received: &mut Received) {
        let Some(key) = self.key.as_ref().map(ExposeSecret::expose_secret).filter(|key| key.len() >= SECRET) else {
            return;
        };
        let finder = Finder::new(key);
        if let Some(masked) = masked(&received.body, &finder) {
            received.body = masked;
        }
        for value in received.headers.values_mut() {
            let masked = masked(value.as_bytes(), &finder).map(|masked| HeaderValue::from_bytes(&masked));
            if let Some(Ok(masked)) = masked {
                *value = masked;
            }
        }
    }

    fn mask_own(&self, text: &str) -> String {
        match &self.key {
            Some(key) => text.replace(key.expose_secret(), MASK),
            None => text.to_owned(),
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// The bytes with the key masked; `None` when it is not in them.
fn masked(bytes: &[u8], key: &Finder<'_>) -> Option<Vec<u8>> {
    let (mut masked, mut rest) = (Vec::new(), bytes);
    while let Some(at) = key.find(rest) {
        masked.extend_from_slice(&rest[..at]);
        masked.extend_from_slice(MASK.as_bytes());
        rest = &rest[at + key.needle().len()..];
    }
    if rest.len() == bytes.len() {
        return None;
    }
    masked.extend_from_slice(rest);
    Some(masked)
}

/// Control characters would move a terminal's cursor or break a line of a log.
fn escaped(c: char) -> impl Iterator<Item = char> {
    let escape = c.is_control().then(|| c.escape_default());
    let plain = escape.is_none().then_some(c);
    escape.into_iter().flatten().chain(plain)
}

fn mask_shapes(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut after_bearer = false;
    for word in text.split_inclusive(|c: char| !is_key_character(c)) {
        let key = word.trim_end_matches(|c: char| !is_key_character(c));
        if after_bearer && !key.is_empty() && key != MASKED || looks_like_a_key(key) {
            masked.push_str(MASK);
            masked.push_str(&word[key.len()..]);
        } else {
            masked.push_str(word);
        }
        after_bearer = key.eq_ignore_ascii_case("bearer") || after_bearer && key.is_empty();
    }
    masked
}

fn is_key_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.*+/~".contains(c)
}

/// A known beginning, abbreviated keys (`sk-...abcd`) included, or the 64 hex digits of a hashed key.
fn looks_like_a_key(word: &str) -> bool {
    let known = word.len() >= 10 && KEY_PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    known || word.len() >= 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        Redactor::new(Some("own secret/key".into())).clean(text, 300)
    }

    #[test]
    fn masks_the_own_key_and_shapes_of_others() {
        let hash = "0123456789abcdef".repeat(4);
        for (text, expected) in [
            ("key own secret/key is wrong".to_owned(), "key [redacted] is wrong"),
            ("got 'sk-1234567890', expired".to_owned(), "got '[redacted]', expired"),
            ("Received API Key = sk-...abcd, hash".to_owned(), "Received API Key = [redacted], hash"),
            ("Authorization: Bearer  x1".to_owned(), "Authorization: Bearer  [redacted]"),
            (format!("Key Hash (Token) ={hash}."), "Key Hash (Token) =[redacted]"),
            ("uses sk-learn, a task-force and risk_free".to_owned(), "uses sk-learn, a task-force and risk_free"),
        ] {
            let hash_dot = clean(&text).replace(&format!("{hash}."), MASK);
            assert_eq!(hash_dot, expected);
        }
    }

    #[test]
    fn is_one_short_line() {
        assert_eq!(clean("a\nb\u{1b}[31mc"), "a\\nb\\u{1b}[31mc");
        let long = clean(&"ä".repeat(5000));
        assert_eq!(long.chars().count(), 301);
        assert!(long.ends_with("ä…"));
    }
}
