//! Whether somebody is as often right as he is sure.

use serde::Serialize;

use super::label::Labels;
use super::scale::Scale;
use super::svg::{Anchor, Pen, Svg, through};
use crate::dashboard::figures;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 348.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 272.0;

/// The grades of one tenth of the confidences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// The mean confidence, from 0 to 1.
    pub confidence: f64,
    /// The share that people agree with, from 0 to 1.
    pub agreement: f64,
    /// The ends of its interval.
    pub ends: Option<(f64, f64)>,
    /// How many grades.
    pub n: u64,
}

/// Draws agreement against confidence, 360 by 320 px; empty bins are not drawn. On the diagonal a judge is as often right
/// as it is sure. An interval that misses the diagonal is drawn in the colour of watch.
pub fn reliability(bins: &[ReliabilityBin]) -> Svg {
    let (mut pen, mut labels) = (Pen::new("re", WIDTH, HEIGHT), Labels::new(WIDTH, HEIGHT, 11.0));
    let (x, y) = (Scale::linear((0.0, 1.0), (LEFT, RIGHT)), Scale::linear((0.0, 1.0), (BOTTOM, TOP)));
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        pen.line("grid", (LEFT, y.at(tick)), (RIGHT, y.at(tick)));
        let text = format!("{:.0}%", 100.0 * tick);
        labels.put(&mut pen, "", &text, &[(LEFT - 6.0, y.at(tick) + 4.0, Anchor::End)]);
        let anchor = if tick == 1.0 { Anchor::End } else { Anchor::Middle };
        labels.put(&mut pen, "", &format!("{tick}"), &[(x.at(tick), BOTTOM + 16.0, anchor)]);
    }
    pen.titled_line("thr", (LEFT, BOTTOM), (RIGHT, TOP), "as often right as sure");
    pen.line("ax", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    labels.put(&mut pen, "", "confidence of the judge", &[(RIGHT, HEIGHT - 8.0, Anchor::End)]);
    let known = |bin: &&ReliabilityBin| bin.n > 0 && bin.confidence.is_finite() && bin.agreement.is_finite();
    let bins: Vec<&ReliabilityBin> = bins.iter().filter(known).collect();
    pen.path("ln", &through(bins.iter().map(|bin| (x.at(bin.confidence), y.at(bin.agreement)))), "");
    let mut off = 0;
    for bin in &bins {
        let (px, ends) = (x.at(bin.confidence), bin.ends.filter(|(low, high)| low.is_finite() && high.is_finite()));
        let misses = ends.is_some_and(|(low, high)| bin.confidence < low || bin.confidence > high);
        off += usize::from(misses);
        let tone = if misses { "k-watch" } else { "k-calm" };
        if let Some((low, high)) = ends {
            pen.line(&format!("wh {tone}"), (px, y.at(low)), (px, y.at(high)));
        }
        let range = ends.map(|(low, high)| format!(" ({})", figures::percent_range(low, high))).unwrap_or_default();
        let title = format!(
            "confidence {:.2}: people agree with {}{range} of {}",
            bin.confidence,
            figures::percent(bin.agreement),
            figures::count(bin.n, "grade")
        );
        pen.circle(tone, (px, y.at(bin.agreement)), 4.0, &title);
    }
    pen.finish(&match bins.len() {
        0 => "Agreement with people against confidence: no labels yet".to_owned(),
        of => {
            format!("Agreement with people against confidence in {of} bins; {off} of them off the diagonal for certain")
        }
    })
}
