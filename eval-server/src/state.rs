//! What the routes share.

use std::fmt;
use std::sync::Arc;

use eval_core::Reports;
use eval_core::server::Runner;

use crate::error::ApiError;
use crate::{Books, Schedules, Webhooks};

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
    /// Without any, nobody is told.
    pub(crate) webhooks: Option<Webhooks>,
    /// Without any, nothing comes by the clock.
    pub(crate) schedules: Option<Schedules>,
}

impl AppState {
    /// A state over this store, in which no run can be started.
    pub fn new<S: Reports + Books>(store: Arc<S>) -> Self {
        Self::of(store.clone(), store)
    }

    /// The same over a store of your own that has the runs, and another that has all else.
    pub fn of(store: Arc<dyn Reports>, books: Arc<dyn Books>) -> Self {
        Self { store, books, runner: None, webhooks: None, schedules: None }
    }

    /// The same state, whose runs this one makes.
    pub fn runner(mut self, runner: Arc<dyn Runner>) -> Self {
        self.runner = Some(runner);
        self
    }

    /// The same state with receivers of webhooks. What is sent to them, a [`Dispatcher`](crate::Dispatcher) sends.
    pub fn webhooks(mut self, webhooks: Webhooks) -> Self {
        self.webhooks = Some(webhooks);
        self
    }

    /// The same state with schedules, which the host [runs](Schedules::run).
    pub fn schedules(mut self, schedules: Schedules) -> Self {
        self.schedules = Some(schedules);
        self
    }

    /// Whether the callback of a job may be taken.
    pub(crate) async fn check_callback(&self, url: &str) -> Result<(), ApiError> {
        let checked = match &self.webhooks {
            Some(webhooks) => webhooks.check_callback(url).await,
            None => Err(crate::CallbackError::NoSecret),
        };
        checked.map_err(|error| ApiError::callback(&error))
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}
