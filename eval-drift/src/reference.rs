//! Case files of reference values: what the statistics of this crate are held to. Feature `reference`.
//!
//! A case file is JSON: `{statistic, rel_tol, abs_tol, cases: [{id, input, expected}]}`. A number passes when
//! `|found - expected| <= abs_tol + rel_tol * |expected|`; infinity is the text `"inf"` or `"-inf"`; `null` stands for
//! what is undefined, and only `null` passes where it is expected.

mod distributions;
mod effects;
mod input;
mod sequences;

use serde::Deserialize;
use serde_json::Value;

/// What a case file says of one statistic.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct CaseFile {
    /// The name of the statistic.
    pub statistic: String,
    /// The part of an expected number by which the one found may differ.
    pub rel_tol: f64,
    /// By how much it may differ besides.
    pub abs_tol: f64,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case: what goes in, and what must come out.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Case {
    /// The name of the case.
    pub id: String,
    /// The input, in the statistic's own shape.
    pub input: Value,
    /// The figures by name; each must be found.
    pub expected: Value,
}

/// How the cases of a file ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The name of the statistic.
    pub statistic: String,
    /// How many cases there are.
    pub cases: usize,
    /// How many of them failed.
    pub failed: usize,
    /// The largest difference between a number found and the one expected; infinite where one of them is no number.
    pub worst_error: f64,
    /// What failed, a line each.
    pub failures: Vec<String>,
}

impl Outcome {
    /// How many cases passed.
    pub fn passed(&self) -> usize {
        self.cases - self.failed
    }
}

impl CaseFile {
    /// Computes every case and compares. A statistic that is not known fails all of its cases, and a file without
    /// cases fails as a whole.
    pub fn check(&self) -> Outcome {
        let mut outcome = Outcome {
            statistic: self.statistic.clone(),
            cases: self.cases.len(),
            failed: 0,
            worst_error: 0.0,
            failures: vec![],
        };
        for case in &self.cases {
            let mut differences = Differences { file: self, worst: 0.0, found: vec![] };
            match compute(&self.statistic, &case.input) {
                Ok(found) => differences.compare("", &found, &case.expected),
                Err(why) => differences.note("", &why),
            }
            outcome.worst_error = outcome.worst_error.max(differences.worst);
            outcome.failed += usize::from(!differences.found.is_empty());
            outcome.failures.extend(differences.found.iter().map(|what| format!("{}{what}", case.id)));
        }
        outcome
    }
}

/// The figures of a statistic for an input in the shape of the case files.
///
/// # Errors
/// Why, in words: the statistic is not known, or the input has not its shape.
pub fn compute(statistic: &str, input: &Value) -> Result<Value, String> {
    let families = [effects::compute, distributions::compute, sequences::compute];
    let found = families.iter().find_map(|family| family(statistic, input));
    found.unwrap_or_else(|| Err(format!("the statistic `{statistic}` is not known")))
}

/// What differs in one case.
struct Differences<'a> {
    file: &'a CaseFile,
    worst: f64,
    found: Vec<String>,
}

impl Differences<'_> {
    fn note(&mut self, place: &str, what: &str) {
        self.worst = f64::INFINITY;
        self.found.push(format!("{place}: {what}"));
    }

    fn compare(&mut self, place: &str, found: &Value, expected: &Value) {
        match (found, expected) {
            (Value::Object(values), Value::Object(names)) => {
                for (name, expected) in names {
                    match values.get(name) {
                        Some(found) => self.compare(&format!("{place}.{name}"), found, expected),
                        None => self.note(&format!("{place}.{name}"), "is not computed"),
                    }
                }
            }
            (Value::Array(values), Value::Array(others)) if values.len() == others.len() => {
                for (at, (found, expected)) in values.iter().zip(others).enumerate() {
                    self.compare(&format!("{place}[{at}]"), found, expected);
                }
            }
            (Value::Number(value), Value::Number(other)) => self.compare_numbers(place, value.as_f64(), other.as_f64()),
            _ if found == expected => {}
            _ => self.note(place, &format!("{found} is not {expected}")),
        }
    }

    fn compare_numbers(&mut self, place: &str, found: Option<f64>, expected: Option<f64>) {
        let (found, expected) = (found.unwrap_or(f64::NAN), expected.unwrap_or(f64::NAN));
        let error = (found - expected).abs();
        self.worst = self.worst.max(error);
        let allowed = self.file.abs_tol + self.file.rel_tol * expected.abs();
        // A NaN must not pass.
        if error.is_nan() || error > allowed {
            self.found.push(format!("{place}: {found} is not {expected}: off by {error:e}, {allowed:e} allowed"));
        }
    }
}
