//! The judges that a name alone gives.

use std::sync::Arc;

use eval_core::{BoxError, Judge, Score};
use thiserror::Error;

#[cfg(feature = "json-schema")]
use crate::JsonSchema;
use crate::excerpt::excerpt;
use crate::{Assertions, Contains, Exact, Json, Numeric, Pattern, Similarity};

/// The names of the built-in judges. `json-schema` is among them with the feature `json-schema` only.
pub const BUILT_IN: &[&str] = &[
    "exact",
    "contains",
    "contains-any",
    "contains-all",
    "regex",
    "numeric",
    "json",
    #[cfg(feature = "json-schema")]
    "json-schema",
    "similarity",
    "promptfoo",
];

/// No judge can be made of a specification.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpecError {
    /// No judge has this name.
    #[error("no judge is called `{}`{hint}; there are {known}", excerpt(name, 60))]
    Unknown {
        /// The name asked for.
        name: String,
        /// A name that is close to it, as ` (did you mean `…`?)`, or nothing.
        hint: String,
        /// The names there are.
        known: String,
    },
    /// The judge cannot be made with this argument.
    #[error("the argument `{}` does not suit the judge `{judge}`", excerpt(argument, 60))]
    Argument {
        /// The judge.
        judge: String,
        /// The argument.
        argument: String,
        /// Why not.
        #[source]
        source: BoxError,
    },
}

impl SpecError {
    /// Whether the name is unknown, so that it may mean something else, for instance a grader.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    pub(crate) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        let close = |other: &&str| strsim::damerau_levenshtein(name, other) <= 2;
        let hint = known.clone().find(close).map_or_else(String::new, |other| format!(" (did you mean `{other}`?)"));
        Self::Unknown { name: name.to_owned(), hint, known: known.collect::<Vec<_>>().join(", ") }
    }
}

/// The built-in judge of a specification: a name of [`BUILT_IN`], or `name:argument`.
///
/// | specification | the answer scores 1 when it | argument |
/// |---|---|---|
/// | `exact` | is the expected output, up to case, space, quotes, full stop | another expected output for all samples |
/// | `contains` | contains the expected output | another expected output |
/// | `contains-any`, `contains-all` | contains any, all of the list in the expected output (`a \| b`) | another list |
/// | `regex` | matches the expected output as a regular expression | the expression: `regex:^A` |
/// | `numeric` | gives the expected number | the tolerance: `numeric:0.01`, or relative: `numeric:1%` |
/// | `json` | is JSON | none |
/// | `json-schema` | is JSON that the schema in the expected output allows | the schema |
/// | `similarity` | (graded from 0 to 1) is spelled like the expected output | the least similarity for a score of 1: `similarity:0.9` |
/// | `promptfoo` | passes the [assertions](Assertions) in the columns `__expected` | none |
///
/// Everything after the first colon is the argument.
///
/// ```
/// use eval_judge::built_in;
/// assert_eq!(built_in("numeric:1%").unwrap().name(), "numeric");
/// assert!(built_in("gpt-4o-mini").is_err_and(|error| error.is_unknown()));
/// assert!(built_in("regex:(").is_err_and(|error| !error.is_unknown()));
/// ```
///
/// # Errors
/// A [`SpecError`] when no built-in judge has the name, or when the argument does not suit it.
pub fn built_in(spec: &str) -> Result<Arc<dyn Judge>, SpecError> {
    let (name, argument) = match spec.split_once(':') {
        Some((name, argument)) => (name.trim(), Some(argument)),
        None => (spec.trim(), None),
    };
    if !BUILT_IN.contains(&name) {
        return Err(SpecError::unknown(name, BUILT_IN.iter().copied()));
    }
    let made = match argument {
        None => plain(name),
        Some(argument) if argument.trim().is_empty() => Err("it is empty".into()),
        Some(argument) => with_argument(name, argument),
    };
    made.map_err(|source| SpecError::Argument {
        judge: name.to_owned(),
        argument: argument.unwrap_or_default().to_owned(),
        source,
    })
}

fn plain(name: &str) -> Result<Arc<dyn Judge>, BoxError> {
    Ok(match name {
        "exact" => Arc::new(Exact::new()),
        "contains" => Arc::new(Contains::whole()),
        "contains-any" => Arc::new(Contains::any()),
        "contains-all" => Arc::new(Contains::all()),
        "regex" => Arc::new(Pattern::from_target()),
        "numeric" => Arc::new(Numeric::new()),
        "json" => Arc::new(Json::new()),
        #[cfg(feature = "json-schema")]
        "json-schema" => Arc::new(JsonSchema::from_target()),
        "similarity" => Arc::new(Similarity::new()),
        "promptfoo" => Arc::new(Assertions::new()),
        _ => return Err("there is no such judge".into()),
    })
}

fn with_argument(name: &str, argument: &str) -> Result<Arc<dyn Judge>, BoxError> {
    Ok(match name {
        "exact" => Arc::new(Exact::new().expecting(argument)),
        "contains" => Arc::new(Contains::whole().expecting(argument)),
        "contains-any" => Arc::new(Contains::any().expecting(argument)),
        "contains-all" => Arc::new(Contains::all().expecting(argument)),
        "regex" => Arc::new(Pattern::new(argument)?),
        "numeric" => Arc::new(numeric(argument)?),
        #[cfg(feature = "json-schema")]
        "json-schema" => Arc::new(JsonSchema::new(argument)?),
        "similarity" => Arc::new(similarity(argument)?),
        _ => return Err("this judge takes no argument".into()),
    })
}

fn numeric(argument: &str) -> Result<Numeric, BoxError> {
    let (number, share) = match argument.trim().strip_suffix('%') {
        Some(number) => (number.trim(), true),
        None => (argument.trim(), false),
    };
    match number.parse::<f64>() {
        Ok(tolerance) if tolerance.is_finite() && tolerance >= 0.0 => {
            Ok(if share { Numeric::new().relative(tolerance / 100.0) } else { Numeric::new().absolute(tolerance) })
        }
        _ => Err("expected a tolerance such as 0.01 or 1%".into()),
    }
}

fn similarity(argument: &str) -> Result<Similarity, BoxError> {
    let least = argument.trim().parse().ok().and_then(Score::new);
    least.map(|least| Similarity::new().at_least(least)).ok_or_else(|| "expected a number from 0 to 1".into())
}
