//! What the gate decided, and why.

use std::fmt;

use eval_core::{Counts, DatasetRef};

use super::changes::{CategoryChange, ChangeCounts, QuestionChange, SettingChange};
use super::comparable::{Comparability, are_constant, bad_score, obstacles};
use super::words::{figure, limit, signed};
use super::{Gate, Needs, Policy, drop, limits};
use crate::RunScores;
use crate::shared_questions::{FailuresCount, Sharing};

/// What the gate says of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Decision {
    /// Every limit is kept, and that is shown.
    Pass,
    /// A limit is broken, and that is shown.
    Fail,
    /// Neither is shown.
    Inconclusive(Inconclusive),
}

/// Why nothing is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Inconclusive {
    /// Too little was asked: more questions or epochs would decide. What becomes of it is the gate's [`Policy`].
    Underpowered,
    /// There is nothing to decide by: nothing scored, no baseline, another judge, an unknown cost. Never green.
    NotComputable,
}

impl Decision {
    /// The exit code under this policy: 0 pass, 1 fail, 3 inconclusive; an underpowered run that is let through has 0.
    pub fn exit_code(self, policy: Policy) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Inconclusive(Inconclusive::Underpowered) if policy == Policy::Warn => 0,
            Self::Inconclusive(_) => 3,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive(Inconclusive::Underpowered) => "inconclusive (underpowered)",
            Self::Inconclusive(Inconclusive::NotComputable) => "inconclusive (not computable)",
        })
    }
}

/// In what a check is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum CheckUnit {
    /// Points: hundredths of the score. A change below 0 is worse.
    Points,
    /// Percent.
    Percent,
    /// Milliseconds.
    Milliseconds,
    /// US dollars.
    Usd,
}

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum CheckOutcome {
    /// The limit is kept.
    Pass,
    /// The limit is broken.
    Fail,
    /// Too little was asked to tell.
    Underpowered,
    /// There is nothing to tell it by.
    NotComputable,
}

/// An interval whose ends may be unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Bounds {
    /// The lower end; `None` when the data do not show one.
    pub low: Option<f64>,
    /// The upper end; `None` when the data do not show one.
    pub high: Option<f64>,
}

/// One limit, what was measured, and what follows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Check {
    /// What is limited, for instance `max drop` or `max drop in Reasoning`. A category is the data set's text: to be
    /// [neutralised](crate::neutral) where it is shown.
    pub name: String,
    /// In what it is measured.
    pub unit: CheckUnit,
    /// The limit; that of a drop is above 0.
    pub limit: f64,
    /// What was measured; a drop is below 0. `None` when nothing was.
    pub measured: Option<f64>,
    /// The interval that decided; `None` where there is none.
    pub interval: Option<Bounds>,
    /// The confidence of the interval, for instance 0.9.
    pub level: Option<f64>,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// Why, in words; may quote the data set.
    pub words: String,
    /// What it would take, when it is underpowered.
    pub needs: Option<Needs>,
}

impl Check {
    pub(super) fn new(name: impl Into<String>, unit: CheckUnit, limit: f64) -> Self {
        Self {
            name: name.into(),
            unit,
            limit,
            measured: None,
            interval: None,
            level: None,
            outcome: CheckOutcome::NotComputable,
            words: String::new(),
            needs: None,
        }
    }

    pub(super) fn not_computable(mut self, why: impl Into<String>) -> Self {
        self.outcome = CheckOutcome::NotComputable;
        self.words = why.into();
        self.needs = None;
        self
    }

    /// The limit as people write it: `2.0`, `80%`, `$5.00`, `3.0 s`.
    pub fn limit_text(&self) -> String {
        limit(self.unit, self.limit)
    }

    /// What was measured, as people write it; `unknown` when nothing was.
    pub fn measured_text(&self) -> String {
        self.measured.map_or_else(|| "unknown".to_owned(), |value| figure(self.unit, value))
    }

    /// The interval as people write it, `82.9% to 88.9%`; empty when there is none.
    pub fn interval_text(&self) -> String {
        let end = |end: Option<f64>| end.map_or_else(|| "?".to_owned(), |value| figure(self.unit, value));
        self.interval.map_or_else(String::new, |Bounds { low, high }| format!("{} to {}", end(low), end(high)))
    }
}

