//! Reading the inputs of cases and writing what was found.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The field of this name.
pub(super) fn field<T: DeserializeOwned>(input: &Value, name: &str) -> Result<T, String> {
    serde_json::from_value(input[name].clone()).map_err(|error| format!("input `{name}`: {error}"))
}

/// A number as case files have it: infinities as texts, what is undefined as `null`.
pub(super) fn number(value: impl Into<Option<f64>>) -> Value {
    match value.into() {
        Some(f64::INFINITY) => json!("inf"),
        Some(f64::NEG_INFINITY) => json!("-inf"),
        value => json!(value),
    }
}
