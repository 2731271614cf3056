//! The current run against its baseline, question by question.

use std::collections::BTreeMap;

use eval_core::{
    CategoryFinding, Condition, Detectable, DriftDetector, DriftReport, Effect, History, IntervalMethod, Measure,
    Method, Point, Settle, Severity, Span, Status, TestResult, Window,
};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::era::Era;
use crate::moments::{ROUNDING, clip, mean, standard_deviation};
use crate::questions::Questions;
use crate::roster::{Roster, Row, row};
use crate::{Flips, SignFlip, bonett_price, categories, mcnemar, sign_flip};

/// Below this one-sided p the finding is Shock or Better.
const FOUND: f64 = 0.001;
/// Below this one-sided p a drop is to be watched.
const WATCHED: f64 = 0.05;
/// The normal quantile of the first, and that of finding what is there in 4 of 5 cases.
const Z_FOUND: f64 = 3.09;
const Z_POWER: f64 = 0.84;
/// From so many questions on the t interval holds for answers that are right or wrong.
const STUDENT_FROM: usize = 30;
/// Questions that must be shared before anything is compared.
const MIN_SHARED: usize = 5;
/// A category with fewer questions is not compared.
const MIN_CATEGORY: usize = 5;
/// The part of the baseline's questions below which a run is partial, and below which nothing is said.
const COVERED: f64 = 0.8;
const VALID: f64 = 0.5;

/// Whether the latest run differs from the mean of all earlier ones on the questions that they share.
///
/// For each shared question `d = current score - mean score over the earlier runs of the era that scored it`. The effect
/// is the mean of `d` in points. The evidence is Student's t on `d` with an assumed noise of whole runs,
/// `se² = var(d) / n + tau² (1 + 1 / runs)`; below 30 questions the larger of its p and that of the
/// [sign-flip permutation test](crate::sign_flip), which is told beside it wherever the p is below 0.05. Where either
/// side is one answer to each question, right or wrong, it is the larger of Student's p and [McNemar's](crate::mcnemar)
/// one-sided mid-p instead:
///
/// | one-sided p | finding |
/// |---|---|
/// | below 0.001, downwards | [`Status::Shock`] |
/// | below 0.001, upwards | [`Status::Better`] |
/// | below 0.05, downwards | [`Status::Watch`] |
/// | else | [`Status::Steady`] |
///
/// The 95 % interval has the same standard error and speaks of all questions of which these are a sample. Where Student's
/// t fails it is [Bonett and Price's](crate::bonett_price), so that its width is never 0: when all differences are the
/// same, and below 30 questions whose differences are all -1, 0 or 1. The effect names it.
///
/// # What it promises
/// Were nothing different but luck on single questions and the assumed noise of runs, a run would be called a shock about
/// once in 1,000 runs, and Watch or Shock once in 20. Against the mean of several runs the differences of easy questions
/// are skewed, which makes it cautious about drops and too easily pleased by rises.
///
/// It looks at *one* run: it finds a sudden drop, not a slow one, and says nothing of whether the drop will last. So it
/// says shock and not drift; the [`QualityMonitor`](crate::QualityMonitor) follows it up.
///
/// # When it does not compare
/// Fewer than 2 runs or 5 shared questions: [`Status::Warming`]. Less than 80 % of the baseline's questions:
/// [`Status::Partial`], with the effect; less than half: [`Status::NotComparable`], as is a run whose judge, prompt,
/// parameters or model no earlier run shares, and a score that is no number from 0 to 1. The report says why.
///
/// ```
/// use eval_core::{DriftDetector, History, RunId, SampleKey, SampleScore, Status, Timestamp, Window};
/// use eval_drift::PairedTest;
///
/// let run = |right: usize| {
///     let key = |at| SampleKey::new(format!("q{at:02}").as_str(), "f00d");
///     let score = |at| SampleScore::new(key(at), "math", f64::from(at < right));
///     Window::new(RunId::new(), Timestamp::UNIX_EPOCH, (0..50).map(score).collect())
/// };
/// let report = PairedTest::new().detect(&History::new(vec![run(45), run(45), run(33)]));
/// assert_eq!(report.status, Status::Shock);
/// let (low, high) = report.effect.unwrap().interval().unwrap();
/// assert!(low < -24.0 && -24.0 < high && high < 0.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedTest {
    seed: u64,
    run_noise: f64,
}

impl PairedTest {
    /// The name in reports.
    pub const NAME: &str = "paired-test";
    /// The seed of the permutation test when none is given.
    pub const SEED: u64 = 1;
    /// The noise that is assumed to move all questions of a run together, as a standard deviation of the mean score.
    pub const RUN_NOISE: f64 = 0.005;

    /// A test with the seed [`PairedTest::SEED`] and the noise [`PairedTest::RUN_NOISE`].
    pub const fn new() -> Self {
        Self { seed: Self::SEED, run_noise: Self::RUN_NOISE }
    }

