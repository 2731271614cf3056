//! From a refusal to what a caller can do about it.

use std::time::SystemTime;

use eval_core::{ProviderError, ProviderErrorKind as Kind};
use reqwest::header::LOCATION;
use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::http::Received;
use super::redact::Redactor;
use super::retry_after::retry_after;

/// How much of an endpoint's message is kept, in characters. LiteLLM's are long and name its fallbacks.
const KEPT: usize = 300;

/// How much of a body that is no JSON is looked at, in bytes.
const WINDOW: usize = 4096;

/// The error that an answer with another status than 2xx stands for.
pub(super) fn refused(received: &Received, redactor: &Redactor) -> ProviderError {
    if received.status.is_redirection() {
        return redirected(received);
    }
    let told = Told::from_body(&received.body);
    error(received, received.status, &told, redactor)
}

/// The error in a body with a status of success: some proxies answer 200 and put the error inside.
pub(super) fn inside(received: &Received, redactor: &Redactor) -> Option<ProviderError> {
    let body: Value = serde_json::from_slice(&received.body).ok()?;
    let told = Told::from_error(body.get("error").filter(|error| !error.is_null())?);
    let code = told.code.parse().ok().filter(|code| (400..600).contains(code));
    let status = StatusCode::from_u16(code.unwrap_or(500)).ok()?;
    Some(error(received, status, &told, redactor))
}

fn error(received: &Received, status: StatusCode, told: &Told, redactor: &Redactor) -> ProviderError {
    let kind = told.kind(status);
    let said = redactor.clean(told.message.trim().trim_end_matches('.'), KEPT);
    let hint = hint(kind, status, told);
    let message = match (status.as_u16(), told.name.as_str()) {
        (status, "") => format!("{status}: {said}{hint}"),
        (status, name) => format!("{status} {}: {said}{hint}", redactor.clean(name, 40)),
    };
    ProviderError::new(kind, message).with_retry_after(retry_after(&received.headers, SystemTime::now()))
}

fn hint(kind: Kind, status: StatusCode, told: &Told) -> &'static str {
    match (kind, status) {
        (Kind::Auth, _) if told.name == "no_db_connection" => " (wrong key? a proxy without a database says this)",
        (Kind::Auth, StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST) => " (wrong key?)",
        (Kind::Config, StatusCode::NOT_FOUND) => " (is the base URL right?)",
        _ => "",
    }
}

/// Following would send the key to another host. The target's path and query may be secret, its host is not.
fn redirected(received: &Received) -> ProviderError {
    let location = received.headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let target = location.and_then(|location| Url::parse(location).ok());
    let to = match target.as_ref().and_then(Url::host_str) {
        Some(host) => format!(" to {host}"),
        None => String::new(),
    };
    let status = received.status.as_u16();
    let message = format!("{status}: the endpoint redirects{to}, which is refused: give the final base URL");
    ProviderError::new(Kind::Config, message)
}

/// What the endpoint says about an error.
#[derive(Default)]
struct Told {
    /// The `type`, in lower case.
    name: String,
    /// The `code`, in lower case: a word, or the status as a number.
    code: String,
    message: String,
}

