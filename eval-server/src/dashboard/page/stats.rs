//! The figures at the head of a page.

use askama::Template;
use serde::Serialize;

use crate::dashboard::Tone;

/// A figure with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stat {
    /// What it is.
    pub label: String,
    /// The figure.
    pub value: String,
    /// What stands below it: its interval, what it is a part of.
    pub note: String,
    /// Which way it went.
    pub tone: Tone,
}

impl Stat {
    /// A figure that went nowhere.
    pub fn new(label: impl Into<String>, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), note: note.into(), tone: Tone::Calm }
    }

    /// The same figure, coloured.
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    fn class(&self) -> &'static str {
        match self.tone {
            Tone::Worse => " dn",
            Tone::Better => " up",
            _ => "",
        }
    }
}

/// Figures side by side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Template, Serialize)]
#[template(
    source = r#"<dl class="stats card">{% for stat in stats %}<div><dt>{{ stat.label }}</dt><dd class="v{{ stat.class() }}">{{ stat.value }}</dd>{% if !stat.note.is_empty() %}<dd class="s">{{ stat.note }}</dd>{% endif %}</div>{% endfor %}</dl>"#,
    ext = "html"
)]
pub struct StatStrip {
    /// The figures.
    pub stats: Vec<Stat>,
}
