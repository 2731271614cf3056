//! A page, or a part of it, that has nothing to show.

use askama::Template;
use serde::Serialize;

use super::Link;

/// Why there is nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// There is nothing yet.
    Empty,
    /// Something went wrong.
    Error,
    /// What was asked for may not be compared.
    NotComparable,
    /// Who asks may not see it.
    NoPermission,
}

impl NoticeKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Error => "error",
            Self::NotComparable => "nocmp",
            Self::NoPermission => "noperm",
        }
    }
}

/// What is said where there is nothing to show: what, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Template, Serialize)]
#[template(path = "parts/notice.html")]
pub struct Notice {
    /// Why.
    pub kind: NoticeKind,
    /// What, as a heading.
    pub title: String,
    /// Why, in sentences.
    pub text: String,
    /// The commands that help, to be copied.
    pub commands: Vec<String>,
    /// Where to go from here.
    pub links: Vec<Link>,
}

impl Notice {
    /// A notice without commands and links.
    pub fn new(kind: NoticeKind, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, title: title.into(), text: text.into(), commands: Vec::new(), links: Vec::new() }
    }

    /// What a newcomer sees: the three commands that fill the page.
    pub fn first_use() -> Self {
        let text = "Runs of models over a data set appear here, with their drift. These commands make the first ones; the \
                    last one needs no key and simulates sixty days.";
        let commands = ["evalctl init", "evalctl run", "evalctl demo --serve"].map(str::to_owned).to_vec();
        Self { commands, ..Self::new(NoticeKind::Empty, "No runs yet", text) }
    }

    /// The same notice with one link more.
    pub fn link(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.links.push(Link::new(text, href));
        self
    }
}
