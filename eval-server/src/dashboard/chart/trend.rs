//! A history, run by run.

use std::fmt::Write;

use jiff::Timestamp;
use serde::Serialize;

use super::axis::Axis;
use super::label::{Area, Labels};
use super::scale::{Scale, signed_tick};
use super::svg::{Anchor, Pen, Px, Svg, through};
use crate::dashboard::{Tone, figures};

const WIDTH: f64 = 470.0;
const HEIGHT: f64 = 168.0;
const LEFT: f64 = 40.0;
const RIGHT: f64 = 458.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 142.0;
/// The size of its labels on a phone, where the sheet is shrunk and the stylesheet makes them larger.
const FONT: f64 = 14.0;

/// One run, or the mean of several that stand too close together to be drawn apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendDot {
    /// When (UTC).
    pub at: Timestamp,
    /// Its value, in points against the baseline.
    pub value: f64,
    /// What the pointer reads out, for instance `9 Nov · run 7f3a · 86.2%`.
    pub title: String,
}

/// The pooled level at one place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Level {
    /// When (UTC).
    pub at: Timestamp,
    /// The pooled mean, in points against the baseline.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
}

/// Levels without a break between them. A change point and missing runs end one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// The levels, oldest first.
    pub levels: Vec<Level>,
    /// Which way the model has gone by then.
    pub tone: Tone,
}

/// A change point and how surely it is placed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ShownChange {
    /// The first run after it.
    pub at: Timestamp,
    /// The earliest that it may have been.
    pub earliest: Timestamp,
    /// The latest that it may have been.
    pub latest: Timestamp,
    /// Which way.
    pub tone: Tone,
}

/// What the conditions of runs are marked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum MarkLetter {
    /// Another judge.
    J,
    /// Another data set.
    D,
    /// Another prompt.
    P,
    /// Another fingerprint of the provider.
    F,
}

/// A change of the conditions under which runs are made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionMark {
    /// The first run under the new ones.
    pub at: Timestamp,
    /// What changed.
    pub letter: MarkLetter,
    /// In words.
    pub title: String,
}

/// The history of one model over one data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// The sentence that says the drawing.
    pub sentence: String,
    /// The time shown: its first and last moment.
    pub range: (Timestamp, Timestamp),
    /// The scale that all histories of the page share, in points.
    pub axis: Axis,
    /// The runs.
    pub dots: Vec<TrendDot>,
    /// The pooled levels.
    pub segments: Vec<Segment>,
    /// The first and the last run of the baseline.
    pub baseline: Option<(Timestamp, Timestamp)>,
    /// Since when the model is another.
    pub change: Option<ShownChange>,
    /// From when to when runs are missing.
    pub missing: Vec<(Timestamp, Timestamp)>,
    /// What changed in the conditions.
    pub marks: Vec<ConditionMark>,
    /// The drop that alerts, in points, below 0.
    pub threshold: Option<f64>,
}

struct Sheet {
    x: Scale,
    y: Scale,
    pen: Pen,
    labels: Labels,
}

/// Draws a history, 470 by 168 px: dots are runs, the line is the pooled mean and the band its interval.
///
/// The dots are one path, and what the pointer reads out is in `data-points`, so that a page with many runs stays small.
pub fn trend(shown: &Trend) -> Svg {
    let seconds = |at: Timestamp| at.as_second() as f64;
    let x = Scale::linear((seconds(shown.range.0), seconds(shown.range.1)), (LEFT, RIGHT));
    let y = Scale::linear(shown.axis.range(), (BOTTOM, TOP));
    let mut sheet = Sheet { x, y, pen: Pen::new("tr", WIDTH, HEIGHT), labels: Labels::new(WIDTH, HEIGHT, FONT) };
    sheet.baseline(shown);
    sheet.grid(shown);
    sheet.levels(&shown.segments);
    sheet.dots(&shown.dots);
    sheet.change(shown.change);
    sheet.marks(&shown.marks);
    sheet.missing(shown);
    sheet.days(shown.range);
    sheet.pen.finish(&shown.sentence)
}

impl Sheet {
    fn at(&self, at: Timestamp) -> f64 {
        self.x.at(at.as_second() as f64)
    }

