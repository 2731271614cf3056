//! Changes by category.

use serde::Serialize;

use super::axis::Axis;
use super::label::{Labels, fit};
use super::scale::{Scale, signed_tick};
use super::svg::{Anchor, Pen, Svg, through};
use crate::dashboard::{Tone, figures};

const WIDTH: f64 = 640.0;
const ROW: f64 = 26.0;
const HEAD: f64 = 18.0;
const NAME: f64 = 118.0;
const COUNT: f64 = 154.0;
const FROM: f64 = 170.0;
const TO: f64 = 488.0;
const CHANGE: f64 = 540.0;
const FONT: f64 = 11.0;

/// A category, or all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForestRow {
    /// Its name.
    pub name: String,
    /// Its questions.
    pub n: u64,
    /// The change, in points; `None` where it is not known.
    pub change: Option<f64>,
    /// The ends of its interval, in points.
    pub ends: Option<(f64, f64)>,
    /// Whether it is still different after the correction for all categories: solid, else hollow.
    pub distinguishable: bool,
}

impl ForestRow {
    fn tone(&self) -> Tone {
        match self.change {
            Some(change) if self.distinguishable && change < 0.0 => Tone::Worse,
            Some(change) if self.distinguishable && change > 0.0 => Tone::Better,
            _ => Tone::Calm,
        }
    }

    fn range(&self) -> String {
        match self.ends.filter(|(low, high)| low.is_finite() && high.is_finite()) {
            Some((low, high)) => figures::signed_range(low, high),
            None => "no interval".to_owned(),
        }
    }

    fn title(&self) -> String {
        match self.change {
            Some(change) => {
                let kept = if self.distinguishable { "" } else { ", too close to call" };
                let questions = figures::count(self.n, "question");
                format!("{}: {} points ({}), {questions}{kept}", self.name, figures::signed(change), self.range())
            }
            None => format!("{}: not known", self.name),
        }
    }
}

/// The changes of categories, and of all questions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forest {
    /// The categories, in the order in which they are drawn.
    pub rows: Vec<ForestRow>,
    /// All questions together.
    pub overall: Option<ForestRow>,
}

/// Draws a forest plot, 640 px wide with a row of 26 px a category: a hollow mark cannot be told from no change, the
/// diamond is all questions.
pub fn forest(shown: &Forest) -> Svg {
    let rows = shown.rows.len() as f64;
    let height = HEAD + 10.0 + ROW * (rows + if shown.overall.is_some() { 1.3 } else { 0.0 });
    let (mut pen, mut labels) = (Pen::new("fo", WIDTH, height), Labels::new(WIDTH, height, FONT));
    let all = || shown.rows.iter().chain(&shown.overall);
    let values = all().flat_map(|row| [row.change, row.ends.map(|ends| ends.0), row.ends.map(|ends| ends.1)]);
    let axis = Axis::over(values.flatten().chain([-1.0, 1.0]));
    let scale = Scale::linear(axis.range(), (FROM, TO));
    labels.put(&mut pen, "", "change, 95% interval", &[(WIDTH, 11.0, Anchor::End)]);
    for tick in scale.ticks(6) {
        let (x, class) = (scale.at(tick), if tick == 0.0 { "zero" } else { "grid" });
        pen.line(class, (x, HEAD), (x, height - 2.0));
        labels.put(&mut pen, "", &signed_tick(tick), &[(x, 11.0, Anchor::Middle)]);
    }
    for (at, row) in shown.rows.iter().enumerate() {
        let y = HEAD + 16.0 + ROW * at as f64;
        whisker(&mut pen, &scale, row, y);
        words(&mut pen, &mut labels, row, y, if row.distinguishable { "t1" } else { "t2" });
    }
    if let Some(row) = &shown.overall {
        let y = HEAD + 16.0 + ROW * (rows + 0.3);
        pen.line("ax", (0.0, y - 16.0), (WIDTH, y - 16.0));
        diamond(&mut pen, &scale, row, y);
        words(&mut pen, &mut labels, row, y, "lab");
    }
    pen.finish(&sentence(shown))
}

fn whisker(pen: &mut Pen, scale: &Scale, row: &ForestRow, y: f64) {
    let Some(change) = row.change.filter(|change| change.is_finite()) else { return };
    let tone = row.tone().mark();
    if let Some((low, high)) = row.ends.filter(|(low, high)| low.is_finite() && high.is_finite()) {
        pen.line(&format!("wh {tone}"), (scale.at(low), y), (scale.at(high), y));
    }
    let hollow = if row.distinguishable { tone.to_owned() } else { format!("{tone} hollow") };
    pen.circle(&hollow, (scale.at(change), y), 4.0, &row.title());
}

/// From end to end of the interval, widest at the change.
fn diamond(pen: &mut Pen, scale: &Scale, row: &ForestRow, y: f64) {
    let Some(change) = row.change.filter(|change| change.is_finite()) else { return };
    let (low, high) = row.ends.filter(|(low, high)| low.is_finite() && high.is_finite()).unwrap_or((change, change));
    let [left, middle, right] = [low, change, high].map(|value| scale.at(value));
    let (left, right) = (left.min(middle - 3.0), right.max(middle + 3.0));
    let d = through([(left, y), (middle, y - 6.0), (right, y), (middle, y + 6.0)]) + "Z";
    pen.path(row.tone().mark(), &d, &row.title());
}

fn words(pen: &mut Pen, labels: &mut Labels, row: &ForestRow, y: f64, class: &str) {
    let y = y + 4.0;
    labels.put(pen, class, &fit(&row.name, FONT * 1.1, NAME), &[(0.0, y, Anchor::Start)]);
    labels.put(pen, "", &figures::thousands(row.n), &[(COUNT, y, Anchor::End)]);
    let change = row.change.filter(|change| change.is_finite());
    let text = change.map_or("–".to_owned(), figures::signed);
    labels.put(pen, row.tone().text(), &text, &[(CHANGE, y, Anchor::End)]);
    labels.put(pen, "", &row.range(), &[(WIDTH, y, Anchor::End)]);
}

fn sentence(shown: &Forest) -> String {
    let certain = shown.rows.iter().filter(|row| row.distinguishable);
    let certain: Vec<String> = certain.map(ForestRow::title).collect();
    let rest = shown.rows.len() - certain.len();
    let overall = shown.overall.as_ref().map(|row| format!("; {}", row.title())).unwrap_or_default();
    let found = match certain.len() {
        0 => "no category changed for certain".to_owned(),
        _ => format!("changed for certain: {}", certain.join("; ")),
    };
    format!("Change by category with 95% intervals: {found}; {rest} too close to call{overall}")
}
