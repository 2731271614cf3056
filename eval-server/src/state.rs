//! What the routes share.

use std::fmt;
use std::sync::Arc;

use eval_core::server::Runner;
use eval_core::{BoxError, Reports};

use crate::access::Door;
use crate::{AccessOptions, Books};

/// What the routes stand on: a store, and who makes runs. Cheap to clone.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::InMemory;
/// use eval_server::AppState;
/// let state = AppState::new(Arc::new(InMemory::new()));
/// # let _ = state.clone();
/// ```
#[derive(Clone)]
pub struct AppState {
    /// The runs.
    pub(crate) store: Arc<dyn Reports>,
    /// All else that is kept.
    pub(crate) books: Arc<dyn Books>,
    /// Who comes in.
    pub(crate) door: Arc<Door>,
    /// Without one, nothing can be started here.
    pub(crate) runner: Option<Arc<dyn Runner>>,
}

impl AppState {
    /// A state over this store, in which no run can be started.
    pub fn new<S: Reports + Books>(store: Arc<S>) -> Self {
        Self::of(store.clone(), store)
    }

    /// The same over a store of your own that has the runs, and another that has all else.
    pub fn of(store: Arc<dyn Reports>, books: Arc<dyn Books>) -> Self {
        Self { store, books, door: Arc::new(Door::new(AccessOptions::default())), runner: None }
    }

    /// The same state, reached like this. Whoever was signed in before is signed in no more.
    pub fn access(mut self, options: AccessOptions) -> Self {
        self.door = Arc::new(Door::new(options));
        self
    }

    /// A link that signs one browser in, once and within ten minutes, with all rights: for whoever
    /// starts the server, to be shown on their terminal alone. `base` is where these routes stand, without a slash at the
    /// end.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use eval_core::InMemory;
    /// use eval_server::AppState;
    ///
    /// let link = AppState::new(Arc::new(InMemory::new())).login_link("http://127.0.0.1:8080")?;
    /// assert!(link.starts_with("http://127.0.0.1:8080/login?code="));
    /// # Ok::<(), eval_core::BoxError>(())
    /// ```
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn login_link(&self, base: &str) -> Result<String, BoxError> {
        Ok(format!("{base}/login?code={}", self.door.codes.make()?))
    }

    /// The same state, whose runs this one makes.
    pub fn runner(mut self, runner: Arc<dyn Runner>) -> Self {
        self.runner = Some(runner);
        self
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}
