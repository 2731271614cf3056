//! The scores of runs, question by question.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{RunId, SampleId};

/// What makes two questions the same: their id and their content. An edited question is another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SampleKey {
    /// The id.
    pub id: SampleId,
    /// The [hash](crate::Sample::content_hash) of all that is asked and expected.
    pub content: String,
}

impl SampleKey {
    /// A key.
    pub fn new(id: impl Into<SampleId>, content: impl Into<String>) -> Self {
        Self { id: id.into(), content: content.into() }
    }
}

/// The score of one question in one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SampleScore {
    /// The question. Windows of one history share their keys.
    pub key: Arc<SampleKey>,
    /// Its category.
    pub category: Arc<str>,
    /// The mean score of its scored epochs, from 0 to 1.
    pub score: f64,
    /// Scored epochs, at least 1.
    pub epochs: u32,
}

impl SampleScore {
    /// The score of one epoch.
    pub fn new(key: impl Into<Arc<SampleKey>>, category: impl Into<Arc<str>>, score: f64) -> Self {
        Self { key: key.into(), category: category.into(), score, epochs: 1 }
    }
}

/// The scores of one run, reduced to one mean per question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Window {
    /// The run.
    pub run: RunId,
    /// When it began (UTC).
    pub at: Timestamp,
    /// The scored questions, sorted by key, each once. Those that failed or could not be graded are not in it.
    pub scores: Vec<SampleScore>,
}

impl Window {
    /// The window of a run, from scores in any order.
    pub fn new(run: RunId, at: Timestamp, mut scores: Vec<SampleScore>) -> Self {
        // What a database gives is nearly always sorted already.
        scores.sort_by(|a, b| a.key.cmp(&b.key));
        Self { run, at, scores }
    }

    /// The mean over the questions, from 0 to 1; `None` when nothing was scored.
    pub fn mean(&self) -> Option<f64> {
        let n = self.scores.len();
        (n > 0).then(|| self.scores.iter().map(|found| found.score).sum::<f64>() / n as f64)
    }
}

/// The runs of one name on one data set with the same prompt, parameters and judge, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct History {
    /// The runs, oldest first. The last one is the current window, those before it are the baseline.
    pub windows: Vec<Window>,
}

impl History {
    /// A history of these windows, oldest first.
    pub fn new(windows: Vec<Window>) -> Self {
        Self { windows }
    }
}

/// Builds a [`History`] from evaluations that come in order: for stores that read rows.
///
/// ```
/// use eval_core::{HistoryBuilder, RunId, Timestamp};
/// let mut history = HistoryBuilder::new();
/// history.window(RunId::new(), Timestamp::UNIX_EPOCH);
/// for score in [0.0, 1.0] {
///     history.push("q1", "f00d", "math", score);
/// }
/// let history = history.build();
/// assert_eq!(history.windows[0].mean(), Some(0.5));
/// assert_eq!(history.windows[0].scores[0].epochs, 2);
/// ```
#[derive(Debug, Default)]
pub struct HistoryBuilder {
    windows: Vec<Window>,
    /// The keys of an id: one, unless the question was edited.
    keys: HashMap<SampleId, Vec<Arc<SampleKey>>>,
    categories: HashSet<Arc<str>>,
}

impl HistoryBuilder {
    /// A history without runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins the window of the next run. Windows come oldest first.
    pub fn window(&mut self, run: RunId, at: Timestamp) {
        self.close();
        self.windows.push(Window::new(run, at, Vec::new()));
    }

    /// Adds the score of one epoch of a question to the window begun last. The epochs of a question come one after the
    /// other; a window that was not begun takes nothing.
    pub fn push(&mut self, id: &str, content: &str, category: &str, score: f64) {
        let Some(window) = self.windows.last_mut() else { return };
        let mut same_id = window.scores.iter_mut().rev().take_while(|found| found.key.id.as_str() == id);
        match same_id.find(|found| found.key.content == content) {
            // The sum, until the window is closed.
            Some(found) => (found.score, found.epochs) = (found.score + score, found.epochs + 1),
            None => {
                let (key, category) = (key(&mut self.keys, id, content), text(&mut self.categories, category));
                window.scores.push(SampleScore::new(key, category, score));
            }
        }
    }

    fn close(&mut self) {
        if let Some(window) = self.windows.last_mut() {
            window.scores.iter_mut().for_each(|found| found.score /= f64::from(found.epochs));
            window.scores.sort_by(|a, b| a.key.cmp(&b.key));
        }
    }

    /// The history.
    pub fn build(mut self) -> History {
        self.close();
        History::new(self.windows)
    }
}

fn key(keys: &mut HashMap<SampleId, Vec<Arc<SampleKey>>>, id: &str, content: &str) -> Arc<SampleKey> {
    if let Some(found) = keys.get(id).and_then(|of_id| of_id.iter().find(|key| key.content == content)) {
        return found.clone();
    }
    let key = Arc::new(SampleKey::new(id, content));
    keys.entry(key.id.clone()).or_default().push(key.clone());
    key
}

fn text(texts: &mut HashSet<Arc<str>>, text: &str) -> Arc<str> {
    if let Some(found) = texts.get(text) {
        return found.clone();
    }
    let text = Arc::<str>::from(text);
    texts.insert(text.clone());
    text
}
