//! What is watched beside the scores: errors, refusals, latency, tokens, cost, length.

use eval_core::{
    DriftDetector, DriftReport, Effect, Evidence, History, Measure, Method, Point, Quantities, Span, Status, Warming,
    Window,
};

use crate::era::Era;
use crate::roster::{Roster, Row};
use crate::{
    CountMonitor, CountReading, MonitorSettings, RatioMonitor, RatioReading, hodges_lehmann, hodges_lehmann_interval,
    quantile,
};

/// Whether a rate (errors, timeouts, refusals, format failures) or a quantity (latency, tokens, cost, length of answers)
/// rose, by evidence that builds up from run to run.
///
/// One detector watches one [`Measure`]; [`OperationsMonitor::all`] gives one for each. Rates are watched by a
/// [`CountMonitor`], and their effect is in points; quantities by a [`RatioMonitor`], question against the same question,
/// and their effect is in percent. *Worse* is a rise (evidence of 500 and more), *Watch* 200 and more; *Better* is a fall
/// of a quantity, for information. One that is asked alone has the whole budget of false alarms for itself; where several
/// are looked at, they share one ([`share_budget`](crate::share_budget), or [`OperationsMonitor::watch`] in one go). Eras and masks are those of the [`QualityMonitor`](crate::QualityMonitor); runs that
/// are partial for the quality count here, because what is missing there is what is counted here.
///
/// ```
/// use eval_core::{DriftDetector, History, Measure, RunId, Status, Timestamp, Window, WindowCounts};
/// use eval_drift::OperationsMonitor;
/// let run = |failed: u64| {
///     let mut counts = WindowCounts::default();
///     (counts.planned, counts.scored, counts.failed) = (200, 200 - failed, failed);
///     Window::new(RunId::new(), Timestamp::UNIX_EPOCH, vec![]).counts(counts)
/// };
/// let history = History::new([[2; 20].as_slice(), &[16]].concat().into_iter().map(run).collect());
/// let report = OperationsMonitor::new(Measure::Errors).unwrap().detect(&history);
/// assert_eq!(report.status, Status::Worse);
/// assert!((report.effect.unwrap().change - 7.0).abs() < 1e-9, "points");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationsMonitor {
    measure: Measure,
}

impl OperationsMonitor {
    /// The name in reports.
    pub const NAME: &str = "operations-monitor";

    /// The detector of a measure; `None` for scores, which the [`QualityMonitor`](crate::QualityMonitor) watches.
    pub fn new(measure: Measure) -> Option<Self> {
        Measure::OPERATIONS.contains(&measure).then_some(Self { measure })
    }

    /// One for each measure.
    pub fn all() -> [Self; 9] {
        Measure::OPERATIONS.map(|measure| Self { measure })
    }

    /// What all of them find, under one [shared budget](crate::share_budget) of false alarms.
    pub fn watch(history: &History) -> Vec<DriftReport> {
        let era = Era::of(history);
        let (rates, quantities): (Vec<Self>, Vec<Self>) = Self::all().into_iter().partition(Self::is_rate);
        let mut reports: Vec<DriftReport> = rates.iter().map(|monitor| monitor.rate(&era)).collect();
        reports.extend(Course::of_all(&era, quantities).into_iter().map(|course| course.report(&era)));
        crate::share_budget(&mut reports);
        reports
    }
}

impl DriftDetector for OperationsMonitor {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn method(&self) -> Method {
        let MonitorSettings { watch, alarm, .. } = MonitorSettings::default();
        Method::new(Self::NAME, 2).with("measure", self.measure.name()).with("watch", watch).with("alarm", alarm)
    }

    fn detect(&self, history: &History) -> DriftReport {
        let era = Era::of(history);
        match self.is_rate() {
            true => self.rate(&era),
            false => Course::of_all(&era, vec![*self]).remove(0).report(&era),
        }
    }
}

/// A quantity, run by run.
struct Course {
    of: OperationsMonitor,
    monitor: RatioMonitor,
    /// The sum over so many questions.
    totals: Vec<Option<(f64, u64)>>,
    last: Option<RatioReading>,
    newest: Row,
}

impl Course {
    /// The courses of several quantities, read in one go: a history is large.
    fn of_all(era: &Era<'_>, monitors: Vec<OperationsMonitor>) -> Vec<Self> {
        let begun = |of| Self { of, monitor: RatioMonitor::default(), totals: vec![], last: None, newest: vec![] };
        let mut courses: Vec<Self> = monitors.into_iter().map(begun).collect();
        let (mut roster, mut places) = (Roster::default(), vec![]);
        for window in &era.windows {
            roster.rewind();
            places.clear();
            places.extend(window.measures.iter().map(|found| roster.place(&found.key)));
            for course in &mut courses {
                let mut row = vec![None; roster.len()];
                for (found, place) in window.measures.iter().zip(&places) {
                    row[*place] = found.get(course.of.measure).filter(|value| value.is_finite());
                }
                course.take(row);
            }
        }
        courses
    }

    fn take(&mut self, row: Row) {
        let known = row.iter().flatten().count() as u64;
        self.totals.push((known > 0).then(|| (total(&row), known)));
        self.last = (known > 0).then(|| self.monitor.observe(&row));
        self.newest = row;
    }

    fn report(self, era: &Era<'_>) -> DriftReport {
        let Self { of, monitor, totals, last, newest } = self;
        let Some(reading) = last else { return of.unmeasured(era, &totals, monitor.evidence()) };
        of.report(era, reading.status, &totals, |report| {
            quantity_report(report, &reading);
            let known: Vec<f64> = newest.iter().flatten().copied().collect();
            report.quantities = quantities(&known, &monitor.log_ratios(&newest));
        })
    }
}

