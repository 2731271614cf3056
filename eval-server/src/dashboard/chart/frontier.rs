//! Accuracy against cost.

use serde::Serialize;

use super::axis::Axis;
use super::label::{Area, Labels, fit};
use super::scale::Scale;
use super::svg::{Anchor, Pen, Svg, through};
use crate::dashboard::{Tone, figures};

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 584.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 290.0;
const FONT: f64 = 12.0;
const NAME: f64 = 150.0;

/// A model where it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CostPoint {
    /// Its name.
    pub name: String,
    /// US dollars for 1,000 questions; what is not above 0 cannot be shown on a logarithmic axis and stands at its left.
    pub cost: f64,
    /// Its accuracy, from 0 to 1.
    pub accuracy: f64,
    /// The ends of its interval, from 0 to 1.
    pub ends: Option<(f64, f64)>,
    /// Whether a cheaper model does as well as far as the data can tell: hollow.
    pub dominated: bool,
    /// Whether it is the one that is recommended: ringed.
    pub chosen: bool,
}

/// What a user can live with.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Limits {
    /// The most that 1,000 questions may cost, in US dollars.
    pub max_cost: Option<f64>,
    /// The least accuracy, from 0 to 1.
    pub min_accuracy: Option<f64>,
}

/// The models of a comparison.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Frontier {
    /// The models.
    pub points: Vec<CostPoint>,
    /// The user's limits.
    pub limits: Limits,
}

/// Draws accuracy against cost, 600 by 330 px, the cost on a logarithmic axis: whiskers are intervals, the line steps over
/// the models that no cheaper one equals, and what is beyond the user's limits is shaded.
pub fn frontier(shown: &Frontier) -> Svg {
    let finite: Vec<&CostPoint> =
        shown.points.iter().filter(|point| point.accuracy.is_finite() && point.cost.is_finite()).collect();
    let costs = finite
        .iter()
        .map(|point| point.cost)
        .chain(shown.limits.max_cost)
        .filter(|cost| cost.is_finite() && *cost > 0.0);
    let (least, most) = costs.fold((f64::INFINITY, 0.0_f64), |(least, most), cost| (least.min(cost), most.max(cost)));
    let x = Scale::log((least / 1.5, most * 1.5), (LEFT, RIGHT));
    let ends = finite.iter().flat_map(|point| point.ends.map_or([point.accuracy; 2], |(low, high)| [low, high]));
    let shares = Axis::over(ends.chain(shown.limits.min_accuracy));
    let y = Scale::linear((shares.low().max(0.0), shares.high().min(1.0)), (BOTTOM, TOP));
    let (mut pen, mut labels) = (Pen::new("fr", WIDTH, HEIGHT), Labels::new(WIDTH, HEIGHT, FONT));
    limits(&mut pen, &mut labels, (&x, &y), shown.limits);
    grid(&mut pen, &mut labels, (&x, &y));
    let mut steps: Vec<&CostPoint> = finite.iter().copied().filter(|point| !point.dominated).collect();
    steps.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let stairs = stairs((&x, &y), &steps);
    for step in stairs.windows(2) {
        labels.take(Area::between(step[0], step[1], 2.0));
    }
    pen.path("front", &through(stairs), "the frontier");
    for point in &finite {
        marks(&mut pen, &mut labels, (&x, &y), point);
    }
    for point in &finite {
        name(&mut pen, &mut labels, (x.at(point.cost), y.at(point.accuracy)), point);
    }
    if finite.is_empty() {
        let place = (f64::midpoint(LEFT, RIGHT), f64::midpoint(TOP, BOTTOM), Anchor::Middle);
        labels.put(&mut pen, "t2 halo", "no model with a known cost", &[place]);
    }
    pen.finish(&sentence(&steps, finite.len()))
}

