//! Who is told, and how what is told to them is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use eval_core::server::Delivery;
use eval_core::{Run, Timestamp, async_trait, error_chain};
use tokio::sync::Notify;

use super::{Delivered, Next, Receiver, Webhook, WebhookSecret, deliver};
use crate::{AfterRuns, Outbound, OutboundError};

/// Who is told when a run has ended: receivers by name, each with secrets of its own, and the callbacks of jobs, which
/// share one. Cheap to clone.
///
/// ```
/// use eval_server::{Outbound, Receiver, WebhookSecret, Webhooks};
///
/// let webhooks = Webhooks::new(Outbound::builder().build()?)
///     .public_url("https://evals.example")
///     .receiver("ci", Receiver::new("https://ci.example/hooks/evals", WebhookSecret::generate()?))
///     .callbacks(WebhookSecret::generate()?);
/// # let _ = webhooks;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Webhooks {
    outbound: Outbound,
    pub(crate) receivers: BTreeMap<String, Receiver>,
    callbacks: Vec<WebhookSecret>,
    public_url: Option<String>,
    bell: Arc<Notify>,
}

/// Why a callback cannot be taken.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// Nobody could check what is sent there.
    #[error("this server has no secret to sign callbacks with")]
    NoSecret,
    /// It may not be asked.
    #[error(transparent)]
    Refused(#[from] OutboundError),
}

impl Webhooks {
    /// Nobody yet; what is sent goes out here.
    pub fn new(outbound: Outbound) -> Self {
        let bell = Arc::default();
        Self { outbound, receivers: BTreeMap::new(), callbacks: Vec::new(), public_url: None, bell }
    }

    /// One more receiver, of this name. It is told of runs that began after the server first had one of the name.
    pub fn receiver(mut self, name: impl Into<String>, receiver: Receiver) -> Self {
        self.receivers.insert(name.into(), receiver);
        self
    }

    /// The secret that signs what goes to the callbacks of jobs. Who may start runs has to know it, so it is no secret of a
    /// receiver. A second one is the one before, with which callbacks are signed as well. Default: none, and then no
    /// callback is taken.
    pub fn callbacks(mut self, secret: WebhookSecret) -> Self {
        self.callbacks.push(secret);
        self
    }

    /// Where people reach this server, for the link in each webhook: `{url}/runs/{id}`. Default: no link.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into().trim_end_matches('/').to_owned());
        self
    }

    /// A run has ended: whoever sends looks at once. It is a hint; what is due stands in the store.
    pub fn wake(&self) {
        self.bell.notify_one();
    }

    /// Ready after a [`wake`](Self::wake).
    pub(super) async fn woken(&self) {
        self.bell.notified().await;
    }

    /// Whether the callback of a job may be taken: for who saves one.
    ///
    /// # Errors
    /// [`CallbackError`], for the caller to read.
    pub async fn check_callback(&self, url: &str) -> Result<(), CallbackError> {
        match self.callbacks.is_empty() {
            true => Err(CallbackError::NoSecret),
            false => Ok(self.outbound.check(url).await?),
        }
    }

    /// The names of the receivers, each with the host of its URL, which may be shown.
    pub fn names(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        self.receivers.iter().map(|(name, receiver)| (name.as_str(), receiver.host()))
    }

    /// Whether there is a secret to sign callbacks with.
    pub(crate) fn takes_callbacks(&self) -> bool {
        !self.callbacks.is_empty()
    }

    /// Sends a webhook of the type `test` to a receiver; `None` when there is none of this name. It is sent once, and
    /// remembered nowhere.
    pub async fn test(&self, name: &str, now: Timestamp) -> Option<Delivered> {
        let receiver = self.receivers.get(name)?;
        Some(deliver(&self.outbound, receiver, &Webhook::test(now), now).await)
    }

    /// One attempt to deliver the news of a run.
    pub(super) async fn attempt(&self, delivery: &Delivery, run: &Run, now: Timestamp) -> Delivered {
        let receiver = match self.find(&delivery.receiver) {
            Ok(receiver) => receiver,
            Err(why) => return Delivered::given_up(now, why),
        };
        if run.finished != delivery.ended || !run.status.is_end() {
            return Delivered::given_up(now, "the run goes on or has ended anew, and that is told instead");
        }
        let link = self.public_url.as_ref().map(|url| format!("{url}/runs/{}", run.id));
        let webhook = Webhook::run_finished(run, link.as_deref());
        let Some(webhook) = webhook.map(|webhook| webhook.of(&delivery.id)) else {
            return Delivered::given_up(now, "nobody wrote down when the run ended");
        };
        deliver(&self.outbound, &receiver, &webhook, now).await
    }

    /// The receiver of a delivery: one of this name, or else a callback, which is an address.
    fn find(&self, receiver: &str) -> Result<Receiver, String> {
        if let Some(known) = self.receivers.get(receiver) {
            return Ok(known.clone());
        }
        if !is_address(receiver) {
            return Err("no receiver of this name is configured any more".into());
        }
        let receiver = Receiver::signed(receiver, self.callbacks.clone());
        receiver.ok_or_else(|| error_chain(&CallbackError::NoSecret))
    }
}

/// Workers of this process tell that runs have ended.
#[async_trait]
impl AfterRuns for Webhooks {
    async fn ended(&self, _: &[Run]) {
        self.wake();
    }
}

/// Whether a receiver is the address of a callback and no name.
pub(crate) fn is_address(receiver: &str) -> bool {
    receiver.contains("://")
}

/// What may be shown of a receiver: its name, or of a callback no more than its host, since the rest of an address is
/// often a password.
pub(crate) fn shown(receiver: &str) -> String {
    match receiver.split_once("://") {
        None => receiver.to_owned(),
        Some(_) => match reqwest::Url::parse(receiver).ok().as_ref().and_then(reqwest::Url::host_str) {
            Some(host) => format!("callback at {host}"),
            None => "callback".to_owned(),
        },
    }
}

impl Delivered {
    /// Nothing was sent, and no attempt will do better.
    fn given_up(now: Timestamp, why: impl Into<String>) -> Self {
        Self { attempted: now, status: None, next: Next::GiveUp, failure: Some(why.into()), answer: String::new() }
    }
}
