//! What happens to a model, and when.

use crate::draw::Draw;
use crate::model::{Circumstances, Model};

pub const RUNS: usize = 90;
/// The first run with a change, where there is one: the 31st.
pub const CHANGE: usize = 30;

#[derive(Clone, Copy, PartialEq)]
pub enum Scenario {
    Nothing,
    /// Every question gets a bit worse, by so many points in all.
    Drop(f64),
    /// Some questions collapse.
    Break,
    /// One category gets worse by so many points.
    Category(f64),
    /// So many points in each run.
    Slide(f64),
    /// One run is worse by so many points.
    Outage(f64),
    /// The judge gets stricter by so many points.
    Judge(f64),
    /// The judge gets stricter and the model worse, by so many points each.
    Both(f64),
    /// This part of the questions is refused besides.
    Refusals(f64),
}

impl Scenario {
    pub fn name(self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Drop(1.0) => "1 point".to_owned(),
            Self::Drop(points) => format!("{points} points"),
            Self::Break => "break".to_owned(),
            Self::Category(points) => format!("category {points}"),
            Self::Slide(points) => format!("{points} a run"),
            Self::Outage(points) => format!("outage {points}"),
            Self::Judge(points) => format!("judge {points}"),
            Self::Both(points) => format!("judge and model {points} each"),
            Self::Refusals(part) => format!("refusals +{} %", part * 100.0),
        }
    }
}

/// A history to come: what holds in each run.
pub struct Course {
    pub before: Model,
    /// What answers from the change on.
    pub after: Model,
    circumstances: Vec<Circumstances>,
}

impl Course {
    pub fn new(scenario: Scenario, questions: usize, draw: &mut Draw) -> Self {
        let before = Model::drawn(questions, draw);
        let after = match scenario {
            Scenario::Break => before.broken(draw),
            _ => Model { questions: before.questions.clone() },
        };
        let usual = vec![Circumstances::USUAL; CHANGE];
        let changed = changed(scenario, &before);
        Self { before, after, circumstances: [usual, changed].concat() }
    }

    /// The model in a run, and what holds then.
    pub fn at(&self, run: usize) -> (&Model, &Circumstances) {
        let model = if run < CHANGE { &self.before } else { &self.after };
        (model, &self.circumstances[run])
    }
}

/// What holds from the change on.
fn changed(scenario: Scenario, model: &Model) -> Vec<Circumstances> {
    let all = |points: f64| Circumstances::with_factor(model.factor(points, |_| true));
    let strict = |points: f64, of: Circumstances| Circumstances { strictness: model.strictness(points), ..of };
    let lasting = match scenario {
        Scenario::Nothing | Scenario::Break => Circumstances::USUAL,
        Scenario::Drop(points) => all(points),
        Scenario::Category(points) => {
            let mut found = Circumstances::USUAL;
            found.factors[0] = model.factor(points, |question| question.category == 0);
            found
        }
        Scenario::Judge(points) => strict(points, Circumstances::USUAL),
        Scenario::Both(points) => strict(points, all(points)),
        Scenario::Refusals(part) => Circumstances { refused: part, ..Circumstances::USUAL },
        Scenario::Slide(points) => return (CHANGE..RUNS).map(|run| all(points * (run + 1 - CHANGE) as f64)).collect(),
        Scenario::Outage(points) => {
            let mut runs = vec![Circumstances::USUAL; RUNS - CHANGE];
            runs[0] = all(points);
            return runs;
        }
    };
    vec![lasting; RUNS - CHANGE]
}
