//! What the routes share.

use std::fmt;
use std::sync::Arc;

use eval_core::Reports;

/// What the routes read from: a store with its reports. Cheap to clone.
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
    pub(crate) store: Arc<dyn Reports>,
}

impl AppState {
    /// A state over this store.
    pub fn new(store: Arc<dyn Reports>) -> Self {
        Self { store }
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}
