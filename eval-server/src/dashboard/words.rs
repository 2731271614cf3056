//! What was found, in sentences: the answer that a page opens with, and what to hold against it.
//!
//! The statistics decide what may be said. What cannot be told from luck is "too close to call"; what was not compared is
//! said not to be. The figures are those of the reports, so that page, alert and terminal say the same.

mod compared;
mod doubt;
mod evidence;
mod run;
mod verdict;

pub use compared::{Compared, compare_headline, recommendation};
pub use doubt::doubt;
pub use evidence::{EvidenceWords, Strength, evidence};
pub use run::{category_note, run_headline};
pub use verdict::verdict;

use eval_core::{CategoryFinding, Cause, DriftReport, Status};

/// What was found of a model.
#[derive(Debug, Clone, Copy)]
pub struct ModelFinding<'a> {
    /// What a person calls the model.
    pub model: &'a str,
    /// The report on its quality.
    pub report: &'a DriftReport,
}

impl<'a> ModelFinding<'a> {
    /// What was found of a model.
    pub const fn new(model: &'a str, report: &'a DriftReport) -> Self {
        Self { model, report }
    }

    fn change(&self) -> Option<f64> {
        self.report.effect.map(|effect| effect.change)
    }

    fn has(&self, status: Status) -> bool {
        self.report.status == status
    }

    fn is_of_the_judge(&self) -> bool {
        self.report.cause == Some(Cause::Judge)
    }

    /// The category that has at least half of the change for certain.
    fn most_of_it(&self) -> Option<&'a CategoryFinding> {
        let report = self.report;
        let whole = report.effect?.change * report.n as f64;
        let part = |found: &CategoryFinding| found.effect.map_or(0.0, |effect| effect.change * found.n as f64);
        let certain = report.certain_categories();
        certain
            .filter(|found| whole != 0.0 && part(found) / whole >= 0.5)
            .max_by(|a, b| (part(a) / whole).total_cmp(&(part(b) / whole)))
    }
}
