//! JSON as Python writes it.

use std::borrow::Cow;

/// Replaces the numbers that are none in JSON (`NaN`, `Infinity`, `-Infinity`) by `null`. A space before or after makes
/// room where there is one, so that the columns of errors stay right.
pub(super) fn numbers(text: &[u8]) -> Cow<'_, [u8]> {
    let mut replaced: Option<Vec<u8>> = None;
    let (mut at, mut in_text) = (0, false);
    while at < text.len() {
        let word = if in_text { None } else { words().find(|word| text[at..].starts_with(word)) };
        match (word, text[at]) {
            (Some(word), _) => {
                let out = replaced.get_or_insert_with(|| text[..at].to_vec());
                if word.len() < 4 && out.last() == Some(&b' ') {
                    out.pop();
                }
                out.extend(b"null");
                out.resize(out.len() + word.len().saturating_sub(4), b' ');
                at += word.len();
                continue;
            }
            (None, b'"') => in_text = !in_text,
            (None, b'\\') if in_text => {
                let end = (at + 2).min(text.len());
                replaced.iter_mut().for_each(|out| out.extend(&text[at..end]));
                at = end;
                continue;
            }
            _ => {}
        }
        replaced.iter_mut().for_each(|out| out.push(text[at]));
        at += 1;
    }
    replaced.map_or(Cow::Borrowed(text), Cow::Owned)
}

fn words() -> impl Iterator<Item = &'static [u8]> {
    [b"NaN".as_slice(), b"Infinity", b"-Infinity"].into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> String {
        String::from_utf8(numbers(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn only_what_is_no_json_is_replaced() {
        assert_eq!(replaced(r#"{"a": NaN, "b":NaN}"#), r#"{"a":null, "b":null}"#);
        assert_eq!(replaced("[Infinity, -Infinity]"), "[null    , null     ]");
        for text in [r#"["NaN", "a \" NaN", "\\"]"#, "[1, -1]", r#"{"Infinity": 1}"#, "\"\\"] {
            assert_eq!(replaced(text), text);
        }
    }
}
