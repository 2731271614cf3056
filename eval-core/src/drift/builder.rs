//! Histories from rows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Conditions, History, SampleKey, SampleMeasures, SampleScore, Window, WindowCounts};
use crate::{OutcomeKind, RunId, SampleId, Served, short_hash};

/// What is known of one evaluation: what a store reads of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Answered<'a> {
    /// The id of the question.
    pub id: &'a str,
    /// The [hash](crate::Sample::content_hash) of all that is asked and expected.
    pub content: &'a str,
    /// Its category.
    pub category: &'a str,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// The score, from 0 to 1; `None` unless it was scored.
    pub score: Option<f64>,
    /// Whether it is a refusal.
    pub refused: bool,
    /// Whether it failed because it ran out of time.
    pub timed_out: bool,
    /// Whether the answer is in a wrong format.
    pub misformatted: bool,
    /// Latency in ms, tokens of the prompt, tokens of the answer, cost in nano-dollars, bytes of the answer; all `None`
    /// when there is no answer.
    pub measures: [Option<f64>; 5],
}

impl<'a> Answered<'a> {
    /// A scored evaluation of which nothing else is known.
    pub fn scored(id: &'a str, content: &'a str, category: &'a str, score: f64) -> Self {
        Self { score: Some(score), ..Self::ended(id, content, category, OutcomeKind::Scored) }
    }

    /// An evaluation that ended so, without a score.
    pub fn ended(id: &'a str, content: &'a str, category: &'a str, outcome: OutcomeKind) -> Self {
        let (refused, timed_out, misformatted) = (false, false, false);
        Self { id, content, category, outcome, score: None, refused, timed_out, misformatted, measures: [None; 5] }
    }
}

/// Builds a [`History`] from evaluations that come in order: for stores that read rows.
///
/// ```
/// use eval_core::{Answered, HistoryBuilder, RunId, Timestamp};
/// let mut history = HistoryBuilder::new();
/// history.window(RunId::new(), Timestamp::UNIX_EPOCH);
/// for score in [0.0, 1.0] {
///     history.push(&Answered::scored("q1", "f00d", "math", score));
/// }
/// let history = history.build();
/// assert_eq!(history.windows[0].mean(), Some(0.5));
/// assert_eq!(history.windows[0].scores[0].epochs, 2);
/// assert_eq!(history.windows[0].counts.unwrap().scored, 2);
/// ```
#[derive(Debug, Default)]
pub struct HistoryBuilder {
    windows: Vec<Window>,
    /// The questions of the id that came last: one, unless it was edited in the middle of a run.
    open: Vec<Open>,
    /// The keys of an id: one, unless the question was edited.
    keys: HashMap<SampleId, Vec<Arc<SampleKey>>>,
    categories: HashSet<Arc<str>>,
}

/// A question whose epochs may not all have come.
#[derive(Debug)]
struct Open {
    key: Arc<SampleKey>,
    category: Arc<str>,
    score: Mean,
    measures: [Mean; 5],
}

#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    n: u32,
}

impl Mean {
    fn take(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            (self.sum, self.n) = (self.sum + value, self.n + 1);
        }
    }

    fn get(self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / f64::from(self.n))
    }
}

impl HistoryBuilder {
    /// The name of the judge that scores a refusal 0.
    pub const REFUSAL_JUDGE: &str = "refusal";
    /// The name of the judge that scores an answer in a wrong format 0.
    pub const FORMAT_JUDGE: &str = "json";

    /// A history without runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins the window of the next run. Windows come oldest first.
    pub fn window(&mut self, run: RunId, at: Timestamp) {
        self.close();
        self.windows.push(Window::new(run, at, Vec::new()).counts(WindowCounts::default()));
    }

    /// The conditions of the window begun last, and how many evaluations its run planned.
    pub fn conditions(&mut self, conditions: Conditions, planned: u64) {
        if let Some(window) = self.windows.last_mut() {
            window.conditions = conditions;
            if let Some(counts) = &mut window.counts {
                counts.planned = planned;
            }
        }
    }

