//! What the routes share.

use std::fmt;
use std::sync::Arc;

use eval_core::Reports;
use eval_core::server::Runner;

use crate::Books;
use crate::health::Pulse;

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
    /// Without one, nothing can be started here.
    pub(crate) runner: Option<Arc<dyn Runner>>,
    /// What this process knows of itself.
    pub(crate) pulse: Arc<Pulse>,
    /// Whether `/metrics` asks for no token.
    pub(crate) public_metrics: bool,
}

impl AppState {
    /// A state over this store, in which no run can be started.
    pub fn new<S: Reports + Books>(store: Arc<S>) -> Self {
        Self::of(store.clone(), store)
    }

    /// The same over a store of your own that has the runs, and another that has all else.
    pub fn of(store: Arc<dyn Reports>, books: Arc<dyn Books>) -> Self {
        Self { store, books, runner: None, pulse: Arc::default(), public_metrics: false }
    }

    /// The same state, whose runs this one makes.
    pub fn runner(mut self, runner: Arc<dyn Runner>) -> Self {
        self.runner = Some(runner);
        self
    }

    /// The same state, whose `/metrics` asks for no token when this is true. Default false: they tell what is evaluated
    /// here, and how much.
    pub fn public_metrics(mut self, public: bool) -> Self {
        self.public_metrics = public;
        self
    }

    /// Says that the server is about to end: from now on `/readyz` answers 503, so that nobody sends it new requests.
    pub fn stopping(&self) {
        self.pulse.stop();
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}
