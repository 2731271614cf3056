//! How much an endpoint takes, as its headers say.

use std::time::Duration;

use eval_core::{Rate, Rates, Timestamp};
use reqwest::header::HeaderMap;

/// OpenAI and LiteLLM, then Anthropic; each also with the prefix with which LiteLLM passes on what the provider behind it
/// says. The first that says anything counts: it stands nearest.
const FAMILIES: [[&str; 3]; 4] = [
    ["x-ratelimit-limit-", "x-ratelimit-remaining-", "x-ratelimit-reset-"],
    ["anthropic-ratelimit-", "-limit", "-remaining"],
    ["llm_provider-x-ratelimit-limit-", "llm_provider-x-ratelimit-remaining-", "llm_provider-x-ratelimit-reset-"],
    ["llm_provider-anthropic-ratelimit-", "-limit", "-remaining"],
];

/// What the headers say about requests and tokens; `None` when they say nothing.
pub(super) fn rates(headers: &HeaderMap, now: Timestamp) -> Option<Box<Rates>> {
    let known = headers.keys().any(|name| name.as_str().contains("ratelimit-"));
    known.then(|| Rates::known(rate(headers, "requests", now), rate(headers, "tokens", now))).flatten()
}

fn rate(headers: &HeaderMap, of: &str, now: Timestamp) -> Rate {
    let found = FAMILIES.iter().map(|family| named(headers, family, of, now));
    found.into_iter().find(|rate| *rate != Rate::default()).unwrap_or_default()
}

fn named(headers: &HeaderMap, family: &[&str; 3], of: &str, now: Timestamp) -> Rate {
    let names = match family {
        [start, limit, remaining] if limit.starts_with('-') => {
            [format!("{start}{of}{limit}"), format!("{start}{of}{remaining}"), format!("{start}{of}-reset")]
        }
        starts => starts.map(|start| format!("{start}{of}")),
    };
    let [limit, remaining, reset] = names.map(|name| headers.get(name)?.to_str().ok().map(str::trim));
    Rate::new(limit.and_then(count), remaining.and_then(count), reset.and_then(|text| wait(text, now)))
}

/// A count. LiteLLM's may be negative, which means that nothing is left; what is no number says nothing.
fn count(text: &str) -> Option<u64> {
    let number: f64 = text.parse().ok()?;
    // A cast of a float that is too large or too small gives the nearest bound.
    number.is_finite().then_some(number.max(0.0) as u64)
}

/// Seconds, a span such as `6m0s` or `88ms`, or a point in time (RFC 3339).
fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Duration::try_from(at.duration_since(now)).unwrap_or_default());
    }
    span(text)
}

fn span(text: &str) -> Option<Duration> {
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        seconds += number
            * match &unit[..end] {
                "d" => 86_400.0,
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                _ => return None,
            };
        rest = &unit[end..];
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Option<Box<Rates>> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        rates(&headers, "2026-01-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_family_is_read() {
        let rates = read(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-reset-requests", "1s"),
            ("llm_provider-x-ratelimit-limit-requests", "500"),
            ("anthropic-ratelimit-tokens-limit", "40000"),
            ("anthropic-ratelimit-tokens-remaining", "-12"),
            ("anthropic-ratelimit-tokens-reset", "2026-01-01T00:00:30Z"),
        ]);
        let rates = rates.expect("they say something");
        assert_eq!(rates.requests, Rate::new(Some(60), Some(59), Some(Duration::from_secs(1))));
        assert_eq!(rates.tokens, Rate::new(Some(40_000), Some(0), Some(Duration::from_secs(30))));
        let passed_on =
            read(&[("llm_provider-anthropic-ratelimit-requests-remaining", "7")]).expect("it says something");
        assert_eq!(passed_on.requests, Rate::new(None, Some(7), None));
    }

    #[test]
    fn spans_and_nonsense() {
        let reset = |text| read(&[("x-ratelimit-reset-tokens", text)]).map(|rates| rates.tokens.reset);
        let seconds = |seconds| Some(Some(Duration::from_secs_f64(seconds)));
        for (text, expected) in [
            ("6m0s", seconds(360.0)),
            ("88ms", seconds(0.088)),
            ("1h2m3.5s", seconds(3_723.5)),
            ("12", seconds(12.0)),
            ("-3", seconds(0.0)),
            ("2025-01-01T00:00:00Z", seconds(0.0)),
            ("soon", None),
            ("5 parsecs", None),
            ("", None),
            ("1e400", None),
        ] {
            assert_eq!(reset(text), expected, "{text:?}");
        }
        assert_eq!(read(&[("x-ratelimit-limit-requests", "many"), ("x-ratelimit-remaining-requests", "nan")]), None);
        assert_eq!(read(&[("content-type", "text/plain")]), None);
        let huge = read(&[("x-ratelimit-limit-requests", "1e30")]).expect("it says something");
        assert_eq!(huge.requests.limit, Some(u64::MAX));
    }
}
