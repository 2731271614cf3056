//! The API as a host service sees it.

use std::io;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::{Extension, Router};
use eval_core::server::Scope;
use eval_core::{
    BoxError, Completion, Dataset, DatasetRef, Evaluation, EvaluationQuery, Evaluator, InMemory, Judge, JudgeError,
    ProviderError, ProviderErrorKind, Reports, Run, RunId, RunQuery, Sample, Score, Scripted, Served, Store,
    StoreError, Timestamp, Usage, Verdict, async_trait,
};
use eval_server::{AppState, Caller, router};
use serde::Serialize;
use serde_json::{Value, json};
use tower::ServiceExt;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

async fn send(service: &Router, method: &str, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
    let response = service.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 10_000_000).await.expect("a body");
    let json = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    Answer { status: parts.status, headers: parts.headers, json }
}

async fn get(service: &Router, path: &str) -> Answer {
    send(service, "GET", path).await
}

/// The JSON of an answer that must be a success.
async fn read(service: &Router, path: &str) -> Value {
    let answer = get(service, path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json);
    answer.json
}

fn service(store: Arc<dyn Reports>) -> Router {
    router(AppState::of(store, Arc::new(InMemory::new()))).layer(Extension(Caller::new("tests", Scope::Admin)))
}

/// Right when the answer is the target.
struct Same;

#[async_trait]
impl Judge for Same {
    fn name(&self) -> &str {
        "same"
    }

    async fn judge(&self, sample: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
        let target = sample.target.as_deref().ok_or(JudgeError::Lacks("an expected output".into()))?;
        Ok(Verdict::scored("same", Score::from(answer.text == target), "compared"))
    }
}

/// Seven questions of two categories: five can be scored, one has no expected output, one is too long to answer.
fn questions(name: &str) -> Dataset {
    let sample = |at: usize| {
        let sample = Sample::new(format!("q:{at} é").as_str(), format!("{at}"));
        let sample = sample.category(if at < 4 { "math" } else { "safety" });
        if at == 5 { sample } else { sample.target(format!("{at}")) }
    };
    Dataset::from_samples(name, (0..7).map(sample).collect()).expect("ids are unique")
}

/// Answers with the question, but `wrong` ones wrong.
fn model(name: &str, wrong: usize) -> Scripted {
    Scripted::fallible(name, move |request| match request.last().parse::<usize>() {
        Ok(6) => Err(ProviderError::new(ProviderErrorKind::ContextWindow, "too long")),
        Ok(at) if at < wrong => Ok(Completion::new("wrong")),
        _ => Ok(Completion::new(request.last())),
    })
}

async fn evaluate(store: &Arc<InMemory>, name: &str, wrong: usize, dataset: &str) -> Run {
    let evaluator = Evaluator::builder(model(name, wrong), Same).store(store.clone()).epochs(2).build();
    evaluator.expect("an evaluator").run(&questions(dataset), &mut ()).await.expect("a run")
}

/// Runs one minute apart, oldest first.
async fn bare_runs(store: &InMemory, n: i64) -> Vec<RunId> {
    let mut ids = Vec::new();
    for minute in 0..n {
        let mut run = Run::new("bare", DatasetRef::new("golden", "f", 1), 1);
        run.started = Timestamp::from_second(1_700_000_000 + 60 * minute).expect("a time");
        run.id = RunId::at(run.started);
        store.put_run(&run).await.expect("stored");
        ids.push(run.id);
    }
    ids
}

fn ids(page: &Value) -> Vec<String> {
    let id = |run: &Value| run["id"].as_str().expect("an id").to_owned();
    page["runs"].as_array().expect("runs").iter().map(id).collect()
}

/// What a client reads of a value: not each last digit of a number survives the way through text.
fn sent(value: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(value).expect("JSON")).expect("JSON")
}

fn percent_encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn healthz_answers_without_a_working_store() {
    assert_eq!(read(&service(Arc::new(Broken(StoreError::Backend))), "/healthz").await, json!({"status": "ok"}));
}

