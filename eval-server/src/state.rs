//! What the routes share.

use std::fmt;
use std::sync::Arc;

use eval_core::Reports;
use eval_core::server::{Exporter, Runner};

use crate::Books;

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
    /// Without one, no run is written out as a file.
    pub(crate) exporter: Option<Arc<dyn Exporter>>,
}

impl AppState {
    /// A state over this store, in which no run can be started.
    pub fn new<S: Reports + Books>(store: Arc<S>) -> Self {
        Self::of(store.clone(), store)
    }

    /// The same over a store of your own that has the runs, and another that has all else.
    pub fn of(store: Arc<dyn Reports>, books: Arc<dyn Books>) -> Self {
        Self { store, books, runner: None, exporter: None }
    }

    /// The same state, whose runs this one writes out as files.
    pub fn exporter(mut self, exporter: Arc<dyn Exporter>) -> Self {
        self.exporter = Some(exporter);
        self
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
