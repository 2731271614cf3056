//! The parts that pages share.
//!
//! A part is plain data that can be serialized, so that a page and its JSON come from one value, and writes itself as
//! HTML. All text is escaped: what models, data sets and judges said is hostile.

mod badge;
mod cells;
mod notice;
mod pager;
mod settings;
mod shell;
mod stats;
mod words;

pub use badge::{Badge, Shape};
pub use cells::{DeltaCell, IntervalCell};
pub use notice::{Notice, NoticeKind};
pub use pager::{PageSize, Pager};
pub use settings::{Choice, SettingsStrip, Slider};
pub use shell::{DatasetChoice, Link, NoticePage, Place, Shell};
pub use stats::{Stat, StatStrip};
pub use words::AnswerDiff;

/// Parts stand in pages as they are: askama has escaped what is in them.
macro_rules! parts {
    ($($part:ty),+) => { $(impl askama::filters::HtmlSafe for $part {})+ };
}
parts!(AnswerDiff, Badge, DeltaCell, IntervalCell, Notice, Pager, SettingsStrip, StatStrip);
