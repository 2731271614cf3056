//! The script that writes the comment, by itself.

use std::process::{Command, Output};

use serde_json::json;
use tempfile::TempDir;

use crate::common::{clean, fresh};
use crate::server::start;
use crate::yaml::root;

fn comment(folder: &TempDir, api: &str, summary: &str) -> Output {
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("summary.md"), summary).expect("a file");
    std::fs::write(path("event.json"), json!({"pull_request": {"number": 12}}).to_string()).expect("a file");
    let mut command = clean(Command::new("python3"), folder);
    command.arg(root().join(".github/action/comment.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.envs([("GITHUB_EVENT_PATH", path("event.json")), ("SUMMARY", path("summary.md"))]);
    command.envs([("GITHUB_API_URL", api), ("GITHUB_REPOSITORY", "acme/shop"), ("GITHUB_TOKEN", "stand-in")]);
    command.output().expect("python3")
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_cut_and_the_decision_never() {
    let (server, kept) = start().await;
    let row = "| Größe | row | of | a table |\n";
    let long = format!("<!-- evalctl:x -->\n### Gate failed: y\n<details>\n{}</details>\n", row.repeat(4_000));
    assert!(comment(&fresh(), &server.uri(), &long).status.success());
    let body = kept.body(0);
    assert!((60_000..=65_536).contains(&body.chars().count()), "{}", body.chars().count());
    assert!(body.starts_with("<!-- evalctl:x -->\n### Gate failed: y\n<details>\n"));
    assert!(
        body.contains("row | of | a table |\n</details>\n") && body.ends_with("has all of it.\n"),
        "whole lines, closed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_comment_is_found_behind_a_hundred_others_and_left_alone_when_it_is_the_same() {
    let (server, kept) = start().await;
    let others = (1..=130).map(|id| json!({"id": id, "body": format!("comment {id}"), "user": {"login": "ada"}}));
    kept.comments.lock().expect("kept").extend(others);
    let folder = fresh();
    for text in ["one", "two", "two"] {
        assert!(comment(&folder, &server.uri(), &format!("<!-- evalctl:x -->\n{text}\n")).status.success());
        assert_eq!((kept.comments().len(), kept.body(130)), (131, format!("<!-- evalctl:x -->\n{text}\n")));
    }
    let calls = server.received_requests().await.expect("recorded");
    let written: Vec<_> = calls.iter().map(|call| call.method.as_str()).filter(|method| *method != "GET").collect();
    assert_eq!(written, ["POST", "PATCH"]);
}
