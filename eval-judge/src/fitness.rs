//! Whether a judge is fit to judge.

mod audit;
mod calibrate;
mod interval;

use eval_core::Money;
use serde::Serialize;

pub use audit::{Audit, MASTER_KEYS};
pub use calibrate::{Calibration, Confusion, calibrate, ppi_mean};

/// Whether a judge is fit, in one respect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Fitness {
    /// Nothing speaks against it.
    Fit,
    /// Its scores are not to be trusted.
    Unfit,
    /// There is too little to say.
    Unknown,
}

/// What one check of a judge found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The check: `master-keys`, `order`, `verbosity`, `stability` or `calibration`.
    pub check: &'static str,
    /// What follows from it.
    pub fitness: Fitness,
    /// The figure, in the unit that `words` name; `None` when nothing could be measured.
    pub value: Option<f64>,
    /// Its 95 % interval as (low, high), where the data carry one.
    pub interval: Option<(f64, f64)>,
    /// What the figure is held against.
    pub limit: f64,
    /// Answers, or pairs of them, that entered the figure.
    pub n: u64,
    /// Answers that the judge left unscored; they are in no figure.
    pub unscored: u64,
    /// What the check cost; `None` when nobody knows all of it.
    pub cost: Option<Money>,
    /// The figure in words, for a person.
    pub words: String,
}
