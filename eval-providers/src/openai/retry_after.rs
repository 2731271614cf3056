//! How long an endpoint asks its callers to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

/// The longest time in any of the headers that say so, or `None` when none does, or none that can be read.
///
/// `retry-after` holds seconds or an HTTP date (RFC 9110, 10.2.3), `retry-after-ms` milliseconds; LiteLLM passes the
/// header of the provider behind it on with the prefix `llm_provider-`. A negative number and a date in the past mean
/// now.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = ["retry-after", "llm_provider-retry-after"].into_iter().filter_map(value);
    let seconds = seconds.filter_map(|text| number(text, 1.0).or_else(|| date(text, now)));
    let millis = ["retry-after-ms", "llm_provider-retry-after-ms"].into_iter().filter_map(value);
    seconds.chain(millis.filter_map(|text| number(text, 1e-3))).max()
}

fn number(text: &str, seconds: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    // Past a duration's range it is absurd, and the longest duration says so to whoever caps it.
    (!number.is_nan()).then(|| Duration::try_from_secs_f64((number * seconds).max(0.0)).unwrap_or(Duration::MAX))
}

fn date(text: &str, now: SystemTime) -> Option<Duration> {
    Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        retry_after(&headers, httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap())
    }

    #[test]
    fn every_form_is_read() {
        let ms = |ms| Some(Duration::from_millis(ms));
        for (value, expected) in [
            ("2", ms(2_000)),
            (" 1.5 ", ms(1_500)),
            ("0", ms(0)),
            ("-5", ms(0)),
            ("Sun, 06 Nov 1994 08:49:40 GMT", ms(3_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", ms(0)),
            ("1000000000", Some(Duration::from_secs(1_000_000_000))),
            ("1e300", Some(Duration::MAX)),
            ("nan", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(read(&[("retry-after", value)]), expected, "{value:?}");
        }
        assert_eq!(read(&[("retry-after-ms", "250")]), ms(250));
        assert_eq!(read(&[("llm_provider-retry-after", "2"), ("retry-after", "1")]), ms(2_000));
        assert_eq!(read(&[]), None);
    }
}
