//! One of several things that a rubric grades.

use super::RubricError;
use crate::excerpt::excerpt;

/// Most criteria of a rubric: a grader asked for more grades none of them well.
const MAX_CRITERIA: usize = 20;
/// Longest name, in characters.
const MAX_NAME: usize = 40;
/// The greatest weight.
const MAX_WEIGHT: f64 = 1_000.0;

/// One of several things that a rubric grades, with its weight in the score.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Criterion {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// Its weight, above 0 and at most 1,000. Only the proportions of the weights count.
    pub weight: f64,
}

/// The criterion of a line `criterion NAME: WEIGHT`; `None` when the line is about something else.
pub(super) fn read(line: &str, number: usize, before: &[Criterion]) -> Option<Result<Criterion, RubricError>> {
    let (name, weight) = line.trim().strip_prefix("criterion ")?.split_once(':')?;
    let read = checked(name.trim(), weight.trim(), before);
    Some(read.map_err(|why| RubricError::Criterion { line: number, why }))
}

fn checked(name: &str, weight: &str, before: &[Criterion]) -> Result<Criterion, String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(is_plain) || name.chars().count() > MAX_NAME {
        return Err(format!("a name is made of letters, digits, `-` and `_`, at most {MAX_NAME}"));
    }
    if before.iter().any(|other| other.name == name) {
        return Err(format!("the criterion `{name}` is there already"));
    }
    if before.len() == MAX_CRITERIA {
        return Err(format!("more than {MAX_CRITERIA} criteria"));
    }
    match weight.parse::<f64>() {
        Ok(weight) if weight > 0.0 && weight <= MAX_WEIGHT => Ok(Criterion { name: name.to_owned(), weight }),
        _ => {
            let found = excerpt(weight, 40);
            Err(format!("the weight of `{name}` is `{found}`, expected a number above 0 and at most {MAX_WEIGHT}"))
        }
    }
}
