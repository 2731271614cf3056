//! The current run against its baseline, question by question.

use eval_core::{DriftDetector, DriftError, DriftReport, History, Severity};

use crate::moments::{ROUNDING, clip};
use crate::pairs::Pairs;
use crate::{Flips, SignFlip, bonett_price, paired_t, sign_flip};

/// Below this one-sided p the finding is Worse or Better.
const FOUND: f64 = 0.001;
/// Below this one-sided p a drop is to be watched.
const WATCHED: f64 = 0.05;
/// From so many questions on the t interval holds for answers that are right or wrong.
const STUDENT_FROM: usize = 30;

/// Whether the latest run differs from the mean of all earlier ones on the questions that they share.
///
/// For each shared question `d = current score - mean score over the earlier runs that scored it`. The effect is the
/// mean of `d` in points. The evidence is the one-sided p of the [sign-flip permutation test](crate::sign_flip):
///
/// | p | finding |
/// |---|---|
/// | below 0.001, downwards | [`Severity::Worse`] |
/// | below 0.001, upwards | [`Severity::Better`] |
/// | below 0.05, downwards | [`Severity::Watch`] |
/// | else | [`Severity::Steady`] |
///
/// The 95 % interval is that of the [paired t test](crate::paired_t). Where that one fails, it is
/// [Bonett and Price's](crate::bonett_price), so that its width is never 0: when all differences are the same, and below 30
/// questions whose differences are all -1, 0 or 1. The evidence names the interval.
///
/// # What it promises
/// Were nothing different but luck on single questions, a run would be called Worse at most once in 1,000 runs, and
/// Watch or Worse at most once in 20. Against one earlier run that is exact. Against the mean of several the differences
/// of easy questions are skewed; in simulation (50 questions answered right or wrong, 14 earlier runs, 4,000 histories)
/// it was never Worse, Watch in 34 of 1,000 and Better in 6 of 1,000: cautious about drops, too easily pleased by rises.
///
/// It looks at *one* run: it finds a sudden drop, not a slow one, and says nothing of whether the drop will last. What
/// shifts all questions of a run together (a provider's bad hour) is no luck on single questions, and the test cannot
/// tell it from a change of the model; nor can it tell a change of the judge. Fewer than ten questions that moved can
/// never reach p below 0.001.
///
/// It needs two runs. Unlike a monitor it never says [`Severity::Warming`].
///
/// # Errors of `detect`
/// - [`DriftError::TooFew`] with fewer than 2 runs or fewer than 5 shared questions;
/// - [`DriftError::NotComparable`] when the current run scored less than 80 % of the baseline's questions, or when a
///   score is not a number from 0 to 1.
///
/// ```
/// use eval_core::{DriftDetector, History, RunId, SampleKey, SampleScore, Severity, Timestamp, Window};
/// use eval_drift::PairedTest;
///
/// let run = |right: usize| {
///     let key = |at| SampleKey::new(format!("q{at:02}").as_str(), "f00d");
///     let score = |at| SampleScore::new(key(at), "math", f64::from(at < right));
///     Window::new(RunId::new(), Timestamp::UNIX_EPOCH, (0..50).map(score).collect())
/// };
/// let report = PairedTest::new().detect(&History::new(vec![run(45), run(45), run(33)])).unwrap();
/// assert_eq!(report.severity, Severity::Worse);
/// let (effect, (low, high)) = (report.effect.unwrap(), report.interval.unwrap());
/// assert!((effect + 24.0).abs() < 1e-9 && low < effect && effect < high && high < 0.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairedTest {
    seed: u64,
}

impl PairedTest {
    /// The seed of the permutation test when none is given.
    pub const SEED: u64 = 1;

    /// A test with the seed [`PairedTest::SEED`].
    pub const fn new() -> Self {
        Self { seed: Self::SEED }
    }

    /// The same test with another seed for its permutations, which are drawn when more than 16 questions moved.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl Default for PairedTest {
    fn default() -> Self {
        Self::new()
    }
}

impl DriftDetector for PairedTest {
    fn name(&self) -> &str {
        "paired-test"
    }

    fn detect(&self, history: &History) -> Result<DriftReport, DriftError> {
        let pairs = Pairs::of(history)?;
        let shared = pairs.differences.len();
        let Some(test) = sign_flip(&pairs.differences, self.seed) else {
            return Err(DriftError::TooFew { unit: "shared questions", found: shared, needed: 1 });
        };
        let interval = Interval::of(&pairs.differences);
        let severity = severity(&test);
        let evidence = evidence(&pairs, &test, severity, interval.as_ref());
        let points = interval.map(|interval| (interval.low * 100.0, interval.high * 100.0));
        Ok(DriftReport::new(self.name(), severity, shared as u64, evidence).effect(test.mean * 100.0, points))
    }
}

fn severity(test: &SignFlip) -> Severity {
    if test.p_less < FOUND {
        Severity::Worse
    } else if test.p_greater < FOUND {
        Severity::Better
    } else if test.p_less < WATCHED {
        Severity::Watch
    } else {
        Severity::Steady
    }
}

struct Interval {
    low: f64,
    high: f64,
    method: &'static str,
}

impl Interval {
    fn of(differences: &[f64]) -> Option<Self> {
        let coarse = differences.len() < STUDENT_FROM && differences.iter().all(is_whole);
        let student = paired_t(differences).and_then(|found| found.test).filter(|_| !coarse);
        if let Some(test) = student {
            let (low, high) = clip((test.low, test.high));
            return Some(Self { low, high, method: "Student's t" });
        }
        bonett_price(differences).map(|found| Self { low: found.low, high: found.high, method: "Bonett and Price" })
    }
}

fn is_whole(difference: &f64) -> bool {
    (difference - difference.round()).abs() <= ROUNDING
}

fn evidence(pairs: &Pairs, test: &SignFlip, severity: Severity, interval: Option<&Interval>) -> String {
    let Pairs { differences, baseline, current, runs } = pairs;
    let (side, p) = if test.mean <= 0.0 { ("low or lower", test.p_less) } else { ("high or higher", test.p_greater) };
    let flips = match test.flips {
        Flips::Exact { patterns } => format!("all {patterns} sign flips"),
        Flips::Drawn { patterns, seed } => format!("{patterns} sign flips, seed {seed}"),
    };
    let method = interval.map_or("none", |interval| interval.method);
    format!(
        "{points:+.1} points on {shared} shared questions (baseline {baseline}, current {current}) against the mean of \
         {runs} earlier {word}; one-sided p = {p:.5} for a mean this {side} if only the luck of single questions \
         differed ({flips}); 95 % interval by {method}; {reading}",
        points = test.mean * 100.0,
        shared = differences.len(),
        word = if *runs == 1 { "run" } else { "runs" },
        reading = reading(severity),
    )
}

fn reading(severity: Severity) -> &'static str {
    match severity {
        Severity::Worse | Severity::Better => {
            "strong evidence that this run differs; whether that lasts, and whether model or judge moved, needs more runs"
        }
        Severity::Watch => "some evidence of a drop, not enough to call it one; the next runs will tell",
        _ => "no change shown, which does not prove that there is none: see the interval",
    }
}
