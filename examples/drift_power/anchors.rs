//! Frozen answers that the judge grades anew in every run, and whose change it was.

use eval_core::{Cause, Status};
use eval_drift::{QualityMonitor, Shift, attribute};

use crate::draw::Draw;
use crate::history::{History, UNTIL_CAUSE};
use crate::model::{Circumstances, Question};
use crate::scenario::{CHANGE, Course, RUNS, Scenario};

/// What came of a history with anchors.
pub struct Attributed {
    /// Whose the change was, 14 runs after it; `None` when the quality had no alarm then.
    pub cause: Option<Cause>,
    /// Runs after the change until the anchors' own monitor alarmed.
    pub found: Option<usize>,
}

impl Attributed {
    pub fn simulated(scenario: Scenario, questions: usize, anchors: usize, draw: &mut Draw) -> Self {
        let course = Course::new(scenario, questions, draw);
        let frozen = Frozen::answered(&course, anchors, draw);
        let history = History::of(&course, draw);
        let mut monitor = QualityMonitor::new(vec![0; anchors]);
        let (mut means, mut found) = (vec![], None);
        for at in 0..RUNS {
            let scores = frozen.judged(course.at(at).1.strictness, draw);
            means.push(scores.iter().sum::<f64>() / anchors as f64);
            let known: Vec<Option<f64>> = scores.into_iter().map(Some).collect();
            let status = monitor.observe(&known).expect("scores are from 0 to 1").status;
            if found.is_none() && status == Status::Worse && at >= CHANGE {
                found = Some(at + 1 - CHANGE);
            }
        }
        Self { cause: cause(&history, &means), found }
    }
}

/// Answers that were given before the first run.
struct Frozen(Vec<(Question, f64)>);

impl Frozen {
    fn answered(course: &Course, anchors: usize, draw: &mut Draw) -> Self {
        let questions = course.before.questions.iter().cycle().take(anchors);
        Self(questions.map(|question| (*question, question.answer(&Circumstances::USUAL, draw))).collect())
    }

    fn judged(&self, strictness: f64, draw: &mut Draw) -> Vec<f64> {
        self.0.iter().map(|(question, answer)| question.judged(*answer, strictness, draw)).collect()
    }
}

fn cause(history: &History, anchors: &[f64]) -> Option<Cause> {
    let change = history.change?;
    let effect = change.effect?;
    let (before, after) = anchors[..CHANGE + UNTIL_CAUSE].split_at(change.since as usize);
    let found = attribute(Shift::new(effect.delta, effect.standard_error), moved(before, after))?;
    Some(found.cause)
}

/// How the mean moved, with a deviation by successive differences.
fn moved(before: &[f64], after: &[f64]) -> Shift {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let steps = before.windows(2).map(|pair| (pair[1] - pair[0]).powi(2) / 2.0).sum::<f64>();
    let variance = steps / (before.len() - 1) as f64;
    let error = (variance * (1.0 / before.len() as f64 + 1.0 / after.len() as f64)).sqrt();
    Shift::new(mean(after) - mean(before), error)
}
