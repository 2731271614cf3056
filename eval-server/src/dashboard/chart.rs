//! Drawings: pure functions from data to [`Svg`].
//!
//! Coordinates are rounded to 0.1 px, colours are classes of the stylesheet, so that themes, print and forced colours
//! work. There is no `style`, no event handler and no address in a drawing. Each is one image with a sentence for who
//! cannot see it; marks carry a `<title>`. Labels that would lie on others are left out or moved, never drawn over them.
//! Whatever the data are, numbers that are not finite are not drawn.

mod axis;
mod cusum;
mod forest;
mod frontier;
mod interval;
mod label;
mod reliability;
mod scale;
mod sparkline;
mod stack;
mod svg;
mod trend;

pub use axis::Axis;
pub use cusum::{CusumPoint, CusumSeries, cusum};
pub use forest::{Forest, ForestRow, forest};
pub use frontier::{CostPoint, Frontier, Limits, frontier};
pub use interval::{Interval, interval, interval_axis};
pub use reliability::{ReliabilityBin, reliability};
pub use sparkline::sparkline;
pub use stack::{Stack, stack};
pub use svg::Svg;
pub use trend::{ConditionMark, Level, MarkLetter, Segment, ShownChange, Trend, TrendDot, trend};