#[tokio::test]
async fn runs_come_newest_first_in_pages_that_end() {
    let store = Arc::new(InMemory::new());
    let mut expected: Vec<String> = bare_runs(&store, 7).await.iter().map(RunId::to_string).collect();
    expected.reverse();
    let service = service(store.clone());
    let (mut found, mut sizes, mut path) = (Vec::new(), Vec::new(), "/api/v1/runs?limit=3".to_owned());
    loop {
        let page = read(&service, &path).await;
        sizes.push(ids(&page).len());
        found.extend(ids(&page));
        // A run that begins while a client is reading shifts nothing.
        store.put_run(&Run::new("new", DatasetRef::new("golden", "f", 1), 1)).await.unwrap();
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/runs?limit=3&after={next}");
    }
    assert_eq!((found, sizes), (expected, vec![3, 3, 1]));
}

#[tokio::test]
async fn a_page_that_is_just_full_is_the_last() {
    let store = Arc::new(InMemory::new());
    bare_runs(&store, 50).await;
    let service = service(store.clone());
    let page = read(&service, "/api/v1/runs").await;
    assert_eq!((ids(&page).len(), &page["next"]), (50, &Value::Null));
    bare_runs(&store, 201).await;
    assert_eq!(ids(&read(&service, "/api/v1/runs").await).len(), 50, "the default limit");
    assert_eq!(ids(&read(&service, "/api/v1/runs?limit=200").await).len(), 200);
    assert_eq!(ids(&read(&service, "/api/v1/runs?limit=1").await).len(), 1);
}

