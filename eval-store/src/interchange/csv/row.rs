//! An evaluation as cells, and cells as an evaluation.

use serde_json::{Map, Number, Value};

use super::cell::{cell, text};
use super::{Column, Kind};

/// Takes the value of a column out of an evaluation, as a cell; empty when it is unknown. A value of another kind
/// stays, and travels with the rest.
pub(super) fn take(evaluation: &mut Value, column: &Column) -> String {
    let Some((parent, key)) = column.pointer.rsplit_once('/') else { return String::new() };
    let Some(Value::Object(parent)) = evaluation.pointer_mut(parent) else { return String::new() };
    let cell = match (column.kind, parent.get(key)) {
        (Kind::Text, Some(Value::String(text))) => cell(text).into_owned(),
        (Kind::Number, Some(Value::Number(number))) => number.to_string(),
        _ => return String::new(),
    };
    parent.remove(key);
    cell
}

/// The value of a cell; `None` when it is unknown.
///
/// # Errors
/// What was expected.
pub(super) fn value(cell: &str, kind: Kind) -> Result<Option<Value>, String> {
    match kind {
        Kind::Text => Ok(text(cell).map(Value::from)),
        Kind::Number if cell.trim().is_empty() => Ok(None),
        Kind::Number => match serde_json::from_str::<Number>(cell.trim()) {
            Ok(number) => Ok(Some(Value::Number(number))),
            Err(_) => Err(format!("expected a number, found `{cell}`")),
        },
    }
}

/// Puts a value where its column says.
///
/// # Errors
/// What has to be there and is not.
pub(super) fn put(evaluation: &mut Value, pointer: &str, value: Value) -> Result<(), String> {
    let mut place = evaluation;
    for key in pointer.split('/').skip(1) {
        place = match place {
            Value::Object(fields) => fields.entry(key).or_insert_with(|| Value::Object(Map::new())),
            Value::Array(elements) => key
                .parse::<usize>()
                .ok()
                .and_then(|at| elements.get_mut(at))
                .ok_or_else(|| format!("there is no element {key} in `more_json` that it belongs to"))?,
            _ => return Err("`more_json` holds something else in its place".to_owned()),
        };
    }
    *place = value;
    Ok(())
}

/// Leaves out what is unknown: the absence of a field says the same in fewer words.
pub(super) fn prune(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(prune);
        }
        Value::Array(elements) => elements.iter_mut().for_each(prune),
        _ => {}
    }
}
