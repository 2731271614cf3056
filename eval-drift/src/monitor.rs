//! The monitor of quality: whether a level dropped, watched run after run.

mod epoch;
mod evidence;
mod localise;
#[cfg(feature = "reference")]
mod mean_steps;
mod panel;
mod power;
mod question;
mod reading;
mod sentinel;
mod stream;
mod variance;

pub use reading::{Change, Difference, MonitorError, QuestionBaseline, Reading, StreamKind, StreamReading};

pub(crate) use evidence::WEIGHT_OF_MEAN;
pub(crate) use localise::{Split, indistinguishable, splits, strongest};
#[cfg(feature = "reference")]
pub(crate) use mean_steps::{MeanStep, mean_steps};
pub(crate) use power::delay;

use eval_core::Status;

use epoch::{Epoch, Sights};
use question::Factors;

/// An outlier and the run after it differ by more than this many standard deviations; else the level really moved.
const BACK_WITHIN: f64 = 2.0;
/// Below this part of the questions a run says nothing.
const VALID: f64 = 0.5;

/// Whether the quality of a model dropped, by evidence that builds up from run to run over the same questions.
///
/// One monitor watches one history: the same model, prompt, parameters and judge. Each run is given as one score per
/// question, `None` where it failed or could not be graded. Three kinds of streams are watched: the mean of all
/// questions (weight .70), the *sentinel*, which listens to the questions that never moved (.15), and the mean of each
/// category of at least 5 questions (.15 together). What a stream that is absent would weigh, the others weigh in
/// proportion.
///
/// # What is computed
/// For each stream of weights `w_q` that sum up to 1, everything from the runs before this one:
///
/// 1. the level `Y_t = sum w_q x_tq`;
/// 2. the variance `v` that single questions bring, by successive differences plus half a flipped answer, times a
///    dispersion of at least 1 for what moves a whole run, shrunk to an assumed run noise of `tau0` (4 degrees of
///    freedom): `sigma²`;
/// 3. the standardised drop `z = (mean(Y_<t) - Y_t) / (sigma sqrt(1 + 1/n))`, as a normal score `u`: Student's t by
///    Hill's formula, and where skewness would overstate the evidence, Wilson and Hilferty's;
/// 4. the [e-detector](crate::ShiryaevRoberts) of `u`, from the sixth run on (a category of fewer than 20 questions
///    does not bet on 4 standard deviations).
///
/// The evidence is `M = sum of weight · M_stream`. From 200 on it is [`Status::Watch`], from 500 on [`Status::Worse`].
/// The mirrored scores give the evidence of an improvement in the same way.
///
/// # What it promises
/// If the `u` are standard normal given the past, the mean number of runs to a false alarm is at least the
/// threshold, whatever the dependence between streams. In simulation (50, 200 and 1,000 questions, 90 runs
/// without drift) 3 to 6 % of histories had a false alarm; a drop of 3 points was found after a median of 31, 7 and 3
/// runs, one of 10 points after 3, 2 and 1. A slow decline is partly absorbed by the baseline.
///
/// Shin, Ramdas and Rinaldo 2023, arXiv 2203.03532 (e-detectors); Brown, Durbin and Evans 1975 (recursive residuals);
/// von Neumann 1941 (successive differences); Smyth 2004 (shrunk variances); Hawkins, Qiu and Kang 2003 (change-point
/// model).
///
/// # Missing, new and failing questions
/// - A level moves by the mean residual of the questions that are there, each against its own baseline, so it stays
///   comparable. A question that joins later counts once it has 3 scores.
/// - A run that scored less than 80 % of the questions with a baseline is [`Status::Partial`]: shown, not taken in.
///   Less than half is [`Status::NotComparable`]. A category of which less than 80 % is there sits the run out.
/// - An alarm that its very first run raised, and that the next run contradicts (within 2 standard deviations in the
///   stream that raised it), is withdrawn: the outlier is masked, and [`Reading::resolved`] names it.
///
/// # Starting over
/// To accept a new level, begin a new monitor and feed it the runs from [`Change::since`] on. To mask a run, feed all
/// others.
///
/// O(questions + streams) time and memory for a run; nothing of a run is kept but each question's last score and the
/// latest 90 levels. The same runs give the same bits, whether observed at once or after a [`restore`](Self::restore).
///
/// ```
/// use eval_core::Status;
/// use eval_drift::QualityMonitor;
/// // 50 questions of one category: 40 right, then 30.
/// let mut monitor = QualityMonitor::new([0; 50]);
/// let run = |right: usize, shift: usize| -> Vec<Option<f64>> {
///     (0..50).map(|at| Some(f64::from((at + shift) % 50 < right))).collect()
/// };
/// for shift in 0..12 {
///     monitor.observe(&run(40, shift)).unwrap();
/// }
/// let readings: Vec<_> = (12..16).map(|shift| monitor.observe(&run(30, shift)).unwrap()).collect();
/// let last = readings.last().unwrap();
/// assert_eq!(last.status, Status::Worse);
/// let change = last.change.unwrap();
/// assert_eq!(change.since, 12);
/// assert!((change.effect.unwrap().delta + 0.2).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct QualityMonitor {
    settings: MonitorSettings,
    state: MonitorState,
}

