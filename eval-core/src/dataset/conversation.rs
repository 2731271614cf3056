//! Several turns in one row: the column `messages`.

use serde_json::value::RawValue;

use super::input::At;
use super::json::{Object, scalar, syntax};
use crate::{DatasetError, Message};

/// What a row asks: the last turn, the turns before it, and the instructions above them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conversation {
    pub(super) system: Option<String>,
    pub(super) turns: Vec<Message>,
    pub(super) input: String,
}

impl Conversation {
    pub(super) fn of_question(input: String) -> Self {
        Self { system: None, turns: Vec::new(), input }
    }

    /// Reads a JSON array of `{"role": …, "content": …}` whose last turn is the user's.
    pub(super) fn parse(file: &str, text: &str, at: At) -> Result<Self, DatasetError> {
        let refuse = |found: String| {
            at.error(file, "`messages` cannot be read")
                .expected(r#"a JSON array as [{"role": "user", "content": "…"}] that ends with a user's turn"#, found)
                .hint("roles are system, developer, user and assistant; the content is text")
        };
        let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| refuse(syntax(&error)))?;
        let turns = items.iter().enumerate().map(|(index, item)| {
            turn(item.get()).map_err(|found| refuse(format!("in message {}: {found}", index + 1)))
        });
        Self::split(turns.collect::<Result<_, _>>()?).map_err(|found| refuse(found.to_owned()))
    }

    fn split(mut turns: Vec<Message>) -> Result<Self, &'static str> {
        let last = turns.pop().ok_or("no messages")?;
        if last.role != crate::Role::User {
            return Err("a last message that is not the user's");
        }
        if last.content.trim().is_empty() {
            return Err("a last message that is empty");
        }
        let leads = turns.first().is_some_and(|first| first.role == crate::Role::System);
        let system = leads.then(|| turns.remove(0).content);
        Ok(Self { system, turns, input: last.content })
    }
}

fn turn(item: &str) -> Result<Message, String> {
    let message: Object<'_> = serde_json::from_str(item).map_err(|error| syntax(&error))?;
    let unknown = |(key, value): &(&str, &RawValue)| !["role", "content"].contains(key) && value.get() != "null";
    if let Some((key, _)) = message.iter().find(unknown) {
        return Err(format!("`{key}`, which is not supported"));
    }
    let role = message.get("role").ok_or("no `role`")?;
    let content = content(message.get("content").ok_or("no `content`")?)?;
    match scalar(role)?.as_deref() {
        Some("system" | "developer") => Ok(Message::system(content)),
        Some("user") => Ok(Message::user(content)),
        Some("assistant") => Ok(Message::assistant(content)),
        _ => Err(format!("the role {}", role.get())),
    }
}

/// Plain text, or the parts of a message as long as all of them are text.
fn content(value: &RawValue) -> Result<String, String> {
    if value.get().starts_with('"') {
        return Ok(scalar(value)?.unwrap_or_default());
    }
    let parts: Vec<Object<'_>> = serde_json::from_str(value.get()).map_err(|_| "a content that is not text")?;
    let texts = parts.iter().map(text_part).collect::<Result<Vec<_>, _>>()?;
    Ok(texts.join("\n"))
}

fn text_part(part: &Object<'_>) -> Result<String, String> {
    let kind = part.get("type").map(scalar).transpose()?.flatten().unwrap_or_default();
    match part.get("text") {
        Some(text) if kind == "text" && text.get().starts_with('"') => Ok(scalar(text)?.unwrap_or_default()),
        _ => Err(format!("a part of type `{kind}`, where only text is supported")),
    }
}
