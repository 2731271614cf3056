//! The monitor of quality as a detector: by replay of a stored history.

use eval_core::{
    Cause, Detectable, DriftDetector, DriftReport, Effect, Evidence, History, Measure, Method, Onset, Point, Settle,
    Severity, Span, Status, StreamEvidence, Warming, Window,
};

use crate::era::Era;
use crate::monitor::Difference;
use crate::questions::Questions;
use crate::replay::Replay;
use crate::{
    MonitorSettings, QualityMonitor, Reading, StreamKind, categories, changes, judge_anchors, onset, prompt_tokens,
};

/// Without a change the questions of so many latest runs are looked at: in fewer nothing can be said of one.
const RECENT: usize = 3;
/// With fewer questions little can be found.
const FEW: u64 = 20;
/// Above this dispersion the assumed noise of runs is too small.
const DISPERSED: f64 = 3.0;
/// A drop below this many points is real and small.
const SMALL: f64 = 1.0;
/// Who waits for longer waits for nothing.
const MOST_RUNS: f64 = 365.0;

/// By replay: the same runs give the same evidence to the bit as [`observe`](QualityMonitor::observe), run after run.
/// What this monitor has observed itself is left alone; only its settings count.
///
/// The runs since the user last changed model, prompt, parameters or judge, or accepted a level, are one *era*; only they
/// are compared. Masked runs are left out. What the provider changed by itself never begins an era: it is told as a change
/// that coincides. Runs are counted, not days, so gaps do not matter. The report has the measure
/// [`Measure::Quality`], and its intervals speak of these very questions.
impl DriftDetector for QualityMonitor {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn method(&self) -> Method {
        method(Self::NAME, self.settings())
    }

    fn detect(&self, history: &History) -> DriftReport {
        let era = Era::of(history);
        finding(&era, self.settings(), self.method(), Measure::Quality)
    }
}

impl QualityMonitor {
    /// The name in reports.
    pub const NAME: &str = "quality-monitor";
}

pub(crate) fn method(name: &str, settings: &MonitorSettings) -> Method {
    let MonitorSettings { watch, alarm, run_noise } = *settings;
    Method::new(name, 1).with("watch", watch).with("alarm", alarm).with("run_noise", run_noise)
}

/// The scores that a measure looks at.
pub(crate) fn scores_of(measure: Measure) -> fn(&Window) -> &[eval_core::SampleScore] {
    match measure {
        Measure::Anchors => |window| &window.anchors,
        _ => |window| &window.scores,
    }
}

/// What the monitor finds in an era.
pub(crate) fn finding(era: &Era<'_>, settings: &MonitorSettings, method: Method, measure: Measure) -> DriftReport {
    if let Some(report) = era.bad_score(method.clone(), measure) {
        return report;
    }
    let replay = match Replay::of(&era.windows, *settings, scores_of(measure)) {
        Ok(replay) => replay,
        Err(error) => return era.report(method, measure, Status::NotComparable).because(error.to_string()),
    };
    let Some(reading) = replay.last() else { return era.warming(method, measure, QualityMonitor::MIN_RUNS) };
    let mut report = match reading.status {
        Status::Warming => era.warming(method, measure, QualityMonitor::MIN_RUNS),
        status => era.report(method, measure, status),
    };
    Finding { era, replay: &replay, reading, settings }.fill(&mut report);
    report
}

/// What a report is made of.
struct Finding<'a> {
    era: &'a Era<'a>,
    replay: &'a Replay,
    reading: &'a Reading,
    settings: &'a MonitorSettings,
}

