//! Evidence as it gathers.

use jiff::Timestamp;
use serde::Serialize;

use super::axis::Axis;
use super::label::Labels;
use super::scale::{Scale, signed_tick};
use super::svg::{Anchor, Pen, Svg, through};
use crate::dashboard::figures;

const WIDTH: f64 = 470.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 40.0;
const RIGHT: f64 = 458.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 124.0;

/// The sum after one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CusumPoint {
    /// When (UTC).
    pub at: Timestamp,
    /// The sum.
    pub sum: f64,
}

/// A sum that an alarm ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CusumSeries {
    /// The sums, oldest first.
    pub points: Vec<CusumPoint>,
    /// From where it is an alarm.
    pub threshold: f64,
}

/// Draws a sum run by run, 470 by 150 px, with the threshold at which it is an alarm.
pub fn cusum(shown: &CusumSeries) -> Svg {
    let (mut pen, mut labels) = (Pen::new("tr", WIDTH, HEIGHT), Labels::new(WIDTH, HEIGHT, 14.0));
    let points: Vec<&CusumPoint> = shown.points.iter().filter(|point| point.sum.is_finite()).collect();
    let time = Axis::over(points.iter().map(|point| point.at.as_second() as f64));
    let ends = points.first().zip(points.last()).filter(|(first, last)| first.at < last.at);
    let time = ends.map_or(time.range(), |(first, last)| (first.at.as_second() as f64, last.at.as_second() as f64));
    let x = Scale::linear(time, (LEFT, RIGHT));
    let sums = Axis::over(points.iter().map(|point| point.sum).chain([0.0, shown.threshold]));
    let y = Scale::linear(sums.range(), (BOTTOM, TOP));
    for tick in y.ticks(4) {
        pen.line(if tick == 0.0 { "zero" } else { "grid" }, (LEFT, y.at(tick)), (RIGHT, y.at(tick)));
        let text = signed_tick(tick);
        let text = text.trim_start_matches('+');
        labels.put(&mut pen, "", text, &[(LEFT - 6.0, y.at(tick) + 3.5, Anchor::End)]);
    }
    if shown.threshold.is_finite() {
        pen.titled_line("thr", (LEFT, y.at(shown.threshold)), (RIGHT, y.at(shown.threshold)), "alarm");
        let places = [-6.0, 15.0].map(|dy| (LEFT + 6.0, y.at(shown.threshold) + dy, Anchor::Start));
        labels.put(&mut pen, "halo", "alarm", &places);
    }
    let place = |point: &&CusumPoint| (x.at(point.at.as_second() as f64), y.at(point.sum));
    let crossed = points.iter().find(|point| point.sum >= shown.threshold);
    pen.path(if crossed.is_some() { "ln k-worse" } else { "ln" }, &through(points.iter().map(place)), "");
    for point in &points {
        pen.point(place(point).0, &format!("{}: {:.1}", figures::day(point.at), point.sum));
    }
    if let Some(point) = crossed {
        pen.circle("k-worse", place(point), 4.0, &format!("alarm on {}", figures::day(point.at)));
    }
    for (anchor, point) in [(Anchor::Start, points.first()), (Anchor::End, points.last())] {
        if let Some(point) = point {
            labels.put(&mut pen, "", &figures::day(point.at), &[(place(point).0, HEIGHT - 8.0, anchor)]);
        }
    }
    let runs = figures::count(points.len() as u64, "run");
    pen.finish(&match crossed {
        Some(point) => format!("The sum over {runs} has been an alarm since {}", figures::day(point.at)),
        None => format!("The sum over {runs} is below the alarm"),
    })
}