impl Told {
    /// `{"error": {…}}`, `{"error": "…"}`, `{"detail": …}`, `{"message": …}`, or plain text.
    fn from_body(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(body) => Self::from_error(body.get("error").unwrap_or(&body)),
            Err(_) => {
                let text = String::from_utf8_lossy(&body[..body.len().min(WINDOW)]).into_owned();
                Self { message: text, ..Self::default() }
            }
        }
    }

    fn from_error(error: &Value) -> Self {
        let said = ["message", "detail", "error"].into_iter().find_map(|field| error.get(field));
        Self { name: word(&error["type"]), code: word(&error["code"]), message: text(said.unwrap_or(error)) }
    }

    /// By type and code where the status misleads, then by LiteLLM's class of exception, which stands in the
    /// message alone, then by status.
    fn kind(&self, status: StatusCode) -> Kind {
        let named = self.by_name(status).or_else(|| self.by_message(status));
        named.unwrap_or_else(|| by_status(status))
    }

    fn by_name(&self, status: StatusCode) -> Option<Kind> {
        [&self.name, &self.code].into_iter().find_map(|name| match name.as_str() {
            "budget_exceeded" | "insufficient_quota" | "billing_hard_limit_reached" => Some(Kind::Quota),
            _ if !status.is_client_error() || status == StatusCode::TOO_MANY_REQUESTS => None,
            "no_db_connection" | "token_not_found_in_db" | "auth_error" | "invalid_api_key" | "expired_key" => {
                Some(Kind::Auth)
            }
            "context_length_exceeded" => Some(Kind::ContextWindow),
            "content_filter" | "content_policy_violation" => Some(Kind::Filtered),
            "model_not_found" | "deploymentnotfound" => Some(Kind::UnknownModel),
            _ => None,
        })
    }

    /// A message may repeat what the user asked. So one alone never ends a run, but for the two of LiteLLM that
    /// say that a model is unknown, and for a 404.
    fn by_message(&self, status: StatusCode) -> Option<Kind> {
        if !status.is_client_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        let message = self.message.to_lowercase();
        let says = |marks: &[&str]| marks.iter().any(|mark| message.contains(mark));
        if says(&["contextwindowexceedederror", "context_length_exceeded", "maximum context length"]) {
            return Some(Kind::ContextWindow);
        }
        if says(&["contentpolicyviolationerror", "content_policy_violation", "content management policy"]) {
            return Some(Kind::Filtered);
        }
        let unknown = says(&["no healthy deployments for this model", "invalid model name passed in"]);
        let not_found = status == StatusCode::NOT_FOUND && says(&["model", "does not exist", "notfounderror"]);
        (unknown || not_found).then_some(Kind::UnknownModel)
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(word) => word.to_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn by_status(status: StatusCode) -> Kind {
    match status.as_u16() {
        401 | 403 => Kind::Auth,
        402 => Kind::Quota,
        404 => Kind::Config,
        408 | 504 => Kind::Timeout,
        429 => Kind::RateLimited,
        500..=599 => Kind::Unavailable,
        _ => Kind::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> Kind {
        Told::from_body(body.as_bytes()).kind(StatusCode::from_u16(status).unwrap())
    }

    /// Bodies as real endpoints send them.
    #[test]
    fn classes_of_errors() {
        let error = |kind: &str, message: &str| {
            serde_json::json!({"error": {"message": message, "type": kind, "param": null, "code": "400"}}).to_string()
        };
        let invalid = |message| error("invalid_request_error", message);
        for (status, body, expected) in [
            (401, error("auth_error", "No api key passed in"), Kind::Auth),
            (400, error("no_db_connection", "No connected db."), Kind::Auth),
            (401, r#"{"error":{"message":"Incorrect API key","type":"invalid_request_error","code":"invalid_api_key"}}"#.into(), Kind::Auth),
            (422, error("budget_exceeded", "Budget has been exceeded!"), Kind::Quota),
            (429, r#"{"error":{"message":"You exceeded your quota","type":"insufficient_quota","code":"insufficient_quota"}}"#.into(), Kind::Quota),
            (402, "payment required".into(), Kind::Quota),
            (400, invalid("You passed in model=nope. There are no healthy deployments for this model"), Kind::UnknownModel),
            (404, r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#.into(), Kind::UnknownModel),
            (404, r#"{"error":"model \"x\" not found, try pulling it first"}"#.into(), Kind::UnknownModel),
            (404, r#"{"detail":"Not Found"}"#.into(), Kind::Config),
            (404, "<html>".into(), Kind::Config),
            (429, error("throttling_error", "litellm.RateLimitError: x"), Kind::RateLimited),
            (429, error("None", "No deployments available for selected model, Try again in 5 seconds"), Kind::RateLimited),
            (408, invalid("litellm.Timeout: x"), Kind::Timeout),
            (504, String::new(), Kind::Timeout),
            (400, invalid("litellm.ContextWindowExceededError: x"), Kind::ContextWindow),
            (400, r#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#.into(), Kind::ContextWindow),
            (400, invalid("litellm.BadRequestError: litellm.ContentPolicyViolationError: x"), Kind::Filtered),
            (400, r#"{"error":{"message":"x","code":"content_filter"}}"#.into(), Kind::Filtered),
            (400, invalid("temperature is too high"), Kind::Rejected),
            (413, "too large".into(), Kind::Rejected),
            (500, error("internal_server_error", "litellm.InternalServerError: model x does not exist"), Kind::Unavailable),
            (503, "null".into(), Kind::Unavailable),
            (529, "[]".into(), Kind::Unavailable),
        ] {
            assert_eq!(kind(status, &body), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_question_that_is_repeated_in_a_message_ends_no_run() {
        for told in ["insufficient_quota", "invalid_api_key", "the model does not exist", "auth_error"] {
            assert_eq!(kind(400, &format!(r#"{{"error":{{"message":"cannot use: {told}"}}}}"#)), Kind::Rejected);
        }
    }
}
