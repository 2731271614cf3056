//! A status: shape, word and colour.

use askama::Template;
use eval_core::Status;
use serde::Serialize;

use crate::dashboard::Tone;

/// The shape that says the same as the colour and the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A triangle downwards.
    Down,
    /// A triangle upwards.
    Up,
    /// An open rhombus.
    Open,
    /// Two level lines.
    Level,
    /// A line through a circle.
    Barred,
    /// Three dots.
    Waiting,
}

/// A status as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Template, Serialize)]
#[template(path = "parts/badge.html")]
pub struct Badge {
    /// The colour.
    pub tone: Tone,
    /// The shape.
    pub shape: Shape,
    /// The word.
    pub word: String,
    /// Without a ground of its own.
    pub plain: bool,
}

impl Badge {
    /// A badge of your own word.
    pub fn new(tone: Tone, shape: Shape, word: impl Into<String>) -> Self {
        Self { tone, shape, word: word.into(), plain: false }
    }

    /// The badge of a model without runs.
    pub fn no_data() -> Self {
        Self::new(Tone::Calm, Shape::Waiting, "No data")
    }

    /// The same badge without a ground of its own.
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }
}

impl From<Status> for Badge {
    fn from(status: Status) -> Self {
        let (shape, word) = match status {
            Status::Worse => (Shape::Down, "Worse"),
            Status::Shock => (Shape::Down, "Shock"),
            Status::Watch => (Shape::Open, "Watch"),
            Status::Better => (Shape::Up, "Better"),
            Status::Steady => (Shape::Level, "Steady"),
            Status::NotComparable => (Shape::Barred, "Not comparable"),
            Status::Partial => (Shape::Barred, "Partial"),
            Status::Warming => (Shape::Waiting, "Warming up"),
            other => return Self::new(Tone::from(other), Shape::Waiting, other.name()),
        };
        Self::new(Tone::from(status), shape, word)
    }
}
