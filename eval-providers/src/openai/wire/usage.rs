//! Token counts of every dialect, as far as they can be true, in one form: [`Usage`].
//!
//! | dialect | prompt | of these cached | written to the cache | answer | of these reasoning |
//! |---|---|---|---|---|---|
//! | OpenAI, and LiteLLM for all | `prompt_tokens` | inside | inside | `completion_tokens` | inside |
//! | OpenAI's responses | `input_tokens` with `input_tokens_details` | inside | – | `output_tokens` | inside |
//! | Anthropic | `input_tokens` | outside | outside | `output_tokens` | inside |
//! | Bedrock | `inputTokens` | outside | outside | `outputTokens` | inside |
//! | xAI | `prompt_tokens` | inside | – | `completion_tokens` | outside |
//!
//! [`Usage`] has everything inside. Where a dialect should have it inside and the sum says otherwise (more cached tokens
//! than the prompt has, a total that only fits with the reasoning added), the sum is believed.

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
    total_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    prompt_tokens_details: Option<&'a RawValue>,
    #[serde(borrow)]
    completion_tokens_details: Option<&'a RawValue>,
    #[serde(borrow)]
    input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    output_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_tokens_details: Option<&'a RawValue>,
    #[serde(borrow)]
    output_tokens_details: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_read_input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_creation_input_tokens: Option<&'a RawValue>,
    #[serde(borrow, rename = "inputTokens")]
    bedrock_input: Option<&'a RawValue>,
    #[serde(borrow, rename = "outputTokens")]
    bedrock_output: Option<&'a RawValue>,
    #[serde(borrow, rename = "cacheReadInputTokens")]
    bedrock_read: Option<&'a RawValue>,
    #[serde(borrow, rename = "cacheWriteInputTokens")]
    bedrock_write: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    cached_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_creation_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_write_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_tokens: Option<&'a RawValue>,
}

/// The usage that a `usage` object tells. Proxies write zeros for a usage they were not told, so that zeros
/// beside a text mean unknown.
pub(crate) fn usage(raw: Option<&RawValue>, has_text: bool) -> Usage {
    let counts: Counts<'_> = object(raw);
    let (prompt, answer) = (counts.prompt_details(), counts.answer_details());
    let mut usage = Usage::default();
    usage.prompt_tokens = first([counts.prompt_tokens, counts.input_tokens, counts.bedrock_input]);
    usage.completion_tokens = first([counts.completion_tokens, counts.output_tokens, counts.bedrock_output]);
    if has_text {
        let told = |count: Option<u64>| count.filter(|count| *count > 0);
        (usage.prompt_tokens, usage.completion_tokens) = (told(usage.prompt_tokens), told(usage.completion_tokens));
        if usage == Usage::default() {
            return usage;
        }
    }
    usage.cached_tokens = first([prompt.cached_tokens, counts.cache_read_input_tokens, counts.bedrock_read]);
    let written = [prompt.cache_creation_tokens, prompt.cache_write_tokens, counts.cache_creation_input_tokens];
    usage.cache_write_tokens = first(written).or_else(|| count(counts.bedrock_write));
    usage.reasoning_tokens = count(answer.reasoning_tokens);
    usage.prompt_tokens = usage.prompt_tokens.and_then(|prompt| counts.whole_prompt(prompt, &usage));
    usage.completion_tokens = usage.completion_tokens.map(|answer| counts.whole_answer(answer, &usage));
    usage
}

