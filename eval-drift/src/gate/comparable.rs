//! Whether runs measure the same thing.

use super::Gate;
use crate::RunScores;
use crate::moments::ROUNDING;
use crate::shared_questions::Sharing;

/// Below this part of the questions a run says nothing.
const VALID: f64 = 0.5;
/// Below this part of the questions a run is only a part of one.
const COVERED: f64 = 0.8;

/// What speaks against a comparison.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Comparability {
    /// What makes it impossible.
    pub(crate) obstacles: Vec<String>,
    /// What weakens it.
    pub(crate) warnings: Vec<String>,
}

impl Comparability {
    /// Whether these runs can be compared, by what they are and by what they share.
    pub(crate) fn of(candidate: &RunScores, baseline: &[RunScores], shared: &Sharing<'_>) -> Self {
        let mut found = Self::default();
        if baseline.is_empty() {
            found.obstacles.push("there is no baseline to compare with".to_owned());
            return found;
        }
        found.dataset(candidate, baseline);
        found.judge(candidate, baseline);
        found.obstacles.extend(candidate.judge_moved.iter().map(|why| format!("the judge moved: {why}")));
        found.coverage(shared);
        found
    }

    fn dataset(&mut self, candidate: &RunScores, baseline: &[RunScores]) {
        let mine = &candidate.dataset;
        let is_edited = |other: &&RunScores| other.dataset.fingerprint != mine.fingerprint;
        let is_other = |other: &&RunScores| is_edited(other) && other.dataset.name != mine.name;
        if let Some(other) = baseline.iter().find(is_other) {
            self.obstacles.push(format!(
                "another data set: {} asked {} ({}), {} asked {} ({})",
                candidate.title(),
                mine.name,
                mine.fingerprint,
                other.title(),
                other.dataset.name,
                other.dataset.fingerprint,
            ));
        } else if let Some(other) = baseline.iter().find(is_edited) {
            self.warnings.push(format!(
                "the data set {} was edited ({} before, {} now): only questions that are the same in both are compared",
                mine.name, other.dataset.fingerprint, mine.fingerprint,
            ));
        }
    }

    fn judge(&mut self, candidate: &RunScores, baseline: &[RunScores]) {
        if let Some(other) = baseline.iter().find(|other| other.judge_hash != candidate.judge_hash) {
            self.obstacles.push(format!(
                "another judge: {} was graded by {} ({}), {} by {} ({})",
                candidate.title(),
                candidate.judge,
                candidate.judge_hash,
                other.title(),
                other.judge,
                other.judge_hash,
            ));
        }
    }

    fn coverage(&mut self, sharing: &Sharing<'_>) {
        let (shared, expected) = (sharing.questions.len(), sharing.expected);
        match sharing.coverage() {
            Some(coverage) if coverage < VALID => self.obstacles.push(format!(
                "only {shared} of {expected} questions have a score on both sides ({:.0}%, at least {:.0}% needed)",
                coverage * 100.0,
                VALID * 100.0
            )),
            Some(coverage) if coverage < COVERED => {
                self.warnings.push(format!("only {shared} of {expected} questions have a score on both sides"));
            }
            _ if shared < 2 => self.obstacles.push(format!("{shared} shared question says nothing about the others")),
            _ => {}
        }
    }
}

/// What makes a run no measurement at all.
pub(crate) fn obstacles(gate: &Gate, candidate: &RunScores) -> Vec<String> {
    let counts = candidate.counts();
    let mut found: Vec<String> = gate.problem().into_iter().collect();
    if candidate.questions.is_empty() {
        found.push("no question was asked".to_owned());
    } else if counts.scored == 0 {
        found.push(format!(
            "not one of {} answers has a score: {} failed, {} could not be graded",
            counts.total(),
            counts.failed,
            counts.unscored
        ));
    } else if candidate.questions.iter().filter(|question| !question.scores.is_empty()).count() == 1 {
        found.push("one question says nothing about the others".to_owned());
    }
    found
}

/// Scores that are no scores.
pub(crate) fn bad_score<'a>(runs: impl IntoIterator<Item = &'a RunScores>) -> Option<String> {
    runs.into_iter().find_map(|run| {
        let mut scores =
            run.questions.iter().flat_map(|found| found.scores.iter().map(|score| (&found.key.id, *score)));
        let (id, score) = scores.find(|(_, score)| !(0.0..=1.0).contains(score))?;
        Some(format!("run {} has the score {score} for question {id}, expected a number from 0 to 1", run.title()))
    })
}

/// Whether every score on either side is the same: then nothing can be told from a judge that always says the same.
pub(crate) fn are_constant(candidate: &RunScores, baseline: &[RunScores]) -> bool {
    is_constant([candidate]) && is_constant(baseline)
}

fn is_constant<'a>(runs: impl IntoIterator<Item = &'a RunScores>) -> bool {
    let mut scores = runs.into_iter().flat_map(|run| &run.questions).flat_map(|question| &question.scores);
    scores.next().is_some_and(|first| scores.all(|score| (score - first).abs() <= ROUNDING))
}
