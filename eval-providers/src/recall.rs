//! Answers that were given before: the response cache, and cassettes.

mod cache;
mod canonical;
mod cassette;
mod folder;
mod record;
mod replay;
mod scrub;

pub use cache::{Cache, CacheLayer, Cached};
pub use record::{Record, Recorder};
pub use replay::{Cassette, Replay};

use std::io;
use std::path::Path;

use eval_core::{ProviderError, ProviderErrorKind};

/// A folder or a file that cannot be used.
fn unusable(what: &str, path: &Path, error: io::Error) -> ProviderError {
    ProviderError::new(ProviderErrorKind::Config, format!("cannot {what} {}", path.display())).with_source(error)
}

/// Runs what blocks where it may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| tracing::warn!(%error, "reading or writing a stored answer was broken off")).ok()
}
