//! Judges, by the names that a user gives them.

use std::path::Path;
use std::sync::Arc;

use eval_core::{Dataset, DatasetError, Judge, Provider};
use eval_judge::{
    Assertions, BySample, CheapFirst, JUDGE_COLUMN, LlmJudge, Pairwise, Panel, Rubric, Rule, SpecError, built_in,
};

use super::Against;
use crate::config::{DEFAULT_JUDGE, Settings};
use crate::failure::{Failure, chain};
use crate::output::clean;

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JudgeName {
    /// A built-in judge, with its argument.
    BuiltIn(String),
    /// The model that grades.
    Grader(String),
    /// The model that compares two answers.
    Pairwise(String),
    /// Several that give one verdict: `median(gpt-4o, claude-haiku-4-5)`.
    Panel(Rule, Vec<JudgeName>),
    /// Rules, and a judge that is asked when they pass: `cheap-first(contains, gpt-4o)`.
    CheapFirst(Vec<JudgeName>),
}

impl JudgeName {
    /// The models that grade, in the order of the name.
    pub(crate) fn graders(&self) -> Vec<&str> {
        match self {
            Self::BuiltIn(_) => Vec::new(),
            Self::Grader(grader) | Self::Pairwise(grader) => vec![grader],
            Self::Panel(_, members) | Self::CheapFirst(members) => members.iter().flat_map(Self::graders).collect(),
        }
    }

    fn compares(&self) -> bool {
        match self {
            Self::Pairwise(_) => true,
            Self::BuiltIn(_) | Self::Grader(_) => false,
            Self::Panel(_, members) | Self::CheapFirst(members) => members.iter().any(Self::compares),
        }
    }

    fn is_promptfoo(&self) -> bool {
        match self {
            Self::BuiltIn(spec) => spec.trim() == PROMPTFOO,
            Self::Grader(_) | Self::Pairwise(_) => false,
            Self::Panel(_, members) | Self::CheapFirst(members) => members.iter().any(Self::is_promptfoo),
        }
    }
}

/// The judge that compares two answers, alone or with its grader: `pairwise:NAME`.
const PAIRWISE: &str = "pairwise";

/// The judge of promptfoo's assertions.
const PROMPTFOO: &str = "promptfoo";

const RULES: [Rule; 3] = [Rule::Mean, Rule::Median, Rule::Majority];

/// A built-in judge, one made of several, else the grader of the LLM judge; `llm:NAME` forces the latter.
pub(crate) fn parse(name: &str) -> Result<JudgeName, Failure> {
    if name.trim().is_empty() {
        return Err(Failure::usage("a judge without a name").hint("for instance --judge exact, or --judge gpt-4o-mini"));
    }
    if let Some(grader) = name.strip_prefix("llm:") {
        return Ok(JudgeName::Grader(grader.to_owned()));
    }
    if let Some(grader) = name.strip_prefix(PAIRWISE).and_then(|rest| rest.strip_prefix(':').or(Some(rest))) {
        return match grader {
            "" => Ok(JudgeName::Pairwise(DEFAULT_JUDGE.into())),
            grader => Ok(JudgeName::Pairwise(grader.strip_prefix("llm:").unwrap_or(grader).to_owned())),
        };
    }
    if let Some((kind, members)) = several(name) {
        let members = members.into_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        return match RULES.into_iter().find(|rule| rule.name() == kind) {
            Some(rule) => panel(name, rule, members),
            None => checked(name, members),
        };
    }
    match built_in(name) {
        Ok(_) => Ok(JudgeName::BuiltIn(name.to_owned())),
        Err(error) if error.is_unknown() => Ok(JudgeName::Grader(name.to_owned())),
        Err(error) => Err(Failure::usage(format!("judge `{name}`: {}", chain(&error)))),
    }
}

