//! The classical charts, as detectors: for comparison with the monitor.

use eval_core::{
    DriftDetector, DriftReport, Evidence, History, Measure, Method, Onset, Point, Status, TestResult, Window,
};

use crate::era::Era;
use crate::quality::{in_points, scores_of, span};
use crate::replay::Replay;
use crate::{
    Adwin, AdwinSettings, Cusum, Direction, Ewma, MonitorSettings, PageHinkley, PageHinkleySettings, QualityMonitor,
    StreamKind, changes, glr_threshold, onset,
};

/// Replays the era of a history, or says why that cannot be done.
fn replayed<'a>(history: &'a History, method: &Method) -> Result<(Era<'a>, Replay), Box<DriftReport>> {
    let (era, measure) = (Era::of(history), Measure::Quality);
    if let Some(report) = era.bad_score(method.clone(), measure) {
        return Err(report.into());
    }
    let replay = Replay::of(&era.windows, MonitorSettings::default(), scores_of(measure));
    let replay = replay.map_err(|error| {
        Box::new(era.report(method.clone(), measure, Status::NotComparable).because(error.to_string()))
    })?;
    match replay.last().map(|reading| reading.status) {
        None | Some(Status::Warming) => Err(era.warming(method.clone(), measure, QualityMonitor::MIN_RUNS).into()),
        Some(status @ (Status::Partial | Status::NotComparable)) => {
            let why = "too few of the questions of the earlier runs were scored";
            Err(era.report(method.clone(), measure, status).because(why).into())
        }
        Some(_) => Ok((era, replay)),
    }
}

/// The report of a chart that found a change at a run, or none: a chart says nothing of one that is over.
fn charted(
    era: &Era<'_>,
    replay: &Replay,
    method: Method,
    statistic: Option<f64>,
    found: Option<usize>,
) -> DriftReport {
    let name = method.name.clone();
    let mut report = era.report(method, Measure::Quality, Status::Steady);
    let last = era.windows.len() - 1;
    let first = found.unwrap_or(last).max(1);
    (report.baseline, report.current) = (span(era, replay, 0..first), span(era, replay, first..last + 1));
    report.effect = replay.shift(StreamKind::Mean, first).and_then(in_points);
    report.n = replay.stream(StreamKind::Mean).map_or(0, |stream| u64::from(stream.present));
    report.coverage = replay.last().map(|reading| reading.coverage);
    report.evidence = Evidence::default().test(TestResult::new(name, statistic, None));
    if let Some(window) = found.and_then(|at| era.windows.get(at)) {
        report.status = Status::Worse;
        report.since = Some(Onset::new(Point::from(*window), replay.counting(first..last + 1).count() as u32));
        changes::coincide(&mut report.changes, &era.windows, first, first);
    }
    report.warnings.push("a chart for comparison: its false alarms were not held down to those of the monitor".into());
    report
}

/// The normal scores of a drop in the runs that count, with their runs.
fn scores(replay: &Replay) -> impl Iterator<Item = (usize, f64)> + '_ {
    let u = |at: usize| {
        let mean = replay.readings[at].mean()?;
        Some((at, mean.u?))
    };
    replay.counting(0..replay.readings.len()).filter_map(u)
}

/// The [cumulative sum chart](Cusum) on the normal scores of a drop: [`Status::Worse`] while the sum is 5 and more, since
/// the run from which it was never back at 0. If the scores are normal it has a false alarm in about 930 runs, and 9 % of
/// histories of 90 runs have one (simulated).
///
/// ```
/// use eval_core::{DriftDetector, History, Status};
/// assert_eq!(eval_drift::CusumChart.detect(&History::default()).status, Status::Warming);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CusumChart;

impl CusumChart {
    /// The sum from which it is a finding, in standard deviations.
    pub const LIMIT: f64 = 5.0;
}

impl DriftDetector for CusumChart {
    fn name(&self) -> &str {
        "cusum"
    }

    fn method(&self) -> Method {
        Method::new(self.name(), 1).with("allowance", Cusum::ALLOWANCE).with("limit", Self::LIMIT)
    }

    fn detect(&self, history: &History) -> DriftReport {
        let method = self.method();
        let (era, replay) = match replayed(history, &method) {
            Ok(replayed) => replayed,
            Err(report) => return *report,
        };
        let (mut chart, mut began) = (Cusum::default(), None);
        for (at, u) in scores(&replay) {
            let before = chart.sum();
            began = if chart.update(u) > 0.0 { began.filter(|_| before > 0.0).or(Some(at)) } else { None };
        }
        let found = began.filter(|_| chart.sum() >= Self::LIMIT);
        charted(&era, &replay, method, Some(chart.sum()), found)
    }
}

/// The [chart of exponentially weighted averages](Ewma) on the normal scores of a drop: [`Status::Worse`] while the
/// standardised average is 2.96 and more, with the weight 0.2. If the scores are normal it has a false alarm in about 1,000
/// runs, and 9 % of histories of 90 runs have one (simulated). It names no beginning but the first run above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EwmaChart;

impl EwmaChart {
    /// The standardised average from which it is a finding.
    pub const LIMIT: f64 = 2.962;
}

impl DriftDetector for EwmaChart {
    fn name(&self) -> &str {
        "ewma"
    }

    fn method(&self) -> Method {
        Method::new(self.name(), 1).with("weight", Ewma::WEIGHT).with("limit", Self::LIMIT)
    }

