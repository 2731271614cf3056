//! What a monitor says of a run.

use std::fmt;

use eval_core::Status;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::localise::Split;
use super::stream::Sight;

/// What a [`QualityMonitor`](super::QualityMonitor) says of one run. Levels and differences are in the unit of the
/// scores (0 to 1); a difference below 0 is worse.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// The number of this run among all that were observed, from 0.
    pub run: u32,
    /// The finding: one of `Warming`, `Steady`, `Watch`, `Worse` and `Better`; `Partial` below 80 % of the questions, and
    /// `NotComparable` below half of them.
    pub status: Status,
    /// Runs in the baseline before this one. Partial, invalid and masked runs are not in it.
    pub baseline_runs: u32,
    /// The part of the questions with a baseline that this run scored.
    pub coverage: f64,
    /// Evidence of a drop: an alarm from [`MonitorSettings::alarm`](super::MonitorSettings::alarm) on.
    pub evidence: f64,
    /// Evidence of a rise, on the same scale; for information.
    pub improvement: f64,
    /// The streams: the mean first, then the sentinel once it is there, then the categories that are large enough.
    pub streams: Vec<StreamReading>,
    /// How many times the variance between runs is that of single questions; `None` before the third run.
    pub dispersion: Option<f64>,
    /// Since when the level differs; from the status [`Status::Watch`] on.
    pub change: Option<Change>,
    /// The run at which the evidence first reached the alarm, if that was not resolved since.
    pub alarm_since: Option<u32>,
    /// An earlier run that was an outlier: its alarm is withdrawn, and it is masked as if it had not been observed.
    pub resolved: Option<u32>,
}

impl Reading {
    /// The stream of all questions.
    pub fn mean(&self) -> Option<&StreamReading> {
        self.streams.iter().find(|stream| stream.kind == StreamKind::Mean)
    }
}

/// Which questions a stream looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum StreamKind {
    /// All, with equal weight.
    Mean,
    /// All of the first ten runs, weighing the more the less they varied in them.
    Sentinel,
    /// Those of one category, with equal weight.
    Category(u32),
}

/// What one stream says of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct StreamReading {
    /// Which questions it looks at.
    pub kind: StreamKind,
    /// What it weighs in the evidence; 0 while it does not bet.
    pub weight: f64,
    /// Its own evidence of a drop.
    pub evidence: f64,
    /// Its own evidence of a rise.
    pub improvement: f64,
    /// Its questions that have a baseline.
    pub questions: u32,
    /// Those of them that this run scored.
    pub present: u32,
    /// The level of this run, comparable from run to run even when questions are missing; `None` when the stream sat
    /// this run out.
    pub level: Option<f64>,
    /// The mean level of the runs before.
    pub baseline: f64,
    /// This run minus the baseline; `None` before the third run.
    pub effect: Option<Difference>,
    /// The standard deviation of a run's level; `None` before the third run.
    pub sigma: Option<f64>,
    /// The normal score of a drop in this run; `None` while the stream is warming.
    pub u: Option<f64>,
}

impl StreamReading {
    pub(crate) fn of(kind: StreamKind, baseline: f64, sight: &Sight) -> Self {
        let effect = |(delta, (error, df))| Difference { delta, standard_error: error, df };
        let spread = sight.spread;
        Self {
            kind,
            weight: 0.0,
            evidence: 0.0,
            improvement: 0.0,
            questions: sight.questions,
            present: sight.present,
            level: Some(sight.level),
            baseline,
            effect: sight.change.zip(sight.error.zip(spread.map(|spread| spread.df))).map(effect),
            sigma: spread.map(|spread| spread.variance.sqrt()),
            u: sight.u,
        }
    }

    pub(crate) fn without_sight(kind: StreamKind, baseline: f64) -> Self {
        Self {
            kind,
            weight: 0.0,
            evidence: 0.0,
            improvement: 0.0,
            questions: 0,
            present: 0,
            level: None,
            baseline,
            effect: None,
            sigma: None,
            u: None,
        }
    }

    /// The probability of a level this low or lower in this one run, if nothing changed; skewness is accounted for.
    pub fn p_drop(&self) -> Option<f64> {
        self.u.map(|u| Normal::standard().sf(u))
    }
}

/// A difference of levels with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The later level minus the earlier one; below 0 is worse.
    pub delta: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The degrees of freedom of the standard error.
    pub df: f64,
}

impl Difference {
    /// The interval `delta ± t(df) standard_error` at this level, such as 0.95, clipped to -1 and 1; `None` unless the
    /// level is above 0 and below 1.
    pub fn interval(&self, level: f64) -> Option<(f64, f64)> {
        let student = StudentsT::new(0.0, 1.0, self.df).ok().filter(|_| level > 0.0 && level < 1.0)?;
        let reach = student.inverse_cdf((1.0 + level) / 2.0) * self.standard_error;
        Some(crate::moments::clip((self.delta - reach, self.delta + reach)))
    }
}

/// Since when the level differs, by the change-point model.
///
/// The window is chosen by the detector for being the most different one, so the effect is optimistic (in simulation
/// its 95 % interval covered the truth in 84 to 94 % of cases): the runs that follow give the unbiased size.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The stream with the strongest evidence, in which the change was looked for.
    pub stream: StreamKind,
    /// The first run of the new level, as numbered in [`Reading::run`].
    pub since: u32,
    /// The earliest run that could as well be the first: its log likelihood is at most 1.92 lower. In simulation the
    /// true one lay between the earliest and the latest in 97 % of cases or more for changes above one standard
    /// deviation of a run, and in 88 % for a change of 0.8.
    pub earliest: u32,
    /// The latest run that could as well be the first.
    pub latest: u32,
    /// Runs since the change, this one included.
    pub runs: u32,
    /// The mean over all questions since the change minus that before it; `None` where there are fewer than 5 runs
    /// before it.
    pub effect: Option<Difference>,
    /// The same within the stream in which the change was looked for.
    pub stream_effect: Difference,
}

impl Split {
    pub(crate) fn effect(&self, df: f64) -> Difference {
        Difference { delta: -self.drop, standard_error: self.error, df }
    }
}

/// What is remembered of one question.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct QuestionBaseline {
    /// Runs that scored it.
    pub runs: u32,
    /// Its mean score.
    pub mean: f64,
    /// The variance of its score from run to run, by successive differences; `None` before the second score.
    pub variance: Option<f64>,
}

/// Why a run cannot be observed. Nothing of it was taken in.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MonitorError {
    /// A score is not a number from 0 to 1.
    Score {
        /// The index of the question.
        question: usize,
        /// What was given.
        score: f64,
    },
    /// There are more scores than questions.
    Questions {
        /// Scores given.
        given: usize,
        /// Questions known.
        known: usize,
    },
}

impl fmt::Display for MonitorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Score { question, score } => {
                write!(f, "question {question} has the score {score}, expected a number from 0 to 1")
            }
            Self::Questions { given, known } => write!(f, "{given} scores for {known} questions"),
        }
    }
}

impl std::error::Error for MonitorError {}