/// A monitor of no questions with the default settings: as a detector all that is needed.
impl Default for QualityMonitor {
    fn default() -> Self {
        Self::with(MonitorSettings::default(), [])
    }
}

/// What a [`QualityMonitor`] is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MonitorSettings {
    /// Evidence from which a drop is to be watched; default 200.
    pub watch: f64,
    /// Evidence from which a drop is an alarm; default 500.
    pub alarm: f64,
    /// The noise that is assumed to move all questions of a run together, as a standard deviation of the level; default
    /// 0.005. To be raised where the dispersion settles above 3.
    pub run_noise: f64,
}

impl Default for MonitorSettings {
    fn default() -> Self {
        Self { watch: 200.0, alarm: 500.0, run_noise: 0.005 }
    }
}

/// All that a [`QualityMonitor`] remembers, to be stored and given back. O(questions).
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MonitorState {
    /// The category of each question.
    categories: Vec<u32>,
    observed: u32,
    epoch: Epoch,
    outlier: Option<Box<Outlier>>,
}

/// A run that raised an alarm all by itself, with the state before it: the next run decides.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Outlier {
    run: u32,
    stream: StreamKind,
    before: Epoch,
}

impl QualityMonitor {
    /// Runs that are needed before anything is said, the one that is looked at included.
    pub const MIN_RUNS: u32 = stream::BASELINE + 1;

    /// A monitor with the default settings of questions with these categories, which are numbered from 0 without gaps.
    pub fn new(categories: impl IntoIterator<Item = u32>) -> Self {
        Self::with(MonitorSettings::default(), categories)
    }

    /// The same with other settings.
    pub fn with(settings: MonitorSettings, categories: impl IntoIterator<Item = u32>) -> Self {
        let mut monitor = Self { settings, state: MonitorState::default() };
        for category in categories {
            monitor.add_question(category);
        }
        monitor
    }

    /// A question more, of this category; gives its index. It counts once it has 3 scores.
    pub fn add_question(&mut self, category: u32) -> usize {
        self.state.epoch.add_question(category);
        if let Some(outlier) = &mut self.state.outlier {
            outlier.before.add_question(category);
        }
        self.state.categories.push(category);
        self.state.categories.len() - 1
    }

    /// What it is made of.
    pub fn settings(&self) -> &MonitorSettings {
        &self.settings
    }

    /// All that is remembered. A monitor that is restored of it goes on to the same bit.
    pub fn state(&self) -> &MonitorState {
        &self.state
    }

    /// The monitor that had this state.
    pub fn restore(settings: MonitorSettings, state: MonitorState) -> Self {
        Self { settings, state }
    }

    /// Takes a run in, given as the score of each question by index; questions beyond its end are missing.
    ///
    /// # Errors
    /// [`MonitorError`] when a score is not a number from 0 to 1 or a question is not known; then nothing is taken in.
    pub fn observe(&mut self, scores: &[Option<f64>]) -> Result<Reading, MonitorError> {
        self.check(scores)?;
        let resolved = self.resolve(scores);
        let sights = self.state.epoch.sights(scores, &self.state.categories, &self.settings);
        let mut reading = self.reading(&sights);
        reading.resolved = resolved;
        if sights.are_covered() {
            self.remember(&reading);
            reading.alarm_since = self.state.epoch.alarm_since;
            self.state.epoch.absorb(reading.run, scores, sights);
        }
        self.state.observed += 1;
        Ok(reading)
    }

    /// The smallest drop of the mean that is expected to raise an alarm within so many runs, in the unit of the scores;
    /// `None` for 0 runs, and before two runs were observed.
    ///
    /// `sigma sqrt(2 ln(alarm / weight) / (runs - 1))`, where below one sigma 1.5 times as many runs are needed; for
    /// one run the drop whose one bet reaches the alarm.
    pub fn detectable_drop(&self, runs: u32) -> Option<f64> {
        let sigma = self.spread()?.variance.sqrt();
        power::detectable(runs, self.settings.alarm, self.state.epoch.weight_of_mean()).map(|drop| drop * sigma)
    }

