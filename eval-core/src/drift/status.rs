//! How a finding ends, and of what it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a finding ends, worst first. In this order findings are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It moved for the worse: an alarm.
    Worse,
    /// This one run is far below those before it. Whether that lasts, the next runs tell.
    Shock,
    /// It may have moved for the worse: not yet enough evidence.
    Watch,
    /// The runs do not measure the same thing, or a value is none; the report says why.
    NotComparable,
    /// Too many questions are missing in this run: it is shown, and nothing is concluded from it.
    Partial,
    /// It moved for the better.
    Better,
    /// Nothing that the evidence supports. That does not prove that nothing moved.
    Steady,
    /// Too few runs or questions to say.
    Warming,
}

impl Status {
    const ALL: [Self; 8] = [
        Self::Worse,
        Self::Shock,
        Self::Watch,
        Self::NotComparable,
        Self::Partial,
        Self::Better,
        Self::Steady,
        Self::Warming,
    ];

    /// The word used in records, for instance `not_comparable`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Shock => "shock",
            Self::Watch => "watch",
            Self::NotComparable => "not_comparable",
            Self::Partial => "partial",
            Self::Better => "better",
            Self::Steady => "steady",
            Self::Warming => "warming",
        }
    }

    /// The status of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether the runs were compared: not so while warming, in a partial run and where nothing can be compared.
    pub const fn is_conclusive(self) -> bool {
        !matches!(self, Self::NotComparable | Self::Partial | Self::Warming)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How large a drop is, whatever the evidence for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Less than 2 points.
    Minor,
    /// 2 to 5 points.
    Major,
    /// More than 5 points, or more than 15 in a category.
    Critical,
}

impl Severity {
    /// Its name in records: `minor`, `major`, `critical`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Minor, Self::Major, Self::Critical].into_iter().find(|severity| severity.name() == name)
    }

    /// The severity of a change in points, of which the worst category moved by so many; `None` unless one of them is a
    /// drop.
    ///
    /// ```
    /// use eval_core::Severity;
    /// assert_eq!(Severity::of(-2.0, None), Some(Severity::Major));
    /// assert_eq!(Severity::of(-1.0, Some(-15.1)), Some(Severity::Critical));
    /// assert_eq!(Severity::of(1.0, None), None);
    /// ```
    pub fn of(points: f64, worst_category: Option<f64>) -> Option<Self> {
        match points {
            _ if worst_category.is_some_and(|points| points < -15.0) => Some(Self::Critical),
            points if points < -5.0 => Some(Self::Critical),
            points if points <= -2.0 => Some(Self::Major),
            points if points < 0.0 => Some(Self::Minor),
            _ => None,
        }
    }
}

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// The scores of the answers, in percent.
    Quality,
    /// The scores of frozen answers that the judge grades anew in each run, in percent.
    Anchors,
    /// The share of questions that the model did not answer, in percent.
    Errors,
    /// The share of questions whose last attempt ran out of time, in percent.
    Timeouts,
    /// The share of refusals, in percent.
    Refusals,
    /// The share of answers that are not in the format asked for, in percent.
    FormatFailures,
    /// How long an answer took, in ms.
    Latency,
    /// Tokens of a prompt.
    PromptTokens,
    /// Tokens of an answer.
    CompletionTokens,
    /// What an answer cost, in nano-dollars.
    Cost,
    /// How long an answer is, in bytes of UTF-8.
    AnswerLength,
}

impl Measure {
    /// What is watched beside the scores, in the order in which it is shown.
    pub const OPERATIONS: [Self; 9] = [
        Self::Errors,
        Self::Timeouts,
        Self::Refusals,
        Self::FormatFailures,
        Self::Latency,
        Self::PromptTokens,
        Self::CompletionTokens,
        Self::Cost,
        Self::AnswerLength,
    ];

    /// The words used in records and sentences, for instance `format failures`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Anchors => "judge anchors",
            Self::Errors => "errors",
            Self::Timeouts => "timeouts",
            Self::Refusals => "refusals",
            Self::FormatFailures => "format failures",
            Self::Latency => "latency",
            Self::PromptTokens => "prompt tokens",
            Self::CompletionTokens => "completion tokens",
            Self::Cost => "cost",
            Self::AnswerLength => "answer length",
        }
    }

    /// Whether more is better: of scores, and of nothing else.
    pub const fn is_score(self) -> bool {
        matches!(self, Self::Quality | Self::Anchors)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What moved when the quality moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// The model: the judge still grades the frozen answers as before.
    Model,
    /// The judge: it grades frozen answers otherwise, and that explains the change.
    Judge,
    /// Both.
    Both,
    /// Neither can be shown.
    Unclear,
    /// Nothing for long: one run was out of line, and the next one was back.
    Transient,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_sizes_have_their_borders() {
        for status in Status::ALL {
            assert_eq!(Status::from_name(status.name()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        for (points, severity) in [(-1.99, Severity::Minor), (-2.0, Severity::Major), (-5.0, Severity::Major)] {
            assert_eq!(Severity::of(points, Some(-15.0)), Some(severity), "{points}");
        }
        assert_eq!(Severity::of(-5.01, None), Some(Severity::Critical));
        assert_eq!((Severity::of(0.0, None), Severity::of(f64::NAN, None)), (None, None));
    }
}