/// At least two, and no two of them the same: one that is asked twice would have two votes.
fn panel(name: &str, rule: Rule, members: Vec<JudgeName>) -> Result<JudgeName, Failure> {
    let twice = members.iter().enumerate().any(|(at, member)| members[..at].contains(member));
    if members.len() < 2 || twice {
        return Err(Failure::usage(format!("judge `{name}`: a panel is of two judges or more, each of them once")));
    }
    Ok(JudgeName::Panel(rule, members))
}

/// Rules first, and something that costs last.
fn checked(name: &str, members: Vec<JudgeName>) -> Result<JudgeName, Failure> {
    let costs = |member: &JudgeName| !member.graders().is_empty();
    match members.as_slice() {
        [rules @ .., last] if !rules.is_empty() && !rules.iter().any(costs) && costs(last) => {
            Ok(JudgeName::CheapFirst(members))
        }
        _ => Err(Failure::usage(format!(
            "judge `{name}`: it needs rules that cost nothing, and then one judge that costs"
        ))
        .hint("for instance --judge contains --judge gpt-4o-mini --cheap-first")),
    }
}

/// The word before the brackets and what stands in them, apart by commas; brackets inside keep their commas.
fn several(name: &str) -> Option<(&str, Vec<&str>)> {
    let (kind, inside) = name.trim().strip_suffix(')')?.split_once('(')?;
    let is_known = kind == CHEAP_FIRST || RULES.iter().any(|rule| rule.name() == kind);
    let mut depth = 0;
    let at_comma = |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    };
    is_known.then(|| (kind, inside.split(at_comma).map(str::trim).collect()))
}

const CHEAP_FIRST: &str = "cheap-first";

/// One name for all of these, of which the rules go first: what `--cheap-first` means.
pub(crate) fn cheap_first(names: &[String]) -> Result<Vec<String>, Failure> {
    let read = names.iter().map(|name| Ok((parse(name)?, name))).collect::<Result<Vec<_>, Failure>>()?;
    let (rules, judges): (Vec<_>, Vec<_>) = read.iter().partition(|(name, _)| name.graders().is_empty());
    if rules.is_empty() || judges.is_empty() {
        return Err(Failure::usage("--cheap-first needs a rule that costs nothing and a judge that costs")
            .hint("for instance --judge contains --judge gpt-4o-mini --cheap-first"));
    }
    judges.iter().map(|judge| listed(rules.iter().copied().chain([*judge]))).collect()
}

/// `cheap-first(…)` of these, if it reads back as what they are.
fn listed<'a>(members: impl Iterator<Item = &'a (JudgeName, &'a String)>) -> Result<String, Failure> {
    let (members, names): (Vec<JudgeName>, Vec<&str>) = members.map(|(name, text)| (name.clone(), text.trim())).unzip();
    let name = format!("{CHEAP_FIRST}({})", names.join(", "));
    if parse(&name).is_ok_and(|read| read == JudgeName::CheapFirst(members)) {
        return Ok(name);
    }
    Err(Failure::usage(format!("`{}` cannot be written as a list", names.join(", ")))
        .hint("a rule with a comma or an odd bracket in its argument does not go with --cheap-first"))
}

/// The judges of a run. Where nobody names one: the assertions of a data set of promptfoo, else the default grader, or
/// `exact` when no model of an endpoint is asked.
pub(crate) fn names(
    settings: &Settings,
    dataset: Option<&Dataset>,
    needs_endpoint: bool,
) -> Result<Vec<JudgeName>, Failure> {
    let asserts = |dataset: &Dataset| dataset.columns().iter().any(|column| Assertions::is_column(column));
    match settings.judges.value.as_slice() {
        [] if dataset.is_some_and(asserts) => Ok(vec![JudgeName::BuiltIn(PROMPTFOO.into())]),
        [] if needs_endpoint => Ok(vec![JudgeName::Grader(DEFAULT_JUDGE.into())]),
        [] => Ok(vec![JudgeName::BuiltIn("exact".into())]),
        names => names.iter().map(|name| parse(name)).collect(),
    }
}

