//! The headers by which a receiver knows that a webhook is ours, new, and not seen before.

use eval_core::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::{SecretError, Webhook, WebhookSecret};

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Signs `{id}.{timestamp}.{body}` with each secret: during a rotation the receiver may know either.
pub(super) fn headers(
    secrets: &[WebhookSecret],
    webhook: &Webhook,
    attempted: Timestamp,
) -> Result<HeaderMap, SecretError> {
    let seconds = attempted.as_second().to_string();
    let content: [&[u8]; 5] = [webhook.id().as_bytes(), b".", seconds.as_bytes(), b".", webhook.body()];
    let signed = secrets.iter().map(|secret| Ok(format!("v1,{}", secret.sign(&content)?)));
    let signatures = signed.collect::<Result<Vec<String>, SecretError>>()?.join(" ");
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| SecretError::Format);
    Ok(HeaderMap::from_iter([
        (ID, value(webhook.id())?),
        (TIMESTAMP, value(&seconds)?),
        (SIGNATURE, value(&signatures)?),
    ]))
}
