//! One interval in a row of a table.

use serde::Serialize;

use super::axis::Axis;
use super::label::Labels;
use super::scale::{Scale, signed_tick};
use super::svg::{Anchor, Pen, Svg};
use crate::dashboard::{Tone, figures};

const WIDTH: f64 = 290.0;
const HEIGHT: f64 = 38.0;
const HEAD: f64 = 20.0;
const MARGIN: f64 = 8.0;

/// A value with its interval, in the unit of the axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The value; `None` draws the axis alone.
    pub value: Option<f64>,
    /// The ends of its interval, where there is one.
    pub ends: Option<(f64, f64)>,
    /// Which way it went.
    pub tone: Tone,
    /// Where the alert begins, drawn dotted.
    pub threshold: Option<f64>,
    /// Whether values are changes, so that 0 means something and is drawn; else they are shares from 0 to 1.
    pub is_change: bool,
}

/// An interval on the axis that all rows of its table share, 290 by 38 px.
pub fn interval(axis: &Axis, shown: &Interval) -> Svg {
    let mut pen = Pen::new("iv", WIDTH, HEIGHT);
    let scale = scale(axis);
    if shown.is_change {
        let x = scale.at(0.0);
        if (axis.low()..=axis.high()).contains(&0.0) {
            pen.line("grid", (x, 0.0), (x, HEIGHT));
        }
    } else {
        for tick in scale.ticks(5) {
            pen.line("grid", (scale.at(tick), 0.0), (scale.at(tick), HEIGHT));
        }
    }
    let in_axis = |value: &f64| (axis.low()..=axis.high()).contains(value);
    if let Some(x) = shown.threshold.filter(in_axis).map(|value| scale.at(value)) {
        pen.line("thr", (x, 0.0), (x, HEIGHT));
    }
    let sentence = sentence(shown);
    if let Some(value) = shown.value.filter(|value| value.is_finite()) {
        if let Some((low, high)) = finite(shown.ends) {
            let class = format!("wh {}", shown.tone.mark());
            pen.line(&class, (scale.at(low), HEIGHT / 2.0), (scale.at(high), HEIGHT / 2.0));
        }
        pen.circle(shown.tone.mark(), (scale.at(value), HEIGHT / 2.0), 4.2, &sentence);
    }
    pen.finish(&sentence)
}

/// The head over a column of [intervals](interval): the ticks of their axis.
pub fn interval_axis(axis: &Axis, is_change: bool) -> Svg {
    let (mut pen, mut labels) = (Pen::new("iv", WIDTH, HEAD), Labels::new(WIDTH, HEAD, 11.0));
    let scale = scale(axis);
    for tick in scale.ticks(5) {
        let text = if is_change { signed_tick(tick) } else { format!("{:.0}%", 100.0 * tick) };
        let class = if is_change && tick == 0.0 { "t2" } else { "" };
        labels.put(&mut pen, class, &text, &[(scale.at(tick), 14.0, Anchor::Middle)]);
    }
    pen.finish("the scale of the column")
}

fn scale(axis: &Axis) -> Scale {
    Scale::linear(axis.range(), (MARGIN, WIDTH - MARGIN))
}

fn finite(ends: Option<(f64, f64)>) -> Option<(f64, f64)> {
    ends.filter(|(low, high)| low.is_finite() && high.is_finite())
}

fn sentence(shown: &Interval) -> String {
    let value = shown.value.filter(|value| value.is_finite());
    match (value, finite(shown.ends), shown.is_change) {
        (None, ..) => "not known".to_owned(),
        (Some(value), None, true) => format!("{} points, without an interval", figures::signed(value)),
        (Some(value), None, false) => format!("{}, without an interval", figures::percent(value)),
        (Some(value), Some((low, high)), true) => {
            format!("{} points, interval {}", figures::signed(value), figures::signed_range(low, high))
        }
        (Some(value), Some((low, high)), false) => {
            format!("{}, interval {}", figures::percent(value), figures::percent_range(low, high))
        }
    }
}
