//! How strong the evidence is, in words and as odds.

use eval_core::{DriftReport, Status};
use serde::Serialize;

/// How strong the evidence is, against what the detector alarms at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// None worth a word.
    None,
    /// Worth watching.
    Weak,
    /// Enough for an alarm.
    Strong,
    /// Ten times as much as an alarm takes.
    VeryStrong,
}

impl Strength {
    /// `None`, `Weak`, `Strong`, `Very strong`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Weak => "Weak",
            Self::Strong => "Strong",
            Self::VeryStrong => "Very strong",
        }
    }
}

/// How strong the evidence of a change is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceWords {
    /// How strong.
    pub strength: Strength,
    /// How rare it is without a change, `once in 24,000 runs by chance`; `None` where that is not known or no rarity.
    pub odds: Option<String>,
}

/// The evidence of a report in words: that of a rise where it found one, else that of a drop.
pub fn evidence(report: &DriftReport) -> EvidenceWords {
    let found = &report.evidence;
    let m = if report.status == Status::Better { found.m_better.or(found.m) } else { found.m };
    let reaches = |limit: Option<f64>, times: f64| m.zip(limit).is_some_and(|(m, limit)| m >= limit * times);
    let strength = match report.status {
        _ if !report.status.is_conclusive() => Strength::None,
        _ if reaches(found.threshold, 10.0) => Strength::VeryStrong,
        _ if reaches(found.threshold, 1.0) => Strength::Strong,
        Status::Worse | Status::Better | Status::Shock => Strength::Strong,
        Status::Watch => Strength::Weak,
        _ if reaches(found.watch, 1.0) => Strength::Weak,
        _ => Strength::None,
    };
    let rare = m.and_then(eval_core::Evidence::runs_between).filter(|_| strength > Strength::None);
    EvidenceWords { strength, odds: rare.map(|runs| format!("once in {runs} runs by chance")) }
}
