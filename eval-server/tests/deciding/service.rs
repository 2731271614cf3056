//! The routes over a store in memory that has runs.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::{Extension, Router};
use eval_core::server::{Audit, AuditEntry, AuditQuery, Scope};
use eval_core::{
    Completion, Dataset, Evaluator, InMemory, Judge, JudgeError, Money, Run, Sample, Score, Scripted, Verdict,
    async_trait,
};
use eval_server::{AppState, Caller, router};
use serde_json::Value;
use tower::ServiceExt;

/// Right when the answer is the target.
struct Same;

#[async_trait]
impl Judge for Same {
    fn name(&self) -> &str {
        "same"
    }

    async fn judge(&self, sample: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
        let target = sample.target.as_deref().unwrap_or_default();
        Ok(Verdict::scored("same", Score::from(answer.text == target), "compared"))
    }
}

pub(crate) struct Service {
    pub(crate) store: Arc<InMemory>,
    state: AppState,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }
}

impl Service {
    pub(crate) fn new() -> Self {
        let store = Arc::new(InMemory::new());
        Self { state: AppState::new(store.clone()), store }
    }

    /// The same service over another state.
    pub(crate) fn with(self, change: impl FnOnce(AppState) -> AppState) -> Self {
        Self { state: change(self.state), store: self.store }
    }

    fn router(&self, scope: Scope) -> Router {
        router(self.state.clone()).layer(Extension(Caller::new("ada", scope)))
    }

    async fn send(&self, scope: Scope, request: Request<Body>) -> Answer {
        let response = self.router(scope).oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 10_000_000).await.expect("a body");
        Answer { status, json: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    /// What a route says to somebody who may read.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Scope::Read, Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// The JSON of an answer that must be a success.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json);
        answer.json
    }

    pub(crate) async fn post(&self, scope: Scope, path: &str, body: Value) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(scope, request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub(crate) async fn delete(&self, scope: Scope, path: &str) -> Answer {
        self.send(scope, Request::delete(path).body(Body::empty()).expect("a request")).await
    }

    /// A run of 60 questions, of which so many are answered right. An answer costs a tenth of a cent.
    pub(crate) async fn run(&self, name: &str, right: usize) -> Run {
        self.run_on(name, right, "golden").await
    }

    pub(crate) async fn run_on(&self, name: &str, right: usize, dataset: &str) -> Run {
        let model = Scripted::fallible(name, move |request| {
            let at: usize = request.last().parse().unwrap_or_default();
            let answer = Completion::new(if at < right { request.last() } else { "wrong" });
            Ok(answer.cost(Some(Money::from_nanos(1_000_000))))
        });
        let evaluator = Evaluator::builder(model, Same).store(self.store.clone()).build().expect("an evaluator");
        evaluator.run(&questions(dataset), &mut ()).await.expect("a run")
    }

    /// What was written into the audit log, newest first.
    pub(crate) async fn audit(&self) -> Vec<AuditEntry> {
        self.store.entries(&AuditQuery::default()).await.expect("entries")
    }
}

fn questions(name: &str) -> Dataset {
    let sample = |at: usize| {
        let category = if at.is_multiple_of(2) { "math" } else { "safety" };
        Sample::new(format!("q{at:02}").as_str(), format!("{at}")).category(category).target(format!("{at}"))
    };
    Dataset::from_samples(name, (0..60).map(sample).collect()).expect("ids are unique")
}
