//! One history of 90 runs, as every rule sees it.

use eval_core::Status;
use eval_drift::{Change, QualityMonitor, Reading};

use crate::draw::Draw;
use crate::model::Model;
use crate::rules::{Kind, Rule, Run};
use crate::scenario::{CHANGE, Course, RUNS, Scenario};

/// What came of a history.
pub struct History {
    /// For each rule its number for each run.
    pub paths: Vec<Vec<f64>>,
    /// The variance of the mean from run to run, by successive differences.
    pub variance: f64,
    /// Alarms of the monitor that began.
    pub alarms: usize,
    /// The first run after the change was an alarm that the next one withdrew.
    pub withdrawn: bool,
    /// What the monitor said in the 14th run after the change, if that was an alarm.
    pub change: Option<Change>,
}

/// Runs after the change until a cause is looked for.
pub const UNTIL_CAUSE: usize = 14;

impl History {
    pub fn simulated(scenario: Scenario, questions: usize, draw: &mut Draw) -> Self {
        Self::of(&Course::new(scenario, questions, draw), draw)
    }

    pub fn of(course: &Course, draw: &mut Draw) -> Self {
        let mut monitor = monitor(&course.before);
        let mut rules: Vec<Box<dyn Rule>> = Kind::ALL.iter().map(|kind| kind.rule()).collect();
        let mut history = Self::new(rules.len());
        let (mut alarm, mut last) = (None, None);
        for at in 0..RUNS {
            let (model, circumstances) = course.at(at);
            let scores = model.run(&circumstances.shared_luck(draw), draw);
            let known: Vec<Option<f64>> = scores.iter().copied().map(Some).collect();
            let reading = monitor.observe(&known).expect("scores are from 0 to 1");
            let mean = scores.iter().sum::<f64>() / scores.len() as f64;
            let step = mean - last.replace(mean).unwrap_or(mean);
            history.variance += step * step / (2 * (RUNS - 1)) as f64;
            let run = Run { at, scores: &scores, mean, reading: &reading };
            for (rule, path) in rules.iter_mut().zip(&mut history.paths) {
                path.push(rule.statistic(&run));
            }
            history.note(&reading, &mut alarm);
        }
        history
    }

    fn new(rules: usize) -> Self {
        Self { paths: vec![Vec::with_capacity(RUNS); rules], variance: 0.0, alarms: 0, withdrawn: false, change: None }
    }

    fn note(&mut self, reading: &Reading, alarm: &mut Option<u32>) {
        let began = reading.alarm_since.filter(|since| *alarm != Some(*since));
        self.alarms += usize::from(began.is_some());
        *alarm = reading.alarm_since;
        self.withdrawn |= reading.resolved == Some(CHANGE as u32);
        if reading.run as usize + 1 == CHANGE + UNTIL_CAUSE && reading.status == Status::Worse {
            self.change = reading.change;
        }
    }

    pub fn path(&self, kind: Kind) -> &[f64] {
        Kind::ALL.iter().position(|other| *other == kind).map_or(&[], |at| &self.paths[at])
    }
}

/// A monitor of a golden set.
fn monitor(model: &Model) -> QualityMonitor {
    QualityMonitor::new(model.questions.iter().map(|question| question.category as u32))
}
