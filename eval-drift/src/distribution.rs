//! How far the values of the current run are from those of the runs before, as distributions.

use eval_core::{
    DriftDetector, DriftReport, Evidence, History, Measure, Method, Point, Span, Status, TestResult, Window,
};

use crate::era::Era;
use crate::{
    anderson_darling, cramer_von_mises, histogram, jensen_shannon_distance, ks_2samp, population_stability_index,
    wasserstein_normed,
};

/// Bins of the methods that count.
const BINS: usize = 10;

/// A distance between two sets of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Distance {
    /// [Kolmogorov and Smirnov](crate::ks_2samp): the largest difference of the distribution functions.
    KolmogorovSmirnov,
    /// [Anderson and Darling](crate::anderson_darling): their squared difference, weighted towards the ends.
    AndersonDarling,
    /// [Cramér and von Mises](crate::cramer_von_mises): their squared difference.
    CramerVonMises,
    /// [Wasserstein](crate::wasserstein_normed): how far the values have to be moved, in standard deviations of the
    /// earlier ones.
    Wasserstein,
    /// The [population stability index](crate::population_stability_index) over 10 bins of the earlier values.
    PopulationStability,
    /// [Jensen and Shannon](crate::jensen_shannon_distance) over 10 bins, from 0 to 1.
    JensenShannon,
}

impl Distance {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::KolmogorovSmirnov,
        Self::AndersonDarling,
        Self::CramerVonMises,
        Self::Wasserstein,
        Self::PopulationStability,
        Self::JensenShannon,
    ];

    /// The name in reports, for instance `kolmogorov-smirnov`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KolmogorovSmirnov => "kolmogorov-smirnov",
            Self::AndersonDarling => "anderson-darling",
            Self::CramerVonMises => "cramer-von-mises",
            Self::Wasserstein => "wasserstein",
            Self::PopulationStability => "population-stability-index",
            Self::JensenShannon => "jensen-shannon",
        }
    }

    /// The statistic and, where the method has one, its p.
    fn between(self, earlier: &[f64], current: &[f64]) -> Option<(f64, Option<f64>)> {
        let counted = |distance: fn(&[u64], &[u64]) -> Option<f64>| {
            let (earlier, current) = histogram(earlier, current, BINS)?;
            Some((distance(&earlier, &current)?, None))
        };
        match self {
            Self::KolmogorovSmirnov => {
                ks_2samp(earlier, current).map(|found| (found.d, found.p_exact.or(found.p_asymptotic)))
            }
            Self::AndersonDarling => {
                anderson_darling(&[earlier, current]).map(|found| (found.statistic, Some(found.p)))
            }
            Self::CramerVonMises => cramer_von_mises(earlier, current)
                .map(|found| (found.statistic, Some(found.p_exact.unwrap_or(found.p_asymptotic)))),
            Self::Wasserstein => wasserstein_normed(earlier, current).map(|distance| (distance, None)),
            Self::PopulationStability => counted(population_stability_index),
            Self::JensenShannon => counted(jensen_shannon_distance),
        }
    }
}

/// How far the values of the current run are from those of all earlier runs of the era, taken as a distribution: an effect
/// size to look at, *never an alarm*.
///
/// It does not pair questions, so it also compares runs over other questions (a changed data set), and it is for what has
/// a distribution worth a look: latency, length, cost, tokens. A finding ends as [`Status::Steady`] whatever the p: on
/// scores such tests see next to nothing, and on latency they flag every third run with nothing wrong. The statistic and
/// its p stand in the evidence.
///
/// ```
/// use eval_core::{DriftDetector, History, Measure, RunId, SampleKey, SampleMeasures, Status, Timestamp, Window};
/// use eval_drift::{Distance, Distribution};
/// let run = |factor: f64| {
///     let of = |at: u32| {
///         let mut measures = SampleMeasures::new(SampleKey::new(format!("q{at}").as_str(), "f00d"));
///         measures.latency_ms = Some(factor * f64::from(at + 1));
///         measures
///     };
///     Window::new(RunId::new(), Timestamp::UNIX_EPOCH, vec![]).measures((0..50).map(of).collect())
/// };
/// let latency = Distribution::new(Distance::KolmogorovSmirnov, Measure::Latency).unwrap();
/// let report = latency.detect(&History::new(vec![run(1.0), run(2.0)]));
/// assert_eq!(report.status, Status::Steady, "never an alarm");
/// assert_eq!(report.evidence.tests[0].statistic, Some(0.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distribution {
    distance: Distance,
    measure: Measure,
}

impl Distribution {
    /// The detector of a measure by a distance; `None` for rates, which have no distribution.
    pub fn new(distance: Distance, measure: Measure) -> Option<Self> {
        let is_rate = eval_core::WindowCounts::default().rate(measure).is_some();
        (!is_rate).then_some(Self { distance, measure })
    }

    fn values(&self, window: &Window) -> Vec<f64> {
        let finite = |value: &f64| value.is_finite();
        match self.measure {
            Measure::Quality => window.scores.iter().map(|found| found.score).filter(finite).collect(),
            Measure::Anchors => window.anchors.iter().map(|found| found.score).filter(finite).collect(),
            measure => window.measures.iter().filter_map(|found| found.get(measure)).filter(finite).collect(),
        }
    }
}

impl DriftDetector for Distribution {
    fn name(&self) -> &str {
        self.distance.name()
    }

    fn method(&self) -> Method {
        Method::new(self.name(), 1).with("measure", self.measure.name())
    }

    fn detect(&self, history: &History) -> DriftReport {
        let era = Era::of(history);
        let method = self.method();
        if let Some(report) = era.alone(method.clone(), self.measure) {
            return report;
        }
        let mut report = era.report(method, self.measure, Status::Steady);
        let split = era.windows.split_last();
        let (current, earlier) = split.map_or((vec![], vec![]), |(current, earlier)| {
            (self.values(current), earlier.iter().flat_map(|window| self.values(window)).collect())
        });
        let Some((statistic, p)) = self.distance.between(&earlier, &current) else {
            report.status = Status::NotComparable;
            return report.because("the runs have no values, or none that differ");
        };
        let end = era.windows.len();
        (report.baseline, report.current) =
            (self.span(&era, 0..end - 1, &earlier), self.span(&era, end - 1..end, &current));
        report.n = current.len() as u64;
        report.evidence = Evidence::default().test(TestResult::new(self.name(), Some(statistic), p));
        report.warnings.push("a distance to look at, never an alarm: questions are not paired".into());
        report
    }
}

impl Distribution {
    fn span(&self, era: &Era<'_>, runs: std::ops::Range<usize>, values: &[f64]) -> Option<Span> {
        let point = |at: usize| era.windows.get(at).map(|window| Point::from(*window));
        let scale = if self.measure.is_score() { 100.0 } else { 1.0 };
        let (from, to) = (point(runs.start)?, point(runs.end.checked_sub(1)?)?);
        let n = values.len();
        let mean = scale * values.iter().sum::<f64>() / n as f64;
        Some(Span::new(from, to, runs.len() as u32).mean(mean, n as u64))
    }
}
