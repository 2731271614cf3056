//! Token counts, as far as they can be true.

use eval_core::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What no call uses: above it, an `f64` would no longer count exactly.
const ABSURD: u64 = 1 << 53;

/// The counts, read one by one so that a bad one does not spoil the others.
#[derive(Default, Deserialize)]
struct Counts<'a> {
    #[serde(borrow)]
    prompt_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    completion_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    prompt_tokens_details: Option<&'a RawValue>,
    #[serde(borrow)]
    completion_tokens_details: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    cached_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_tokens: Option<&'a RawValue>,
}

/// The usage that a `usage` object tells. Proxies write zeros for a usage they were not told, so that zeros
/// beside a text mean unknown.
pub(crate) fn usage(raw: Option<&RawValue>, has_text: bool) -> Usage {
    let counts: Counts<'_> = object(raw);
    let mut usage = Usage::default();
    usage.prompt_tokens = count(counts.prompt_tokens);
    usage.completion_tokens = count(counts.completion_tokens);
    if has_text && usage.prompt_tokens.unwrap_or(0) == 0 && usage.completion_tokens.unwrap_or(0) == 0 {
        return Usage::default();
    }
    usage.cached_tokens = count(object::<Details<'_>>(counts.prompt_tokens_details).cached_tokens);
    usage.reasoning_tokens = count(object::<Details<'_>>(counts.completion_tokens_details).reasoning_tokens);
    usage
}

fn object<'a, T: Default + Deserialize<'a>>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

fn count(raw: Option<&RawValue>) -> Option<u64> {
    raw?.get().parse().ok().filter(|count| *count <= ABSURD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, has_text: bool) -> Usage {
        usage(Some(&RawValue::from_string(json.to_owned()).unwrap()), has_text)
    }

    #[test]
    fn what_cannot_be_true_is_unknown() {
        for json in [
            r#"{"prompt_tokens": -5, "completion_tokens": -1}"#,
            r#"{"prompt_tokens": "eleven"}"#,
            r#"{"prompt_tokens": 4611686018427387904, "completion_tokens": 9007199254740993}"#,
            r#"{"prompt_tokens": 0, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 0}}"#,
            r#"{"prompt_tokens": 1.5, "completion_tokens": null}"#,
            "{}",
            "[]",
            r#""none""#,
        ] {
            assert_eq!(read(json, true), Usage::default(), "{json}");
        }
        assert_eq!(usage(None, true), Usage::default());
    }

    #[test]
    fn what_can_be_true_is_kept() {
        let json = r#"{"prompt_tokens": 11, "completion_tokens": -7, "total_tokens": "?",
            "prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 5}}"#;
        let usage = read(json, true);
        assert_eq!((usage.prompt_tokens, usage.completion_tokens), (Some(11), None));
        assert_eq!((usage.cached_tokens, usage.reasoning_tokens), (Some(3), Some(5)));
        assert_eq!(read(r#"{"prompt_tokens": 9007199254740992}"#, true).prompt_tokens, Some(1 << 53));
        // An empty answer may well have used nothing.
        assert_eq!(read(r#"{"prompt_tokens": 0, "completion_tokens": 0}"#, false), Usage::new(0, 0));
    }
}
