//! What of a request can change its answer, written in one way.

use std::collections::BTreeMap;

use eval_core::{Message, Params, Request};
use serde_json::Value;

use super::scrub::is_secret;

/// The repeat of the data set that a request belongs to; 0 outside a run.
pub(super) fn epoch(request: &Request) -> u32 {
    request.origin.as_ref().map_or(0, |origin| origin.epoch)
}

/// The parameters in which every object is sorted by name, those left out that carry a secret: they say who asks.
pub(super) fn params(params: &Params) -> Params {
    let told = params.iter().filter(|(name, _)| !is_secret(name));
    told.fold(Params::new(), |params, (name, value)| params.with(name, sorted(value.clone())))
}

/// Messages and parameters as JSON.
pub(super) fn texts(messages: &[Message], told: &Params) -> [String; 2] {
    [serde_json::to_string(messages), serde_json::to_string(&params(told))].map(Result::unwrap_or_default)
}

/// The same with every object sorted by name.
pub(super) fn sorted(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> =
                fields.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            fields.into_iter().collect()
        }
        plain => plain,
    }
}
