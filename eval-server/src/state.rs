//! What the routes share.

use std::fmt;
use std::sync::Arc;

use eval_core::Reports;
use eval_core::server::Runner;

use crate::{AlertSettings, Alerts, Books};

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
    /// Who tells people.
    pub(crate) alerts: Alerts,
}

impl AppState {
    /// A state over this store, in which no run can be started.
    pub fn new<S: Reports + Books>(store: Arc<S>) -> Self {
        Self::of(store.clone(), store)
    }

    /// The same over a store of your own that has the runs, and another that has all else.
    pub fn of(store: Arc<dyn Reports>, books: Arc<dyn Books>) -> Self {
        let alerts = Alerts::new(store.clone(), books.clone(), AlertSettings::default());
        Self { store, books, runner: None, alerts }
    }

    /// The same state, whose runs this one makes.
    pub fn runner(mut self, runner: Arc<dyn Runner>) -> Self {
        self.runner = Some(runner);
        self
    }

    /// The same state, whose people are told so. Default: nobody is told.
    pub fn alerts(mut self, alerts: Alerts) -> Self {
        self.alerts = alerts;
        self
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}