    fn detect(&self, history: &History) -> DriftReport {
        let method = self.method();
        let (era, replay) = match replayed(history, &method) {
            Ok(replayed) => replayed,
            Err(report) => return *report,
        };
        let (mut chart, mut began) = (Ewma::default(), None);
        for (at, u) in scores(&replay) {
            let is_above = chart.update(u).is_some_and(|z| z > 0.0);
            began = if is_above { began.or(Some(at)) } else { None };
        }
        let found = began.filter(|_| chart.z().is_some_and(|z| z >= Self::LIMIT));
        charted(&era, &replay, method, chart.z(), found)
    }
}

/// The [Page-Hinkley test](PageHinkley) on the normal scores of a drop: [`Status::Worse`] when it fired in one of the
/// latest runs and no later than 30 runs ago. On raw means its threshold has no right value; on normal scores it tolerates
/// a quarter of a deviation and fires at 9: in about 950 runs if the scores are normal, and in 5 % of histories of 90 runs
/// (simulated). At the threshold 10 without that tolerance 44 % of them would have an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageHinkleyChart;

impl PageHinkleyChart {
    /// How far the sum may run, in standard deviations.
    pub const LIMIT: f64 = 9.0;
    /// The deviation that is tolerated, in standard deviations.
    pub const TOLERATED: f64 = 0.25;

    fn settings() -> PageHinkleySettings {
        let mut settings = PageHinkleySettings::default();
        (settings.min_instances, settings.direction) = (6, Direction::Up);
        (settings.threshold, settings.delta) = (Self::LIMIT, Self::TOLERATED);
        settings
    }
}

/// A finding is told for so many runs.
const TOLD: usize = 30;

impl DriftDetector for PageHinkleyChart {
    fn name(&self) -> &str {
        "page-hinkley"
    }

    fn method(&self) -> Method {
        let PageHinkleySettings { delta, threshold, .. } = Self::settings();
        Method::new(self.name(), 2).with("delta", delta).with("limit", threshold)
    }

    fn detect(&self, history: &History) -> DriftReport {
        let method = self.method();
        let (era, replay) = match replayed(history, &method) {
            Ok(replayed) => replayed,
            Err(report) => return *report,
        };
        let found = PageHinkley::new(Self::settings())
            .and_then(|mut test| scores(&replay).filter(|(_, u)| test.update(*u)).map(|(at, _)| at).last());
        let found = found.filter(|at| at + TOLD >= era.windows.len());
        charted(&era, &replay, method, None, found)
    }
}

/// [Adaptive windowing](Adwin) on the scores of all questions, one after the other: [`Status::Worse`] when it dropped its
/// past in one of the latest 30 runs and the level fell. The settings are those of river 0.26.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AdwinChart;

impl DriftDetector for AdwinChart {
    fn name(&self) -> &str {
        "adwin"
    }

    fn method(&self) -> Method {
        let AdwinSettings { delta, clock, .. } = AdwinSettings::default();
        Method::new(self.name(), 1).with("delta", delta).with("clock", clock)
    }

    fn detect(&self, history: &History) -> DriftReport {
        let method = self.method();
        let (era, replay) = match replayed(history, &method) {
            Ok(replayed) => replayed,
            Err(report) => return *report,
        };
        let (mut window, mut found) = (Adwin::default(), None);
        for at in replay.counting(0..era.windows.len()) {
            for score in replay.rows[at].iter().flatten() {
                if window.update(*score) {
                    found = Some(at);
                }
            }
        }
        let fell = |at: &usize| replay.shift(StreamKind::Mean, (*at).max(1)).is_some_and(|shift| shift.delta < 0.0);
        let found = found.filter(|at| at + TOLD >= era.windows.len()).filter(fell);
        charted(&era, &replay, method, window.estimation(), found)
    }
}

/// The change-point model: the largest standardised drop between the mean before and the mean after any run, against its
/// [threshold](glr_threshold) at a false alarm in 1,000 runs. [`Status::Worse`] above it. The onset has its uncertainty:
/// the cuts whose log likelihood is at most 1.92 lower than that of the best.
///
/// Hawkins, Qiu and Kang 2003. The monitor uses the same model for its onset, and has evidence that adds up instead of a
/// maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangePoint;

impl ChangePoint {
    /// The probability of a false alarm in a run.
    pub const ALPHA: f64 = 0.001;
}

impl DriftDetector for ChangePoint {
    fn name(&self) -> &str {
        "change-point"
    }

    fn method(&self) -> Method {
        Method::new(self.name(), 1).with("alpha", Self::ALPHA)
    }

    fn detect(&self, history: &History) -> DriftReport {
        let method = self.method();
        let (era, replay) = match replayed(history, &method) {
            Ok(replayed) => replayed,
            Err(report) => return *report,
        };
        let runs = replay.counting(0..era.windows.len()).count();
        let best = onset::cuts(&replay, false).and_then(|cuts| onset::best(&cuts));
        let is_found = |score: f64| glr_threshold(runs, Self::ALPHA).is_some_and(|threshold| score >= threshold);
        let found = best.filter(|(split, ..)| is_found(split.score));
        let statistic = best.map(|(split, ..)| split.score);
        let mut report = charted(&era, &replay, method, statistic, found.map(|(split, ..)| split.since as usize));
        let point = |at: u32| era.windows.get(at as usize).map(|window: &&Window| Point::from(*window));
        if let Some((_, earliest, latest)) = found {
            report.since = report.since.and_then(|onset| Some(onset.between(point(earliest)?, point(latest)?)));
            changes::coincide(&mut report.changes, &era.windows, earliest as usize, latest as usize);
        }
        report
    }
}
