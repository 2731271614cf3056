//! What the routes share.

use std::fmt;
use std::sync::Arc;

use eval_core::server::{Exporter, Runner, Stopping};
use eval_core::{BoxError, Reports};

use crate::access::Door;
use crate::health::Pulse;
use crate::jobs::{Desk, Limits};
use crate::{AccessOptions, AlertSettings, Alerts, Books, CallbackError, Dispatcher, Schedules, Webhooks};

/// Says which data sets a run may name.
type DatasetNames = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

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
    /// Without any, nobody is told.
    pub(crate) webhooks: Option<Webhooks>,
    /// Without any, nothing comes by the clock.
    pub(crate) schedules: Option<Schedules>,
    /// Without one, no run is written out as a file.
    pub(crate) exporter: Option<Arc<dyn Exporter>>,
    /// Where routes and workers of this process meet.
    pub(crate) desk: Arc<Desk>,
    pub(crate) limits: Limits,
    /// What this process knows of itself.
    pub(crate) pulse: Arc<Pulse>,
    /// Whether `/metrics` asks for no token.
    pub(crate) public_metrics: bool,
    /// Who tells people.
    pub(crate) alerts: Alerts,
    /// The data sets that a run may name, asked anew each time.
    pub(crate) dataset_names: DatasetNames,
}

impl AppState {
    /// A state over this store, in which no run can be started.
    pub fn new<S: Reports + Books>(store: Arc<S>) -> Self {
        Self::of(store.clone(), store)
    }

    /// The same over a store of your own that has the runs, and another that has all else.
    pub fn of(store: Arc<dyn Reports>, books: Arc<dyn Books>) -> Self {
        let alerts = Alerts::new(store.clone(), books.clone(), AlertSettings::default());
        let desk = Arc::new(Desk::new());
        let door = Arc::new(Door::new(AccessOptions::default()));
        Self {
            store,
            books,
            door,
            runner: None,
            webhooks: None,
            schedules: None,
            desk,
            limits: Limits::default(),
            pulse: Arc::default(),
            alerts,
            public_metrics: false,
            exporter: None,
            dataset_names: Arc::new(Vec::new),
        }
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

    /// At most so many jobs wait, of everybody; more are refused until some have been taken. Default 1,000.
    pub fn most_queued(mut self, jobs: usize) -> Self {
        self.limits.queued = jobs;
        self
    }

    /// At most so many jobs of one caller wait or run. Default 100.
    pub fn most_jobs_per_caller(mut self, jobs: usize) -> Self {
        self.limits.of_caller = jobs;
        self
    }

    /// The same state with receivers of webhooks. [`send_webhooks`](Self::send_webhooks) sends to them,
    /// and workers wake it when they are [told](crate::WorkersBuilder::after) of it.
    pub fn webhooks(mut self, webhooks: Webhooks) -> Self {
        self.webhooks = Some(webhooks);
        self
    }

    /// The same state with schedules, which [`run_schedules`](Self::run_schedules) runs.
    pub fn schedules(mut self, schedules: Schedules) -> Self {
        let desk = self.desk.clone();
        self.schedules = Some(schedules.queued(move || desk.ring()));
        self
    }

    /// Sends webhooks until it is asked to stop, and ends at once where there is nobody to be told.
    pub async fn send_webhooks(self, stop: Stopping) {
        if let Some(webhooks) = self.webhooks {
            Dispatcher::of(webhooks, self.store, self.books).run(stop).await;
        }
    }

    /// Submits the jobs of schedules until it is asked to stop, and ends at once where there are none.
    pub async fn run_schedules(self, stop: Stopping) {
        if let Some(schedules) = self.schedules {
            schedules.run(self.books, stop).await;
        }
    }

    /// Whether the callback of a job may be taken.
    pub(crate) async fn check_callback(&self, url: &str) -> Result<(), CallbackError> {
        match &self.webhooks {
            Some(webhooks) => webhooks.check_callback(url).await,
            None => Err(CallbackError::NoSecret),
        }
    }

    /// The same state, whose runs this one writes out as files. Default: nobody does.
    pub fn exporter(mut self, exporter: Arc<dyn Exporter>) -> Self {
        self.exporter = Some(exporter);
        self
    }

    /// The same state, which lists these data sets beside those that runs were made over: the names that its
    /// [`runner`](Self::runner) takes, asked for at each request. Default: none.
    pub fn dataset_names<F>(mut self, names: F) -> Self
    where
        F: Fn() -> Vec<String> + Send + Sync + 'static,
    {
        self.dataset_names = Arc::new(names);
        self
    }

    /// The same state, whose people are told so. Default: nobody is told.
    pub fn alerts(mut self, alerts: Alerts) -> Self {
        self.alerts = alerts;
        self
    }

    /// The same state, whose `/metrics` asks for no token when this is true. Default false: they tell what is evaluated
    /// here, and how much.
    pub fn public_metrics(mut self, public: bool) -> Self {
        self.public_metrics = public;
        self
    }

    /// Says that the server is about to end: from now on `/readyz` answers 503, so that nobody sends it new requests,
    /// streams of events end, and its [`Workers`](crate::Workers) take no job any more and leave those that they have.
    pub fn stopping(&self) {
        self.pulse.stop();
        self.desk.close();
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}
