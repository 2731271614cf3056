//! A server whose model answers when a test lets it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::{Extension, Router};
use eval_core::server::{Job, JobRequest, Runner, Scope, Stopping};
use eval_core::{
    Again, Completion, Dataset, Evaluator, InMemory, Judge, JudgeError, Provider, ProviderError, Reporter, Run,
    RunError, RunId, RunStatus, Sample, Score, Store as _, Verdict, async_trait,
};
use eval_server::{AppState, Caller, Workers, WorkersBuilder, router};
use serde_json::Value;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// Answers each question with itself, when it may.
pub(crate) struct Gated {
    gate: Semaphore,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Provider for Gated {
    fn name(&self) -> &str {
        "gated"
    }

    async fn complete(&self, request: &eval_core::Request) -> Result<Completion, ProviderError> {
        self.asked.lock().expect("no other panics").push(format!("{} {}", request.model, request.last()));
        self.gate.acquire().await.expect("it is never closed").forget();
        Ok(Completion::new(request.last()))
    }
}

struct Same;

#[async_trait]
impl Judge for Same {
    fn name(&self) -> &str {
        "same"
    }

    async fn judge(&self, sample: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
        Ok(Verdict::scored("same", Score::from(Some(&answer.text) == sample.target.as_ref()), "compared"))
    }
}

/// Makes the runs of a job here, one after the other, over as many questions as its limit says, or four.
pub(crate) struct Local {
    store: Arc<InMemory>,
    model: Arc<Gated>,
    /// Times that it was asked to run a job.
    pub(crate) jobs: AtomicUsize,
}

impl Local {
    async fn of_model(&self, job: &Job, model: &str) -> Option<RunId> {
        for id in &job.runs {
            if self.store.get_run(*id).await.is_ok_and(|run| run.model == model) {
                return Some(*id);
            }
        }
        None
    }
}

fn questions(n: u64) -> Dataset {
    let sample = |at: u64| Sample::new(format!("q{at:03}").as_str(), format!("{at}")).target(format!("{at}"));
    Dataset::from_samples("golden", (0..n).map(sample).collect()).expect("ids are unique")
}

#[async_trait]
impl Runner for Local {
    async fn check(&self, request: &JobRequest) -> Result<(), RunError> {
        match request.models.iter().find(|model| model.starts_with("no-")) {
            Some(model) => Err(RunError::Config(format!("there is no model {model}"))),
            None => Ok(()),
        }
    }

    async fn run(&self, job: &Job, mut reporter: Box<dyn Reporter>, stop: Stopping) -> Result<Vec<Run>, RunError> {
        self.jobs.fetch_add(1, Ordering::Relaxed);
        let dataset = questions(job.request.selection.as_ref().and_then(|selection| selection.limit).unwrap_or(4));
        let mut runs = Vec::new();
        for model in job.request.models.iter().take_while(|_| !stop.is_asked()) {
            assert_ne!(model, "panics", "as it was asked to");
            let evaluator = Evaluator::builder(self.model.clone(), Same).model(model).concurrency(1);
            let evaluator = evaluator.durable(self.store.clone()).build()?;
            let stop = stop.clone().asked();
            let before = self.of_model(job, model).await;
            if let Some(id) = before {
                let run = self.store.get_run(id).await?;
                if run.status == RunStatus::Finished {
                    runs.push(run);
                    continue;
                }
            }
            runs.push(match before {
                Some(run) => evaluator.resume_until(run, Again::Missing, &dataset, &mut reporter, stop).await?,
                None => evaluator.run_until(&dataset, &mut reporter, stop).await?,
            });
        }
        Ok(runs)
    }
}

/// A server process over a store that outlives it.
pub(crate) struct Server {
    pub(crate) store: Arc<InMemory>,
    pub(crate) runner: Arc<Local>,
    pub(crate) state: AppState,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(InMemory::new()))
    }

    pub(crate) fn over(store: Arc<InMemory>) -> Self {
        let model = Arc::new(Gated { gate: Semaphore::new(0), asked: Mutex::default() });
        let runner = Arc::new(Local { store: store.clone(), model, jobs: AtomicUsize::new(0) });
        let state = AppState::new(store.clone()).runner(runner.clone());
        Self { store, runner, state }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(AppState) -> AppState) -> Self {
        self.state = change(self.state);
        self
    }

    pub(crate) fn workers(&self) -> WorkersBuilder {
        Workers::builder(&self.state, self.runner.clone())
    }

    /// The API for this caller.
    pub(crate) fn api(&self, caller: &str) -> Router {
        router(self.state.clone()).layer(Extension(Caller::new(caller, Scope::Admin)))
    }

    /// So many questions are answered.
    pub(crate) fn answer(&self, questions: usize) {
        self.runner.model.gate.add_permits(questions);
    }

    /// What was asked so far: model and question.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.runner.model.asked.lock().expect("no other panics").clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = send(&self.api("ann"), "GET", path, None, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json);
        answer.json
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        send(&self.api("ann"), "POST", path, None, &[]).await
    }

    /// Starts runs and gives the path of the job.
    pub(crate) async fn start(&self, body: Value) -> String {
        let answer = send(&self.api("ann"), "POST", "/api/v1/runs", Some(body), &[]).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.json);
        answer.headers["location"].to_str().expect("a path").to_owned()
    }

    /// The job, when it is in this state.
    pub(crate) async fn job_in(&self, job: &str, state: &str) -> Value {
        self.until(job, async || Some(self.get(job).await["job"].clone()).filter(|job| job["state"] == state)).await
    }

    /// The id of the first run of a job, when it has begun.
    pub(crate) async fn run_of(&self, job: &str) -> String {
        self.until(job, async || self.get(job).await["job"]["runs"][0].as_str().map(str::to_owned)).await
    }

    /// The run, when so many questions have been asked of it.
    pub(crate) async fn when_asked(&self, questions: usize) {
        self.until("questions", async || (self.asked().len() >= questions).then_some(())).await;
    }

    /// What there is, when it is there. An hour of paused time is long enough for anything.
    pub(crate) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        for _ in 0..36_000 {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{what} was not as expected within an hour; asked so far: {:?}", self.asked());
    }
}

pub(crate) async fn send(
    api: &Router,
    method: &str,
    path: &str,
    body: Option<Value>,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    let response = api.clone().oneshot(request.expect("a request")).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 10_000_000).await.expect("a body");
    let json = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    Answer { status: parts.status, headers: parts.headers, json }
}
