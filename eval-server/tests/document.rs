//! The OpenAPI document: it is of the routes, it is whole, and real answers are as it says.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use axum::{Extension, Router};
use eval_core::server::Scope;
use eval_core::{
    Completion, Dataset, Evaluator, InMemory, Judge, JudgeError, Sample, Score, Scripted, Verdict, async_trait,
};
use eval_server::{Access, AppState, Caller, document, router, routes};
use serde_json::{Value, json};
use tower::ServiceExt;

/// Each operation as its method in capitals, its path and itself.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in
            item.as_object().expect("a path").iter().filter(|(_, of)| of["responses"].is_object())
        {
            found.push((method.to_uppercase(), path.clone(), operation));
        }
    }
    found
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else { return value };
    let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads outside"));
    document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

#[test]
fn the_document_has_every_route_and_no_other() {
    let document = document();
    let documented: BTreeSet<_> = operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    let served: BTreeSet<_> = routes().into_iter().map(|route| (route.method, route.path)).collect();
    assert_eq!(documented, served);
}

#[test]
fn the_document_in_the_documentation_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let document = serde_json::to_string_pretty(&document()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &document).expect("the document is written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == document, "docs/openapi.json is stale: run this test with UPDATE_SCHEMA=1");
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_one() {
    fn follow(document: &Value, value: &Value) {
        resolved(document, value);
        match value {
            Value::Object(fields) => fields.values().for_each(|value| follow(document, value)),
            Value::Array(items) => items.iter().for_each(|value| follow(document, value)),
            _ => {}
        }
    }
    let document = document();
    follow(&document, &document);
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name}: {schema}");
    }
}

#[test]
fn every_operation_says_what_it_takes_and_how_it_fails() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let name = format!("{method} {path}");
        let text = |field: &str| operation[field].as_str().unwrap_or_default().to_owned();
        assert!(ids.insert(text("operationId")) && !text("operationId").is_empty(), "{name}: {}", text("operationId"));
        assert!(!text("summary").is_empty(), "{name} has no summary");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}: one tag");
        parameters(&name, &path, operation);
        let answers = operation["responses"].as_object().expect("answers");
        assert!(answers.keys().any(|status| status.starts_with(['2', '3'])), "{name} never succeeds");
        for (status, answer) in answers {
            let answer = resolved(&document, answer);
            assert!(!answer["description"].as_str().unwrap_or_default().is_empty(), "{name} {status} says nothing");
            let envelope = &answer["content"]["application/json"]["schema"]["$ref"];
            // Who looks at a page is told on a page.
            let is_page = answer["content"]["text/html"].is_object() && !path.starts_with("/api");
            let fails = status.starts_with(['4', '5']) && !is_page;
            assert!(!fails || envelope == "#/components/schemas/Envelope", "{name} {status} fails in its own way");
        }
        for status in ["400", "421", "429", "500", "503"] {
            assert!(answers.contains_key(status), "{name} has no {status}");
        }
    }
}

/// Each parameter of the path is documented, and each parameter says what it is.
fn parameters(name: &str, path: &str, operation: &Value) {
    let all: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    for parameter in &all {
        assert!(parameter["description"].is_string() && parameter["schema"].is_object(), "{name}: {parameter}");
    }
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    for wanted in in_path {
        let is_it = |parameter: &&&Value| parameter["name"] == wanted && parameter["in"] == "path";
        assert!(all.iter().any(|parameter| is_it(&parameter)), "{name}: {wanted} is not documented");
    }
}

#[test]
fn every_route_says_in_the_document_what_it_asks_of_callers() {
    let document = document();
    let all = operations(&document);
    for route in routes() {
        let is_it = |(method, path, _): &&(String, String, &Value)| (method, path) == (&route.method, &route.path);
        let operation = all.iter().find(is_it).expect("documented").2;
        let (security, answers) = (&operation["security"], &operation["responses"]);
        match route.access {
            Access::Scope(scope) => {
                assert_eq!(security, &json!([{"token": []}]), "{route:?}");
                let says = operation["description"].as_str().expect("a description");
                assert!(says.contains(&format!("`{}`", scope.name())), "{route:?}: {says}");
                assert!(answers["401"].is_object() && answers["403"].is_object(), "{route:?}");
            }
            _ => assert_eq!(security, &json!([{}]), "{route:?}"),
        }
        let named = route.path.contains('{');
        assert!(!named || answers["404"].is_object(), "{route:?} finds everything");
    }
}

/// Right when the answer is the target.
struct Same;

#[async_trait]
impl Judge for Same {
    fn name(&self) -> &str {
        "same"
    }

    async fn judge(&self, sample: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
        let right = sample.target.as_deref() == Some(&*answer.text);
        Ok(Verdict::scored("same", Score::from(right), "compared"))
    }
}