    /// The same test with another seed for its permutations, which are drawn when more than 16 questions moved.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same test with another noise of runs; `None` unless it is a number from 0 to 1.
    pub fn run_noise(mut self, noise: f64) -> Option<Self> {
        self.run_noise = noise;
        (0.0..=1.0).contains(&noise).then_some(self)
    }

    /// Compares two runs on the questions that they share, whatever else the user changed between them, except for the
    /// judge: scores of two judges are [`Status::NotComparable`].
    pub fn compare(&self, baseline: &Window, current: &Window) -> DriftReport {
        let era = Era::pair(baseline, current);
        let report = era.report(self.method(), Measure::Quality, Status::NotComparable);
        match report.changes.iter().find(|change| change.condition == Condition::Judge).cloned() {
            Some(change) => report.because(format!(
                "another judge: {} graded the one run, {} the other",
                change.before.join(", "),
                change.after.join(", ")
            )),
            None => self.test(&era),
        }
    }
}

impl Default for PairedTest {
    fn default() -> Self {
        Self::new()
    }
}

impl DriftDetector for PairedTest {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn method(&self) -> Method {
        Method::new(Self::NAME, 2).with("run_noise", self.run_noise).seed(self.seed)
    }

    fn detect(&self, history: &History) -> DriftReport {
        self.test(&Era::of(history))
    }
}

impl PairedTest {
    fn test(&self, era: &Era<'_>) -> DriftReport {
        let refused = era.alone(self.method(), Measure::Quality);
        if let Some(report) = refused.or_else(|| era.bad_score(self.method(), Measure::Quality)) {
            return report;
        }
        let pairs = Pairs::of(era);
        let differences: Vec<f64> = pairs.differences.iter().map(|(_, d)| *d).collect();
        let mut report = era.report(self.method(), Measure::Quality, Status::Steady);
        (report.n, report.coverage) = (differences.len() as u64, pairs.coverage());
        if let Some((status, why)) = pairs.refusal() {
            (report.status, report.why) = (status, Some(why));
        }
        let runs = era.windows.len() - 1;
        let shown = report.status.is_conclusive() || report.status == Status::Partial;
        let found = Test::of(&differences, runs, self).filter(|_| shown);
        let found = found.map(|test| test.with_changed_answers(pairs.changed_answers()));
        if let Some(test) = found {
            self.fill(&mut report, era, &pairs, &test.with_flips(&differences, self.seed));
        }
        report
    }

    fn fill(&self, report: &mut DriftReport, era: &Era<'_>, pairs: &Pairs<'_>, test: &Test) {
        let runs = era.windows.len();
        if report.status == Status::Steady {
            report.status = test.status();
        }
        (report.baseline, report.current) = (pairs.span(0..runs - 1), pairs.span(runs - 1..runs));
        report.effect = test.effect();
        (report.evidence.p, report.evidence.tests) = (Some(test.p_less()), test.results());
        categories::put(report, pairs.categories(runs - 1, self));
        let category = |at: usize| pairs.categories[at];
        let questions = Questions { rows: &pairs.rows, keys: &pairs.roster.keys, category: &category };
        questions.list(report, 0..runs - 1, runs - 1..runs);
        if matches!(report.status, Status::Shock | Status::Watch) {
            let worst = report.categories.iter().filter_map(|found| Some(found.effect?.change)).min_by(f64::total_cmp);
            report.severity = Severity::of(test.mean * 100.0, worst);
            report.settle = test.questions_needed().map(|questions| Settle::new(None, Some(questions)));
        }
        let reach = (Z_FOUND + Z_POWER) * test.standard_error * 100.0;
        report.detectable = Some(Detectable::by(|runs| (runs == 1 && reach <= 100.0).then_some(reach)));
    }
}

/// The current run minus its baseline, for each shared question. An edited question is not shared.
struct Pairs<'a> {
    roster: Roster,
    rows: Vec<Row>,
    windows: &'a [&'a Window],
    /// The category of each question.
    categories: Vec<&'a str>,
    /// The question, and its current score minus its mean before, from -1 to 1.
    differences: Vec<(usize, f64)>,
    /// Questions that the baseline has.
    baseline: usize,
}