fn grid(pen: &mut Pen, labels: &mut Labels, (x, y): (&Scale, &Scale)) {
    for tick in y.ticks(6) {
        pen.line("grid", (LEFT, y.at(tick)), (RIGHT, y.at(tick)));
        let text = format!("{:.1}", 100.0 * tick);
        let text = format!("{}%", text.trim_end_matches(".0"));
        labels.put(pen, "", &text, &[(LEFT - 6.0, y.at(tick) + 4.0, Anchor::End)]);
    }
    for tick in x.ticks(7) {
        pen.line("ax", (x.at(tick), BOTTOM), (x.at(tick), BOTTOM + 4.0));
        let text = if tick >= 1.0 { format!("${tick:.0}") } else { figures::dollars(tick) };
        labels.put(pen, "", &text, &[(x.at(tick), BOTTOM + 17.0, Anchor::Middle)]);
    }
    pen.line("ax", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    labels.put(pen, "", "cost per 1,000 questions, log scale", &[(RIGHT, HEIGHT - 4.0, Anchor::End)]);
}

fn limits(pen: &mut Pen, labels: &mut Labels, (x, y): (&Scale, &Scale), limits: Limits) {
    let positive = |value: &f64| value.is_finite() && *value > 0.0;
    let right = limits.max_cost.filter(positive).map_or(RIGHT, |cost| x.at(cost));
    if let Some(cost) = limits.max_cost.filter(positive) {
        pen.rect("infeas", (right, TOP), (RIGHT - right, BOTTOM - TOP), "over your cost limit");
        pen.line("cons", (right, TOP), (right, BOTTOM));
        let text = format!("over your {} limit", figures::dollars(cost));
        labels.put(pen, "", &text, &[(right + 6.0, BOTTOM - 8.0, Anchor::Start), (RIGHT, TOP - 4.0, Anchor::End)]);
    }
    if let Some(share) = limits.min_accuracy.filter(positive) {
        let floor = y.at(share);
        pen.rect("infeas", (LEFT, floor), (right - LEFT, BOTTOM - floor), "below your accuracy floor");
        pen.line("cons", (LEFT, floor), (right, floor));
        let text = format!("below your {:.0}% floor", 100.0 * share);
        let places = [floor + 15.0, BOTTOM - 8.0].into_iter();
        let places = places.flat_map(|y| [(right - 10.0, y, Anchor::End), (LEFT + 6.0, y, Anchor::Start)]);
        labels.put(pen, "", &text, &places.collect::<Vec<_>>());
    }
}

/// Up at each model, then level until the next one.
fn stairs((x, y): (&Scale, &Scale), steps: &[&CostPoint]) -> Vec<(f64, f64)> {
    let mut stairs = Vec::new();
    let mut best = f64::NEG_INFINITY;
    for point in steps.iter().filter(|point| {
        let higher = point.accuracy > best;
        best = best.max(point.accuracy);
        higher
    }) {
        let last = stairs.last().map_or(BOTTOM, |(_, y)| *y);
        stairs.extend([(x.at(point.cost), last), (x.at(point.cost), y.at(point.accuracy))]);
    }
    if let Some((_, level)) = stairs.last().copied() {
        stairs.push((RIGHT, level));
    }
    stairs
}

fn marks(pen: &mut Pen, labels: &mut Labels, (x, y): (&Scale, &Scale), point: &CostPoint) {
    let (px, py) = (x.at(point.cost), y.at(point.accuracy));
    let tone = if point.dominated { Tone::Calm } else { Tone::Better };
    if let Some((low, high)) = point.ends.filter(|(low, high)| low.is_finite() && high.is_finite()) {
        let dim = if point.dominated { " dim" } else { "" };
        pen.line(&format!("wh {}{dim}", tone.mark()), (px, y.at(low)), (px, y.at(high)));
        labels.take(Area { left: px - 1.5, top: y.at(high), right: px + 1.5, bottom: y.at(low) });
    }
    let title = title(point);
    if point.chosen {
        pen.circle(&format!("ring {}", tone.mark()), (px, py), 11.5, "");
    }
    let class = if point.dominated { format!("{} hollow", tone.mark()) } else { tone.mark().to_owned() };
    let radius = if point.chosen { 7.0 } else { 5.0 };
    pen.circle(&class, (px, py), radius, &title);
    let reach = if point.chosen { 13.0 } else { 6.0 };
    labels.take(Area::around((px, py), reach, reach));
}

fn name(pen: &mut Pen, labels: &mut Labels, (x, y): (f64, f64), point: &CostPoint) {
    let side = if point.chosen { 16.0 } else { 10.0 };
    let rows = [-9.0, 17.0, 4.0, -24.0, 32.0, -39.0, 47.0, -54.0, 62.0];
    let places = rows.into_iter().flat_map(|dy| [(side, dy, Anchor::Start), (-side, dy, Anchor::End)]);
    let places: Vec<_> = places.map(|(dx, dy, anchor)| (x + dx, y + dy, anchor)).collect();
    let class = if point.dominated { "halo t2" } else { "halo lab" };
    if !labels.put(pen, class, &fit(&point.name, FONT, NAME), &places) {
        // Where it is crowded a shorter name may still have room; the title has all of it.
        labels.put(pen, class, &fit(&point.name, FONT, NAME / 2.0), &places);
    }
}

fn title(point: &CostPoint) -> String {
    let ends = point.ends.filter(|(low, high)| low.is_finite() && high.is_finite());
    let range = ends.map(|(low, high)| format!(" ({})", figures::percent_range(low, high))).unwrap_or_default();
    let cost = figures::dollars(point.cost);
    let role = if point.dominated { ": a cheaper model does as well as far as can be told" } else { "" };
    format!("{}, {}{range}, {cost} per 1,000 questions{role}", point.name, figures::percent(point.accuracy))
}

fn sentence(steps: &[&CostPoint], of: usize) -> String {
    let names: Vec<&str> = steps.iter().map(|point| point.name.as_str()).collect();
    match names.len() {
        0 => "Accuracy against cost: no model with a known cost".to_owned(),
        1 => format!("Accuracy against cost per 1,000 questions of {of} models; {} is on the frontier", names[0]),
        _ => format!(
            "Accuracy against cost per 1,000 questions of {of} models; {} are on the frontier",
            figures::listed(&names)
        ),
    }
}
