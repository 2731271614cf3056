//! What people are told, for every channel.

use eval_core::server::{Alert, NoticeKind};
use eval_core::{Condition, DriftReport, Measure, Run, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use super::links::Links;
use super::words;

/// So many findings are listed in a message about many.
const LISTED: usize = 20;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tone {
    /// Something is worse, or silent.
    Bad,
    /// Something is over.
    Over,
    /// It only tries whether messages arrive.
    Test,
}

impl Tone {
    /// The sign before the headline.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Bad => "▼",
            Self::Over => "✓",
            Self::Test => "TEST",
        }
    }
}

/// Where to read on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Link {
    /// What is there.
    pub text: String,
    /// Its address.
    pub url: String,
}

/// One of many findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Item {
    /// In one line.
    pub text: String,
    /// Where to read on; `None` without a public address of the server.
    pub url: Option<String>,
}

/// What people are told of an alert, or of many at once. Texts that models, data sets and users wrote are one short line
/// each, without control characters; a channel still has to keep its own syntax out of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// What it is about.
    pub tone: Tone,
    /// When it was made (UTC).
    pub at: Timestamp,
    /// How bad; `None` where nobody can say.
    pub severity: Option<Severity>,
    /// The name in histories.
    pub name: Option<String>,
    /// The data set.
    pub dataset: Option<String>,
    /// In one line, for instance `gamma-pro is worse by 4.4 points`.
    pub headline: String,
    /// The interval of the effect, with its level.
    pub interval: Option<String>,
    /// Since when, with its uncertainty.
    pub since: Option<String>,
    /// How strong the evidence is.
    pub evidence: Option<String>,
    /// The same in sentences.
    pub held: Vec<String>,
    /// The categories that certainly moved.
    pub place: Option<String>,
    /// Whether there are categories of which that cannot be said.
    #[serde(default)]
    pub others: bool,
    /// What changed at the same time, and what did not: a sentence each.
    pub changed: Vec<String>,
    /// The findings of a message about many.
    pub items: Vec<Item>,
    /// How many more there are.
    pub more: usize,
    /// What to do next.
    pub action: Option<String>,
    /// Where to read on.
    pub links: Vec<Link>,
}

impl Message {
    pub(super) fn new(tone: Tone, headline: impl Into<String>, at: Timestamp) -> Self {
        Self {
            tone,
            at,
            severity: None,
            name: None,
            dataset: None,
            headline: headline.into(),
            interval: None,
            since: None,
            evidence: None,
            held: Vec::new(),
            place: None,
            others: false,
            changed: Vec::new(),
            items: Vec::new(),
            more: 0,
            action: None,
            links: Vec::new(),
        }
    }

    /// It only tries whether messages arrive.
    pub fn test(at: Timestamp) -> Self {
        let mut message = Self::new(Tone::Test, "this is a test: alerts of Eval Dashboard arrive here", at);
        message.held = vec!["Nothing is wrong with any model. Somebody asked for this message.".into()];
        message
    }

    /// The line with its sign, for instance `▼ gamma-pro is worse by 4.4 points`.
    pub fn title(&self) -> String {
        format!("{} {}", self.tone.sign(), self.headline)
    }

    fn about(mut self, run: Option<&Run>) -> Self {
        self.name = run.map(|run| words::safe(&run.name));
        self.dataset = run.map(|run| words::safe(&run.dataset.name));
        self
    }

    /// What was found, by what the detector reported of it; without a report no more than the title of the alert.
    pub(super) fn opened(
        alert: &Alert,
        run: Option<&Run>,
        report: Option<&DriftReport>,
        links: &Links,
        at: Timestamp,
    ) -> Self {
        let mut message = Self::new(Tone::Bad, words::safe(&alert.finding.title), at).about(run);
        message.severity = alert.finding.severity;
        if let Some(run) = run {
            message.links = links.of(run, report);
            message.action = Some(action(alert, run, report));
        }
        let Some(report) = report else { return message };
        message.interval = report.effect.as_ref().and_then(words::whole_interval);
        message.since = report.since.as_ref().map(words::since);
        message.evidence = words::evidence(report);
        message.held = words::held(report);
        message.place = words::place(report);
        message.others = !report.categories.iter().all(words::is_certain);
        message.changed = words::changes(report);
        message.changed.extend(words::unchanged(report));
        message
    }

    /// It is over, for this reason.
    pub(super) fn recovered(alert: &Alert, run: Option<&Run>, why: &str, links: &Links, at: Timestamp) -> Self {
        let (title, why) = (words::safe(&alert.finding.title), words::safe(why));
        let mut message = Self::new(Tone::Over, words::over(&title, &why), at).about(run);
        if !message.headline.starts_with(&why) {
            message.held = vec![format!("{why}.")];
        }
        message.since = Some(words::day(alert.opened));
        message.links = run.map(|run| links.of(run, None)).unwrap_or_default();
        message
    }

    /// Many in one, as many as fit; the worst come first.
    pub(super) fn digest(mut messages: Vec<Self>, kind: NoticeKind, links: &Links, at: Timestamp) -> Self {
        messages.sort_by_key(|message| std::cmp::Reverse(message.severity));
        let count = messages.len();
        let (tone, headline) = match kind {
            NoticeKind::Recovered => (Tone::Over, format!("{count} findings are over")),
            _ => (Tone::Bad, format!("{count} findings at once")),
        };
        let mut digest = Self::new(tone, headline, at);
        digest.severity = messages.iter().filter_map(|message| message.severity).max();
        digest.more = count.saturating_sub(LISTED);
        digest.items = messages.into_iter().take(LISTED).map(Item::from).collect();
        digest.links = links.alerts();
        digest.action = Some("All of them: evalctl alerts list".into());
        digest
    }
}

impl From<Message> for Item {
    fn from(message: Message) -> Self {
        let on = message.dataset.map(|dataset| format!(" on {dataset}")).unwrap_or_default();
        let since = message.since.map(|since| format!(" since {since}")).unwrap_or_default();
        let url = message.links.into_iter().next().map(|link| link.url);
        Self { text: format!("{}{on}{since}", message.headline), url }
    }
}

/// What to do next.
fn action(alert: &Alert, run: &Run, report: Option<&DriftReport>) -> String {
    let Some(report) = report else {
        return format!("Look at its runs: evalctl runs --model {}", quoted(&run.name));
    };
    let coincides = |condition: Condition| report.changes.iter().any(|it| it.condition == condition && it.coincides);
    let look = if report.measure == Measure::Quality {
        "Read what regressed"
    } else if coincides(Condition::PromptTokens) {
        "See what the prompt is made of"
    } else {
        "See what moved"
    };
    let (name, id) = (quoted(&run.name), alert.id);
    format!("{look}: evalctl drift {name}. If it is to stay so: evalctl alerts ack {id} accept --reason WHY")
}

/// A name as a shell takes it.
pub(super) fn quoted(name: &str) -> String {
    let name = words::safe(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/:@+-".contains(c);
    if !name.is_empty() && name.chars().all(plain) { name } else { format!("'{}'", name.replace('\'', "'\\''")) }
}
