//! The part of GitHub's REST interface that the scripts speak to: comments and issues, kept in memory.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// What is kept: comments of one pull request and issues, each with `id`, `number`, `body`, `state` and `user`.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) comments: Arc<Mutex<Vec<Value>>>,
    pub(crate) issues: Arc<Mutex<Vec<Value>>>,
}

impl Kept {
    pub(crate) fn comments(&self) -> Vec<Value> {
        self.comments.lock().expect("kept").clone()
    }

    pub(crate) fn issues(&self) -> Vec<Value> {
        self.issues.lock().expect("kept").clone()
    }

    pub(crate) fn body(&self, at: usize) -> String {
        self.comments()[at]["body"].as_str().expect("a text").to_owned()
    }

    fn answer(&self, request: &Request) -> Option<ResponseTemplate> {
        let path = request.url.path().strip_prefix("/repos/acme/shop/issues")?;
        let (list, rest) = match path.strip_prefix("/comments").or_else(|| path.strip_suffix("/comments")) {
            Some(rest) => (&self.comments, rest),
            None => (&self.issues, path),
        };
        let mut list = list.lock().expect("kept");
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match request.method.as_str() {
            "GET" => Some(ResponseTemplate::new(200).set_body_json(page(&list, request))),
            "POST" => {
                let id = list.len() + 1;
                let mut new = json!({"id": id, "number": id, "state": "open", "user": {"login": BOT}});
                merge(&mut new, &body);
                list.push(new.clone());
                Some(ResponseTemplate::new(201).set_body_json(new))
            }
            "PATCH" => {
                let id: usize = rest.trim_matches('/').parse().ok()?;
                let old = list.get_mut(id - 1)?;
                merge(old, &body);
                Some(ResponseTemplate::new(200).set_body_json(old.clone()))
            }
            _ => None,
        }
    }
}

/// Who writes with the token of a job.
pub(crate) const BOT: &str = "github-actions[bot]";

fn page(list: &[Value], request: &Request) -> Vec<Value> {
    let asked =
        |name: &str| request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let number = |name: &str, default: usize| asked(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (size, page) = (number("per_page", 30), number("page", 1));
    let state = asked("state");
    let wanted = list.iter().filter(|entry| state.as_deref().is_none_or(|state| entry["state"] == state));
    wanted.skip(size * (page - 1)).take(size).cloned().collect()
}

fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

impl Respond for Kept {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let known = request.headers.get("authorization").is_some_and(|token| token == "Bearer stand-in");
        // The token of a job may not ask who it is.
        let refused = !known || request.url.path() == "/user";
        let answer = if refused { Some(ResponseTemplate::new(403)) } else { self.answer(request) };
        answer.unwrap_or_else(|| ResponseTemplate::new(404))
    }
}

/// A server, and what it keeps.
pub(crate) async fn start() -> (MockServer, Kept) {
    let (server, kept) = (MockServer::start().await, Kept::default());
    Mock::given(any()).respond_with(kept.clone()).mount(&server).await;
    (server, kept)
}
