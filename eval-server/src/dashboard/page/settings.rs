//! What a page is set to, and what follows of it.

use askama::Template;
use serde::Serialize;

/// One of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What is read.
    pub text: String,
    /// Whether it is the one.
    pub selected: bool,
}

/// A number between two others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Slider {
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// From one value to the next.
    pub step: f64,
    /// The value.
    pub value: f64,
}

/// The settings of the overview: a form that is a link, so that the URL is the state.
#[derive(Debug, Clone, PartialEq, Template, Serialize)]
#[template(path = "parts/settings.html")]
pub struct SettingsStrip {
    /// What may be compared against.
    pub baselines: Vec<Choice>,
    /// How far back is looked.
    pub windows: Vec<Choice>,
    /// The smallest drop that alerts, in points.
    pub min_drop: Slider,
    /// What follows of it: alerts, and what can be found at all.
    pub consequence: String,
    /// What else the page is set to, by name and value.
    pub kept: Vec<(String, String)>,
}
