//! Models, by the names that a user gives them.

use eval_core::{Dataset, Run, RunKind};
use eval_providers::Simulated;

use crate::failure::{Failure, did_you_mean};

/// What a name after `-m` means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ModelName {
    /// A model of the endpoint.
    Endpoint(String),
    /// A simulated model.
    Simulated(String),
    /// Answers that stand in a column of the data set.
    Column(String),
    /// Answers of a stored run, judged again in a run of this kind.
    Stored(Box<Run>, RunKind),
}

impl ModelName {
    /// Reads `NAME`, `simulated:NAME` or `column:NAME`.
    pub(crate) fn parse(name: &str, dataset: &Dataset) -> Result<Self, Failure> {
        if let Some(column) = name.strip_prefix("column:") {
            return Self::column(column, dataset);
        }
        match name.strip_prefix("simulated:") {
            Some(simulated) => Self::simulated(simulated),
            None if name.trim().is_empty() => Err(Failure::usage("a model has no name")),
            None => Ok(Self::Endpoint(name.to_owned())),
        }
    }

    fn simulated(name: &str) -> Result<Self, Failure> {
        let known: Vec<&str> = Simulated::catalogue().iter().map(|entry| entry.name).collect();
        if known.contains(&name) {
            return Ok(Self::Simulated(name.to_owned()));
        }
        let failure = Failure::usage(format!("there is no simulated model `{name}`"));
        Err(match did_you_mean(name, known.iter().copied()) {
            Some(meant) => failure.hint(format!("did you mean simulated:{meant}?")),
            None => failure.hint(format!("there are {}", known.join(", "))),
        })
    }

    fn column(name: &str, dataset: &Dataset) -> Result<Self, Failure> {
        let columns = dataset.columns();
        if columns.iter().any(|column| column == name) {
            return Ok(Self::Column(name.to_owned()));
        }
        let failure = Failure::usage(format!("the data set has no column `{name}` to take answers from"));
        let known = columns.iter().map(String::as_str);
        Err(match did_you_mean(name, known) {
            Some(meant) => failure.hint(format!("did you mean column:{meant}?")),
            None if columns.is_empty() => failure.hint("it has no columns besides the question's own"),
            None => failure.hint(format!("there are {}", columns.join(", "))),
        })
    }

    /// The model that answers or answered, if it is one.
    pub(crate) fn who_answers(&self) -> Option<&str> {
        match self {
            Self::Endpoint(name) => Some(name),
            Self::Stored(run, _) => Some(&run.model),
            _ => None,
        }
    }

    /// The model of the endpoint, if it is one.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        match self {
            Self::Endpoint(name) => Some(name),
            _ => None,
        }
    }
}
