//! The parameters of a grader's requests.

use std::sync::atomic::{AtomicBool, Ordering};

use eval_core::{Params, ProviderError, ProviderErrorKind};
use serde_json::{Value, json};

use super::Shape;

/// Parameters that are always sent, and those that an endpoint may refuse.
#[derive(Debug)]
pub(super) struct Settings {
    fixed: Params,
    offers: Vec<Offer>,
    /// What is sent for the usual shape as long as nothing was refused: the same for nearly every call.
    usual: (Shape, Params),
}

/// A parameter of ours, withdrawn for good when the endpoint refuses it.
#[derive(Debug)]
struct Offer {
    name: &'static str,
    /// `None` for the form of the reply, which depends on its shape.
    value: Option<Value>,
    /// What a refusal mentions.
    marks: &'static [&'static str],
    refused: AtomicBool,
}

impl Offer {
    fn new(name: &'static str, value: Option<Value>, marks: &'static [&'static str]) -> Self {
        Self { name, value, marks, refused: AtomicBool::new(false) }
    }

    /// What is offered for a reply of this shape.
    fn of(&self, shape: &Shape) -> Value {
        self.value.clone().unwrap_or_else(|| shape.response_format())
    }
}

impl Settings {
    /// The user's parameters, or temperature 0; with the form of a reply of each shape, unless the user says another one.
    pub(super) fn new(params: Option<Params>, usual: Shape) -> Self {
        let mut offers = Vec::new();
        if params.is_none() {
            offers.push(Offer::new("temperature", Some(json!(0)), &["temperature"]));
        }
        let fixed = params.unwrap_or_default();
        if fixed.get("response_format").is_none() {
            offers.push(Offer::new("response_format", None, &["response_format", "json_schema"]));
        }
        let all = with_all(&fixed, &offers, &usual);
        Self { fixed, offers, usual: (usual, all) }
    }

    /// What to send now for a reply of this shape.
    pub(super) fn params(&self, shape: &Shape) -> Params {
        let is_refused = |offer: &&Offer| offer.refused.load(Ordering::Relaxed);
        if *shape == self.usual.0 && !self.offers.iter().any(|offer| is_refused(&offer)) {
            return self.usual.1.clone();
        }
        with_all(&self.fixed, self.offers.iter().filter(|offer| !is_refused(offer)), shape)
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
    pub(super) fn text(&self, shape: &Shape) -> String {
        let own: Vec<(&str, Value)> = self.offers.iter().map(|offer| (offer.name, offer.of(shape))).collect();
        let own = own.iter().map(|(name, value)| (*name, value));
        self.fixed.iter().chain(own).map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

/// Fixed parameters and these offers.
fn with_all<'a>(fixed: &Params, offers: impl IntoIterator<Item = &'a Offer>, shape: &Shape) -> Params {
    offers.into_iter().fold(fixed.clone(), |params, offer| params.with(offer.name, offer.of(shape)))
}