    fn baseline(&mut self, shown: &Trend) {
        let Some((from, to)) = shown.baseline else { return };
        let (left, right) = (self.at(from), self.at(to));
        let title = format!("baseline, {} to {}", figures::day(from), figures::day(to));
        self.pen.rect("basew", (left, TOP), (right - left, BOTTOM - TOP), &title);
    }

    fn grid(&mut self, shown: &Trend) {
        for tick in self.y.ticks(5) {
            let y = self.y.at(tick);
            self.pen.line(if tick == 0.0 { "zero" } else { "grid" }, (LEFT, y), (RIGHT, y));
            self.labels.put(&mut self.pen, "", &signed_tick(tick), &[(LEFT - 6.0, y + 3.5, Anchor::End)]);
        }
        let within = |value: &f64| (shown.axis.low()..=shown.axis.high()).contains(value);
        if let Some(threshold) = shown.threshold.filter(within) {
            let (y, title) = (self.y.at(threshold), format!("alert threshold, {} points", figures::signed(threshold)));
            self.pen.titled_line("thr", (LEFT, y), (RIGHT, y), &title);
        }
        if let Some((from, to)) = shown.baseline {
            let middle = f64::midpoint(self.at(from), self.at(to));
            let places = [(middle, Anchor::Middle), (LEFT + 4.0, Anchor::Start), (RIGHT - 4.0, Anchor::End)];
            let places = places.map(|(x, anchor)| (x, TOP + 13.0, anchor));
            let is_over = |place: &&(f64, f64, Anchor)| {
                place.2 == Anchor::Middle || (self.at(from)..=self.at(to)).contains(&place.0)
            };
            let places: Vec<_> = places.iter().filter(is_over).copied().collect();
            self.labels.put(&mut self.pen, "halo", "baseline", &places);
        }
    }

    fn levels(&mut self, segments: &[Segment]) {
        for segment in segments {
            let finite = |level: &&Level| [level.value, level.low, level.high].iter().all(|value| value.is_finite());
            let levels: Vec<&Level> = segment.levels.iter().filter(finite).collect();
            let of = |value: fn(&Level) -> f64| {
                let point = |level: &&Level| (self.at(level.at), self.y.at(value(level)));
                levels.iter().map(point).collect::<Vec<_>>()
            };
            let (upper, mut lower, middle) = (of(|l| l.high), of(|l| l.low), of(|l| l.value));
            lower.reverse();
            match middle.as_slice() {
                [] => {}
                // A single level has no line: its interval is a whisker.
                [(x, y)] => {
                    self.pen.line(&format!("wh {}", segment.tone.mark()), (*x, upper[0].1), (*x, lower[0].1));
                    self.pen.circle(segment.tone.mark(), (*x, *y), 2.5, "");
                }
                _ => {
                    let band = through(upper.into_iter().chain(lower)) + "Z";
                    self.pen.path(segment.tone.band(), &band, "");
                    let class = if segment.tone == Tone::Calm { "ln" } else { segment.tone.mark() };
                    let class = if class == "ln" { class.to_owned() } else { format!("ln {class}") };
                    self.pen.path(&class, &through(middle), "");
                }
            }
        }
    }

    fn dots(&mut self, dots: &[TrendDot]) {
        let mut d = String::new();
        for dot in dots.iter().filter(|dot| dot.value.is_finite()) {
            let x = self.at(dot.at);
            // A line of no length with round ends is a dot.
            let _ = write!(d, "M{} {}h0", Px(x), Px(self.y.at(dot.value)));
            self.pen.point(x, &dot.title);
        }
        self.pen.path("pts", &d, "");
    }