/// What the gate decided about a run, with all that it decided by. Words and exit code come from this one value.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct GateReport {
    /// The decision.
    pub decision: Decision,
    /// The decision as a sentence, with what it rests on.
    pub headline: String,
    /// What a person calls the run.
    pub candidate: String,
    /// The name of its history, as a rule the model.
    pub name: String,
    /// What a person calls the runs of the baseline, which are pooled.
    pub baseline: Vec<String>,
    /// The checks, in the order of the gate's limits.
    pub checks: Vec<Check>,
    /// Why nothing can be decided; empty when it can.
    pub obstacles: Vec<String>,
    /// Questions with a score on both sides.
    pub shared: u64,
    /// The part of the questions that should be shared and is, from 0 to 1; `None` without questions.
    pub coverage: Option<f64>,
    /// How the evaluations of the run ended.
    pub counts: Counts,
    /// The smallest drop that these questions find with a power of .8, in points; `None` when it is not known.
    pub minimum_detectable_effect: Option<f64>,
    /// How many questions changed.
    pub changes: ChangeCounts,
    /// The questions that changed, the largest drop first.
    pub questions: Vec<QuestionChange>,
    /// The ids of questions that the run asked and that have no score.
    pub without_score: Vec<String>,
    /// The shared questions by category; p and Holm's p are those of a drop.
    pub categories: Vec<CategoryChange>,
    /// In which settings the run differs from its baseline.
    pub differs: Vec<SettingChange>,
    /// What weakens the decision, in words.
    pub warnings: Vec<String>,
    /// The limits that were applied.
    pub gate: Gate,
    /// The look, from 1.
    pub look: u32,
    /// The data set of the run, with its hash.
    pub dataset: DatasetRef,
    /// The name of the judge.
    pub judge: String,
    /// The fingerprint of the judge.
    pub judge_hash: String,
}

impl GateReport {
    /// The exit code: 0 pass (or underpowered, where the policy lets it through), 1 fail, 3 inconclusive.
    pub fn exit_code(&self) -> u8 {
        self.decision.exit_code(self.gate.on_inconclusive)
    }

    /// Whether the policy wants more epochs and another look.
    pub fn wants_rerun(&self) -> bool {
        self.decision == Decision::Inconclusive(Inconclusive::Underpowered) && self.look < self.gate.looks()
    }

    /// Checks that ended so.
    pub(crate) fn ended(&self, outcome: CheckOutcome) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.outcome == outcome)
    }

    /// A limit that needs no baseline and is broken for certain fails without one too. A run that is no measurement, or
    /// another one than its baseline, decides nothing.
    fn decide(&self, is_measured: bool) -> Decision {
        let any = |outcome| self.ended(outcome).next().is_some();
        if !is_measured {
            Decision::Inconclusive(Inconclusive::NotComputable)
        } else if any(CheckOutcome::Fail) {
            Decision::Fail
        } else if !self.obstacles.is_empty() || any(CheckOutcome::NotComputable) {
            Decision::Inconclusive(Inconclusive::NotComputable)
        } else if any(CheckOutcome::Underpowered) {
            Decision::Inconclusive(Inconclusive::Underpowered)
        } else {
            Decision::Pass
        }
    }

    fn sentence(&self) -> String {
        let name = if self.name.is_empty() { "the run" } else { &self.name };
        let first = |outcome| self.ended(outcome).next();
        match self.decision {
            Decision::Pass => format!("Gate passed: {name} keeps {}", all(self.checks.len())),
            Decision::Fail => match first(CheckOutcome::Fail) {
                Some(check) if check.name == drop::OVERALL => {
                    format!("Gate failed: {name} is {} points below its baseline", drop_of(check))
                }
                Some(check) => format!("Gate failed: {name}: {} {}", check.name, fails(check)),
                None => format!("Gate failed: {name}"),
            },
            Decision::Inconclusive(Inconclusive::NotComputable) => {
                let check = first(CheckOutcome::NotComputable).map(|check| &check.words);
                let why = self.obstacles.first().or(check).map_or("nothing to decide by", String::as_str);
                format!("Gate cannot decide on {name}: {why}")
            }
            Decision::Inconclusive(Inconclusive::Underpowered) => {
                let needs = first(CheckOutcome::Underpowered).and_then(|check| check.needs).map(|needs| needs.words());
                let needs = needs.map_or_else(String::new, |needs| format!(": {needs}"));
                format!("Gate undecided: {name} was asked too little{needs}")
            }
        }
    }
}