impl<'a> Pairs<'a> {
    /// Pairs the last window, of which there are two, with the mean of each question over all earlier ones.
    fn of(era: &'a Era<'a>) -> Self {
        let mut roster = Roster::default();
        let (mut rows, mut categories): (Vec<Row>, Vec<&str>) = (vec![], vec![]);
        for window in &era.windows {
            rows.push(row(&mut roster, window.scores.iter().map(|found| (&found.key, found.score))));
            if roster.len() > categories.len() {
                categories.resize(roster.len(), "");
                roster.rewind();
                for found in &window.scores {
                    categories[roster.place(&found.key)] = &found.category;
                }
            }
        }
        let (current, earlier) = rows.split_last().map_or((&[][..], &[][..]), |(last, rest)| (last, rest));
        let means = means(earlier, roster.len());
        let baseline = means.iter().flatten().count();
        let difference = |(at, score): (usize, &Option<f64>)| Some((at, (*score)? - means[at]?));
        let differences = current.iter().enumerate().filter_map(difference).collect();
        Self { roster, rows, windows: &era.windows, categories, differences, baseline }
    }

    fn coverage(&self) -> Option<f64> {
        (self.baseline > 0).then(|| self.differences.len() as f64 / self.baseline as f64)
    }

    /// Why nothing may be concluded.
    fn refusal(&self) -> Option<(Status, String)> {
        let (shared, baseline) = (self.differences.len(), self.baseline);
        let current = self.rows.last().map_or(0, |row| row.iter().flatten().count());
        let scored = || {
            let percent = shared * 100 / baseline.max(1);
            format!("the current run scored {shared} of the baseline's {baseline} questions ({percent} %), 80 % needed")
        };
        match self.coverage() {
            None => Some((Status::NotComparable, "nothing was scored in the earlier runs".into())),
            Some(_) if current == 0 => Some((Status::NotComparable, "nothing was scored in the current run".into())),
            Some(_) if shared == 0 => {
                let why = format!("another data set: none of the {baseline} questions of the earlier runs is in it");
                Some((Status::NotComparable, why))
            }
            Some(coverage) if coverage < VALID => Some((Status::NotComparable, scored())),
            Some(coverage) if coverage < COVERED => Some((Status::Partial, scored())),
            Some(_) if shared < MIN_SHARED => {
                Some((Status::Warming, format!("{shared} shared questions, {MIN_SHARED} needed")))
            }
            Some(_) => None,
        }
    }

    /// How many answers were right and are wrong now, and the other way round, where there is one on either side.
    fn changed_answers(&self) -> Option<[u64; 2]> {
        let [earlier, current] = self.windows else { return None };
        let one = |found: &eval_core::SampleScore| found.epochs == 1 && (found.score == 0.0 || found.score == 1.0);
        let are_single = earlier.scores.iter().chain(&current.scores).all(one);
        let count = |wanted: f64| self.differences.iter().filter(|(_, d)| *d == wanted).count() as u64;
        are_single.then(|| [count(-1.0), count(1.0)])
    }

    fn span(&self, runs: std::ops::Range<usize>) -> Option<Span> {
        let point = |at: usize| self.windows.get(at).map(|window| Point::from(*window));
        let (from, to) = (point(runs.start)?, point(runs.end.checked_sub(1)?)?);
        let scores = || self.rows[runs.clone()].iter().flatten().flatten();
        let n = scores().count();
        Some(Span::new(from, to, runs.len() as u32).mean(scores().sum::<f64>() * 100.0 / n as f64, n as u64))
    }

    fn categories(&self, runs: usize, settings: &PairedTest) -> Vec<CategoryFinding> {
        let mut by_name: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (at, difference) in &self.differences {
            by_name.entry(self.categories[*at]).or_default().push(*difference);
        }
        let finding = |(name, differences): (&str, Vec<f64>)| {
            let mut finding = CategoryFinding::new(name, differences.len() as u64);
            let test = Test::of(&differences, runs, settings).filter(|_| differences.len() >= MIN_CATEGORY);
            finding.effect = test.as_ref().and_then(Test::effect);
            finding.p = test.map(|test| test.p_less());
            finding
        };
        by_name.into_iter().map(finding).collect()
    }
}

/// The mean of each question over these runs.
fn means(rows: &[Row], questions: usize) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0_u32); questions];
    for row in rows {
        for ((sum, n), score) in sums.iter_mut().zip(row) {
            if let Some(score) = score {
                (*sum, *n) = (*sum + score, *n + 1);
            }
        }
    }
    sums.into_iter().map(|(sum, n)| (n > 0).then(|| sum / f64::from(n))).collect()
}

/// What the differences say.
#[derive(Debug)]
struct Test {
    n: usize,
    mean: f64,
    standard_error: f64,
    t: f64,
    student_less: f64,
    /// `None` where they decide nothing.
    flips: Option<SignFlip>,
    /// Answers that were right and are wrong now, and the other way round; `None` where there are more than two a question.
    changed: Option<[u64; 2]>,
    interval: Interval,
}