    /// The number of runs after which a drop of the mean, in the unit of the scores, is expected to raise an alarm;
    /// `None` unless it is above 0, and before two runs were observed.
    pub fn expected_delay(&self, drop: f64) -> Option<f64> {
        let sigma = self.spread()?.variance.sqrt();
        power::delay(drop / sigma, self.settings.alarm, self.state.epoch.weight_of_mean())
    }

    /// What is remembered of a question; `None` when it has no score yet, or is not known.
    pub fn question(&self, index: usize) -> Option<QuestionBaseline> {
        let question = self.state.epoch.panel.questions.get(index).filter(|question| question.n > 0)?;
        let variance = (question.n > 1).then(|| question.variance(&Factors::of(question.n)));
        Some(QuestionBaseline { runs: question.n, mean: question.mean, variance })
    }

    fn spread(&self) -> Option<variance::Spread> {
        self.state.epoch.spread(&self.state.categories, &self.settings)
    }

    fn check(&self, scores: &[Option<f64>]) -> Result<(), MonitorError> {
        let (given, known) = (scores.len(), self.state.categories.len());
        if given > known {
            return Err(MonitorError::Questions { given, known });
        }
        let bad = |(question, score): (usize, &Option<f64>)| {
            Some((question, score.filter(|score| !(0.0..=1.0).contains(score))?))
        };
        match scores.iter().enumerate().find_map(bad) {
            Some((question, score)) => Err(MonitorError::Score { question, score }),
            None => Ok(()),
        }
    }

    /// Goes back to before an outlier when this run is near the old level; gives the run that is masked.
    fn resolve(&mut self, scores: &[Option<f64>]) -> Option<u32> {
        let outlier = self.state.outlier.as_deref()?;
        let sights = outlier.before.sights(scores, &self.state.categories, &self.settings);
        let u = sights.of(outlier.stream).filter(|_| sights.are_covered())?.u?;
        let outlier = self.state.outlier.take().filter(|_| u.abs() <= BACK_WITHIN)?;
        self.state.epoch = outlier.before;
        Some(outlier.run)
    }

    fn reading(&self, sights: &Sights) -> Reading {
        let MonitorState { epoch, observed: run, .. } = &self.state;
        let streams = epoch.readings(sights);
        let total = |of: fn(&StreamReading) -> f64| streams.iter().map(|stream| stream.weight * of(stream)).sum();
        let mut reading = Reading {
            run: *run,
            status: Status::Steady,
            baseline_runs: epoch.mean.runs,
            coverage: sights.coverage,
            evidence: total(|stream| stream.evidence),
            improvement: total(|stream| stream.improvement),
            dispersion: sights.mean.as_ref().and_then(|sight| Some(sight.spread?.dispersion)),
            change: None,
            alarm_since: epoch.alarm_since,
            resolved: None,
            streams,
        };
        reading.status = self.status(&reading, sights);
        if matches!(reading.status, Status::Watch | Status::Worse) {
            reading.change = leading(&reading.streams).and_then(|kind| epoch.change(*run, sights, kind));
        }
        reading
    }

    fn status(&self, reading: &Reading, sights: &Sights) -> Status {
        let have = reading.baseline_runs + 1;
        match reading {
            _ if sights.coverage < VALID => Status::NotComparable,
            _ if !sights.are_covered() => Status::Partial,
            _ if have < Self::MIN_RUNS => Status::Warming,
            _ if reading.evidence >= self.settings.alarm => Status::Worse,
            _ if reading.evidence >= self.settings.watch => Status::Watch,
            _ if reading.improvement >= self.settings.alarm => Status::Better,
            _ => Status::Steady,
        }
    }

    /// Notes a new alarm, and what was before it if this run alone raised it.
    fn remember(&mut self, reading: &Reading) {
        let epoch = &mut self.state.epoch;
        if reading.status != Status::Worse || epoch.alarm_since.is_some() {
            return;
        }
        if let Some(change) = reading.change.filter(|change| change.runs == 1) {
            let before = epoch.clone();
            self.state.outlier = Some(Box::new(Outlier { run: reading.run, stream: change.stream, before }));
        }
        epoch.alarm_since = Some(reading.run);
    }
}

/// The spread of levels of which no skewness is known.
pub(crate) fn plain_spread(sigma: f64, df: f64) -> variance::Spread {
    variance::Spread { variance: sigma * sigma, df, dispersion: 1.0, third_cumulant: 0.0 }
}

/// The stream that brings most of the evidence.
fn leading(streams: &[StreamReading]) -> Option<StreamKind> {
    let part = |stream: &StreamReading| stream.weight * stream.evidence;
    streams.iter().max_by(|one, other| part(one).total_cmp(&part(other))).map(|stream| stream.kind)
}
