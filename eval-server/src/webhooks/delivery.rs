//! One attempt.

use std::time::{Duration, SystemTime};

use eval_core::{Timestamp, error_chain};

use super::{Receiver, Webhook, signature};
use crate::outbound::{Answer, Outbound};

/// The longest pause that a receiver may ask for: the longest of the schedule.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// When it was made: the `webhook-timestamp`.
    pub attempted: Timestamp,
    /// The status that the receiver answered with; `None` without an answer.
    pub status: Option<u16>,
    /// What has to be done now.
    pub next: Next,
    /// Why it failed, for a person; `None` for a success. The receiver's URL is not in it but for its host.
    pub failure: Option<String>,
    /// What the receiver answered, at most 1,024 bytes of it. It may be hostile: show it as text.
    pub answer: String,
}

/// What has to be done after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Nothing: it was taken (2xx).
    Done,
    /// Another attempt, when [`retry_delay`](crate::retry_delay) says so.
    Retry {
        /// And not before this time has passed, since the receiver asked for it (`Retry-After`); at most a day.
        not_before: Option<Duration>,
    },
    /// The receiver is gone (410) and must not be sent to again.
    Disable,
    /// No attempt will do better until somebody changes something: the URL is refused.
    GiveUp,
}

/// Sends a webhook once, signed for this time.
///
/// Only 2xx is success: a redirect is a failure like any other. Nothing that a receiver does makes this take longer or
/// hold more than [`Outbound`] allows.
pub async fn deliver(outbound: &Outbound, receiver: &Receiver, webhook: &Webhook, now: Timestamp) -> Delivered {
    let headers = match signature::headers(receiver.secrets(), webhook, now) {
        Ok(headers) => headers,
        Err(error) => return failed(now, Next::GiveUp, error_chain(&error)),
    };
    match outbound.post(receiver.url(), headers, webhook.body().to_vec()).await {
        Ok(answer) => answered(now, answer),
        Err(error) => {
            let next = if error.is_transient() { Next::Retry { not_before: None } } else { Next::GiveUp };
            failed(now, next, error_chain(&error))
        }
    }
}

fn failed(attempted: Timestamp, next: Next, failure: String) -> Delivered {
    Delivered { attempted, status: None, next, failure: Some(failure), answer: String::new() }
}

fn answered(attempted: Timestamp, answer: Answer) -> Delivered {
    let next = match answer.status {
        200..=299 => Next::Done,
        410 => Next::Disable,
        _ => Next::Retry { not_before: answer.retry_after.and_then(|text| pause(&text, attempted)) },
    };
    let failure = match answer.status {
        200..=299 => None,
        300..=399 => Some(format!("the receiver answered {}; a redirect is not followed", answer.status)),
        status => Some(format!("the receiver answered {status}")),
    };
    Delivered { attempted, status: Some(answer.status), next, failure, answer: answer.text }
}

/// `Retry-After` in either form, seconds or a date (RFC 9110, 10.2.3), as time from now on.
pub(crate) fn pause(text: &str, now: Timestamp) -> Option<Duration> {
    let asked = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text.trim()).ok()?.duration_since(SystemTime::from(now)).ok()?,
    };
    Some(asked.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_come_as_seconds_or_as_dates_and_end_after_a_day() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Fri, 02 Jan 2026 03:05:05 GMT", Some(60)),
            ("Thu, 01 Jan 2026 00:00:00 GMT", None),
            ("18446744073709551615", Some(86_400)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(pause(text, now), expected.map(Duration::from_secs), "{text}");
        }
    }
}
