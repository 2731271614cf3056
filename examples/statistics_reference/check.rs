//! What is computed of a file: the cases of a statistic, or a table of thresholds.

use std::collections::BTreeMap;

use eval_drift::glr_threshold;
use eval_drift::reference::CaseFile;
use serde::Deserialize;
use serde_json::Value;

use crate::file::Row;

/// A threshold of the table is a number of four decimals.
const TABLE_TOLERANCE: f64 = 1e-9;

/// The thresholds of the change-point model, for each rate of false alarms from the run `t_first` on.
#[derive(Deserialize)]
struct Table {
    t_first: usize,
    table: BTreeMap<String, Thresholds>,
}

#[derive(Deserialize)]
struct Thresholds {
    h: Vec<f64>,
}

/// Computes and compares; why not, in words, when it is no file of reference values.
pub fn content(name: &str, content: Value) -> Result<Row, String> {
    if content.get("table").is_some() {
        serde_json::from_value(content).map(|table| thresholds(name, &table)).map_err(|error| bad("table", &error))
    } else if content.get("cases").is_some() {
        serde_json::from_value(content).map(|file| cases(name, &file)).map_err(|error| bad("case file", &error))
    } else {
        Err("is neither a case file (it has no `cases`) nor a table of thresholds (it has no `table`)".to_owned())
    }
}

fn bad(kind: &str, error: &serde_json::Error) -> String {
    format!("is no {kind}: {error}")
}

fn cases(name: &str, file: &CaseFile) -> Row {
    let outcome = file.check();
    let mut row = Row::named(name);
    (row.cases, row.failed, row.worst_error) = (outcome.cases, outcome.failed, outcome.worst_error);
    row.failures = outcome.failures;
    if row.cases == 0 {
        row.failures.push("has no case: an empty file shows nothing".to_owned());
    }
    row
}

fn thresholds(name: &str, table: &Table) -> Row {
    let mut row = Row::named(name);
    for (rate, thresholds) in &table.table {
        let rate: f64 = rate.parse().unwrap_or(f64::NAN);
        for (t, &expected) in (table.t_first..).zip(&thresholds.h) {
            let found = glr_threshold(t, rate);
            let error = found.map_or(f64::INFINITY, |found| (found - expected).abs());
            row.cases += 1;
            row.worst_error = row.worst_error.max(error);
            // A NaN must not pass.
            if error.is_nan() || error > TABLE_TOLERANCE {
                row.failed += 1;
                row.failures.push(format!("t = {t}, rate {rate}: {found:?} is not {expected}"));
            }
        }
    }
    if row.cases == 0 {
        row.failures.push("has no threshold: an empty table shows nothing".to_owned());
    }
    row
}
