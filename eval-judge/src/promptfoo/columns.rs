//! The columns of a row that promptfoo gives a meaning.

use eval_core::Sample;
use thiserror::Error;

use super::assertion::Assertion;

/// An assertion, or a setting of it, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{why}")]
#[non_exhaustive]
pub struct AssertionError {
    /// The column, for instance `__expected2`.
    pub column: String,
    /// What stands there.
    pub found: String,
    /// What is wrong with it.
    pub why: String,
    /// What to do.
    pub hint: String,
}

/// The assertions of a row, in the order of their numbers.
pub(super) struct Row {
    pub(super) assertions: Vec<Written>,
    pub(super) threshold: Option<f64>,
    pub(super) metric: Option<String>,
}

/// An assertion and its column.
pub(super) struct Written {
    number: u32,
    column: String,
    pub(super) assertion: Assertion,
}

/// The number of an assertion's column; `__expected` alone is the first.
pub(super) fn number(column: &str) -> Option<u32> {
    match column.strip_prefix("__expected")? {
        "" => Some(0),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    }
}

impl Row {
    pub(super) fn read(sample: &Sample) -> Result<Self, AssertionError> {
        let mut row = Self { assertions: Vec::new(), threshold: None, metric: None };
        for (column, text) in sample.metadata.iter().filter(|(_, text)| !text.trim().is_empty()) {
            if let Some(number) = number(column) {
                let assertion = Assertion::read(text.trim()).map_err(|(why, hint)| error(column, text, why, hint))?;
                row.assertions.push(Written { number, column: column.clone(), assertion });
            } else if column == "__metric" {
                row.metric = Some(text.trim().to_owned());
            } else if column == "__threshold" {
                row.threshold = Some(share(column, text)?);
            }
        }
        row.assertions.sort_by_key(|written| written.number);
        for (column, text) in sample.metadata.iter().filter(|(_, text)| !text.trim().is_empty()) {
            if let Some(setting) = column.strip_prefix("__config:") {
                row.set(column, setting, text)?;
            }
        }
        for written in &row.assertions {
            let refused = |(why, hint)| error(&written.column, &written.assertion.name(), why, hint);
            written.assertion.complete().map_err(refused)?;
        }
        Ok(row)
    }

    /// `__expectedN:threshold`; `__expected` alone means the first.
    fn set(&mut self, column: &str, setting: &str, text: &str) -> Result<(), AssertionError> {
        let meant = setting.strip_suffix(":threshold").and_then(number);
        let Some(meant) = meant else {
            let hint = "the column is called `__config:__expected1:threshold`, with the number of its assertion";
            return Err(error(column, text, format!("the setting `{column}` is not read"), hint.into()));
        };
        let threshold = limit(column, text)?;
        let same = |written: &&mut Written| written.number.max(1) == meant.max(1);
        match self.assertions.iter_mut().find(same) {
            Some(written) => {
                written.assertion.set_threshold(threshold).map_err(|(why, hint)| error(column, text, why, hint))
            }
            None => Err(error(
                column,
                text,
                format!("`{column}` is about an assertion that this row does not have"),
                "leave the cell empty in this row".into(),
            )),
        }
    }
}

fn share(column: &str, text: &str) -> Result<f64, AssertionError> {
    let number = limit(column, text)?;
    if number <= 1.0 {
        return Ok(number);
    }
    let hint = "write the share of the assertions' scores that is enough, for instance 0.5";
    Err(error(column, text, format!("`{column}` is {number}, which is not from 0 to 1"), hint.into()))
}

fn limit(column: &str, text: &str) -> Result<f64, AssertionError> {
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err(error(column, text, format!("`{column}` is no number of at least 0"), "write a number".into())),
    }
}

fn error(column: &str, found: &str, why: String, hint: String) -> AssertionError {
    AssertionError { column: column.to_owned(), found: crate::excerpt::excerpt(found, 80), why, hint }
}
