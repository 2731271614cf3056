//! How much more it takes to decide.

use super::words::count;
use crate::PairedEffect;
use crate::moments::mean;
use crate::shared_questions::Sharing;
use crate::special::normal;

/// How likely a decision shall be with what is said to be needed.
pub(crate) const POWER: f64 = 0.8;

/// What it would take to decide: so many questions, or so many epochs of the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Needs {
    /// Questions in all, at the present epochs; `None` when no number is enough.
    pub questions: Option<u64>,
    /// Epochs of the candidate in all, with the present questions; `None` when no number is enough, or when nothing is
    /// known of the luck of a single answer because nothing was asked twice.
    pub epochs: Option<u64>,
    /// Measured answers in all, for a percentile; `None` where it is not about one.
    pub answers: Option<u64>,
}

impl Needs {
    /// In words: `needs about 320 questions or 3 epochs`.
    pub(crate) fn words(&self) -> String {
        let parts = [(self.questions, "question"), (self.epochs, "epoch"), (self.answers, "measured answer")];
        let parts: Vec<String> = parts.into_iter().filter_map(|(n, noun)| Some(count(n?, noun))).collect();
        match parts.as_slice() {
            [] => "more questions alone cannot settle it".to_owned(),
            parts => format!("needs about {}", parts.join(" or ")),
        }
    }

    pub(super) fn questions(questions: Option<u64>) -> Self {
        Self { questions, ..Self::default() }
    }

    pub(super) fn answers(answers: Option<u64>) -> Self {
        Self { answers, ..Self::default() }
    }
}

/// What it takes to decide about a drop of `margin` points.
///
/// The standard error must fall to `margin / (t + z(.8))`, and to where the effect that is seen would be decided. The
/// part of the runs' own noise does not fall with more questions, so `Q' = Q var / (se'² - noise²)`; and with `var(d) =
/// between + within (1 / K + 1 / K_b)`, `K' = within / (Q (se'² - noise²) - between - within / K_b)`.
pub(super) fn of_drop(effect: &PairedEffect, margin: f64, noise: f64, shared: &Sharing<'_>) -> Option<Needs> {
    let reach = effect.reach()?;
    let decided = (effect.points + margin).max(-effect.points).abs() / reach;
    let target = (margin / (reach + normal::quantile(POWER))).min(decided) / 100.0;
    let room = target * target - noise * noise;
    let n = effect.n as f64;
    let variance = ((effect.standard_error / 100.0).powi(2) - noise * noise) * n;
    let questions = (room > 0.0).then(|| (variance / room).ceil() as u64).map(|needed| needed.max(effect.n + 1));
    Some(Needs { questions, epochs: epochs(variance, room * n, shared), answers: None })
}

/// The smallest change that is found with a power of .8, in points: `(t + z(.8)) SE`.
pub(super) fn minimum_detectable_effect(effect: &PairedEffect) -> Option<f64> {
    Some((effect.reach()? + normal::quantile(POWER)) * effect.standard_error)
}

fn epochs(variance: f64, room: f64, shared: &Sharing<'_>) -> Option<u64> {
    let Repeats { within, now, before } = Repeats::of(shared)?;
    let between = (variance - within * (now + before)).max(0.0);
    let left = room - between - within * before;
    let needed = (within / left).ceil();
    // More than ten thousand is no advice.
    (left > 0.0 && needed < 1e4).then_some((needed as u64).max((1.0 / now) as u64 + 1))
}

/// What asking twice shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Repeats {
    /// The mean variance of a question's scores around its own mean.
    pub(crate) within: f64,
    /// The mean of `1 / epochs` now.
    pub(crate) now: f64,
    /// The mean of `1 / epochs` before.
    pub(crate) before: f64,
}

impl Repeats {
    /// `None` when no question was asked twice on either side.
    pub(crate) fn of(shared: &Sharing<'_>) -> Option<Self> {
        let sides = shared.questions.iter().flat_map(|question| [&question.before, &question.now]);
        let (mut squares, mut degrees) = (0.0, 0);
        for scores in sides.filter(|scores| scores.len() > 1) {
            let mean = mean(scores)?;
            squares += scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>();
            degrees += scores.len() - 1;
        }
        let inverse = |scores: &Vec<f64>| 1.0 / scores.len() as f64;
        let now: Vec<f64> = shared.questions.iter().map(|question| inverse(&question.now)).collect();
        let before: Vec<f64> = shared.questions.iter().map(|question| inverse(&question.before)).collect();
        let within = squares / degrees as f64;
        (degrees > 0).then_some(Self { within, now: mean(&now)?, before: mean(&before)? })
    }
}
