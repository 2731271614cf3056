//! What is written into a parameter is a text and nothing else: over a real database, at every route of the document.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::{Extension, Router};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection};
use eval_core::server::{AlertLog as _, Finding, Job, JobRequest, Jobs as _, Scope};
use eval_core::{Dataset, Evaluator, RunSpec, Sample, Scripted, Timestamp};
use eval_judge::Contains;
use eval_server::{AccessOptions, AppState, Caller, document, router};
use eval_store::DieselStore;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// A name that nothing has.
const NOBODY: &str = "nobody";

/// What somebody may hope is read as something else than text.
fn corpus() -> Vec<String> {
    let hopes = [
        "' OR 1=1 --",
        "' OR '1'='1",
        "\" OR \"\"=\"",
        "\"; DROP TABLE runs; --",
        "'; DELETE FROM evaluations; --",
        "' UNION SELECT * FROM tokens --",
        "%' OR '1'='1",
        "%",
        "_",
        "*",
        "\\",
        "${7*7}",
        "nobody\0' OR 1=1",
        "\u{2019} OR 1=1",
        "\u{ff07} OR 1=1",
        "ünïcödé \u{202e}\u{1f600}",
    ];
    let long = [2_000, 10_000].map(|length| "x".repeat(length));
    hopes.into_iter().map(str::to_owned).chain(long).collect()
}

/// A database with something of each kind, and the API over it.
struct Filled {
    folder: TempDir,
    service: Router,
    /// A run.
    run: String,
}

impl Filled {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:///{}", folder.path().join("eval.db").display());
        let store = Arc::new(DieselStore::open(&url).await.expect("a database"));
        let questions = (0..3).map(|at| Sample::new(format!("q{at}").as_str(), "Capital?").target("Paris")).collect();
        let dataset = Dataset::from_samples("golden", questions).expect("ids are unique");
        let mut run = String::new();
        for name in ["model-a", "model-b"] {
            let model = Scripted::new(name, |_| "It is Paris.".to_owned());
            let evaluator = Evaluator::builder(model, Contains::whole()).durable(store.clone());
            run = evaluator.build().expect("an evaluator").run(&dataset, &mut ()).await.expect("a run").id.to_string();
        }
        let job = Job::new("tests", JobRequest::new(["model-a"], RunSpec::default()));
        store.submit(&job, 10).await.expect("a job");
        store.open(&Finding::new("drift:model-a", "worse"), Timestamp::now()).await.expect("an alert");
        // So many requests come from nobody else in so short a time.
        let state = AppState::new(store).access(AccessOptions::default().per_second(1_000_000));
        let service = router(state).layer(Extension(Caller::new("tests", Scope::Admin)));
        let filled = Self { folder, service, run };
        let blessed = json!({"run": filled.run, "reason": "release"});
        assert_eq!(filled.ask("POST", "/api/v1/baselines", Some(blessed)).await.0, StatusCode::CREATED);
        let label = json!({"run": filled.run, "sample": "q0", "score": 1});
        assert_eq!(filled.ask("POST", "/api/v1/labels", Some(label)).await.0, StatusCode::CREATED);
        filled
    }

    /// How a request is answered, and with how many rows.
    async fn ask(&self, method: &str, target: &str, body: Option<Value>) -> (StatusCode, usize) {
        let request = Request::builder().method(method).uri(target).header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).expect("a request");
        let response = self.service.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        if status != StatusCode::OK || kind != Some("application/json") {
            return (status, 0);
        }
        let bytes = to_bytes(response.into_body(), 10_000_000).await.expect("a body");
        (status, rows(&serde_json::from_slice(&bytes).expect("JSON")))
    }

    /// What stands for a parameter that is not the one that is tried.
    fn usual(&self, name: &str) -> &str {
        match name {
            "model" => "model-a",
            "dataset" => "golden",
            "name" => NOBODY,
            "reason" => "because",
            _ => &self.run,
        }
    }

    /// A request of this route, with one of its parameters as it is given, or left out.
    fn target(&self, path: &str, operation: &Value, tried: Option<(&str, &str)>) -> String {
        let (mut path, mut query) = (path.to_owned(), Vec::new());
        for parameter in parameters(operation) {
            let name = parameter["name"].as_str().expect("a name");
            let value = match tried {
                Some((tried, value)) if tried == name => value,
                _ if parameter["required"] == true => self.usual(name),
                _ => continue,
            };
            match parameter["in"].as_str() {
                Some("path") => path = path.replace(&format!("{{{name}}}"), &percent(value)),
                _ => query.push(format!("{name}={}", percent(value))),
            }
        }
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    /// What can be read: each table of the database, and each list with the number of its rows. The audit log grows.
    async fn all(&self) -> Vec<(String, usize)> {
        let url = self.folder.path().join("eval.db").display().to_string();
        let mut connection = SqliteConnection::establish(&url).expect("a database");
        let tables = diesel::sql_query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
        let tables: Vec<Table> = tables.load(&mut connection).expect("tables");
        let mut all: Vec<_> = tables.into_iter().map(|table| (table.name, 0)).collect();
        for (method, path, operation) in operations(&document()) {
            if method == "GET" && path != "/api/v1/audit" {
                let target = self.target(&path, &operation, None);
                all.push((path, self.ask("GET", &target, None).await.1));
            }
        }
        all
    }
}

/// A table of the database.
#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// The rows of an answer: the items of all lists in it.
fn rows(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len() + items.iter().map(rows).sum::<usize>(),
        Value::Object(fields) => fields.values().map(rows).sum(),
        _ => 0,
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Each operation as its method, its path and itself, those that only read first.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let operations = item.as_object().expect("a path").iter().filter(|(_, of)| of["responses"].is_object());
        found.extend(operations.map(|(method, of)| (method.to_uppercase(), path.clone(), of.clone())));
    }
    found.sort_by_key(|(method, ..)| method != "GET");
    found
}

/// The parameters of the path and of the query.
fn parameters(operation: &Value) -> impl Iterator<Item = &Value> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    all.filter(|parameter| parameter["in"] != "header")
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_no_parameter_of_any_route_is_read_as_sql() {
    let filled = Filled::new().await;
    let before = filled.all().await;
    let full = before.iter().filter(|(_, rows)| *rows > 0).count();
    assert!(full > 10, "there is something to be had: {before:?}");
    let mut tried = 0;
    for (method, path, operation) in operations(&document()) {
        let body = path.ends_with("/ack").then(|| json!({"action": "accept", "reason": "because"}));
        for parameter in parameters(&operation) {
            let name = parameter["name"].as_str().expect("a name");
            // What comes after any text may be all there is; of all else nobody has what has no name.
            let harmless = (name != "after").then_some((name, NOBODY));
            let harmless = filled.target(&path, &operation, harmless);
            let (usual, most) = filled.ask(&method, &harmless, body.clone()).await;
            assert!(!usual.is_server_error() || usual == StatusCode::SERVICE_UNAVAILABLE, "{method} {path}: {usual}");
            for hope in corpus() {
                let target = filled.target(&path, &operation, Some((name, &hope)));
                let (status, rows) = filled.ask(&method, &target, body.clone()).await;
                assert!(status == usual || status.is_client_error(), "{method} {path}, {name} = {hope:?}: {status}");
                assert!(rows <= most, "{method} {path}, {name} = {hope:?}: {rows} rows where there are {most}");
                tried += 1;
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
    assert_eq!(filled.all().await, before);
}
