//! What readers of the document need otherwise than its makers write it.

use serde_json::Value;

/// Gives integers the formats that generators know, and takes links of rustdoc out of texts.
pub(super) fn polish(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(polish),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match (name.as_str(), value.as_str()) {
                    ("format", Some(format)) => {
                        if let Some(known) = known_format(format) {
                            *value = known.into();
                        }
                    }
                    ("description" | "summary" | "title", Some(text)) => *value = without_links(text).into(),
                    _ => polish(value),
                }
            }
        }
        _ => {}
    }
}

/// OpenAPI has signed integers of 32 and 64 bits; that a number is not negative stands in `minimum`.
fn known_format(format: &str) -> Option<&'static str> {
    match format {
        "uint8" | "uint16" | "int8" | "int16" => Some("int32"),
        "uint32" | "uint64" | "uint" | "int" => Some("int64"),
        _ => None,
    }
}

/// A text of rustdoc with `[words](target)` as `words`, unless the target is on the web.
fn without_links(text: &str) -> String {
    let (mut rest, mut plain) = (text, String::with_capacity(text.len()));
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let Some((words, behind)) = after.split_once(']') else {
            plain.push('[');
            rest = after;
            continue;
        };
        let target = behind.strip_prefix('(').and_then(|behind| behind.split_once(')'));
        rest = match target {
            Some((target, behind)) if !target.starts_with("http") => {
                plain.push_str(words);
                behind
            }
            None if words.starts_with('`') && words.ends_with('`') => {
                plain.push_str(words);
                behind
            }
            _ => {
                plain.push('[');
                after
            }
        };
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_rustdoc_become_words() {
        for (text, plain) in [
            ("a [`score`](Run::score) of [x](crate::X).", "a `score` of x."),
            ("see [`Run`] and [0, 1], [", "see `Run` and [0, 1], ["),
            ("[the web](https://example.com)", "[the web](https://example.com)"),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }
}
