//! The content of a message: a text, a list of parts, or nothing.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The text of a content, its parts joined.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Content {
    pub(crate) text: String,
    /// Whether a part of it is a refusal.
    pub(crate) refused: bool,
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self { text, refused: false }
    }
}

/// One part; those without a text (images, sound) leave none.
#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    refusal: Option<String>,
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Parts)
    }
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of parts, or null")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(text.to_owned().into())
    }

    fn visit_string<E>(self, text: String) -> Result<Content, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Content, A::Error> {
        let mut joined = Content::default();
        while let Some(part) = parts.next_element::<Part>()? {
            joined.refused |= part.refusal.is_some();
            joined.text.push_str(part.text.or(part.refusal).as_deref().unwrap_or_default());
        }
        Ok(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gives_its_text() {
        for (json, text) in [
            ("null", ""),
            (r#""Par\"is""#, "Par\"is"),
            (r#"[{"type":"text","text":"Par"},{"type":"image_url"},{"type":"text","text":"is"}]"#, "Paris"),
            (r#"[{"type":"refusal","refusal":"no"}]"#, "no"),
            ("[]", ""),
        ] {
            assert_eq!(serde_json::from_str::<Content>(json).unwrap().text, text, "{json}");
        }
        for json in ["7", "true", r#"{"text":"x"}"#, r#"["x"]"#] {
            assert!(serde_json::from_str::<Content>(json).is_err(), "{json}");
        }
    }
}
