//! The server of the binary, and how it is asked.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::evalctl;

/// A server, killed at the end of the test.
pub(crate) struct Served {
    pub(crate) child: Child,
    url: String,
    pub(crate) token: Option<String>,
    client: Client,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Starts one in this folder with these variables, at a port that is free, and waits until it is there.
    pub(crate) fn start(folder: &TempDir, variables: &[(&str, String)]) -> Self {
        let mut child = evalctl(folder)
            .args(["serve", "--addr", "127.0.0.1:0"])
            .envs(variables.iter().cloned())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
        let (mut url, mut token, mut line) = (None, None, String::new());
        while !line.starts_with("Ctrl-C") {
            line.clear();
            assert_ne!(said.read_line(&mut line).expect("text"), 0, "it ended before it was there");
            url = url.or(line.strip_prefix("Eval Dashboard is at ").map(|url| url.trim().to_owned()));
            token = token.or(line.split_whitespace().find(|word| word.starts_with("evh_")).map(str::to_owned));
        }
        // Whatever is said later is read, so that the server never waits for a full pipe.
        std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { child, url: url.expect("it says where it is"), token, client }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.expect("an answer")
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Value {
        let response = self.ask(Method::GET, path, Some(token), None).await;
        let (status, text) = (response.status(), response.text().await.expect("text"));
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    pub(crate) async fn submit(&self, token: &str, body: Value) -> (StatusCode, Value) {
        let response = self.ask(Method::POST, "/api/v1/runs", Some(token), Some(body)).await;
        let (status, text) = (response.status(), response.text().await.expect("text"));
        (status, serde_json::from_str(&text).expect("JSON"))
    }

    /// The job, as soon as it is as wanted.
    pub(crate) async fn job_once(&self, token: &str, job: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let path = job["url"].as_str().expect("an address");
        loop {
            let found = self.get(token, path).await["job"].take();
            if wanted(&found) {
                return found;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Follows the events of a run until one of this kind has come.
    pub(crate) async fn follow(&self, token: &str, run: &str, until: &str) {
        let mut events = self.ask(Method::GET, &format!("/api/v1/runs/{run}/events"), Some(token), None).await;
        let mut heard = String::new();
        while !heard.contains(until) {
            let piece = events.chunk().await.expect("a stream").expect("it goes on");
            heard += &String::from_utf8_lossy(&piece);
        }
    }
}

/// The runs of a job.
pub(crate) fn runs(job: &Value) -> Vec<&str> {
    job["runs"].as_array().expect("a list").iter().map(|run| run.as_str().expect("an id")).collect()
}
