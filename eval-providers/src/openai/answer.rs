//! From the bytes of an answer to a completion.

use eval_core::{Completion, FinishReason, Money, Pricing, ProviderError, ProviderErrorKind};

use super::http::Received;
use super::redact::Redactor;
use super::wire::{Answer, Choice, Said, usage};
use super::{error, headers};

/// How much of an answer that cannot be read is shown, in characters.
const SNIPPET: usize = 200;

/// The completion that a body with a status of success holds.
pub(super) fn read(received: &Received, redactor: &Redactor) -> Result<Completion, ProviderError> {
    completion(received, redactor).map_err(|mut error| {
        error.cost = headers::cost(&received.headers);
        error.pricing = error.cost.map(|_| Pricing::REPORTED);
        error
    })
}

fn completion(received: &Received, redactor: &Redactor) -> Result<Completion, ProviderError> {
    let malformed = |why: &str| malformed(received, redactor, why);
    let answer: Answer<'_> = serde_json::from_slice(&received.body).map_err(|error| malformed(&error.to_string()))?;
    let (model, fingerprint, raw_usage) = (answer.model, answer.system_fingerprint, answer.usage);
    // What is no word says nothing.
    let tier = answer.service_tier.and_then(|tier| serde_json::from_str(tier.get()).ok());
    let Some(choice) = answer.choices.into_iter().flatten().next() else {
        return Err(error::inside(received, redactor).unwrap_or_else(|| malformed("it has no choices")));
    };
    let Choice { message: Some(said), finish_reason } = choice else {
        return Err(malformed("it has no message"));
    };
    let (text, refused) = text(said);
    let finish = finish_reason.as_deref().map_or(FinishReason::Unknown, FinishReason::from);
    let finish = if refused { refusal(finish) } else { finish };
    let usage = usage(raw_usage, !text.trim().is_empty());
    if finish == FinishReason::ContentFilter && text.is_empty() {
        let mut error = ProviderError::new(ProviderErrorKind::Filtered, "a content filter stopped the answer");
        error.usage = usage;
        return Err(error);
    }
    let mut served = headers::served(&received.headers);
    (served.model, served.fingerprint) = (model, fingerprint);
    let answer = Completion::new(text).finish(finish).usage(usage);
    let told = headers::cost(&received.headers);
    let answer = match (served.cache_hit, told) {
        // The proxy tells what the answer cost when it was made; nobody made it now.
        (Some(true), would_have) => answer.cost(Some(Money::ZERO)).would_have_cost(would_have),
        (_, told) => answer.cost(told),
    };
    let pricing = answer.cost.map(|_| Pricing::REPORTED);
    let mut answer = answer.served(served).pricing(pricing);
    answer.tier = tier;
    Ok(answer)
}

/// What was said, and whether it is a refusal, which stands where nothing else was said.
fn text(said: Said) -> (String, bool) {
    match said.refusal {
        Some(refusal) if said.content.text.is_empty() => (refusal, true),
        _ => (said.content.text, said.content.refused),
    }
}

/// A refusal is a stop like any other to the endpoint, and not to us.
fn refusal(finish: FinishReason) -> FinishReason {
    match finish {
        FinishReason::Stop | FinishReason::Unknown => FinishReason::from("refusal"),
        other => other,
    }
}

/// An answer that is none, with its beginning.
pub(super) fn malformed(received: &Received, redactor: &Redactor, why: &str) -> ProviderError {
    let body = String::from_utf8_lossy(&received.body);
    let begins = match body.trim() {
        "" => "it is empty".to_owned(),
        body => format!("it begins with `{}`", redactor.clean(body, SNIPPET)),
    };
    let status = received.status.as_u16();
    let message = format!("{status}, but the answer cannot be used: {}; {begins}", redactor.clean(why, SNIPPET));
    ProviderError::new(ProviderErrorKind::Malformed, message)
}