/// The sum of what is known, in four parts that need not wait for each other.
fn total(row: &Row) -> f64 {
    let mut parts = [0.0; 4];
    for four in row.chunks(4) {
        parts.iter_mut().zip(four).for_each(|(part, value)| *part += value.unwrap_or(0.0));
    }
    parts.iter().sum()
}

impl OperationsMonitor {
    fn is_rate(&self) -> bool {
        eval_core::WindowCounts::default().rate(self.measure).is_some()
    }

    fn rate(&self, era: &Era<'_>) -> DriftReport {
        let rate = |window: &Window| window.counts.and_then(|counts| counts.rate(self.measure));
        let mut monitor = CountMonitor::default();
        let mut last = None;
        let mut totals = vec![];
        for window in &era.windows {
            let counted = rate(window).filter(|(cases, trials)| *trials > 0 && cases <= trials);
            last = counted.and_then(|(cases, trials)| monitor.observe(cases, trials));
            totals.push(counted);
        }
        let Some(reading) = last else { return self.unmeasured(era, &totals, monitor.evidence()) };
        self.report(era, reading.status, &totals, |report| rate_report(report, &reading))
    }

    /// The report on totals of a sum over so many, run by run.
    fn report<T: Total>(
        &self,
        era: &Era<'_>,
        status: Status,
        totals: &[Option<T>],
        fill: impl FnOnce(&mut DriftReport),
    ) -> DriftReport {
        let need = T::MIN_RUNS;
        let measured = totals.iter().flatten().count() as u32;
        let mut report = era.report(self.method(), self.measure, status);
        if status == Status::Warming {
            report.warming = Some(Warming::new(measured, need));
            report.why = Some(format!("{measured} of {need} runs that it takes"));
        }
        if status == Status::Partial {
            report.why = Some("less than 80 % of the questions were measured in this run".into());
        }
        report.baseline = span(era, totals, 0..totals.len() - 1);
        report.current = span(era, totals, totals.len() - 1..totals.len());
        report.n = report.current.map_or(0, |span| span.n);
        fill(&mut report);
        report
    }

    /// Nothing is said of this run; the evidence of those before it stays, and its place in the shared budget.
    fn unmeasured<T>(&self, era: &Era<'_>, totals: &[Option<T>], evidence: f64) -> DriftReport {
        let status = if era.windows.is_empty() { Status::Warming } else { Status::NotComparable };
        let mut report = era.report(self.method(), self.measure, status).because("nobody measured it in this run");
        if totals.iter().any(Option::is_some) {
            report.evidence = accumulated(evidence);
        }
        report
    }
}

/// A sum over so many.
trait Total: Copy {
    /// Runs that are needed before anything is said.
    const MIN_RUNS: u32;
    /// What a mean is shown in: percent of a rate, the unit of a quantity.
    const SCALE: f64;

    fn parts(self) -> (f64, u64);
}

impl Total for (u64, u64) {
    const MIN_RUNS: u32 = 2;
    const SCALE: f64 = 100.0;

    fn parts(self) -> (f64, u64) {
        (self.0 as f64, self.1)
    }
}

impl Total for (f64, u64) {
    const MIN_RUNS: u32 = RatioMonitor::MIN_RUNS;
    const SCALE: f64 = 1.0;

    fn parts(self) -> (f64, u64) {
        self
    }
}

fn span<T: Total>(era: &Era<'_>, totals: &[Option<T>], runs: std::ops::Range<usize>) -> Option<Span> {
    let known = || runs.clone().filter_map(|at| Some((at, totals[at]?.parts())));
    let point = |at: usize| era.windows.get(at).map(|window| Point::from(*window));
    let ((first, _), (last, _)) = (known().next()?, known().last()?);
    let sum: f64 = known().map(|(_, (sum, _))| sum).sum();
    let n: u64 = known().map(|(_, (_, n))| n).sum();
    Some(Span::new(point(first)?, point(last)?, known().count() as u32).mean(T::SCALE * sum / n as f64, n))
}

fn accumulated(rise: f64) -> Evidence {
    let MonitorSettings { watch, alarm, .. } = MonitorSettings::default();
    Evidence::accumulated(rise, watch, alarm)
}

fn rate_report(report: &mut DriftReport, reading: &CountReading) {
    report.evidence = accumulated(reading.evidence);
    let change = reading.rate.zip(reading.baseline).map(|(rate, baseline)| (rate - baseline) * 100.0);
    report.effect = change.and_then(|points| Effect::points(points, None));
}

/// Quantiles of a run, and the Hodges-Lehmann ratio of its questions to what is usual for them.
fn quantities(values: &[f64], log_ratios: &[f64]) -> Option<Quantities> {
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|probability| quantile(values, probability));
    let percent = |log: f64| (log.exp() - 1.0) * 100.0;
    let interval = hodges_lehmann_interval(log_ratios, Effect::LEVEL);
    let interval = interval.map(|(low, high)| (percent(low), percent(high)));
    let typical = hodges_lehmann(log_ratios).and_then(|log| Effect::points(percent(log), interval));
    Some(Quantities::new(p50?, p95?, p99?)?.typical(typical.map(Effect::in_percent)))
}

fn quantity_report(report: &mut DriftReport, reading: &RatioReading) {
    report.evidence = accumulated(reading.rise);
    report.evidence.m_better = Some(reading.fall).filter(|m| m.is_finite());
    let alarm = MonitorSettings::default().alarm;
    if report.status == Status::Steady && reading.fall >= alarm {
        report.status = Status::Better;
    }
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    let interval = reading.interval.map(|(low, high)| (percent(low), percent(high)));
    let effect = reading.ratio.and_then(|ratio| Effect::points(percent(ratio), interval));
    report.effect = effect.map(Effect::in_percent);
}
