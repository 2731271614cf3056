//! Judges, by the names that a user gives them.

use std::path::Path;
use std::sync::Arc;

use eval_core::{Judge, Provider};
use eval_judge::{BySample, LlmJudge, Rubric, SpecError, built_in};

use crate::config::{DEFAULT_JUDGE, Settings};
use crate::failure::{Failure, chain};

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JudgeName {
    /// A built-in judge, with its argument.
    BuiltIn(String),
    /// The model that grades.
    Grader(String),
}

/// Who answers graders, and whether the same answer has to be judged by the very same request each time.
pub(super) type Grader<'a> = Option<(&'a Arc<dyn Provider>, bool)>;

/// A built-in judge, else the grader of the LLM judge; `llm:NAME` forces the latter.
pub(crate) fn parse(name: &str) -> Result<JudgeName, Failure> {
    if let Some(grader) = name.strip_prefix("llm:") {
        return Ok(JudgeName::Grader(grader.to_owned()));
    }
    match built_in(name) {
        Ok(_) => Ok(JudgeName::BuiltIn(name.to_owned())),
        Err(error) if error.is_unknown() => Ok(JudgeName::Grader(name.to_owned())),
        Err(error) => Err(Failure::usage(format!("judge `{name}`: {}", chain(&error)))),
    }
}

/// The judges of a run. Where nobody names one: the default grader, or `exact` when no model of an endpoint is asked.
pub(crate) fn names(settings: &Settings, needs_endpoint: bool) -> Result<Vec<JudgeName>, Failure> {
    match settings.judges.value.as_slice() {
        [] if needs_endpoint => Ok(vec![JudgeName::Grader(DEFAULT_JUDGE.into())]),
        [] => Ok(vec![JudgeName::BuiltIn("exact".into())]),
        names => names.iter().map(|name| parse(name)).collect(),
    }
}

/// Whether a value of the column `judge` can be used: a built-in judge, `llm`, or nothing.
pub(crate) fn check_column(name: &str) -> Result<(), SpecError> {
    match name.trim() {
        "" | "llm" => Ok(()),
        name => built_in(name).map(drop),
    }
}

/// Whether a sample of the data set may ask for the LLM judge.
pub(crate) fn grader_of_column(names: &[JudgeName]) -> String {
    let graders = names.iter().filter_map(|name| match name {
        JudgeName::Grader(grader) => Some(grader.clone()),
        JudgeName::BuiltIn(_) => None,
    });
    graders.into_iter().next().unwrap_or_else(|| DEFAULT_JUDGE.to_owned())
}

/// The judges, the first of which lets the column `judge` choose. `column` is the grader for samples that ask for
/// `llm`, if any do.
pub(crate) fn build(
    names: &[JudgeName],
    column: Option<&str>,
    endpoint: Grader<'_>,
    rubric: &Rubric,
) -> Result<Vec<Arc<dyn Judge>>, Failure> {
    let one = |name: &JudgeName| -> Result<Arc<dyn Judge>, Failure> {
        match name {
            JudgeName::BuiltIn(spec) => built_in(spec).map_err(|error| Failure::usage(chain(&error))),
            JudgeName::Grader(grader) => Ok(Arc::new(llm(grader, endpoint, rubric)?)),
        }
    };
    let mut judges = names.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    if let Some(first) = judges.first_mut() {
        let mut chooser = BySample::new(first.clone());
        if let Some(grader) = column {
            chooser = chooser.with("llm", llm(grader, endpoint, rubric)?);
        }
        *first = Arc::new(chooser);
    }
    Ok(judges)
}

fn llm(grader: &str, endpoint: Grader<'_>, rubric: &Rubric) -> Result<LlmJudge, Failure> {
    let (provider, repeatable) =
        endpoint.ok_or_else(|| Failure::usage(format!("the judge `{grader}` needs an endpoint")))?;
    let builder = LlmJudge::builder(provider.clone()).grader(grader).rubric(rubric.clone());
    let builder = if repeatable { builder.repeatable() } else { builder };
    builder.build().map_err(|error| Failure::usage(chain(&error)))
}

/// The rubric of a file, or the built-in one.
pub(crate) fn rubric(path: Option<&Path>) -> Result<Rubric, Failure> {
    let Some(path) = path else { return Ok(Rubric::default()) };
    let text = super::read(path)?;
    Rubric::parse(&text).map_err(|error| Failure::usage(format!("{}: {}", path.display(), chain(&error))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_built_in_judges_or_graders() {
        assert_eq!(parse("numeric:0.1").unwrap(), JudgeName::BuiltIn("numeric:0.1".into()));
        assert_eq!(parse("gpt-4o").unwrap(), JudgeName::Grader("gpt-4o".into()));
        assert_eq!(parse("llm:exact").unwrap(), JudgeName::Grader("exact".into()));
        assert!(parse("regex:(").is_err());
    }
}
