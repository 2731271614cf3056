//! What is around every page.

use askama::Template;
use serde::Serialize;

use super::Notice;
use crate::dashboard::{FAVICON, SCRIPT, STYLE};

/// Somewhere to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What is read.
    pub text: String,
    /// Where it leads.
    pub href: String,
}

impl Link {
    /// A link.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: href.into() }
    }
}

/// The pages that the navigation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Is any model drifting?
    Overview,
    /// The runs.
    Runs,
    /// Which model is best?
    Compare,
    /// Can the judge be trusted?
    Judge,
    /// What is running?
    Live,
    /// What was found, and who has seen it?
    Alerts,
    /// Are the parts well?
    Health,
}

impl Place {
    /// All of them, in the order of the navigation.
    pub const ALL: [Self; 7] =
        [Self::Overview, Self::Runs, Self::Compare, Self::Judge, Self::Live, Self::Alerts, Self::Health];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Runs => "Runs",
            Self::Compare => "Compare",
            Self::Judge => "Judge",
            Self::Live => "Live",
            Self::Alerts => "Alerts",
            Self::Health => "Health",
        }
    }

    /// Where it is, without the data set in scope.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Runs => "/runs",
            Self::Compare => "/compare",
            Self::Judge => "/judge",
            Self::Live => "/live",
            Self::Alerts => "/alerts",
            Self::Health => "/health",
        }
    }
}

/// A data set that may be in scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetChoice {
    /// What the form sends.
    pub name: String,
    /// What is read, for instance `support-qa v12 · 500 questions`.
    pub text: String,
    /// Whether it is in scope.
    pub selected: bool,
}

/// What is around every page: `templates/base.html` reads it as `shell`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shell {
    /// The title of the page.
    pub title: String,
    /// Where it stands in the navigation; `None` for pages beside it.
    pub place: Option<Place>,
    /// The data sets, one of them in scope.
    pub datasets: Vec<DatasetChoice>,
    /// Runs that are running now.
    pub running: u64,
    /// Alerts that nobody has acknowledged.
    pub alerts: u64,
    /// Whether what is shown was made up, which every page says.
    pub simulated: bool,
    /// What stands at the foot: the data set with its fingerprint, how it was computed.
    pub foot: String,
    /// The same page as data.
    pub json: Option<String>,
}

impl Shell {
    /// The version of the program.
    pub const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// The frame of a page with nothing in scope.
    pub fn new(title: impl Into<String>, place: impl Into<Option<Place>>) -> Self {
        let (title, place, datasets) = (title.into(), place.into(), Vec::new());
        Self { title, place, datasets, running: 0, alerts: 0, simulated: false, foot: String::new(), json: None }
    }

    pub(crate) fn style(&self) -> String {
        STYLE.path()
    }

    pub(crate) fn script(&self) -> String {
        SCRIPT.path()
    }

    pub(crate) fn icon(&self) -> String {
        FAVICON.path()
    }

    /// The data set in scope as the end of an address, so that it stays in scope from page to page.
    pub(crate) fn scope(&self) -> String {
        let current = self.datasets.iter().find(|dataset| dataset.selected);
        current.map(|dataset| format!("?dataset={}", encoded(&dataset.name))).unwrap_or_default()
    }

    pub(crate) fn is_at(&self, place: &Place) -> bool {
        self.place.as_ref() == Some(place)
    }
}

/// A page that has nothing but a [`Notice`]: of first use, of an error, without permission.
#[derive(Debug, Clone, PartialEq, Eq, Template, Serialize)]
#[template(path = "notice.html")]
pub struct NoticePage {
    /// What is around it.
    pub shell: Shell,
    /// Why there is nothing to show.
    pub notice: Notice,
}

/// A value inside the query of an address.
fn encoded(value: &str) -> String {
    let letter = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => (byte as char).to_string(),
        byte => format!("%{byte:02X}"),
    };
    value.bytes().map(letter).collect()
}
