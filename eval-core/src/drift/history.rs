//! The runs of one key, as detectors see them.

use serde::{Deserialize, Serialize};

use super::{HistoryKey, Mark, Window};

/// The runs of one name on one data set with the same prompt, parameters and judge, oldest first, and what people said
/// about them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct History {
    /// What the runs have in common; `None` where it was not said.
    pub key: Option<HistoryKey>,
    /// The runs, oldest first. The last one is the current window, those before it are the baseline.
    pub windows: Vec<Window>,
    /// What people said about runs of this key, in the order in which they said it.
    pub marks: Vec<Mark>,
}

impl History {
    /// A history of these windows, oldest first.
    pub fn new(windows: Vec<Window>) -> Self {
        Self { key: None, windows, marks: Vec::new() }
    }

    /// The same history under this key.
    pub fn key(mut self, key: Option<HistoryKey>) -> Self {
        self.key = key;
        self
    }

    /// The same history with these marks.
    pub fn marks(mut self, marks: Vec<Mark>) -> Self {
        self.marks = marks;
        self
    }

    /// The version of the marks: a report is computed once for each. Marks are only ever added, so it is their number.
    pub fn marks_version(&self) -> u64 {
        self.marks.len() as u64
    }
}
