//! Alerts: people are told of what drifted, once, and that it is over.
//!
//! Three parts that know each other through the store alone. *Watching* reads what the detectors reported of the newest run
//! of each history and opens or ends alerts. *Announcing* turns alerts of which nobody was told into notices, one for
//! each channel, or one for many alerts. *Sending* takes notices and tries until they are told or given up. So a process
//! that is killed anywhere goes on where it was, two servers on one database tell everything once, and a channel that is
//! down holds up neither a run nor another channel.

mod announce;
mod channel;
mod email;
mod history;
mod hook;
mod links;
mod message;
mod open;
pub(crate) mod routes;
mod send;
mod settings;
mod silence;
mod slack;
mod watch;
mod words;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eval_core::server::{Ack, AckKind, Alert, AlertId};
use eval_core::{HistoryKey, Mark, MarkKind, Reports, Run, RunId, StoreError, Timestamp, async_trait, error_chain};
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::JoinSet;

pub use channel::{Channel, Told};
pub use email::{Email, MailError, MailServer, MailTls};
pub use hook::AlertHook;
pub use message::{Item, Link, Message, Tone};
pub use settings::AlertSettings;
pub use slack::Slack;

use crate::{AfterRuns, Books};
use links::Links;

/// How often due notices are looked for.
const SEND_EVERY: Duration = Duration::from_secs(5);
/// How often alerts that wait are looked for.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(5);
/// How often all histories are looked at, since other processes compute findings too.
const WATCH_EVERY: Duration = Duration::from_secs(300);

/// Tells people what drifted. Cheap to clone.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::InMemory;
/// use eval_server::{AlertSettings, Alerts, AppState, Outbound, Slack};
///
/// let store = Arc::new(InMemory::new());
/// let slack = Slack::new("https://hooks.slack.com/services/T/B/secret", Outbound::builder().build()?);
/// let alerts = Alerts::new(store.clone(), store.clone(), AlertSettings::default()).channel(slack);
/// let state = AppState::new(store).alerts(alerts.clone());
/// // tokio::spawn(async move { alerts.work().await });
/// # let _ = state;
/// # Ok::<(), eval_server::OutboundError>(())
/// ```
#[derive(Clone)]
pub struct Alerts {
    store: Arc<dyn Reports>,
    books: Arc<dyn Books>,
    settings: Arc<AlertSettings>,
    links: Links,
    channels: Vec<Arc<dyn Channel>>,
    /// Since when alerts wait to be told together.
    waiting: Arc<Mutex<Option<Timestamp>>>,
    /// Rings when there may be something to send.
    bell: Arc<Notify>,
}

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerts").field("channels", &self.channels).finish_non_exhaustive()
    }
}

/// Why a person's word about an alert was not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AckError {
    /// There is no such alert.
    #[error("there is no alert {0}")]
    Unknown(AlertId),
    /// It is over.
    #[error("alert {0} is over")]
    Over(AlertId),
    /// There is no run at which a new era could begin.
    #[error("alert {0} has no run that is still there, where a new level could begin")]
    NoRun(AlertId),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Alerts {
    /// Alerts over these runs, without a channel.
    pub fn new(store: Arc<dyn Reports>, books: Arc<dyn Books>, settings: AlertSettings) -> Self {
        let links = Links::new(settings.public_url.as_deref());
        let (waiting, bell) = Default::default();
        Self { store, books, settings: Arc::new(settings), links, channels: Vec::new(), waiting, bell }
    }

    /// The same with one more channel.
    pub fn channel(mut self, channel: impl Channel) -> Self {
        self.channels.push(Arc::new(channel));
        self
    }

    /// The names of the channels.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.channels.iter().map(|channel| channel.name())
    }

    /// Runs have ended: looks at their histories, and computes what was found where nobody did. A store in trouble is told in the
    /// log, and looked at again later.
    pub async fn ended(&self, runs: &[Run]) {
        let now = Timestamp::now();
        let watched = self.watch(runs, now).await;
        told(watched, "alerts of runs that ended");
        told(self.announce(now).await, "alerts");
        self.bell.notify_waiters();
    }

    /// Watches, announces and sends until it is dropped. At its start it looks at everything that was reported while nobody
    /// was there.
    pub async fn work(&self) {
        let mut tasks = JoinSet::new();
        for channel in &self.channels {
            let (alerts, channel) = (self.clone(), Arc::clone(channel));
            tasks.spawn(async move {
                loop {
                    told(alerts.send_through(&*channel, Timestamp::now()).await, "notices");
                    let _ = tokio::time::timeout(SEND_EVERY, alerts.bell.notified()).await;
                }
            });
        }
        let mut watched: Option<tokio::time::Instant> = None;
        loop {
            if watched.is_none_or(|at| at.elapsed() >= WATCH_EVERY) {
                watched = Some(tokio::time::Instant::now());
                told(self.catch_up(Timestamp::now()).await, "histories");
            }
            told(self.announce(Timestamp::now()).await, "alerts");
            self.bell.notify_waiters();
            tokio::time::sleep(ANNOUNCE_EVERY).await;
        }
    }

    /// Looks at all histories, and for those that are silent, as [`work`](Self::work) does at its start and every five
    /// minutes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn catch_up(&self, now: Timestamp) -> Result<(), StoreError> {
        let runs = self.recent(now).await?;
        self.watch(&runs, now).await?;
        self.watch_silence(&runs, now).await
    }

    /// Takes what a person says of an alert. `accept` and `fixed` write a mark, with which a new era of the history begins,
    /// and end the alert; `mute` keeps it quiet.
    ///
    /// # Errors
    /// [`AckError`].
    pub async fn acknowledge(&self, id: AlertId, ack: &Ack) -> Result<Alert, AckError> {
        let alert = self.books.alert(id).await?.ok_or(AckError::Unknown(id))?;
        if !alert.is_open() {
            return Err(AckError::Over(id));
        }
        if ack.kind != AckKind::Mute {
            let run = self.run(alert.finding.run).await?.ok_or(AckError::NoRun(id))?;
            // Silence has no level that could begin anew.
            if !silence::is_silence(&alert) {
                self.accept(&run, ack).await?;
            }
        }
        let said = self.books.acknowledge(id, ack).await?.ok_or(AckError::Unknown(id))?;
        if ack.kind == AckKind::Mute {
            return Ok(said);
        }
        let why =
            format!("{} by {}: {}", if ack.kind == AckKind::Fixed { "fixed" } else { "accepted" }, ack.by, ack.reason);
        self.end(vec![(said, why)], ack.at).await?;
        self.bell.notify_waiters();
        self.books.alert(id).await?.ok_or(AckError::Unknown(id))
    }

    async fn accept(&self, run: &Run, ack: &Ack) -> Result<(), StoreError> {
        let mark = Mark::new(HistoryKey::of(run), run.id, MarkKind::Accepted, &ack.by, &ack.reason);
        self.books.put_mark(&mark).await?;
        self.renew(mark.key).await
    }

    /// A run, unless it is gone.
    async fn run(&self, id: Option<RunId>) -> Result<Option<Run>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        match self.store.get_run(id).await {
            Ok(run) => Ok(Some(run)),
            Err(StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl AfterRuns for Alerts {
    async fn ended(&self, runs: &[Run]) {
        Self::ended(self, runs).await;
    }
}

/// A store in trouble stops nothing: what was not done is found again.
fn told(result: Result<(), StoreError>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(error = error_chain(&error), "{what} wait for the store");
    }
}
