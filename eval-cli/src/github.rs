//! The files and streams by which a step tells GitHub something.

use std::fs::OpenOptions;
use std::io::Write as _;

use crate::output::{Console, clean};

/// The variable that names the file of a step's summary.
pub(crate) const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Writes workflow commands, where GitHub runs us. It reads them on both streams; stdout is for results.
pub(crate) fn annotate(lines: impl Iterator<Item = String>) {
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        for line in lines {
            // Nobody reads stderr any more: nothing to tell and nobody to tell it to.
            let _ = writeln!(anstream::stderr(), "{line}");
        }
    }
}

/// Appends to the file that a variable names, if it is set. A file that cannot be written is a warning: it must not turn a
/// decision around.
pub(crate) fn append(console: &Console, variable: &str, text: &str) {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else { return };
    let opened = OpenOptions::new().create(true).append(true).open(&path);
    if let Err(error) = opened.and_then(|mut file| file.write_all(text.as_bytes())) {
        console.warn(format!("cannot write to {} ({variable}): {error}", clean(&path.to_string_lossy())));
    }
}
