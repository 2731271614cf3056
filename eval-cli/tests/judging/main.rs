//! Judges on the command line: answers judged again, frozen answers, what people say, and whether a judge is fit.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod anchors;
mod audit;
mod grader;
mod labels;
mod moved;
mod rescore;
