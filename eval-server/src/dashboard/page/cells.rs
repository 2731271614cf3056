//! Cells of tables: a change and its interval.

use askama::Template;
use serde::Serialize;

use crate::dashboard::chart::{Axis, Interval, Svg, interval};
use crate::dashboard::{Tone, figures};

/// A change in points; `–` where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Template, Serialize)]
#[template(
    source = r#"<td class="r big {% match tone %}{% when Tone::Worse %}dn{% when Tone::Better %}up{% when _ %}{% endmatch %}">{{ text() }}</td>"#,
    ext = "html"
)]
pub struct DeltaCell {
    /// The change, in points.
    pub change: Option<f64>,
    /// Coloured only where it is certain.
    pub tone: Tone,
}

impl DeltaCell {
    fn text(&self) -> String {
        self.change.filter(|change| change.is_finite()).map_or("–".to_owned(), figures::signed)
    }
}

/// An interval in figures and, in the next cell, drawn on the axis of its column.
#[derive(Debug, Clone, PartialEq, Template, Serialize)]
#[template(source = r#"<td class="ci">{{ text() }}</td><td class="svg">{{ drawing() }}</td>"#, ext = "html")]
pub struct IntervalCell {
    /// The value and its interval.
    pub shown: Interval,
    /// The axis of the column.
    pub axis: Axis,
}

impl IntervalCell {
    fn text(&self) -> String {
        match self.shown.ends.filter(|(low, high)| low.is_finite() && high.is_finite()) {
            Some((low, high)) if self.shown.is_change => figures::signed_range(low, high),
            Some((low, high)) => figures::percent_range(low, high),
            None => "–".to_owned(),
        }
    }

    fn drawing(&self) -> Svg {
        interval(&self.axis, &self.shown)
    }
}