impl Test {
    /// `None` below two differences, and where no noise at all is assumed and none is there.
    fn of(differences: &[f64], runs: usize, settings: &PairedTest) -> Option<Self> {
        let n = differences.len();
        let mean = mean(differences)?;
        let spread = standard_deviation(differences, mean)?;
        let noise = settings.run_noise.powi(2) * (1.0 + 1.0 / runs as f64);
        let standard_error = (spread * spread / n as f64 + noise).sqrt();
        let student = StudentsT::new(0.0, 1.0, n as f64 - 1.0).ok().filter(|_| standard_error > 0.0)?;
        let t = mean / standard_error;
        let reach = student.inverse_cdf((1.0 + Effect::LEVEL) / 2.0) * standard_error;
        let interval = Interval::of(differences, spread, (mean - reach, mean + reach));
        let flips = if n < STUDENT_FROM { sign_flip(differences, settings.seed) } else { None };
        Some(Self { n, mean, standard_error, t, student_less: student.cdf(t), flips, changed: None, interval })
    }

    fn with_changed_answers(mut self, changed: Option<[u64; 2]>) -> Self {
        self.changed = changed;
        self
    }

    fn p_less(&self) -> f64 {
        let mc_nemar = self.changed.map(|[worse, better]| mcnemar(worse, better).p_worse_mid);
        self.larger(self.student_less, mc_nemar, |flips| flips.p_less)
    }

    fn p_greater(&self) -> f64 {
        let mc_nemar = self.changed.map(|[worse, better]| mcnemar(better, worse).p_worse_mid);
        self.larger(1.0 - self.student_less, mc_nemar, |flips| flips.p_greater)
    }

    /// Student's p, or a larger one: that of single answers, else with few questions that of the flips.
    fn larger(&self, student: f64, mc_nemar: Option<f64>, flips: fn(&SignFlip) -> f64) -> f64 {
        let flips = || self.flips.as_ref().filter(|_| self.n < STUDENT_FROM).map(flips);
        mc_nemar.or_else(flips).map_or(student, |other| student.max(other))
    }

    /// The same with the flips that are told, although they decide nothing: where something may have been found.
    fn with_flips(mut self, differences: &[f64], seed: u64) -> Self {
        let is_near = self.p_less().min(self.p_greater()) < WATCHED;
        self.flips = self.flips.or_else(|| if is_near { sign_flip(differences, seed) } else { None });
        self
    }

    fn status(&self) -> Status {
        match (self.p_less(), self.p_greater()) {
            (less, _) if less < FOUND => Status::Shock,
            (_, greater) if greater < FOUND => Status::Better,
            (less, _) if less < WATCHED => Status::Watch,
            _ => Status::Steady,
        }
    }

    fn effect(&self) -> Option<Effect> {
        let (low, high) = self.interval.ends;
        let effect = Effect::points(self.mean * 100.0, Some((low * 100.0, high * 100.0)))?;
        Some(effect.of_super_population().by(self.interval.method))
    }

    fn results(&self) -> Vec<TestResult> {
        let falls = self.mean <= 0.0;
        let (side, student) = if falls { ("drop", self.student_less) } else { ("rise", 1.0 - self.student_less) };
        let mut results =
            vec![TestResult::new(format!("Student's t with run noise, {side}"), Some(self.t), Some(student))];
        results.extend(self.changed.map(|[worse, better]| {
            let p = if falls { mcnemar(worse, better) } else { mcnemar(better, worse) }.p_worse_mid;
            TestResult::new(format!("McNemar's mid-p, {worse} worse and {better} better, {side}"), None, Some(p))
        }));
        results.extend(self.flips.as_ref().map(|found| {
            let p = if falls { found.p_less } else { found.p_greater };
            let flips = match found.flips {
                Flips::Exact { patterns } => format!("all {patterns}"),
                Flips::Drawn { patterns, .. } => format!("{patterns} drawn"),
            };
            TestResult::new(format!("sign flips ({flips}), {side}"), Some(self.mean * 100.0), Some(p))
        }));
        results
    }

    /// Questions with which a drop of this size is called a shock in 4 of 5 cases.
    fn questions_needed(&self) -> Option<u64> {
        let factor = ((Z_FOUND + Z_POWER) * self.standard_error / self.mean).powi(2);
        let needed = (self.n as f64 * factor).ceil();
        (factor > 1.0 && needed <= 1e6).then_some(needed as u64)
    }
}

#[derive(Debug)]
struct Interval {
    ends: (f64, f64),
    method: IntervalMethod,
}

impl Interval {
    fn of(differences: &[f64], spread: f64, student: (f64, f64)) -> Self {
        let coarse = differences.len() < STUDENT_FROM && differences.iter().all(is_whole);
        let other = bonett_price(differences).filter(|_| coarse || spread <= ROUNDING);
        let (ends, method) = other.map_or((student, IntervalMethod::StudentT), |found| {
            ((found.low, found.high), IntervalMethod::BonettPrice)
        });
        Self { ends: clip(ends), method }
    }
}

fn is_whole(difference: &f64) -> bool {
    (difference - difference.round()).abs() <= ROUNDING
}
