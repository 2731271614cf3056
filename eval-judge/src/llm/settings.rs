//! The parameters of a grader's requests.

use std::sync::atomic::{AtomicBool, Ordering};

use eval_core::{Params, ProviderError, ProviderErrorKind};
use serde_json::{Value, json};

/// Parameters that are always sent, and those that an endpoint may refuse.
#[derive(Debug)]
pub(super) struct Settings {
    fixed: Params,
    offers: Vec<Offer>,
}

/// A parameter of ours, withdrawn for good when the endpoint refuses it.
#[derive(Debug)]
struct Offer {
    name: &'static str,
    /// `None` for the shape of the reply, which each call brings.
    value: Option<Value>,
    /// What a refusal mentions.
    marks: &'static [&'static str],
    refused: AtomicBool,
}

impl Offer {
    fn new(name: &'static str, value: Option<Value>, marks: &'static [&'static str]) -> Self {
        Self { name, value, marks, refused: AtomicBool::new(false) }
    }
}

impl Settings {
    /// The user's parameters, or temperature 0; with the shape of a verdict unless the user says another one.
    pub(super) fn new(params: Option<Params>) -> Self {
        let mut offers = Vec::new();
        if params.is_none() {
            offers.push(Offer::new("temperature", Some(json!(0)), &["temperature"]));
        }
        let fixed = params.unwrap_or_default();
        if fixed.get("response_format").is_none() {
            offers.push(Offer::new("response_format", None, &["response_format", "json_schema"]));
        }
        Self { fixed, offers }
    }

    /// What to send now, with this shape of the reply.
    pub(super) fn params(&self, format: &Value) -> Params {
        let offers = self.offers.iter().filter(|offer| !offer.refused.load(Ordering::Relaxed));
        offers.fold(self.fixed.clone(), |params, offer| {
            params.with(offer.name, offer.value.as_ref().unwrap_or(format).clone())
        })
    }

    /// Whether the endpoint refused a parameter of ours that was sent, so that the call is worth another try.
    pub(super) fn withdraw(&self, sent: &Params, error: &ProviderError) -> bool {
        if error.kind != ProviderErrorKind::Rejected {
            return false;
        }
        let is_meant = |offer: &&Offer| {
            sent.get(offer.name).is_some() && offer.marks.iter().any(|mark| error.message.contains(mark))
        };
        let refused = self.offers.iter().find(is_meant);
        if let Some(offer) = refused.filter(|offer| !offer.refused.swap(true, Ordering::Relaxed)) {
            tracing::warn!(
                parameter = offer.name,
                "the grader's endpoint refuses a parameter, which is left out from now on"
            );
        }
        refused.is_some()
    }

    /// What tells two settings apart in a fingerprint: what is asked for, whether or not it is refused.
    pub(super) fn text(&self, format: &Value) -> String {
        let own = self.offers.iter().map(|offer| (offer.name, offer.value.as_ref().unwrap_or(format)));
        self.fixed.iter().chain(own).map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}
