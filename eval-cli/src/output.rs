//! What is printed, and where: results on stdout, everything else on stderr.

mod figures;
mod sparkline;
mod table;
mod text;

use std::io::{IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

pub(crate) use figures::{counted, interval, latency, money, percent, total_money};
pub(crate) use sparkline::sparkline;
pub(crate) use table::{Align, Table};
pub(crate) use text::{clean, one_line, shorten};

use crate::args::{Color, Format, Global};
use crate::failure::Failure;
use crate::telemetry::Telemetry;

/// Words that name things.
pub(crate) const BOLD: Style = Style::new().bold();
/// What is beside the point.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Errors.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What is better.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Warnings.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Advice.
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();

/// What the terminal can show and what the user wants to see.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    /// How results are printed.
    pub(crate) format: Format,
    /// No notes on stderr.
    pub(crate) quiet: bool,
    /// Columns of the terminal; `None` when stdout is none.
    pub(crate) width: Option<usize>,
    /// Whether marks beyond ASCII can be shown.
    pub(crate) unicode: bool,
    /// Whether a moving display can be drawn on stderr.
    pub(crate) live: bool,
    /// Who is told of calls and verdicts besides.
    pub(crate) telemetry: Telemetry,
}

impl Console {
    /// Looks at the terminal and at the environment.
    pub(crate) fn new(global: &Global) -> Self {
        let format = global.format.unwrap_or(if global.json { Format::Json } else { Format::Human });
        color(global.color, format).write_global();
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let ci = std::env::var_os("CI").is_some();
        Self {
            format,
            quiet: global.quiet,
            width: width(),
            unicode: format != Format::Plain && !dumb && utf8_locale(),
            live: format == Format::Human && !global.quiet && !dumb && !ci && std::io::stderr().is_terminal(),
            telemetry: Telemetry::default(),
        }
    }

    /// Whether results are read by a program.
    pub(crate) fn is_machine(&self) -> bool {
        matches!(self.format, Format::Json | Format::Jsonl)
    }

    /// One or several lines of results.
    pub(crate) fn print(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        ignore_closed(writeln!(anstream::stdout(), "{}", text.as_ref()))
    }

    /// A result as one JSON document.
    pub(crate) fn json(&self, document: &impl Serialize) -> Result<(), Failure> {
        self.print(serde_json::to_string_pretty(document)?)
    }

    /// Something that is no result: progress, origins, what to do next.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            // Nobody reads stderr any more: nothing to tell and nobody to tell it to.
            let _ = writeln!(anstream::stderr(), "{}", text.as_ref());
        }
    }

    /// Something that the user should look at; also when quiet.
    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        let _ = writeln!(anstream::stderr(), "{WARN}warning:{WARN:#} {}", text.as_ref());
    }

    /// The end of a command that could not do its work.
    pub(crate) fn fail(&self, failure: &Failure) {
        let text = failure.to_string().replace("\nhint: ", &format!("\n{HINT}hint:{HINT:#} "));
        let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {text}");
    }

    /// A mark for good, bad or other.
    pub(crate) fn mark(&self, mark: Mark) -> &'static str {
        match (mark, self.unicode) {
            (Mark::Good, true) => "✓",
            (Mark::Good, false) => "ok",
            (Mark::Bad, true) => "✗",
            (Mark::Bad, false) => "no",
            (Mark::Open, true) => "·",
            (Mark::Open, false) => "-",
        }
    }
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Good,
    Bad,
    Open,
}

fn color(choice: Color, format: Format) -> anstream::ColorChoice {
    match (choice, format) {
        (Color::Always, _) => anstream::ColorChoice::Always,
        (Color::Never, _) | (_, Format::Plain) => anstream::ColorChoice::Never,
        (Color::Auto, _) => anstream::ColorChoice::Auto,
    }
}

/// The columns of the terminal; the variable `COLUMNS` is for tests and for terminals that do not say.
fn width() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.or_else(|| terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0)))
}

fn utf8_locale() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"))
}

/// A reader that has seen enough (`| head`) is no error.
fn ignore_closed(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
