//! A history as large as a word.

use super::axis::Axis;
use super::scale::Scale;
use super::svg::{Pen, Svg, through};
use crate::dashboard::Tone;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;

/// Draws values one after another, 120 by 28 px, with a dot on the last one. `None` and what is no finite number leaves a
/// gap.
pub fn sparkline(values: &[Option<f64>], tone: Tone, sentence: &str) -> Svg {
    let mut pen = Pen::new("sp", WIDTH, HEIGHT);
    let value = |at: usize| values[at].filter(|value| value.is_finite());
    let last_place = values.len().saturating_sub(1) as f64;
    let x = Scale::linear((0.0, last_place.max(1.0)), (3.0, WIDTH - 4.0));
    let y = Scale::linear(Axis::over(values.iter().flatten().copied()).range(), (HEIGHT - 4.0, 4.0));
    let place = |at: usize| value(at).map(|value| (x.at(at as f64), y.at(value)));
    let places: Vec<Option<(f64, f64)>> = (0..values.len()).map(place).collect();
    let lines = places.split(Option::is_none).filter(|run| run.len() > 1);
    let d: String = lines.map(|run| through(run.iter().flatten().copied())).collect();
    pen.path(&format!("ln {}", tone.mark()), &d, "");
    if let Some(end) = places.iter().rev().flatten().next() {
        pen.circle(tone.mark(), *end, 2.5, "");
    }
    pen.finish(sentence)
}
