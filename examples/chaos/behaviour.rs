//! What the endpoint does, by name.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::answers::{self, garbage, good, odd, refused, usage, with};
use crate::gzip;
use crate::reply::{Manner, Reply};

/// The model that does what the last word of the question says.
pub const BY_QUESTION: &str = "by-question";

/// The names, and what they do. In a name with a number any other number will do: a status, a count, a pause in ms, a size
/// in MiB.
pub const BEHAVIOURS: &[(&[&str], &str)] = &[
    (&["good"], "answers `Paris.`"),
    (
        &["status-401", "status-403", "status-404", "status-408", "status-413", "status-422", "status-429"],
        "refuses in the words of OpenAI, and repeats the key",
    ),
    (&["status-500", "status-502", "status-503", "status-529"], "is in trouble, and repeats the key"),
    (&["status-503-plain", "status-503-html", "status-503-empty"], "the same with another body"),
    (
        &["status-429-after-seconds", "status-429-after-zero", "status-429-after-negative", "status-429-after-date"],
        "Retry-After: 2, 0, -5, in 30 s",
    ),
    (
        &["status-429-after-past", "status-429-after-absurd", "status-429-after-garbage"],
        "Retry-After: in 1970, 10^9, soon",
    ),
    (&["status-429-after-ms", "status-429-after-provider"], "retry-after-ms, llm_provider-retry-after"),
    (&["flaky-1-503", "flaky-2-429"], "a question meets the status so many times, then it is answered"),
    (&["hang", "hang-body"], "no byte ever; half of the body, then nothing"),
    (&["trickle-1000"], "a byte of the body each second"),
    (&["late-20"], "a good answer after so many ms"),
    (&["reset", "reset-body"], "the connection is reset, before the head or in the body"),
    (&["close", "cut"], "half-closed before the head, or in the middle of a body whose length was told"),
    (&["chunks-bad", "chunks-cut"], "chunks of a length that is none, or without an end"),
    (&["not-http", "head-huge"], "the greeting of another protocol; a head of 2 MB"),
    (&["interim"], "103 Early Hints before a good answer"),
    (&["null", "list", "object", "number", "empty", "blank"], "200 with a body that is no answer"),
    (
        &["truncated", "html", "not-utf8", "bom", "nan", "twice"],
        "half of it, HTML, other bytes, a mark before it, NaN, a key twice",
    ),
    (&["deep", "deep-elsewhere"], "100,000 levels where the choices stand, or beside them"),
    (&["long"], "the key, 20,000 times"),
    (&["type-html", "type-none"], "a good answer that says it is HTML, or nothing"),
    (&["gzip-lie", "gzip-cut", "gzip-bomb"], "said to be gzip and is not; ends early; 1 GiB in 7 MB"),
    (&["redirect-301", "redirect-302", "redirect-303", "redirect-307", "redirect-308"], "to another host"),
    (&["redirect-self", "no-content"], "to itself; 204"),
    (&["huge-100", "endless"], "100 MiB, told beforehand; chunks without end"),
    (
        &["usage-missing", "usage-zero", "usage-negative", "usage-huge", "usage-string", "usage-float", "usage-list"],
        "token counts that cannot be true; huge is 2^62",
    ),
    (&["cost-nan", "cost-inf", "cost-negative", "cost-absurd", "cost-garbage"], "a cost that is no amount"),
    (&["no-choices", "null-choices", "null-choice", "no-message", "number-content"], "an answer without one"),
    (&["error-inside"], "200 with an error in it"),
    (&["null-content", "empty-content", "tool-calls", "filter"], "an answer without words"),
    (&["refusal", "refusal-part", "parts", "length", "filter-text"], "a refusal, words in parts, words that are cut"),
    (&["echo-key"], "an answer that holds the key"),
    (
        &["cache-hit", "hidden-retries", "fallback", "other-model", "pair"],
        "a LiteLLM proxy that did what it was told not to do",
    ),
    (&["gpt-5-chat"], "the headers of Anthropic, and an answer that says it is Claude"),
    (&["swapped-20"], "more prompt tokens from the twentieth question on"),
];