/// Refuses a judge that compares where there is nothing to compare with, before anybody is called.
pub(crate) fn check_pairs(names: &[JudgeName], against: Option<&Against>) -> Result<(), Failure> {
    let compares = names.iter().any(JudgeName::compares);
    if compares && against.is_none() { Err(alone()) } else { Ok(()) }
}

/// Refuses a row whose column `judge` names no judge, or whose assertions cannot be judged: with its place, and before
/// anything is asked.
pub(crate) fn check_rows(dataset: &Dataset) -> Result<(), DatasetError> {
    dataset.check_rows(|sample| {
        let named = sample.metadata.get(JUDGE_COLUMN).map_or("", String::as_str);
        if let Err(error) = check_column(named) {
            let what = format!("question {} asks for the judge `{}`: {error}", clean(sample.id.as_str()), clean(named));
            return Err((JUDGE_COLUMN.to_owned(), DatasetError::new("", what)));
        }
        Assertions::new().check(sample).map_err(|error| {
            let refused = DatasetError::new("", clean(&error.why)).hint(error.hint.clone());
            (
                error.column.clone(),
                refused.expected("an assertion that can be judged", format!("`{}`", clean(&error.found))),
            )
        })
    })
}

/// Whether any sample needs a model that grades, beyond those that the names name.
pub(crate) fn asks_llm(dataset: &Dataset, names: &[JudgeName]) -> Result<bool, DatasetError> {
    let has = |wanted: fn(&str) -> bool| dataset.columns().iter().any(|column| wanted(column));
    if !has(|column| column == JUDGE_COLUMN) && !has(Assertions::is_column) {
        return Ok(false);
    }
    let all = names.iter().any(JudgeName::is_promptfoo);
    for sample in dataset.samples()? {
        let sample = sample?;
        let named = sample.metadata.get(JUDGE_COLUMN).map_or("", |judge| judge.trim());
        if named == "llm" || (all || named == PROMPTFOO) && Assertions::needs_grader(&sample) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a value of the column `judge` can be used: a built-in judge, `llm`, or nothing.
fn check_column(name: &str) -> Result<(), SpecError> {
    match name.trim() {
        "" | "llm" => Ok(()),
        name => built_in(name).map(drop),
    }
}

/// The grader of samples that ask for one.
pub(crate) fn grader_of_column(names: &[JudgeName]) -> String {
    names.iter().flat_map(JudgeName::graders).next().unwrap_or(DEFAULT_JUDGE).to_owned()
}

/// What judges are made of.
pub(crate) struct Bench<'a> {
    /// The grader for samples that ask for `llm` or for graded assertions, if any do.
    pub(crate) column: Option<&'a str>,
    pub(crate) provider: Option<&'a Arc<dyn Provider>>,
    /// Whether the same answer has to be judged by the very same request each time.
    pub(crate) repeatable: bool,
    pub(crate) rubric: &'a Rubric,
    /// The answers that a pairwise judge compares with.
    pub(crate) against: Option<&'a Against>,
}

impl Bench<'_> {
    /// The judges, the first of which lets the column `judge` choose, unless it compares with the answers of another
    /// run.
    pub(crate) fn judges(&self, names: &[JudgeName]) -> Result<Vec<Arc<dyn Judge>>, Failure> {
        let mut judges = names.iter().map(|name| self.judge(name)).collect::<Result<Vec<_>, _>>()?;
        let chooses = !matches!(names.first(), Some(JudgeName::Pairwise(_)));
        if let Some(first) = judges.first_mut().filter(|_| chooses) {
            let mut chooser = BySample::new(first.clone());
            if let Some(grader) = self.column {
                chooser = chooser.with("llm", self.llm(grader)?).with(PROMPTFOO, self.assertions()?);
            }
            *first = Arc::new(chooser);
        }
        Ok(judges)
    }

    fn judge(&self, name: &JudgeName) -> Result<Arc<dyn Judge>, Failure> {
        Ok(match name {
            JudgeName::BuiltIn(spec) if spec.trim() == PROMPTFOO => Arc::new(self.assertions()?),
            JudgeName::BuiltIn(spec) => built_in(spec).map_err(|error| Failure::usage(chain(&error)))?,
            JudgeName::Grader(grader) => Arc::new(self.llm(grader)?),
            JudgeName::Pairwise(grader) => Arc::new(self.pairwise(grader)?),
            JudgeName::Panel(rule, members) => {
                let mut panel = Panel::builder().rule(*rule);
                for member in members {
                    panel = panel.judge(self.judge(member)?);
                }
                Arc::new(panel.build().map_err(|error| Failure::usage(chain(&error)))?)
            }
            JudgeName::CheapFirst(members) => match members.as_slice() {
                [rules @ .., last] => {
                    let rules = rules.iter().map(|rule| self.judge(rule)).collect::<Result<_, _>>()?;
                    Arc::new(CheapFirst::new(rules, self.judge(last)?))
                }
                [] => return Err(Failure::usage("no judge")),
            },
        })
    }

    /// A grader that compares with the answers that there are.
    pub(crate) fn pairwise(&self, grader: &str) -> Result<Pairwise, Failure> {
        let others = self.against.ok_or_else(alone)?.answers.clone();
        Ok(Pairwise::new(self.llm(grader)?, others))
    }

    fn assertions(&self) -> Result<Assertions, Failure> {
        let judge = Assertions::new();
        self.column.map_or(Ok(judge.clone()), |grader| Ok(judge.grader(self.llm(grader)?)))
    }

    fn llm(&self, grader: &str) -> Result<LlmJudge, Failure> {
        let provider = self.provider;
        let provider = provider.ok_or_else(|| Failure::usage(format!("the judge `{grader}` needs an endpoint")))?;
        let builder = LlmJudge::builder(provider.clone()).grader(grader).rubric(self.rubric.clone());
        let builder = builder.repeatable(self.repeatable);
        builder.build().map_err(|error| Failure::usage(chain(&error)))
    }
}

