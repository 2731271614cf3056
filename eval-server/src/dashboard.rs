//! What the pages of the dashboard are put together from.
//!
//! Pure pieces: data in, text out. No route, no store, no clock. [`chart`] draws, [`words`] says what was found,
//! [`page`] has the parts that pages share, [`Asset`] the files that they load.

mod assets;
pub mod chart;
pub mod figures;
pub mod page;
mod tone;
mod word_diff;
pub mod words;

pub use assets::{Asset, FAVICON, SCRIPT, STYLE};
pub use tone::Tone;
pub use word_diff::{SHOWN_BYTES, Side, WordDiff, WordPart};