impl Counts<'_> {
    fn prompt_details(&self) -> Details<'_> {
        object(self.prompt_tokens_details.or(self.input_tokens_details))
    }

    fn answer_details(&self) -> Details<'_> {
        object(self.completion_tokens_details.or(self.output_tokens_details))
    }

    /// Whether the dialect counts what was cached beside the prompt and not in it.
    fn counts_outside(&self) -> bool {
        count(self.prompt_tokens).is_none() && self.input_tokens_details.is_none()
    }

    /// The prompt with all that was cached; `None` when the sum cannot be true.
    fn whole_prompt(&self, prompt: u64, usage: &Usage) -> Option<u64> {
        let cached =
            usage.cached_tokens.unwrap_or_default().checked_add(usage.cache_write_tokens.unwrap_or_default())?;
        let outside = self.counts_outside() || cached > prompt;
        let whole = if outside { prompt.checked_add(cached)? } else { prompt };
        (whole <= ABSURD).then_some(whole)
    }

    /// The answer with the reasoning, where the total says that it was left out.
    fn whole_answer(&self, answer: u64, usage: &Usage) -> u64 {
        let sum = |parts: [u64; 3]| parts.into_iter().try_fold(0_u64, u64::checked_add);
        match (count(self.total_tokens), usage.prompt_tokens, usage.reasoning_tokens) {
            (Some(total), Some(prompt), Some(reasoning @ 1..)) if Some(total) == sum([prompt, answer, reasoning]) => {
                answer + reasoning
            }
            _ => answer,
        }
    }
}

fn object<'a, T: Default + Deserialize<'a>>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

fn first(counts: [Option<&RawValue>; 3]) -> Option<u64> {
    counts.into_iter().find_map(count)
}

fn count(raw: Option<&RawValue>) -> Option<u64> {
    raw?.get().parse().ok().filter(|count| *count <= ABSURD)
}

#[cfg(test)]
mod tests {
    use eval_core::Money;

    use super::*;
    use crate::price::PriceTable;

    fn read(json: &str, has_text: bool) -> Usage {
        usage(Some(&RawValue::from_string(json.to_owned()).unwrap()), has_text)
    }

    /// Prompt, cached, written, answer, reasoning.
    fn parts(usage: &Usage) -> [Option<u64>; 5] {
        [
            usage.prompt_tokens,
            usage.cached_tokens,
            usage.cache_write_tokens,
            usage.completion_tokens,
            usage.reasoning_tokens,
        ]
    }

