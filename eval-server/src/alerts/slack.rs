//! Slack's incoming webhooks.

use std::fmt;

use eval_core::async_trait;
use eval_core::{Timestamp, error_chain};
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::channel::{Channel, Told};
use super::message::{Item, Link, Message};
use crate::outbound::Outbound;
use crate::webhooks::{Next, pause};

/// Characters of a header, as Slack allows.
const HEADER: usize = 150;
/// Characters of a field of a section.
const FIELD: usize = 2_000;
/// Characters of a section.
const SECTION: usize = 3_000;
/// Characters of all findings of a digest: a message of 13,000 in all is refused.
const LISTED: usize = 8_000;

/// A channel of Slack, by the URL of its incoming webhook. The URL is a secret: whoever has it can write there.
pub struct Slack {
    url: SecretString,
    outbound: Outbound,
}

impl Slack {
    /// The channel of this URL.
    pub fn new(url: impl Into<SecretString>, outbound: Outbound) -> Self {
        Self { url: url.into(), outbound }
    }
}

/// Hides the URL.
impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slack")
    }
}

#[async_trait]
impl Channel for Slack {
    fn name(&self) -> &str {
        "slack"
    }

    async fn tell(&self, _: &str, message: &Message, now: Timestamp) -> Told {
        let body = payload(message).to_string().into_bytes();
        let answer = match self.outbound.post(self.url.expose_secret(), HeaderMap::new(), body).await {
            Ok(answer) => answer,
            Err(error) if error.is_transient() => {
                return Told::failed(Next::Retry { not_before: None }, error_chain(&error));
            }
            Err(error) => return Told::failed(Next::GiveUp, error_chain(&error)),
        };
        if (200..300).contains(&answer.status) {
            return Told::taken(answer.text);
        }
        let not_before = answer.retry_after.and_then(|text| pause(&text, now));
        let why = format!("Slack answered {}: {}", answer.status, super::words::safe(&answer.text));
        Told { answer: answer.text, ..Told::failed(Next::Retry { not_before }, why) }
    }
}

/// The message in Slack's Block Kit. Nothing of it is looked at for links and mentions, and nothing is unfolded.
pub(super) fn payload(message: &Message) -> Value {
    let mut blocks = vec![json!({"type": "header", "text": plain(&message.title(), HEADER)})];
    let fields: Vec<Value> = fields(message).into_iter().map(|(label, text)| field(label, text)).collect();
    if !fields.is_empty() {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    blocks.extend(list(message));
    let context = context(message);
    if !context.is_empty() {
        blocks.push(json!({"type": "context", "elements": [marked(&escape(&context), FIELD)]}));
    }
    if let Some(action) = &message.action {
        blocks.push(json!({"type": "context", "elements": [marked(&escape(action), FIELD)]}));
    }
    let buttons: Vec<Value> = message.links.iter().filter(|link| link.url.len() <= 3_000).map(button).collect();
    if !buttons.is_empty() {
        blocks.push(json!({"type": "actions", "elements": buttons}));
    }
    let interval = message.interval.as_ref().map(|interval| format!(" ({interval})")).unwrap_or_default();
    let text = escape(&format!("{}{interval}", message.title()));
    json!({"text": text, "parse": "none", "link_names": false, "unfurl_links": false, "unfurl_media": false,
        "blocks": blocks})
}

fn fields(message: &Message) -> Vec<(&'static str, &str)> {
    let all = [
        ("Interval", &message.interval),
        ("Since", &message.since),
        ("Evidence", &message.evidence),
        ("Where", &message.place),
    ];
    all.into_iter().filter_map(|(label, text)| Some((label, text.as_deref()?))).collect()
}

fn field(label: &str, text: &str) -> Value {
    marked(&format!("*{label}*\n{}", escape(text)), FIELD)
}

/// The findings of a digest, in sections of as many as fit.
fn list(message: &Message) -> Vec<Value> {
    let (mut sections, mut left): (Vec<String>, usize) = (vec![], LISTED);
    let mut more = message.more;
    for line in message.items.iter().map(line) {
        let length = line.chars().count() + 1;
        if length > left {
            more += 1;
            continue;
        }
        left -= length;
        match sections.last_mut().filter(|section| section.chars().count() + length <= SECTION) {
            Some(section) => *section = format!("{section}\n{line}"),
            None => sections.push(line),
        }
    }
    if more > 0 {
        sections.push(format!("and {more} more"));
    }
    sections.iter().map(|text| json!({"type": "section", "text": marked(text, SECTION)})).collect()
}

fn line(item: &Item) -> String {
    let text = escape(&item.text);
    match item.url.as_ref().filter(|url| !url.contains(['|', '>', '<'])) {
        Some(url) => format!("• <{}|{text}>", url.replace('&', "&amp;")),
        None => format!("• {text}"),
    }
}

fn context(message: &Message) -> String {
    let dataset = message.dataset.as_ref().map(|dataset| format!("Data set {dataset}."));
    let evidence = if message.items.is_empty() && message.evidence.is_none() { &message.held[..] } else { &[] };
    let parts: Vec<&str> =
        evidence.iter().chain(&message.changed).chain(dataset.as_ref()).map(String::as_str).collect();
    parts.join(" ")
}

fn button(link: &Link) -> Value {
    json!({"type": "button", "text": plain(&link.text, 75), "url": link.url})
}

/// Text as it stands.
fn plain(text: &str, most: usize) -> Value {
    json!({"type": "plain_text", "text": cut(text, most), "emoji": false})
}

/// Text in Slack's own markup, which is not looked at for mentions and links. It has to be escaped.
fn marked(text: &str, most: usize) -> Value {
    json!({"type": "mrkdwn", "text": cut(text, most), "verbatim": true})
}

/// Takes Slack's markup out of a text: what begins with `<` is a link or calls people.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            _ => safe.push(character),
        }
    }
    safe
}

/// Cut at a character, and not within an escape.
fn cut(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let kept = &text[..end];
    let whole = kept.rfind('&').filter(|at| !kept[*at..].contains(';')).map_or(kept, |at| &kept[..at]);
    whole.to_owned()
}
