//! Answers that were given before: the cache of answers, and cassettes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use eval_core::{AttemptLog, Provider, ProviderError, ProviderExt as _};
use eval_providers::{Cache, CacheLayer, Cassette, LedgerLayer, Recorder, Replay};

use crate::args::Taping;
use crate::config::Settings;
use crate::failure::{Failure, chain, did_you_mean};
use crate::output::{Console, clean};

/// What stands in for an endpoint, or listens to it. One for all the runs of a command. Default: nothing does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recalls {
    cache: Option<Cache>,
    recorder: Option<Recorder>,
    cassette: Option<Cassette>,
}

impl Recalls {
    /// The cache of the settings, unless there is a cassette.
    pub(crate) fn open(settings: &Settings, taping: &Taping) -> Result<Self, Failure> {
        let mut recalls = Self::tape(settings, taping)?;
        if let (Some(folder), false) = (&settings.cache.value, recalls.is_taped()) {
            let ttl = Duration::from_secs_f64(settings.cache_days.value * 86_400.0);
            let cache = Cache::open(folder, ttl, Cache::DEFAULT_MAX_BYTES);
            recalls.cache = Some(cache.map_err(|error| unusable(&error))?);
        }
        Ok(recalls)
    }

    /// The cassette alone: for gates, which ask.
    pub(crate) fn tape(settings: &Settings, taping: &Taping) -> Result<Self, Failure> {
        let recorder = taping.record.as_ref().map(Recorder::open).transpose().map_err(|error| unusable(&error))?;
        let recorder = recorder.map(|recorder| match &settings.key {
            Some(key) => recorder.scrub(&key.secret),
            None => recorder,
        });
        let cassette = taping.replay.as_ref().map(Cassette::open).transpose().map_err(|error| unusable(&error))?;
        Ok(Self { cache: None, recorder, cassette })
    }

    fn is_taped(&self) -> bool {
        self.recorder.is_some() || self.cassette.is_some()
    }

    /// Whether nobody is asked.
    pub(crate) fn is_replay(&self) -> bool {
        self.cassette.is_some()
    }

    /// Whether requests have to be the same each time, those of judges too.
    pub(crate) fn needs_repeatable(&self) -> bool {
        self.cache.is_some() || self.is_taped()
    }

    /// The endpoint, recorded where that is wanted: below every layer.
    pub(super) fn over(&self, endpoint: impl Provider) -> Arc<dyn Provider> {
        match &self.recorder {
            Some(recorder) => Arc::new(endpoint.layer(recorder.clone())),
            None => Arc::new(endpoint),
        }
    }

    /// The cassette in the place of the endpoint, each attempt written down. Nothing is tried again: what was recorded is
    /// how a request ended. `None` where there is no cassette.
    pub(super) fn replayed(&self, log: Arc<dyn AttemptLog>) -> Option<Arc<dyn Provider>> {
        let cassette = self.cassette.clone()?;
        Some(Arc::new(Replay::new(cassette).layer(LedgerLayer::new(log))))
    }

    /// The provider with the cache around all of its layers.
    pub(super) fn cached(&self, provider: Arc<dyn Provider>, settings: &Settings) -> Arc<dyn Provider> {
        let Some(cache) = self.cache.clone() else { return provider };
        let endpoint = settings.base_url.value.as_deref().map(super::public_url).unwrap_or_default();
        Arc::new(provider.layer(CacheLayer::new(cache, endpoint.trim_end_matches('/'))))
    }

    /// Refuses a model of which nothing was recorded, before anything begins.
    pub(super) fn check<'a>(&self, models: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
        let Some(cassette) = &self.cassette else { return Ok(()) };
        let known = cassette.models();
        let Some(model) = models.into_iter().find(|model| !known.iter().any(|known| known == model)) else {
            return Ok(());
        };
        let failure = Failure::usage(format!("the cassette holds nothing of `{}`", clean(model)));
        Err(match did_you_mean(model, known.iter().map(String::as_str)) {
            Some(meant) => failure.hint(format!("did you mean `{}`?", clean(meant))),
            None => failure.hint(format!("it holds {}", clean(&known.join(", ")))),
        })
    }

    /// Says what is missing in a recording.
    pub(crate) fn warn(&self, console: &Console) {
        if let Some(lost) = self.recorder.as_ref().map(Recorder::lost).filter(|lost| *lost > 0) {
            console.warn(format!("{lost} answers could not be recorded: the cassette is not whole"));
        }
    }
}

/// Refuses to begin a recording where something is already.
pub(crate) fn refuse_used(taping: &Taping) -> Result<(), Failure> {
    let is_used = |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some());
    match taping.record.as_deref().filter(|folder| is_used(folder)) {
        None => Ok(()),
        Some(folder) => Err(Failure::usage(format!("the folder {} is not empty", folder.display()))
            .hint("a recording begins in an empty folder: remove the old one first, or name another")),
    }
}

fn unusable(error: &ProviderError) -> Failure {
    Failure::usage(chain(error))
}