/// What a behaviour may depend on.
#[derive(Debug)]
pub(crate) struct Circumstances<'a> {
    /// The `authorization` header.
    pub(crate) key: &'a str,
    /// Where redirects lead.
    pub(crate) elsewhere: &'a str,
    /// How often this question met this behaviour, this time included.
    pub(crate) of_question: u64,
    /// How often any question did.
    pub(crate) of_all: u64,
}

/// What the behaviour of this name replies; an unknown name is an unknown model.
pub(crate) fn reply(name: &str, when: &Circumstances<'_>) -> Reply {
    let known = connection(name)
        .or_else(|| status(name, when))
        .or_else(|| body(name, when))
        .or_else(|| numbers(name))
        .or_else(|| served(name, when));
    known.unwrap_or_else(|| {
        let message = format!("The model `{name}` does not exist");
        Reply::json(404, &json!({"error": {"message": message, "code": "model_not_found"}}))
    })
}

fn ok(body: &Value) -> Reply {
    Reply::json(200, body)
}

/// Lies below HTTP.
fn connection(name: &str) -> Option<Reply> {
    let chunked = |body: &str| Reply::unframed(body).header("transfer-encoding", "chunked");
    Some(match name {
        "good" => ok(&good()),
        "hang" => ok(&good()).manner(Manner::Hang(0)),
        "hang-body" => ok(&good()).half(Manner::Hang),
        "reset" => ok(&good()).manner(Manner::Reset(0)),
        "reset-body" => ok(&good()).half(Manner::Reset),
        "close" => ok(&good()).manner(Manner::Close(0)),
        "cut" => ok(&good()).half(Manner::Close),
        "chunks-bad" => chunked("zz\r\n{}\r\n0\r\n\r\n"),
        "chunks-cut" => chunked("5\r\n{\"a\":\r\n").manner(Manner::Close(usize::MAX)),
        "not-http" => Reply::raw("SSH-2.0-OpenSSH_9.2\r\n"),
        "head-huge" => ok(&good()).header("x-padding", &"x".repeat(2 << 20)),
        "interim" => Reply::raw("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").followed_by(&ok(&good())),
        _ => {
            let (manner, pause) = name.split_once('-')?;
            let pause = Duration::from_millis(pause.parse().ok()?);
            match manner {
                "trickle" => ok(&good()).manner(Manner::Trickle(pause)),
                "late" => ok(&good()).manner(Manner::Late(pause)),
                _ => return None,
            }
        }
    })
}

/// `status-NNN…`, `flaky-N-NNN`, `redirect-…`, `no-content`.
fn status(name: &str, when: &Circumstances<'_>) -> Option<Reply> {
    let number = |text: &str| text.parse::<u16>().ok();
    let words: Vec<&str> = name.split('-').collect();
    match words[..] {
        ["no", "content"] => Some(Reply::new(204, "")),
        ["redirect", "self"] => Some(Reply::new(307, "").header("location", "/v1/chat/completions")),
        ["redirect", status] => Some(Reply::new(number(status)?, "").header("location", when.elsewhere)),
        ["flaky", times, status] => {
            let error = when.of_question <= times.parse().ok()?;
            if error { refusal(number(status)?, when) } else { Some(ok(&good())) }
        }
        ["status", status] => refusal(number(status)?, when),
        ["status", status, "plain"] => Some(Reply::new(number(status)?, format!("no, {}", when.key))),
        ["status", status, "html"] => Some(Reply::new(number(status)?, garbage("html", when.key)?)),
        ["status", status, "empty"] => Some(Reply::new(number(status)?, "")),
        ["status", status, "after", form] => {
            let (name, value) = retry_after(form)?;
            Some(refusal(number(status)?, when)?.header(name, &value))
        }
        _ => None,
    }
}

fn refusal(status: u16, when: &Circumstances<'_>) -> Option<Reply> {
    (100..1000).contains(&status).then(|| Reply::json(status, &refused(status, when.key)))
}

/// Every form in which an endpoint asks its callers to wait.
fn retry_after(form: &str) -> Option<(&'static str, String)> {
    let value = match form {
        "seconds" => "2".into(),
        "zero" => "0".into(),
        "negative" => "-5".into(),
        "date" => http_date(SystemTime::now() + Duration::from_secs(30)),
        "past" => http_date(UNIX_EPOCH),
        "absurd" => "1000000000".into(),
        "garbage" => "soon".into(),
        "ms" => return Some(("retry-after-ms", "5".into())),
        "provider" => return Some(("llm_provider-retry-after", "0.005".into())),
        _ => return None,
    };
    Some(("retry-after", value))
}