#[tokio::test]
async fn runs_are_filtered() {
    let store = Arc::new(InMemory::new());
    let good = evaluate(&store, "good", 0, "golden").await.id.to_string();
    let other = evaluate(&store, "good", 0, "a b").await.id.to_string();
    let running = bare_runs(&store, 1).await[0].to_string();
    let service = service(store);
    for (query, expected) in [
        ("model=good", vec![&other, &good]),
        ("dataset=golden", vec![&good, &running]),
        ("dataset=a+b", vec![&other]),
        ("status=running", vec![&running]),
        ("model=good&status=finished&dataset=golden", vec![&good]),
        ("model=nobody", vec![]),
    ] {
        let page = read(&service, &format!("/api/v1/runs?{query}")).await;
        assert_eq!(ids(&page).iter().collect::<Vec<_>>(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_run_is_shown_with_its_categories_and_utc_times() {
    let store = Arc::new(InMemory::new());
    let run = evaluate(&store, "good", 2, "golden").await;
    let shown = read(&service(store), &format!("/api/v1/runs/{}", run.id)).await;
    assert_eq!(shown["run"], sent(&run));
    assert_eq!(shown["run"]["summary"]["categories"]["math"]["score"]["mean"], 0.5);
    for name in ["started", "finished"] {
        let time = shown["run"][name].as_str().unwrap();
        assert!(time.ends_with('Z') && time.parse::<Timestamp>().is_ok(), "{name}: {time}");
    }
}

/// Two deployments behind one name, and a second run whose questions are counted by another tokenizer.
#[tokio::test]
async fn a_run_says_who_answered_and_whether_prompt_tokens_changed() {
    let store = Arc::new(InMemory::new());
    let mut ids = Vec::new();
    for tokens in [10, 17] {
        let model = Scripted::fallible("pair", move |request| {
            let mut served = Served::default();
            served.model_id = Some(format!("pair-{}", request.last().len() % 2));
            Ok(Completion::new("yes").usage(Usage::new(tokens, 1)).served(served))
        });
        let file = "id,question,expected_output\n1,a,yes\n2,bb,yes\n";
        let dataset = Dataset::from_csv_text("golden", file).unwrap();
        let evaluator = Evaluator::builder(model, Same).store(store.clone()).build().unwrap();
        ids.push(evaluator.run(&dataset, &mut ()).await.unwrap().id);
    }
    let service = service(store);
    let [first, second] = [&ids[0], &ids[1]].map(|id| format!("/api/v1/runs/{id}"));
    let (first, second) = (read(&service, &first).await, read(&service, &second).await);
    assert_eq!((&first["prompt_tokens"], first["notes"].as_array().map(Vec::len)), (&Value::Null, Some(1)));
    assert_eq!(first["notes"][0], "2 backends answered in this run: pair-0 1, pair-1 1");
    assert_eq!(second["prompt_tokens"], json!({"against": ids[0], "compared": 2, "changed": 2}));
    assert!(second["notes"][1].as_str().unwrap().starts_with("prompt tokens of 100 % of the questions changed"));
}

#[tokio::test]
async fn evaluations_are_filtered() {
    let store = Arc::new(InMemory::new());
    let run = evaluate(&store, "good", 2, "golden").await.id;
    let service = service(store);
    for (query, expected) in [
        ("", 14),
        ("?category=math", 8),
        ("?outcome=scored", 10),
        ("?outcome=unscored", 2),
        ("?outcome=failed", 2),
        ("?outcome=failed&category=math", 0),
    ] {
        let page = read(&service, &format!("/api/v1/runs/{run}/evaluations{query}")).await;
        assert_eq!(page["evaluations"].as_array().unwrap().len(), expected, "{query}");
        assert_eq!(page["next"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn evaluations_come_in_pages_whatever_the_ids_hold() {
    let store = Arc::new(InMemory::new());
    let run = evaluate(&store, "good", 2, "golden").await.id;
    let all = store.evaluations(run, &EvaluationQuery::default()).await.unwrap();
    let service = service(store);
    let base = format!("/api/v1/runs/{run}/evaluations?limit=4");
    let (mut found, mut path) = (Vec::new(), base.clone());
    loop {
        let page = read(&service, &path).await;
        found.extend(page["evaluations"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{base}&after={}", percent_encode(next));
    }
    assert_eq!(found, all.iter().map(sent).collect::<Vec<_>>());
}

#[tokio::test]
async fn models_are_the_leaderboard_of_one_data_set() {
    let store = Arc::new(InMemory::new());
    for (name, wrong, dataset) in [("other", 0, "elsewhere"), ("weak", 4, "golden"), ("good", 0, "golden")] {
        evaluate(&store, name, wrong, dataset).await;
    }
    let service = service(store);
    let names = async |path| {
        let found = read(&service, path).await;
        let name = |entry: &Value| entry["run"]["name"].as_str().unwrap().to_owned();
        found["models"].as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names("/api/v1/models").await, ["good", "weak"], "the data set of the newest run");
    assert_eq!(names("/api/v1/models?dataset=elsewhere").await, ["other"]);
    assert_eq!(names("/api/v1/models?dataset=nowhere").await, [""; 0]);
    let found = read(&service, "/api/v1/models").await;
    assert_eq!(found["models"][0]["unreliable"], true, "one of seven questions failed");
}

#[tokio::test]
async fn an_empty_store_has_empty_pages() {
    let service = service(Arc::new(InMemory::new()));
    assert_eq!(read(&service, "/api/v1/runs").await, json!({"runs": [], "next": null}));
    assert_eq!(read(&service, "/api/v1/models").await, json!({"models": []}));
}

#[tokio::test]
async fn a_bad_parameter_is_named_with_what_was_expected() {
    let store = Arc::new(InMemory::new());
    let run = bare_runs(&store, 1).await[0];
    let service = service(store);
    let evaluations = format!("/api/v1/runs/{run}/evaluations");
    let limit = "expected a whole number from 1 to 200";
    let (runs, whole) = ("/api/v1/runs".to_owned(), "expected the full id of a run");
    for (path, message, hint) in [
        (format!("{runs}?limit=0"), r#"parameter limit is "0""#, limit),
        (format!("{runs}?limit=201"), r#"parameter limit is "201""#, limit),
        (format!("{runs}?limit=-1"), r#"parameter limit is "-1""#, limit),
        (format!("{runs}?limit="), r#"parameter limit is """#, limit),
        (format!("{runs}?status=done"), r#"parameter status is "done""#, "expected one of queued, running,"),
        (format!("{runs}?after=abc"), r#"parameter after is "abc""#, whole),
        (format!("{runs}?modle=x"), r#"there is no parameter "modle""#, "this route takes model, dataset, status,"),
        (format!("{runs}?model=a&model=b"), "parameter model is given more than once", "expected one value"),
        (format!("{runs}/{}", run.short()), &format!(r#"parameter id is "{}""#, run.short()), whole),
        (format!("{runs}/%FF"), r#"parameter id is """#, whole),
        (format!("{runs}/{run}?limit=1"), r#"there is no parameter "limit""#, "this route takes no parameters"),
        (format!("{runs}/x/evaluations"), r#"parameter id is "x""#, whole),
        (format!("{evaluations}?outcome=ok"), r#"parameter outcome is "ok""#, "expected one of scored, unscored,"),
        (format!("{evaluations}?after=q1"), r#"parameter after is "q1""#, "expected the next of the page before"),
        (format!("{evaluations}?after=x:q1"), r#"parameter after is "x:q1""#, "expected the next of the page before"),
        (format!("{evaluations}?limit=1e2"), r#"parameter limit is "1e2""#, limit),
        ("/api/v1/models?limit=5".into(), r#"there is no parameter "limit""#, "this route takes dataset"),
    ] {
        let answer = get(&service, &path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(answer.json["error"]["message"], message, "{path}");
        let found = answer.json["error"]["hint"].as_str().unwrap();
        assert!(found.starts_with(hint), "{path}: {found}");
        assert!(answer.json["error"]["code"].as_str().unwrap().ends_with("_parameter"), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_404() {
    let service = service(Arc::new(InMemory::new()));
    let id = RunId::new();
    for path in [format!("/api/v1/runs/{id}"), format!("/api/v1/runs/{id}/evaluations")] {
        let answer = get(&service, &path).await;
        let expected = json!({"error": {
            "code": "run_not_found",
            "message": format!("there is no run {id}"),
            "hint": "GET /api/v1/runs lists the runs",
        }});
        assert_eq!((answer.status, answer.json), (StatusCode::NOT_FOUND, expected), "{path}");
    }
    let expected = json!({"error": {
        "code": "route_not_found",
        "message": "there is no /api/v2/runs",
        "hint": "the API begins at /api/v1",
    }});
    let answer = get(&service, "/api/v2/runs?limit=3").await;
    assert_eq!((answer.status, answer.json), (StatusCode::NOT_FOUND, expected));
}

#[tokio::test]
async fn a_method_that_a_route_does_not_have_is_refused() {
    let store = Arc::new(InMemory::new());
    let run = bare_runs(&store, 1).await[0];
    let service = service(store);
    let one = format!("/api/v1/runs/{run}");
    let evaluations = format!("{one}/evaluations");
    for (path, has) in [
        ("/healthz", "GET,HEAD"),
        ("/api/v1/runs", "GET,HEAD,POST"),
        (&one, "GET,HEAD,DELETE"),
        (&evaluations, "GET,HEAD"),
        ("/api/v1/models", "GET,HEAD"),
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|method| !has.contains(method)) {
            let answer = send(&service, method, path).await;
            let found = (answer.status, &answer.json["error"]["code"]);
            assert_eq!(found, (StatusCode::METHOD_NOT_ALLOWED, &json!("method_not_allowed")), "{method} {path}");
            let mut allowed: Vec<_> = answer.headers["allow"].to_str().expect("text").split(',').collect();
            allowed.sort_by_key(|method| has.find(method));
            assert_eq!(allowed.join(","), has, "{method} {path}");
        }
        let head = send(&service, "HEAD", path).await;
        assert_eq!((head.status, head.json), (StatusCode::OK, Value::Null), "HEAD {path}");
    }
}

#[tokio::test]
async fn a_failing_store_is_a_500_that_tells_nothing() {
    let service = service(Arc::new(Broken(StoreError::Backend)));
    let expected = json!({"error": {
        "code": "internal",
        "message": "the server failed",
        "hint": "the server's log says why",
    }});
    let id = RunId::new();
    let (one, evaluations) = (format!("/api/v1/runs/{id}"), format!("/api/v1/runs/{id}/evaluations"));
    for path in ["/api/v1/runs", &one, &evaluations, "/api/v1/models"] {
        let answer = get(&service, path).await;
        assert_eq!((answer.status, &answer.json), (StatusCode::INTERNAL_SERVER_ERROR, &expected), "{path}");
    }
}

#[tokio::test]
async fn f16_a_database_that_is_away_is_503_with_the_time_to_ask_again() {
    let answer = get(&service(Arc::new(Broken(StoreError::Unavailable))), "/api/v1/runs").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "5");
    assert_eq!(answer.json["error"]["code"], "database_unavailable");
    assert!(!answer.json.to_string().contains("hunter2"), "{}", answer.json);
}

#[tokio::test]
async fn every_answer_carries_the_guarding_headers() {
    let good = service(Arc::new(InMemory::new()));
    let broken = service(Arc::new(Broken(StoreError::Backend)));
    for (service, method, path, status) in [
        (&good, "GET", "/healthz", 200),
        (&good, "GET", "/api/v1/runs", 200),
        (&good, "GET", "/api/v1/runs?limit=0", 400),
        (&good, "GET", "/api/v1/runs/x", 400),
        (&good, "GET", "/nowhere", 404),
        (&good, "PUT", "/api/v1/runs", 405),
        (&broken, "GET", "/api/v1/runs", 500),
    ] {
        let answer = send(service, method, path).await;
        assert_eq!(answer.status, status, "{method} {path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("content-type", "application/json"),
        ] {
            assert_eq!(answer.headers[name], value, "{name} of {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_host_nests_the_router_below_parameters_of_its_own() {
    let store = Arc::new(InMemory::new());
    let run = bare_runs(&store, 1).await[0];
    let host: Router = Router::new().nest("/teams/{team}/evals", service(store));
    let shown = read(&host, &format!("/teams/blue/evals/api/v1/runs/{run}")).await;
    assert_eq!(shown["run"]["id"], run.to_string());
    let lost = get(&host, "/teams/blue/evals/nowhere").await;
    assert_eq!((lost.status, &lost.json["error"]["code"]), (StatusCode::NOT_FOUND, &json!("route_not_found")));
}

#[tokio::test]
async fn a_host_merges_the_router_at_its_root() {
    let host = Router::new()
        .route("/own", axum::routing::get(async || "own"))
        .merge(service(Arc::new(Broken(StoreError::Backend))));
    assert_eq!(read(&host, "/healthz").await, json!({"status": "ok"}));
    let own = host.oneshot(Request::get("/own").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(own.status(), StatusCode::OK);
    assert!(!own.headers().contains_key("content-security-policy"), "the host's routes are the host's");
}

/// A store whose database is gone, and says more about that than anyone outside should read.
struct Broken(fn(BoxError) -> StoreError);

impl Broken {
    fn gone<T>(&self) -> Result<T, StoreError> {
        Err(self.0(Box::new(io::Error::other("postgres://eval:hunter2@db.internal is gone"))))
    }
}

#[async_trait]
impl Store for Broken {
    async fn put_run(&self, _: &Run) -> Result<(), StoreError> {
        self.gone()
    }

    async fn get_run(&self, _: RunId) -> Result<Run, StoreError> {
        self.gone()
    }

    async fn list_runs(&self, _: &RunQuery) -> Result<Vec<Run>, StoreError> {
        self.gone()
    }

    async fn put_evaluations(&self, _: RunId, _: &[Evaluation]) -> Result<(), StoreError> {
        self.gone()
    }

    async fn evaluations(&self, _: RunId, _: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        self.gone()
    }
}

impl Reports for Broken {}
