//! The response cache.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eval_core::{
    Completion, FinishReason, Layer, Money, Origin, Provider, ProviderError, Purpose, Recall, Request, Timing,
    async_trait, short_hash,
};

use super::folder::Folder;
use super::{blocking, canonical, unusable};

/// The version of the key. It changes with what goes into the key, and then no older answer is found any more.
const KEY_VERSION: &str = "request 1";

/// A folder of answers that were given before.
///
/// Any number of processes may share one: an entry is written aside and renamed, so that readers see all of it or
/// nothing. An entry that is not whole, not of this cache or too old is as good as none, and is replaced.
///
/// The folder holds questions' answers as they are: keep it where only those may read who may read the answers.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: Arc<Folder>,
}

impl Cache {
    /// How long an answer is used, unless said otherwise: 7 days.
    pub const DEFAULT_TTL: Duration = Duration::from_secs(7 * 24 * 3600);
    /// How many bytes the folder may hold, unless said otherwise: 1 GiB.
    pub const DEFAULT_MAX_BYTES: u64 = 1 << 30;

    /// The cache in this folder, which is made when it is not there. An answer is used for `ttl`. When the folder holds
    /// more than `max_bytes`, the answers that were written first are removed until nine tenths of it are left; between
    /// two looks each process may write a tenth of it more.
    ///
    /// # Errors
    /// [`Config`](eval_core::ProviderErrorKind::Config) when the folder cannot be made.
    pub fn open(folder: impl AsRef<Path>, ttl: Duration, max_bytes: u64) -> Result<Self, ProviderError> {
        let path = folder.as_ref();
        let opened = Folder::open(path, ttl, max_bytes);
        let folder = opened.map_err(|error| unusable("use the folder of the cache,", path, error))?;
        Ok(Self { folder: Arc::new(folder) })
    }
}

/// Answers a request that was answered before out of a [`Cache`], and keeps new answers there.
///
/// The outermost layer: a hit makes no attempt, holds no permit and costs nothing. It is marked as
/// [recalled](eval_core::Served::recalled), says what it [would have cost](Completion::would_have_cost) and has no
/// latency. A run with such an answer becomes one of the kind [`Recall`](eval_core::RunKind::Recall), which enters no
/// leaderboard and no history: an old answer is no evidence of how a model answers today.
///
/// Requests are the same when provider, endpoint, model, messages, parameters and epoch are: repeats of a data set are
/// asked, not copied. Only whole answers are kept: those that ended by themselves ([`FinishReason::Stop`]), neither cut
/// nor filtered, and that no other cache gave. Equal requests at the same time may all be asked.
///
/// A judge's call is answered from the cache only where the answer that it grades was: a new answer gets a new verdict.
///
/// ```
/// use eval_core::{Completion, Money, Provider, ProviderExt, Request, Scripted};
/// use eval_providers::{Cache, CacheLayer};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = std::env::temp_dir().join(format!("eval-cache-example-{}", std::process::id()));
/// let cache = Cache::open(&folder, Cache::DEFAULT_TTL, Cache::DEFAULT_MAX_BYTES).unwrap();
/// let model = Scripted::fallible("model", |_| Ok(Completion::new("4").cost(Money::from_usd(0.01))));
/// let provider = model.layer(CacheLayer::new(cache, "https://models.example"));
///
/// let first = provider.complete(&Request::new("any", vec![])).await.unwrap();
/// let second = provider.complete(&Request::new("any", vec![])).await.unwrap();
/// assert_eq!((first.text, first.served.recalled), (second.text, None));
/// assert_eq!((second.cost, second.would_have_cost), (Some(Money::ZERO), Money::from_usd(0.01)));
/// # std::fs::remove_dir_all(folder).unwrap();
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct CacheLayer {
    cache: Cache,
    endpoint: String,
}

impl CacheLayer {
    /// Uses this cache for an endpoint, named by its URL or by whatever tells it from others: a model of one name need not
    /// be the same model elsewhere.
    pub fn new(cache: Cache, endpoint: impl Into<String>) -> Self {
        Self { cache, endpoint: endpoint.into() }
    }
}

impl<P: Provider> Layer<P> for CacheLayer {
    type Provider = Cached<P>;

    fn layer(&self, inner: P) -> Cached<P> {
        Cached { settings: self.clone(), recalled: Mutex::default(), hasher: RandomState::new(), inner }
    }
}

/// A provider with a cache: see [`CacheLayer`].
#[derive(Debug)]
pub struct Cached<P> {
    settings: CacheLayer,
    /// Hashes of the questions whose answers were recalled: 8 bytes each.
    recalled: Mutex<HashSet<u64>>,
    hasher: RandomState,
    inner: P,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Cached<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let key = self.key(request);
        if self.may_recall(request)
            && let Some(found) = self.read(key.clone()).await
        {
            self.note(request);
            return Ok(recalled(found, request));
        }
        let completion = self.inner.complete(request).await?;
        if is_kept(&completion) {
            self.write(key, completion.clone()).await;
        }
        Ok(completion)
    }
}

impl<P: Provider> Cached<P> {
    fn key(&self, request: &Request) -> String {
        let [messages, params] = canonical::texts(&request.messages, &request.params);
        let epoch = canonical::epoch(request).to_string();
        let CacheLayer { endpoint, .. } = &self.settings;
        short_hash([KEY_VERSION, self.inner.name(), endpoint, &request.model, &messages, &params, &epoch])
    }

    async fn read(&self, key: String) -> Option<Completion> {
        let folder = self.settings.cache.folder.clone();
        blocking(move || serde_json::from_str(&folder.read(&key)?).ok()).await?
    }

    /// A cache that cannot be written to is no reason to lose an answer.
    async fn write(&self, key: String, mut completion: Completion) {
        (completion.origin, completion.timing) = (None, Timing::default());
        let folder = self.settings.cache.folder.clone();
        let write =
            move || serde_json::to_string(&completion).map_err(Into::into).and_then(|text| folder.write(&key, &text));
        if let Some(Err(error)) = blocking(write).await {
            tracing::warn!(%error, "an answer could not be put into the cache");
        }
    }

    fn may_recall(&self, request: &Request) -> bool {
        match &request.origin {
            Some(origin) if origin.purpose == Purpose::Judge => self.recalled().contains(&self.question(origin)),
            _ => true,
        }
    }

    fn note(&self, request: &Request) {
        if let Some(origin) = &request.origin {
            self.recalled().insert(self.question(origin));
        }
    }

    fn question(&self, origin: &Origin) -> u64 {
        self.hasher.hash_one((origin.run, &origin.sample, origin.epoch))
    }

    fn recalled(&self) -> impl std::ops::DerefMut<Target = HashSet<u64>> {
        self.recalled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_kept(completion: &Completion) -> bool {
    let served = &completion.served;
    completion.finish == FinishReason::Stop && served.recalled.is_none() && served.cache_hit != Some(true)
}

fn recalled(mut completion: Completion, request: &Request) -> Completion {
    completion.served.recalled = Some(Recall::Cache);
    completion.would_have_cost = completion.cost.replace(Money::ZERO);
    completion.pricing = None;
    completion.origin(request.origin.clone())
}