fn alone() -> Failure {
    Failure::usage("the judge `pairwise` compares with the answers of another run")
        .hint("evalctl rescore RUN --judge pairwise --against OTHER; a grader of this name is `llm:pairwise`")
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
        assert_eq!(parse("gpt(4)").unwrap(), JudgeName::Grader("gpt(4)".into()));
    }

    #[test]
    fn judges_of_several() {
        let built_in = |spec: &str| JudgeName::BuiltIn(spec.into());
        let grader = |model: &str| JudgeName::Grader(model.into());
        let panel = parse("median( a, llm:exact , cheap-first(regex:^(x|y)$, b))").unwrap();
        let inner = JudgeName::CheapFirst(vec![built_in("regex:^(x|y)$"), grader("b")]);
        assert_eq!(panel, JudgeName::Panel(Rule::Median, vec![grader("a"), grader("exact"), inner]));
        assert_eq!(panel.graders(), ["a", "exact", "b"]);
        for wrong in ["", " ", "median()", "mean(a)", "majority(a, b, b)"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for wrong in ["cheap-first(exact)", "cheap-first(a, exact)", "cheap-first(a, b)", "cheap-first(exact, json)"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn cheap_first_is_one_name_for_each_judge_that_costs() {
        let names = |names: &[&str]| cheap_first(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            names(&["a", "json", "contains", "b"]).unwrap(),
            ["cheap-first(json, contains, a)", "cheap-first(json, contains, b)"]
        );
        for wrong in [&["a"][..], &["exact"], &[], &["regex:a,b", "m"], &["regex:\\(", "m"]] {
            assert!(names(wrong).is_err(), "{wrong:?}");
        }
    }
}