fn all(checks: usize) -> String {
    if checks == 1 { "its limit".to_owned() } else { format!("all {checks} limits") }
}

fn drop_of(check: &Check) -> String {
    let text = signed(check.measured.unwrap_or(0.0));
    text.trim_start_matches('-').to_owned()
}

fn fails(check: &Check) -> String {
    format!("{}, limit {}", check.measured_text(), check.limit_text())
}

/// The report of a look.
pub(super) fn assemble(gate: &Gate, look: u32, candidate: &RunScores, baseline: &[RunScores]) -> GateReport {
    let sharing = Sharing::of(candidate, baseline, FailuresCount(gate.errors_as_failures));
    let mut report = blank(gate, look, candidate, baseline, &sharing);
    let mut found = Comparability::default();
    if gate.compares() {
        found = Comparability::of(candidate, baseline, &sharing);
    }
    let bad = bad_score(std::iter::once(candidate).chain(baseline));
    let own: Vec<String> = obstacles(gate, candidate).into_iter().chain(bad).collect();
    let compares = found.obstacles.is_empty() || baseline.is_empty() && candidate.judge_moved.is_none();
    let is_measured = own.is_empty() && compares;
    report.obstacles = own.iter().cloned().chain(found.obstacles).collect();
    report.warnings.extend(found.warnings);
    report.checks = drop::checks(gate, baseline.len(), &sharing, &report.obstacles);
    report.minimum_detectable_effect = drop::minimum_detectable_effect(gate, baseline.len(), &sharing);
    constant(&mut report, candidate, baseline);
    report.checks.extend(limits::checks(gate, candidate, &own));
    report.decision = report.decide(is_measured);
    report.headline = report.sentence();
    report
}

/// Scores that are all the same decide nothing, unless the level itself fell.
fn constant(report: &mut GateReport, candidate: &RunScores, baseline: &[RunScores]) {
    let fell = report.ended(CheckOutcome::Fail).next().is_some();
    if !report.gate.compares() || fell || !are_constant(candidate, baseline) {
        return;
    }
    let why = "every score is the same on either side: the questions are too easy or too hard, or the judge always says \
               the same";
    report.obstacles.push(why.to_owned());
    report.checks = std::mem::take(&mut report.checks).into_iter().map(|check| check.not_computable(why)).collect();
}

fn blank(gate: &Gate, look: u32, candidate: &RunScores, baseline: &[RunScores], sharing: &Sharing<'_>) -> GateReport {
    let questions = super::question_changes(sharing);
    let no_score = candidate.questions.iter().filter(|question| question.scores.is_empty());
    GateReport {
        decision: Decision::Inconclusive(Inconclusive::NotComputable),
        headline: String::new(),
        candidate: candidate.title(),
        name: candidate.name.clone(),
        baseline: baseline.iter().map(RunScores::title).collect(),
        checks: Vec::new(),
        obstacles: Vec::new(),
        shared: sharing.questions.len() as u64,
        coverage: sharing.coverage(),
        counts: candidate.counts(),
        minimum_detectable_effect: None,
        changes: ChangeCounts::of(&questions, sharing.questions.len()),
        questions,
        without_score: no_score.map(|question| question.key.id.to_string()).collect(),
        categories: super::categories(sharing, gate.level(), gate.noise(baseline.len()), |effect| effect.p_drop),
        differs: super::differences_of_settings(candidate, baseline),
        warnings: warnings(gate, candidate),
        gate: gate.clone(),
        look,
        dataset: candidate.dataset.clone(),
        judge: candidate.judge.clone(),
        judge_hash: candidate.judge_hash.clone(),
    }
}

fn warnings(gate: &Gate, candidate: &RunScores) -> Vec<String> {
    let counts = candidate.counts();
    let failed = counts.failed;
    let said = match (gate.errors_as_failures, failed) {
        (_, 0) => None,
        (true, _) => Some(format!("{failed} of {} answers failed and count as wrong", counts.total())),
        (false, _) => Some(format!(
            "{failed} of {} answers failed and are left out, which flatters a model that fails on hard questions",
            counts.total()
        )),
    };
    let unscored = (counts.unscored > 0).then(|| format!("{} answers could not be graded", counts.unscored));
    let pending = candidate.planned.saturating_sub(counts.total());
    let pending =
        (pending > 0).then(|| format!("the run is not finished: {pending} of {} are pending", candidate.planned));
    said.into_iter().chain(unscored).chain(pending).collect()
}
