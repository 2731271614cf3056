//! Opens the browser.

use std::process::{Command, Stdio};

use crate::output::Console;

/// Opens a page in the user's browser. Where that does not work the link is on the terminal all the same.
pub(super) fn open(console: &Console, url: &str) {
    let program = match std::env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    let quiet = || Stdio::null();
    if Command::new(program).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().is_err() {
        console.warn(format!("no browser was opened: there is no {program}"));
    }
}