    /// The window begun last is told scored questions alone, and so counts nothing.
    pub fn scores_alone(&mut self) {
        if let Some(window) = self.windows.last_mut() {
            window.counts = None;
        }
    }

    /// Counts so many answers of this identity in the window begun last.
    pub fn served(&mut self, served: &Served, answers: u64) {
        if let Some(window) = self.windows.last_mut() {
            window.conditions.served.add(served, answers);
        }
    }

    /// Adds one epoch of a question to the window begun last. The epochs of a question come one after the other; a window
    /// that was not begun takes nothing.
    pub fn push(&mut self, row: &Answered<'_>) {
        let Some(window) = self.windows.last_mut() else { return };
        if let Some(counts) = &mut window.counts {
            count(counts, row);
        }
        if self.open.first().is_some_and(|open| open.key.id.as_str() != row.id) {
            self.close();
        }
        let known = self.open.iter().position(|open| open.key.content == row.content);
        let at = known.unwrap_or_else(|| {
            let key = key(&mut self.keys, row.id, row.content);
            let category = text(&mut self.categories, row.category);
            self.open.push(Open { key, category, score: Mean::default(), measures: [Mean::default(); 5] });
            self.open.len() - 1
        });
        let open = &mut self.open[at];
        open.score.take(row.score);
        open.measures.iter_mut().zip(row.measures).for_each(|(mean, value)| mean.take(value));
    }

    /// Adds a frozen answer that the judge graded anew beside the run of the window begun last. What is the same from
    /// run to run is the answer, so its key has the hash of question and answer together. Epochs of a question come one
    /// after the other; what was not scored is left out.
    pub fn anchor(&mut self, row: &Answered<'_>, answer: &str) {
        let (Some(window), Some(score)) = (self.windows.last_mut(), row.score) else { return };
        let key = key(&mut self.keys, row.id, &short_hash([row.content, answer]));
        match window.anchors.last_mut().filter(|last| last.key == key) {
            Some(last) => {
                let epochs = f64::from(last.epochs);
                (last.score, last.epochs) = ((last.score * epochs + score) / (epochs + 1.0), last.epochs + 1);
            }
            None => window.anchors.push(SampleScore::new(key, text(&mut self.categories, row.category), score)),
        }
    }

    /// Writes down the question that came last. Several of one id are rare, and come sorted by content.
    fn close(&mut self) {
        let Some(window) = self.windows.last_mut() else { return };
        self.open.sort_by(|a, b| a.key.cmp(&b.key));
        for Open { key, category, score, measures } in self.open.drain(..) {
            if let Some(mean) = score.get() {
                window.scores.push(SampleScore { key: key.clone(), category, score: mean, epochs: score.n });
            }
            let [latency_ms, prompt_tokens, completion_tokens, cost_nanos, answer_bytes] = measures.map(Mean::get);
            if measures.iter().any(|mean| mean.n > 0) {
                let measured =
                    SampleMeasures { key, latency_ms, prompt_tokens, completion_tokens, cost_nanos, answer_bytes };
                window.measures.push(measured);
            }
        }
    }

    /// The history.
    pub fn build(mut self) -> History {
        self.close();
        // Databases sort ids in one way or another.
        for window in &mut self.windows {
            window.scores.sort_by(|a, b| a.key.cmp(&b.key));
            window.measures.sort_by(|a, b| a.key.cmp(&b.key));
            window.anchors.sort_by(|a, b| a.key.cmp(&b.key));
        }
        History::new(self.windows)
    }
}

fn count(counts: &mut WindowCounts, row: &Answered<'_>) {
    match row.outcome {
        OutcomeKind::Scored => counts.scored += 1,
        OutcomeKind::Unscored => counts.unscored += 1,
        OutcomeKind::Failed => counts.failed += 1,
    }
    counts.refusals += u64::from(row.refused);
    counts.timeouts += u64::from(row.timed_out);
    counts.format_failures += u64::from(row.misformatted);
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