/// A time as HTTP writes it, by the civil calendar of Howard Hinnant's `civil_from_days`.
fn http_date(time: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Counted from 1 March of the year 0, in eras of 400 years.
    let since = days + 719_468;
    let (era, of_era) = (since / 146_097, since % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + u64::from(month >= 10);
    let (name, month) = (DAYS[(days % 7) as usize], MONTHS[((month + 2) % 12) as usize]);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{name}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Bodies that are no answer, are said to be what they are not, or do not end.
fn body(name: &str, when: &Circumstances<'_>) -> Option<Reply> {
    static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| gzip::bomb(1 << 30));
    const MIB: usize = 1 << 20;
    let gzip = |body: Vec<u8>| Reply::new(200, body).header("content-encoding", "gzip");
    Some(match name {
        "type-html" => Reply::new(200, good().to_string()).header("content-type", "text/html"),
        "type-none" => Reply::new(200, good().to_string()),
        "gzip-lie" => gzip(good().to_string().into()),
        "gzip-cut" => gzip(gzip::cut(good().to_string().as_bytes())),
        "gzip-bomb" => gzip(BOMB.clone()),
        "endless" => {
            let chunk = format!("{MIB:x}\r\n{}\r\n", "x".repeat(MIB));
            Reply::unframed(chunk).header("transfer-encoding", "chunked").manner(Manner::Repeated(u64::MAX))
        }
        "echo-key" => ok(&answers::answer(&json!({"content": format!("Your key is {}.", when.key)}), "stop")),
        _ => match name.strip_prefix("huge-") {
            Some(times) => {
                let times: u64 = times.parse().ok()?;
                let reply = Reply::unframed(vec![b' '; MIB]).header("content-length", &(times << 20).to_string());
                reply.manner(Manner::Repeated(times))
            }
            None => Reply::new(200, garbage(name, when.key)?).header("content-type", "application/json"),
        },
    })
}

/// Answers that are odd, and figures that cannot be true.
fn numbers(name: &str) -> Option<Reply> {
    if let Some(name) = name.strip_prefix("usage-") {
        return Some(ok(&with("usage", usage(name)?)));
    }
    let cost = match name {
        "cost-nan" => "nan",
        "cost-inf" => "inf",
        "cost-negative" => "-0.1",
        "cost-absurd" => "1e300",
        "cost-garbage" => "free",
        _ => return odd(name).map(|answer| ok(&answer)),
    };
    Some(ok(&good()).header("x-litellm-response-cost", cost))
}

/// What a LiteLLM proxy tells of itself.
fn served(name: &str, when: &Circumstances<'_>) -> Option<Reply> {
    let from = |deployment: &str| {
        let reply = ok(&with("model", json!(BY_QUESTION)));
        reply.header("x-litellm-version", "1.106.2").header("x-litellm-model-id", deployment)
    };
    Some(match name {
        "cache-hit" => from("chaos-1").header("x-litellm-cache-key", "abc"),
        "hidden-retries" => from("chaos-1").header("x-litellm-attempted-retries", "2"),
        "fallback" => from("chaos-2").header("x-litellm-attempted-fallbacks", "1"),
        "other-model" => ok(&with("model", json!("claude-sonnet-4-5"))),
        "gpt-5-chat" => {
            let message = json!({"content": "I am Claude, made by Anthropic."});
            ok(&answers::answer(&message, "stop")).header("llm_provider-anthropic-organization-id", "chaos")
        }
        "pair" => from(if when.of_all.is_multiple_of(2) { "pair-a" } else { "pair-b" }),
        _ => {
            let from: u64 = name.strip_prefix("swapped-")?.parse().ok()?;
            let tokens = if when.of_all < from { 11 } else { 17 };
            ok(&with("usage", json!({"prompt_tokens": tokens, "completion_tokens": 7})))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        ] {
            assert_eq!(http_date(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }
}
