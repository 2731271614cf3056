//! Which way something went, as pages show it.

use eval_core::Status;
use serde::Serialize;

/// Which way something went: a colour, always beside a shape and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Downwards, certainly: vermilion.
    Worse,
    /// Upwards, certainly: blue.
    Better,
    /// Too close to call: amber.
    Watch,
    /// Nothing to see: grey. The default.
    #[default]
    Calm,
}

impl Tone {
    /// The name that ends classes of the stylesheet: `worse`, `better`, `watch`, `calm`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Watch => "watch",
            Self::Calm => "calm",
        }
    }

    /// Of marks and their whiskers.
    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Worse => "k-worse",
            Self::Better => "k-better",
            Self::Watch => "k-watch",
            Self::Calm => "k-calm",
        }
    }

    /// Of the band around a line.
    pub(crate) const fn band(self) -> &'static str {
        match self {
            Self::Worse => "b-worse",
            Self::Better => "b-better",
            Self::Watch => "b-watch",
            Self::Calm => "bandp",
        }
    }

    /// Of words inside a drawing.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Worse => "f-worse",
            Self::Better => "f-better",
            Self::Watch => "f-watch",
            Self::Calm => "t2",
        }
    }
}

impl From<Status> for Tone {
    fn from(status: Status) -> Self {
        match status {
            Status::Worse | Status::Shock => Self::Worse,
            Status::Better => Self::Better,
            Status::Watch => Self::Watch,
            _ => Self::Calm,
        }
    }
}