/// A service over a store with two runs of three questions, one after the other; the id of the last.
async fn filled() -> (Router, String) {
    let store = Arc::new(InMemory::new());
    let questions = (0..3).map(|at| Sample::new(format!("q{at}").as_str(), format!("{at}")).target("0")).collect();
    let dataset = Dataset::from_samples("golden", questions).expect("ids are unique");
    let mut last = String::new();
    for _ in 0..2 {
        let model = Scripted::new("model-a", |request| request.last().to_owned());
        let evaluator = Evaluator::builder(model, Same).durable(store.clone()).build().expect("an evaluator");
        last = evaluator.run(&dataset, &mut ()).await.expect("a run").id.to_string();
    }
    let service = router(AppState::new(store)).layer(Extension(Caller::new("tests", Scope::Admin)));
    (service, last)
}

async fn get(service: &Router, path: &str) -> Response<Body> {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    service.clone().oneshot(request).await.expect("an answer")
}

/// The path of a route, with what its parameters may be in a store that is [`filled`].
fn called(path: &str, run: &str) -> String {
    let path = path.replace("{model}", "model-a").replace("{name}", "golden");
    let path = path.split('/').map(|part| if part.starts_with('{') { run } else { part }).collect::<Vec<_>>().join("/");
    match &*path {
        "/api/v1/compare" => format!("{path}?a={run}&b={run}"),
        _ => path,
    }
}

#[tokio::test]
async fn s05_every_route_with_a_body_refuses_endpoints_and_keys() {
    let (service, run) = filled().await;
    let document = document();
    let mut asked = 0;
    for (method, path, operation) in operations(&document) {
        if !operation["requestBody"]["content"]["application/json"].is_object() {
            continue;
        }
        asked += 1;
        for name in ["base_url", "api_key", "extra_headers"] {
            for body in
                [json!({name: "x"}), json!({"model": "a", "params": {name: {}}}), json!({"a": [[{"b": {name: null}}]]})]
            {
                let request = Request::builder().method(&*method).uri(called(&path, &run));
                let request = request.header("content-type", "application/json").body(Body::from(body.to_string()));
                let answer = service.clone().oneshot(request.expect("a request")).await.expect("an answer");
                assert_eq!(answer.status(), 422, "{method} {path}: {body}");
                let said = to_bytes(answer.into_body(), 100_000).await.expect("a body");
                let said: Value = serde_json::from_slice(&said).expect("JSON");
                assert_eq!(said["error"]["code"], "never_by_api", "{method} {path}: {body}: {said}");
            }
        }
    }
    assert!(asked > 5, "runs, labels, baselines, the gate and alerts have bodies");
}

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let document = document();
    let (service, run) = filled().await;
    let mut read = BTreeSet::new();
    for (_, path, operation) in operations(&document).into_iter().filter(|(method, ..)| method == "GET") {
        let response = get(&service, &called(&path, &run)).await;
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16().to_string();
        let answer = resolved(&document, &operation["responses"][&status]);
        assert!(answer.is_object(), "{path}: {status} is not documented");
        if parts.status.is_redirection() {
            continue;
        }
        let kind = parts.headers["content-type"].to_str().expect("a content type");
        let kind = kind.split(';').next().expect("a kind");
        let content = &answer["content"][kind];
        assert!(content.is_object(), "{path}: {status} comes as {kind}, which is not documented");
        if kind != "application/json" {
            continue;
        }
        let bytes = to_bytes(body, 10_000_000).await.expect("a body");
        let found: Value = serde_json::from_slice(&bytes).expect("JSON");
        let mut schema = content["schema"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
        let wrong: Vec<String> =
            validator.iter_errors(&found).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{path} {status}: {wrong:#?}\n{found:#}");
        if status == "200" {
            read.insert(path);
        }
    }
    for path in ["runs", "runs/{id}", "runs/{id}/evaluations", "models", "health"] {
        assert!(read.contains(&format!("/api/v1/{path}")), "{path} has no success to look at");
    }
}

#[tokio::test]
async fn the_page_shows_every_operation_and_loads_nothing_but_its_own_stylesheet() {
    let (service, _) = filled().await;
    let response = get(&service, "/docs").await;
    assert_eq!(response.status(), 200);
    let policy = response.headers()["content-security-policy"].to_str().expect("a policy").to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = to_bytes(response.into_body(), 10_000_000).await.expect("a body");
    let html = String::from_utf8(html.to_vec()).expect("UTF-8");
    let document = document();
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        assert!(html.contains(&format!("id=\"{id}\"")), "{method} {path} is not on the page");
    }
    for from_outside in ["<script", "style=", " src=", "http://", "@import", "onclick"] {
        assert!(!html.contains(from_outside), "{from_outside}");
    }
    let links: Vec<&str> = html.split("<link ").skip(1).filter_map(|rest| rest.split("href=\"").nth(1)).collect();
    assert_eq!(links.len(), 1);
    let style = links[0].split('"').next().expect("an address");
    let response = get(&service, &format!("/{style}")).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers()["cache-control"].to_str().expect("text").contains("immutable"));
    assert_eq!(get(&service, "/assets/docs-0.css").await.status(), 404);
    for target in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(html.contains(&format!("id=\"{target}\"")), "#{target} leads nowhere");
    }
}
