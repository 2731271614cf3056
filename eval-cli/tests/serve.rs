//! `evalctl serve` as its users meet it: over HTTP, and killed.

mod common;
#[path = "serving/served.rs"]
mod served;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use common::{evalctl, fresh};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use served::{Served, runs};

/// A run that takes seconds.
fn long() -> Value {
    json!({"models": ["simulated:strong", "simulated:flaky"], "epochs": 100})
}

#[tokio::test]
async fn a_first_start_shows_a_token_once_and_nothing_is_told_without_it() {
    let folder = fresh();
    let server = Served::start(&folder, &[]);
    let token = server.token.clone().expect("a first token");
    for path in ["/api/v1/runs", "/api/v1/models", "/api/v1/jobs", "/api/v1/stats", "/api/openapi.json", "/docs"] {
        for wrong in [None, Some("evh_0000000000000000_00")] {
            assert_eq!(server.ask(Method::GET, path, wrong, None).await.status(), StatusCode::UNAUTHORIZED, "{path}");
        }
        assert_eq!(server.ask(Method::GET, path, Some(&token), None).await.status(), StatusCode::OK, "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.ask(Method::GET, path, None, None).await.status(), StatusCode::OK, "{path}");
    }
    drop(server);
    assert_eq!(Served::start(&folder, &[]).token, None, "it is shown once");
}

#[tokio::test]
async fn a_job_of_a_server_that_was_killed_goes_on_and_each_question_is_answered_once() {
    let folder = fresh();
    let mut server = Served::start(&folder, &[]);
    let token = server.token.clone().expect("a first token");
    let (status, job) = server.submit(&token, long()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let begun = server.job_once(&token, &job, |job| runs(job).len() == 2).await;
    server.follow(&token, runs(&begun)[0], "sample_finished").await;
    server.child.kill().expect("it is killed");
    server.child.wait().expect("it ends");

    let server = Served::start(&folder, &[]);
    let done = server.job_once(&token, &job, |job| job["state"] == "done").await;
    let ids = |job: &Value| runs(job).iter().map(|run| (*run).to_owned()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(ids(&done), ids(&begun), "it goes on with the runs that it had");
    let all = server.get(&token, "/api/v1/runs").await;
    assert_eq!(all["runs"].as_array().map(Vec::len), Some(2), "{all}");
    for run in runs(&done) {
        let run = server.get(&token, &format!("/api/v1/runs/{run}")).await["run"].take();
        let counts = &run["summary"]["counts"];
        let total: u64 = ["scored", "unscored", "failed"].iter().filter_map(|name| counts[name].as_u64()).sum();
        assert_eq!((&run["status"], total), (&json!("finished"), 5_000), "{run}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_is_asked_to_end_saves_what_goes_on_and_its_next_start_finishes_it() {
    let folder = fresh();
    let mut server = Served::start(&folder, &[]);
    let token = server.token.clone().expect("a first token");
    let (_, job) = server.submit(&token, long()).await;
    let begun = server.job_once(&token, &job, |job| runs(job).len() == 2).await;
    server.follow(&token, runs(&begun)[0], "sample_finished").await;
    let asked = Command::new("kill").arg("-TERM").arg(server.child.id().to_string()).status();
    assert!(asked.is_ok_and(|status| status.success()));
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));

    let server = Served::start(&folder, &[]);
    server.job_once(&token, &job, |job| job["state"] == "done").await;
}

#[tokio::test]
async fn s15_callers_name_data_sets_and_hear_of_no_folder() {
    let folder = fresh();
    std::fs::create_dir(folder.path().join("sets")).expect("a folder");
    let rows = "id,question,expected_output\n1,What is 2 + 2?,4\n";
    std::fs::write(folder.path().join("sets/sums.csv"), rows).expect("a file");
    std::fs::write(folder.path().join("secret.csv"), rows).expect("a file");
    std::fs::write(folder.path().join("evalctl.toml"), "[server]\ndatasets = 'sets'\n").expect("a file");
    std::fs::write(folder.path().join("sets/broken.csv"), "id,question\n1\n").expect("a file");
    let server = Served::start(&folder, &[]);
    let token = server.token.clone().expect("a first token");
    let (_, said) = server.submit(&token, json!({"model": "simulated:strong", "dataset": "broken"})).await;
    let [message, hint] = ["message", "hint"].map(|name| said["error"][name].as_str().expect("a text"));
    assert!(message.contains("broken") && !message.contains('\n') && !message.contains("hint:"), "{message}");
    assert!(!hint.is_empty() && hint != "nothing was started" && !hint.contains('\n'), "{hint}");
    std::fs::remove_file(folder.path().join("sets/broken.csv")).expect("it is there");
    for name in ["../secret", "..%2fsecret", "/etc/passwd", "secret", "sets", "sums\u{0}", ""] {
        let (status, said) = server.submit(&token, json!({"model": "simulated:strong", "dataset": name})).await;
        assert!(status.is_client_error(), "{name:?}: {status} {said}");
    }
    let listed = server.get(&token, "/api/v1/datasets").await;
    let listed: Vec<_> =
        listed["datasets"].as_array().unwrap().iter().map(|set| (&set["name"], &set["runs"])).collect();
    assert_eq!(listed, [(&json!("golden"), &json!(0)), (&json!("sums"), &json!(0))]);
    let (status, job) = server.submit(&token, json!({"model": "simulated:strong", "dataset": "sums"})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let done = server.job_once(&token, &job, |job| job["state"] == "done").await;
    let run = runs(&done)[0];
    for path in ["runs", "models", "jobs", "datasets"].map(str::to_owned).into_iter().chain([
        format!("runs/{run}"),
        format!("runs/{run}/evaluations"),
        format!("runs/{run}/export"),
    ]) {
        let answer = server.get(&token, &format!("/api/v1/{path}")).await.to_string();
        assert!(!answer.contains(folder.path().to_str().expect("a path")), "{path}: {answer}");
        assert!(answer.contains("sums") || answer.contains(run), "{path}: {answer}");
    }
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_before_it_is_queued() {
    let folder = fresh();
    let server = Served::start(&folder, &[]);
    let token = server.token.clone().expect("a first token");
    for (body, why) in [
        (json!({"model": "simulated:strng"}), "there is no simulated model `strng`"),
        (json!({"model": "gpt-4o"}), "this server asks no endpoint"),
        (json!({"model": "simulated:strong", "judges": ["foo"]}), "the judge `foo` would be asked there"),
        (json!({"model": "simulated:strong", "judges": ["regex:("]}), "regex"),
        (json!({"model": "simulated:strong", "judges": ["pairwise"]}), "pairwise"),
        (json!({"model": "column:answer"}), "has no column `answer`"),
        (json!({"model": "simulated:strong", "params": {"max_tokens": 0}}), "max_tokens"),
        (json!({"model": "simulated:strong", "categories": ["cooking"]}), "no category `cooking`"),
        (json!({"model": "simulated:strong", "dataset": "nope"}), "there is no data set `nope`; there are golden"),
    ] {
        let (status, said) = server.submit(&token, body.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {said}");
        assert!(said["error"]["message"].as_str().is_some_and(|text| text.contains(why)), "{body}: {said}");
    }
    assert_eq!(server.get(&token, "/api/v1/jobs").await["jobs"], json!([]));
}

#[test]
fn an_address_that_cannot_be_listened_at_is_refused_with_what_to_do() {
    let folder = fresh();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").to_string();
    for (addr, hint) in [(port.as_str(), "another port"), ("8080", "for instance"), ("0.0.0.0:0", "token create")] {
        let output = evalctl(&folder).args(["serve", "--addr", addr]).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{addr}: {said}");
        assert!(said.contains("hint: ") && said.contains(hint), "{addr}: {said}");
    }
}

/// What is said when the server is there, to the last line.
fn welcome(folder: &tempfile::TempDir, arguments: &[&str]) -> String {
    let mut child = evalctl(folder)
        .args(["serve", "--addr", "127.0.0.1:0"])
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let (mut said, mut text) = (BufReader::new(child.stderr.take().expect("it is piped")), String::new());
    while !text.contains("Ctrl-C") {
        assert_ne!(said.read_line(&mut text).expect("text"), 0, "it ended before it was there: {text}");
    }
    child.kill().and_then(|()| child.wait()).expect("it ends");
    text
}

#[test]
fn the_welcome_says_where_it_listens_and_what_is_kept() {
    let folder = fresh();
    let kept = welcome(&folder, &[]);
    assert!(kept.contains("go on at the next start") && !kept.contains("listens at"), "{kept}");
    std::fs::write(folder.path().join("evalctl.toml"), "[server]\npublic_url = 'https://evals.example'\n")
        .expect("a file");
    let gone = welcome(&folder, &["--database-url", ":memory:"]);
    assert!(gone.contains("Eval Dashboard is at https://evals.example and listens at http://127.0.0.1:"), "{gone}");
    assert!(gone.contains("nothing is kept") && !gone.contains("next start"), "{gone}");
}

#[test]
fn f40_a_setting_of_the_server_that_is_wrong_is_refused_where_it_stands() {
    let folder = fresh();
    for (text, place) in [
        ("[server]\ndatasets = 'none'\n", "evalctl.toml:1"),
        ("[jobs]\nlost = 'never'\n", "evalctl.toml:2:8"),
        ("[jobs]\nqueue = 0\n", "expected a whole number above 0"),
        ("epochs = 1\n[server]\nadr = 'x'\n", "evalctl.toml:3:1"),
    ] {
        std::fs::write(folder.path().join("evalctl.toml"), text).expect("a file");
        let output = evalctl(&folder).args(["serve", "--addr", "127.0.0.1:0"]).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}: {said}");
        assert!(said.contains(place) && !folder.path().join("eval.db").exists(), "{text}: {said}");
    }
}