    fn change(&mut self, change: Option<ShownChange>) {
        let Some(ShownChange { at, earliest, latest, tone }) = change else { return };
        let (x, left, right) = (self.at(at), self.at(earliest), self.at(latest));
        let (first, last) = (figures::day(earliest), figures::day(latest));
        let title = match first == last {
            true => format!("changed on {}", figures::day(at)),
            false => format!("changed on {}, between {first} and {last}", figures::day(at)),
        };
        self.pen.rect(&format!("cpz {}", tone.mark()), (left, TOP), (right - left, BOTTOM - TOP), &title);
        self.pen.titled_line(&format!("cp {}", tone.mark()), (x, TOP), (x, BOTTOM), &title);
        let days = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64().max(0.0) / 86_400.0;
        let reach = days(earliest, at).max(days(at, latest)).round();
        let text = match reach {
            0.0 => format!("changed {}", figures::day(at)),
            reach => format!("changed {} ± {reach} d", figures::day(at)),
        };
        // Below what came after a drop, above what came after a rise, on the side where there is nothing.
        let places = [BOTTOM - 7.0, TOP + 13.0, TOP + 29.0].into_iter();
        let places = places.flat_map(|y| [(left - 7.0, y, Anchor::End), (right + 7.0, y, Anchor::Start)]);
        let class = format!("{} halo", tone.text());
        self.labels.put(&mut self.pen, &class, &text, &places.collect::<Vec<_>>());
    }

    /// Marks that stand closer together than their letters are wide share a label.
    fn marks(&mut self, marks: &[ConditionMark]) {
        let mut marks: Vec<&ConditionMark> = marks.iter().collect();
        marks.sort_by_key(|mark| (mark.at, mark.letter));
        let mut groups: Vec<(f64, String)> = Vec::new();
        for mark in marks {
            let (x, letter) = (self.at(mark.at), format!("{:?}", mark.letter));
            self.pen.titled_line("mk", (x, TOP), (x, BOTTOM), &mark.title);
            match groups.last_mut().filter(|(first, _)| x - *first < 44.0) {
                Some((_, letters)) if letters.contains(&letter) => {}
                Some((_, letters)) => letters.push_str(&letter),
                None => groups.push((x, letter)),
            }
        }
        for (x, letters) in groups {
            let places = [(x, Anchor::Middle), (x - 2.0, Anchor::Start), (x + 6.0, Anchor::End)];
            let places = places.map(|(x, anchor)| (x, TOP - 5.0, anchor));
            self.labels.put(&mut self.pen, "mkl", &letters, &places);
        }
    }

    fn missing(&mut self, shown: &Trend) {
        for (from, to) in &shown.missing {
            let (left, right) = (self.at(*from), self.at(*to));
            let title = format!("no runs from {} to {}", figures::day(*from), figures::day(*to));
            self.pen.rect("gapw", (left, TOP), (right - left, BOTTOM - TOP), &title);
            let middle = f64::midpoint(left, right);
            let places = [(middle, BOTTOM - 7.0, Anchor::Middle), (middle, TOP + 13.0, Anchor::Middle)];
            self.labels.put(&mut self.pen, "halo", "no runs", &places);
        }
        if shown.dots.is_empty() && shown.segments.iter().all(|segment| segment.levels.is_empty()) {
            let places = [(f64::midpoint(LEFT, RIGHT), self.y.at(0.0) - 8.0, Anchor::Middle)];
            let middle = [(f64::midpoint(LEFT, RIGHT), BOTTOM - 24.0, Anchor::Middle)];
            if !self.labels.put(&mut self.pen, "t2 halo", "no runs in this window", &places) {
                self.labels.put(&mut self.pen, "t2 halo", "no runs in this window", &middle);
            }
        }
    }

    fn days(&mut self, (from, to): (Timestamp, Timestamp)) {
        let has_years =
            figures::day_and_year(from)[..].split(' ').nth(2) != figures::day_and_year(to).split(' ').nth(2);
        let (parts, name): (i64, fn(Timestamp) -> String) =
            if has_years { (2, figures::day_and_year) } else { (4, figures::day) };
        let width = to.as_second().saturating_sub(from.as_second());
        let mut last = String::new();
        for part in 0..=parts {
            let at = from.as_second().saturating_add(width / parts * part);
            let Ok(at) = Timestamp::from_second(if part == parts { to.as_second() } else { at }) else { continue };
            let anchor = match part {
                0 => Anchor::Start,
                part if part == parts => Anchor::End,
                _ => Anchor::Middle,
            };
            let text = name(at);
            if text != last {
                let x = self.at(at);
                self.labels.put(&mut self.pen, "", &text, &[(x, HEIGHT - 8.0, anchor)]);
                last = text;
            }
        }
        let floor = Area { left: LEFT, top: BOTTOM, right: RIGHT, bottom: HEIGHT };
        self.labels.take(floor);
    }
}