    /// $1 a million tokens of the prompt, $0.10 of those from the cache, $1.25 of those written to it, $5 of the answer.
    fn nanos(usage: &Usage) -> Option<i64> {
        let table = r#"{"m": {"input_cost_per_token": 1e-06, "cache_read_input_token_cost": 1e-07,
            "cache_creation_input_token_cost": 1.25e-06, "output_cost_per_token": 5e-06}}"#;
        PriceTable::parse(table).unwrap().get("m").unwrap().cost(usage).map(Money::nanos)
    }

    #[test]
    fn f25_what_cannot_be_true_is_unknown() {
        for json in [
            r#"{"prompt_tokens": -5, "completion_tokens": -1}"#,
            r#"{"prompt_tokens": "eleven"}"#,
            r#"{"prompt_tokens": 4611686018427387904, "completion_tokens": 9007199254740993}"#,
            r#"{"prompt_tokens": 0, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 0}}"#,
            r#"{"prompt_tokens": 1.5, "completion_tokens": null}"#,
            r#"{"prompt_tokens": 1e3, "completion_tokens": true}"#,
            "{}",
            "[]",
            r#""none""#,
        ] {
            assert_eq!(read(json, true), Usage::default(), "{json}");
            assert_eq!(nanos(&read(json, true)), None, "{json}");
        }
        assert_eq!(usage(None, true), Usage::default());
        let near = (1_u64 << 53) - 1;
        let json = format!(r#"{{"input_tokens": {near}, "output_tokens": 1, "cache_read_input_tokens": {near}}}"#);
        assert_eq!(read(&json, true).prompt_tokens, None, "a sum that cannot be true either");
        let sides = r#"{"prompt_tokens": 0, "completion_tokens": 7}"#;
        assert_eq!(read(sides, true).prompt_tokens, None, "no model answers without a prompt");
    }

    #[test]
    fn what_can_be_true_is_kept() {
        let json = r#"{"prompt_tokens": 11, "completion_tokens": -7, "total_tokens": "?",
            "prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 5}}"#;
        assert_eq!(parts(&read(json, true)), [Some(11), Some(3), None, None, Some(5)]);
        assert_eq!(read(r#"{"prompt_tokens": 9007199254740992}"#, true).prompt_tokens, Some(1 << 53));
        // An empty answer may well have used nothing.
        assert_eq!(read(r#"{"prompt_tokens": 0, "completion_tokens": 0}"#, false), Usage::new(0, 0));
    }

    #[test]
    fn openai_counts_cached_tokens_inside() {
        let json = r#"{"prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 200, "accepted_prediction_tokens": 0}}"#;
        let usage = read(json, true);
        assert_eq!(parts(&usage), [Some(2006), Some(1920), None, Some(300), Some(200)]);
        assert_eq!(nanos(&usage), Some(86 * 1000 + 1920 * 100 + 300 * 5000));
        let responses = r#"{"input_tokens": 2006, "input_tokens_details": {"cached_tokens": 1920}, "output_tokens": 300,
            "output_tokens_details": {"reasoning_tokens": 200}, "total_tokens": 2306}"#;
        assert_eq!(read(responses, true), usage);
    }

    #[test]
    fn anthropic_counts_cached_and_written_tokens_outside() {
        let json = r#"{"input_tokens": 50, "cache_creation_input_tokens": 248, "cache_read_input_tokens": 1800,
            "output_tokens": 503, "service_tier": "standard"}"#;
        let usage = read(json, true);
        assert_eq!(parts(&usage), [Some(2098), Some(1800), Some(248), Some(503), None]);
        assert_eq!(nanos(&usage), Some(50 * 1000 + 1800 * 100 + 248 * 1250 + 503 * 5000));
    }

    #[test]
    fn bedrock_counts_cached_and_written_tokens_outside() {
        let json = r#"{"inputTokens": 50, "outputTokens": 503, "totalTokens": 2601, "cacheReadInputTokens": 1800,
            "cacheWriteInputTokens": 248}"#;
        let usage = read(json, true);
        assert_eq!(parts(&usage), [Some(2098), Some(1800), Some(248), Some(503), None]);
        assert_eq!(nanos(&usage), Some(50 * 1000 + 1800 * 100 + 248 * 1250 + 503 * 5000));
    }

    #[test]
    fn litellm_mixes_dialects() {
        let inside = r#"{"prompt_tokens": 2098, "completion_tokens": 503, "total_tokens": 2601,
            "prompt_tokens_details": {"cached_tokens": 1800, "cache_creation_tokens": 248},
            "cache_creation_input_tokens": 248, "cache_read_input_tokens": 1800}"#;
        let whole = [Some(2098), Some(1800), Some(248), Some(503), None];
        assert_eq!(parts(&read(inside, true)), whole);
        let outside = r#"{"prompt_tokens": 50, "completion_tokens": 503, "cache_creation_input_tokens": 248,
            "cache_read_input_tokens": 1800}"#;
        assert_eq!(parts(&read(outside, true)), whole, "more cached than prompted: older versions left it out");
        assert_eq!(nanos(&read(outside, true)), nanos(&read(inside, true)));
        let zeros = r#"{"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "input_tokens": 0}"#;
        assert_eq!(nanos(&read(zeros, true)), None, "nobody told the proxy: unknown, not free");
    }

    #[test]
    fn xai_counts_reasoning_outside() {
        let json = r#"{"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 129,
            "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 100}}"#;
        let usage = read(json, true);
        assert_eq!(parts(&usage), [Some(20), Some(4), None, Some(109), Some(100)]);
        assert_eq!(nanos(&usage), Some(16 * 1000 + 4 * 100 + 109 * 5000));
    }
}
