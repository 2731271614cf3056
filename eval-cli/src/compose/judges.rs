//! Judges, by the names that a user gives them.

use std::path::Path;
use std::sync::Arc;

use eval_core::{Judge, Provider};
use eval_judge::{BySample, LlmJudge, Pairwise, Rubric, SpecError, built_in};

use super::Against;
use crate::config::{DEFAULT_JUDGE, Settings};
use crate::failure::{Failure, chain};

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JudgeName {
    /// A built-in judge, with its argument.
    BuiltIn(String),
    /// The model that grades.
    Grader(String),
    /// The model that compares two answers.
    Pairwise(String),
}

/// The judge that compares two answers, alone or with its grader: `pairwise:NAME`.
const PAIRWISE: &str = "pairwise";

/// A built-in judge, else the grader of the LLM judge; `llm:NAME` forces the latter.
pub(crate) fn parse(name: &str) -> Result<JudgeName, Failure> {
    if let Some(grader) = name.strip_prefix("llm:") {
        return Ok(JudgeName::Grader(grader.to_owned()));
    }
    if let Some(grader) = name.strip_prefix(PAIRWISE).and_then(|rest| rest.strip_prefix(':').or(Some(rest))) {
        return match grader {
            "" => Ok(JudgeName::Pairwise(DEFAULT_JUDGE.into())),
            grader => Ok(JudgeName::Pairwise(grader.strip_prefix("llm:").unwrap_or(grader).to_owned())),
        };
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

/// Refuses a judge that compares where there is nothing to compare with, before anybody is called.
pub(crate) fn check_pairs(names: &[JudgeName], against: Option<&Against>) -> Result<(), Failure> {
    let compares = names.iter().any(|name| matches!(name, JudgeName::Pairwise(_)));
    if compares && against.is_none() { Err(alone()) } else { Ok(()) }
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
        JudgeName::Grader(grader) | JudgeName::Pairwise(grader) => Some(grader.clone()),
        JudgeName::BuiltIn(_) => None,
    });
    graders.into_iter().next().unwrap_or_else(|| DEFAULT_JUDGE.to_owned())
}

/// The judges, the first of which lets the column `judge` choose, unless it compares with the answers of another run.
/// `column` is the grader for samples that ask for `llm`, if any do.
pub(crate) fn build(
    names: &[JudgeName],
    column: Option<&str>,
    provider: Option<&Arc<dyn Provider>>,
    rubric: &Rubric,
    against: Option<&Against>,
) -> Result<Vec<Arc<dyn Judge>>, Failure> {
    let one = |name: &JudgeName| -> Result<Arc<dyn Judge>, Failure> {
        match name {
            JudgeName::BuiltIn(spec) => built_in(spec).map_err(|error| Failure::usage(chain(&error))),
            JudgeName::Grader(grader) => Ok(Arc::new(llm(grader, provider, rubric)?)),
            JudgeName::Pairwise(grader) => {
                Ok(Arc::new(pairwise(grader, provider, rubric, against.ok_or_else(alone)?)?))
            }
        }
    };
    let mut judges = names.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    let chooses = !matches!(names.first(), Some(JudgeName::Pairwise(_)));
    if let Some(first) = judges.first_mut().filter(|_| chooses) {
        let mut chooser = BySample::new(first.clone());
        if let Some(grader) = column {
            chooser = chooser.with("llm", llm(grader, provider, rubric)?);
        }
        *first = Arc::new(chooser);
    }
    Ok(judges)
}

/// A grader that compares with these answers.
pub(crate) fn pairwise(
    grader: &str,
    provider: Option<&Arc<dyn Provider>>,
    rubric: &Rubric,
    against: &Against,
) -> Result<Pairwise, Failure> {
    Ok(Pairwise::new(llm(grader, provider, rubric)?, against.answers.clone()))
}

fn alone() -> Failure {
    Failure::usage("the judge `pairwise` compares with the answers of another run")
        .hint("evalctl rescore RUN --judge pairwise --against OTHER; a grader of this name is `llm:pairwise`")
}

fn llm(grader: &str, provider: Option<&Arc<dyn Provider>>, rubric: &Rubric) -> Result<LlmJudge, Failure> {
    let provider = provider.ok_or_else(|| Failure::usage(format!("the judge `{grader}` needs an endpoint")))?;
    let builder = LlmJudge::builder(provider.clone()).grader(grader).rubric(rubric.clone());
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
