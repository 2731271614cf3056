//! Writing cassettes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use eval_core::{Completion, Layer, Provider, ProviderError, Request, async_trait};
use secrecy::SecretString;

use super::cassette::{Asked, Outcome, Tape};
use super::scrub::Scrub;
use super::{blocking, unusable};

/// Writes down every request and how it ended, for [`Replay`](super::Replay). A layer that sits directly on the
/// endpoint, below all others.
///
/// The folder holds a JSON file for each request, made for `git`: named by model, sample, epoch and purpose, the same
/// bytes for the same outcome, without times, ids of calls, headers or keys. Parameters that carry a secret (`api_key`,
/// `extra_headers`, …) are left out. A request that is made again keeps all outcomes, in their order; an error that
/// another attempt got over is not kept. What is there already is continued.
///
/// Questions and answers stand in the files as they are.
///
/// ```
/// use eval_core::{Message, Provider, ProviderExt, Request, Scripted};
/// use eval_providers::{Cassette, Recorder, Replay};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = std::env::temp_dir().join(format!("eval-cassette-example-{}", std::process::id()));
/// let request = Request::new("any", vec![Message::user("What is 2 + 2?")]);
/// let model = Scripted::always("4").layer(Recorder::open(&folder).unwrap());
/// model.complete(&request).await.unwrap();
///
/// let replay = Replay::new(Cassette::open(&folder).unwrap());
/// assert_eq!(replay.complete(&request).await.unwrap().text, "4");
/// # std::fs::remove_dir_all(folder).unwrap();
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
    scrub: Scrub,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    /// Held while a file is read, continued and written.
    turn: Mutex<()>,
    lost: AtomicU64,
}

impl Recorder {
    /// Records into this folder, which is made when it is not there.
    ///
    /// # Errors
    /// [`Config`](eval_core::ProviderErrorKind::Config) when the folder cannot be made.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, ProviderError> {
        let folder = folder.as_ref().to_owned();
        std::fs::create_dir_all(&folder).map_err(|error| unusable("record into the folder", &folder, error))?;
        let shared = Shared { folder, turn: Mutex::new(()), lost: AtomicU64::new(0) };
        Ok(Self { shared: Arc::new(shared), scrub: Scrub::default() })
    }

    /// The same with a key that is masked wherever it stands, also in answers: those above see what is recorded. A key
    /// of less than 12 characters is taken for a word. Default: none.
    pub fn scrub(mut self, key: &SecretString) -> Self {
        self.scrub = Scrub::new(key);
        self
    }

    /// Outcomes that could not be written down, and so are missing in the cassette. The reason is logged.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    async fn record(&self, provider: &str, asked: Asked, outcome: Outcome) {
        let (shared, provider) = (self.shared.clone(), provider.to_owned());
        let written = blocking(move || shared.append(&provider, asked, outcome)).await;
        if let Some(Err(error)) = &written {
            tracing::error!(%error, "an answer could not be recorded");
        }
        if !matches!(written, Some(Ok(()))) {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Shared {
    fn append(&self, provider: &str, asked: Asked, outcome: Outcome) -> io::Result<()> {
        let file = asked.file(&self.folder);
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tape = match Tape::read(&file) {
            Ok(tape) => tape,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Tape::new(provider, asked),
            Err(error) => return Err(error),
        };
        tape.push(outcome);
        tape.write(&file)
    }
}

impl<P: Provider> Layer<P> for Recorder {
    type Provider = Record<P>;

    fn layer(&self, inner: P) -> Record<P> {
        Record { recorder: self.clone(), inner }
    }
}

/// A provider that is recorded: see [`Recorder`].
#[derive(Debug)]
pub struct Record<P> {
    recorder: Recorder,
    inner: P,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Record<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let scrub = &self.recorder.scrub;
        let mut result = self.inner.complete(request).await;
        if let Ok(completion) = &mut result {
            scrub.text(&mut completion.text);
        }
        let outcome = Outcome::of(&result, scrub);
        self.recorder.record(self.inner.name(), Asked::of(request, scrub), outcome).await;
        result
    }
}