impl Finding<'_> {
    fn fill(&self, report: &mut DriftReport) {
        let Self { reading, replay, .. } = self;
        report.coverage = Some(reading.coverage);
        report.n = reading.mean().map_or(0, |stream| u64::from(stream.present));
        report.sigma = reading.mean().and_then(|stream| stream.sigma).map(|sigma| sigma * 100.0);
        report.dispersion = reading.dispersion;
        report.evidence = self.evidence();
        report.detectable = Some(Detectable::by(|runs| Some(replay.monitor.detectable_drop(runs)? * 100.0)));
        match report.status {
            Status::Warming => {
                let have = reading.baseline_runs + 1;
                report.warming = Some(Warming::new(have, QualityMonitor::MIN_RUNS));
            }
            Status::Partial | Status::NotComparable => report.why = Some(self.missing()),
            _ => self.compare(report),
        }
        self.warn(report);
    }

    /// The run of the change, or the last one, and what came of it.
    fn compare(&self, report: &mut DriftReport) {
        let since = self.onset(report);
        let first = since.unwrap_or(self.era.windows.len() - 1);
        report.baseline = self.span(0..first);
        report.current = self.span(first..self.era.windows.len());
        let difference = match since {
            Some(first) => self.replay.shift(StreamKind::Mean, first),
            None => self.reading.mean().and_then(|stream| stream.effect),
        };
        report.effect = difference.and_then(in_points);
        categories::fill(report, self.replay, first);
        self.list_questions(report, since);
        let worst = report.categories.iter().filter_map(|found| found.effect).map(|effect| effect.change);
        let worst = worst.min_by(f64::total_cmp);
        if matches!(report.status, Status::Worse | Status::Watch) {
            report.severity = report.effect.and_then(|effect| Severity::of(effect.change, worst));
            report.settle = self.settle(report);
        }
        if self.reading.resolved.is_some() {
            report.cause = Some(Cause::Transient);
        }
        if report.measure == Measure::Quality {
            judge_anchors::attribute_to(report, self.era, self.settings, since.zip(difference));
        }
    }

    /// Since when the level differs, where it does.
    fn onset(&self, report: &mut DriftReport) -> Option<usize> {
        let windows = &self.era.windows;
        let (since, earliest, latest) = match (report.status, self.reading.change) {
            (Status::Better, _) => onset::of_rise(self.replay)?,
            (_, change) => change.map(|change| (change.since, change.earliest, change.latest))?,
        };
        let [first, earliest, latest] = [since, earliest, latest].map(|run| run as usize);
        let point = |at: usize| windows.get(at).map(|window| Point::from(*window));
        let runs = self.replay.counting(first..windows.len()).count();
        let onset = Onset::new(point(first)?, runs as u32).between(point(earliest)?, point(latest)?);
        report.since = Some(onset);
        let near = earliest.saturating_sub(1)..(latest + 1).min(windows.len());
        report.changes.extend(prompt_tokens::changes(windows.get(near).unwrap_or_default()));
        report.changes.sort_by_key(|change| change.at);
        changes::coincide(&mut report.changes, windows, earliest, latest);
        Some(first)
    }

    fn span(&self, runs: std::ops::Range<usize>) -> Option<Span> {
        span(self.era, self.replay, runs)
    }

    fn list_questions(&self, report: &mut DriftReport, since: Option<usize>) {
        let (replay, end) = (self.replay, self.era.windows.len());
        let recent = || replay.counting(0..end).rev().take(RECENT).last().unwrap_or(0);
        let first = since.unwrap_or_else(recent);
        let category = |at: usize| &*replay.names[replay.categories[at] as usize];
        let questions = Questions { rows: &replay.rows, keys: &replay.roster.keys, category: &category };
        questions.list(report, replay.counting(0..first), replay.counting(first..end));
    }

    fn evidence(&self) -> Evidence {
        let Self { reading, settings, .. } = self;
        let mut evidence = Evidence::accumulated(reading.evidence, settings.watch, settings.alarm);
        evidence.m_better = Some(reading.improvement).filter(|m| m.is_finite());
        let betting = reading.streams.iter().filter(|stream| stream.weight > 0.0);
        evidence.streams = betting
            .map(|stream| StreamEvidence::new(self.stream_name(stream.kind), stream.weight, stream.evidence))
            .collect();
        evidence
    }

    fn stream_name(&self, kind: StreamKind) -> String {
        match kind {
            StreamKind::Mean => "mean".into(),
            StreamKind::Sentinel => "sentinel".into(),
            StreamKind::Category(number) => {
                let name = self.replay.names.get(number as usize).map_or("", |name| name);
                format!("category:{name}")
            }
        }
    }

    /// How many more runs an alarm would take, if the effect is what it seems.
    fn settle(&self, report: &DriftReport) -> Option<Settle> {
        let (effect, onset) = (report.effect?, report.since?);
        if report.status != Status::Watch {
            return None;
        }
        let delay = self.replay.monitor.expected_delay(-effect.change / 100.0)?;
        let more = (delay - f64::from(onset.runs)).ceil().max(1.0);
        (more <= MOST_RUNS).then(|| Settle::new(Some(more as u32), None))
    }

    fn missing(&self) -> String {
        let Self { reading, replay, era, .. } = self;
        let scored = replay.rows.last().map_or(0, |row| row.iter().flatten().count());
        if scored == 0 {
            return match era.current().and_then(|window| window.counts) {
                Some(counts) if counts.ended() > 0 => {
                    format!("nothing was scored: {} not answered, {} not graded", counts.failed, counts.unscored)
                }
                _ => "nothing was scored".into(),
            };
        }
        let earlier = &replay.rows[..replay.rows.len() - 1];
        let was_there = |at: &usize| earlier.iter().any(|row| row.get(*at).is_some_and(Option::is_some));
        let known = (0..replay.roster.len()).filter(was_there).count();
        let shared = reading.mean().map_or(0, |stream| stream.present);
        if shared == 0 {
            return format!("another data set: none of the {known} questions of the earlier runs is in it");
        }
        format!(
            "the run scored {shared} of the {known} questions of the earlier runs ({:.0} %), 80 % needed; if the data set \
             was changed on purpose, accept the new level",
            (reading.coverage * 100.0).floor()
        )
    }

    fn warn(&self, report: &mut DriftReport) {
        let mut warn = |is_so: bool, text: String| report.warnings.extend(is_so.then_some(text));
        let n = self.reading.mean().map_or(0, |stream| u64::from(stream.questions));
        warn((1..FEW).contains(&n), format!("only {n} questions: little can be found"));
        let dispersion = self.reading.dispersion.unwrap_or(1.0);
        warn(
            dispersion > DISPERSED,
            format!("something moves whole runs: they vary {dispersion:.1} times as much as single questions explain"),
        );
        let resolved = self.replay.readings.iter().filter(|reading| reading.resolved.is_some()).count();
        warn(resolved > 0, format!("left out, because the next run was back at the old level: {resolved} runs"));
        let chosen = matches!(report.status, Status::Worse | Status::Watch | Status::Better) && report.since.is_some();
        let mut warn = |is_so: bool, text: &str| report.warnings.extend(is_so.then(|| text.to_owned()));
        warn(
            chosen,
            "the runs were chosen for differing most, so the effect is optimistic: the next runs give its size",
        );
        let small = report.effect.is_some_and(|effect| effect.change.abs() < SMALL);
        warn(report.status == Status::Worse && small, "real but small: less than 1 point");
    }
}

/// The mean level over those of these runs that count.
pub(crate) fn span(era: &Era<'_>, replay: &Replay, runs: std::ops::Range<usize>) -> Option<Span> {
    let levels = replay.levels(StreamKind::Mean, runs);
    let point = |at: usize| era.windows.get(at).map(|window| Point::from(*window));
    let ((first, ..), (last, ..)) = (levels.first()?, levels.last()?);
    let mean = levels.iter().map(|(_, level, _)| level).sum::<f64>() / levels.len() as f64;
    let n = levels.iter().map(|(.., present)| u64::from(*present)).sum();
    Some(Span::new(point(*first)?, point(*last)?, levels.len() as u32).mean(mean * 100.0, n))
}

/// A difference of scores with its 95 % interval, in points.
pub(crate) fn in_points(difference: Difference) -> Option<Effect> {
    let interval = difference.interval(Effect::LEVEL).map(|(low, high)| (low * 100.0, high * 100.0));
    Effect::points(difference.delta * 100.0, interval)
}
