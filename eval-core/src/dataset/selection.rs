//! Which samples of a data set are asked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which samples of a data set are asked. The default is all of them.
///
/// Category first, then the seeded draw, then the limit. Runs over a part never enter leaderboards or histories.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Selection {
    /// Only these categories; empty means every one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// A random draw of so many samples, the same for the same seed and ids: the samples with the smallest
    /// seeded hashes of their ids, so that a row added to the file changes at most one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draw: Option<Draw>,
    /// At most so many samples, from the top of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// In words, which evaluations of a run were exported, for instance `outcome failed`: only those came with the file
    /// that the run was imported from. No data set can be asked by it: [`Dataset::select`](crate::Dataset::select)
    /// leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exported: Option<String>,
}

/// A seeded random draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Draw {
    /// How many samples.
    pub size: u64,
    /// The seed.
    pub seed: u64,
}

impl Selection {
    /// Every sample.
    pub fn all() -> Self {
        Self::default()
    }

    /// Whether every sample is asked.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Selection {
    /// `all`, or for instance `category math, 20 drawn with seed 7, first 5` or `filtered export: outcome failed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.categories.is_empty() {
            parts.push(format!("category {}", self.categories.join(" or ")));
        }
        if let Some(draw) = self.draw {
            parts.push(format!("{} drawn with seed {}", draw.size, draw.seed));
        }
        if let Some(limit) = self.limit {
            parts.push(format!("first {limit}"));
        }
        if let Some(words) = &self.exported {
            parts.push(format!("filtered export: {words}"));
        }
        if parts.is_empty() { f.write_str("all") } else { f.write_str(&parts.join(", ")) }
    }
}
