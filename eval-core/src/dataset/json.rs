//! JSON values as the text that a sample keeps.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Deeper values are refused: reading them would take unbounded stack.
const DEPTH: usize = 64;

/// A JSON object with its values as they stand in the text. A key that stands twice is an error.
#[derive(Debug)]
pub(super) struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.get(key).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), *value))
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DistinctKeys)
    }
}

struct DistinctKeys;

impl<'de> Visitor<'de> for DistinctKeys {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object<'de>, A::Error> {
        let mut object = BTreeMap::new();
        while let Some(key) = access.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` stands twice")));
            }
            object.insert(key, access.next_value()?);
        }
        Ok(Object(object))
    }
}

/// What the parser says, without its own line and column.
pub(super) fn syntax(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// A string decoded, a number or a boolean as it is written, another value as compact JSON; `None` for null.
pub(super) fn scalar(value: &RawValue) -> Result<Option<String>, String> {
    let text = match value.get() {
        "null" => return Ok(None),
        string if string.starts_with('"') => decode(string)?,
        nested if nested.starts_with(['{', '[']) => compact(nested, DEPTH)?,
        plain => plain.to_owned(),
    };
    if text.contains('\0') { Err("a NUL character".to_owned()) } else { Ok(Some(text)) }
}

fn decode(string: &str) -> Result<String, String> {
    serde_json::from_str(string).map_err(|error| syntax(&error))
}

/// The same value without spaces and with sorted keys. Numbers stay as they are written.
fn compact(value: &str, depth: usize) -> Result<String, String> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("values nested more than {DEPTH} deep"));
    };
    let inner = |value: &RawValue| compact(value.get(), depth);
    match value.as_bytes().first() {
        Some(b'{') => {
            let object: Object<'_> = serde_json::from_str(value).map_err(|error| syntax(&error))?;
            let entries = object.iter().map(|(key, value)| Ok(format!("{}:{}", quote(key)?, inner(value)?)));
            Ok(format!("{{{}}}", entries.collect::<Result<Vec<_>, String>>()?.join(",")))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(value).map_err(|error| syntax(&error))?;
            Ok(format!("[{}]", items.into_iter().map(inner).collect::<Result<Vec<_>, _>>()?.join(",")))
        }
        Some(b'"') => quote(&decode(value)?),
        _ => Ok(value.to_owned()),
    }
}

fn quote(text: &str) -> Result<String, String> {
    serde_json::to_string(text).map_err(|error| syntax(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<String>, String> {
        scalar(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn values_keep_their_text() {
        for (json, text) in [
            (r#""a\u00e9\n""#, "aé\n"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1.50", "1.50"),
            ("true", "true"),
            (r#"{ "b": [1, 2.0 ], "a": "\u00e9" }"#, r#"{"a":"é","b":[1,2.0]}"#),
        ] {
            assert_eq!(read(json).unwrap().as_deref(), Some(text), "{json}");
        }
        assert_eq!(read("null").unwrap(), None);
    }

    #[test]
    fn doubtful_values_are_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for (json, why) in [
            (r#""a\u0000b""#, "a NUL character"),
            (r#"[{"a":1,"a":2}]"#, "the key `a` stands twice"),
            (deep.as_str(), "values nested more than 64 deep"),
        ] {
            assert!(read(json).unwrap_err().contains(why));
        }
    }
}
