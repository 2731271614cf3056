//! `evalctl token`, and what its tokens open.

mod common;

use std::process::Output;

use common::{evalctl, fresh};
use serde_json::Value;
use tempfile::TempDir;

fn token(folder: &TempDir, args: &[&str]) -> Output {
    evalctl(folder).arg("token").args(args).output().expect("set up")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn listed(folder: &TempDir) -> Value {
    let output = token(folder, &["list", "--json"]);
    serde_json::from_slice::<Value>(&output.stdout).expect("JSON")["tokens"].clone()
}

/// Everything in the folder, byte by byte.
fn bytes(folder: &TempDir) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| (path.display().to_string(), std::fs::read(&path).expect("a file"))).collect()
}

#[test]
fn a_token_is_made_listed_and_revoked() {
    let folder = fresh();
    let made = token(&folder, &["create", "--scope", "run", "--name", "ci", "--expires", "90d"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let shown = stdout(&made);
    let secret = shown.strip_suffix('\n').expect("a line");
    assert!(secret.starts_with("evh_") && secret.len() == 4 + 16 + 1 + 64 && !secret.contains('\n'), "{secret}");
    assert!(stderr(&made).contains("Authorization: Bearer"), "{}", stderr(&made));
    assert!(!stderr(&made).contains(secret), "the token is on stdout alone");
    let id = secret.split('_').nth(1).expect("an id");

    let all = listed(&folder);
    assert_eq!((&all[0]["id"], &all[0]["name"], &all[0]["scope"]), (&id.into(), &"ci".into(), &"run".into()));
    assert_eq!((&all[0]["state"], &all[0]["last_used"]), (&"valid".into(), &Value::Null));
    let shown = stdout(&token(&folder, &["list"]));
    assert!(shown.contains(id) && shown.contains("valid") && !shown.contains(secret), "{shown}");

    for _ in 0..2 {
        let revoked = token(&folder, &["revoke", id]);
        assert_eq!(revoked.status.code(), Some(0), "{}", stderr(&revoked));
    }
    assert_eq!(listed(&folder)[0]["state"], "revoked");
}

#[test]
fn what_cannot_be_is_refused_and_no_token_is_repeated() {
    let folder = fresh();
    assert_eq!(token(&folder, &["list"]).status.code(), Some(2), "no database");
    for args in [
        &["create"][..],
        &["create", "--scope", "root"],
        &["create", "--scope", "read", "--expires", "soon"],
        &["create", "--scope", "read", "--name", ""],
        &["create", "--scope", "read", "--name", "two\nlines"],
        &["create", "--scope", "read", "--expires", "99999999999d"],
    ] {
        assert_eq!(token(&folder, args).status.code(), Some(2), "{args:?}");
    }
    let secret = stdout(&token(&folder, &["create", "--scope", "read"]));
    for id in [secret.trim(), "ffffffffffffffff", "x"] {
        let refused = token(&folder, &["revoke", id]);
        assert_eq!(refused.status.code(), Some(2), "{id}");
    }
}

#[test]
fn s01_the_secret_is_nowhere_in_the_database() {
    let folder = fresh();
    let secrets: Vec<String> = ["read", "run", "admin"]
        .iter()
        .map(|scope| stdout(&token(&folder, &["create", "--scope", scope])).trim().to_owned())
        .collect();
    let files = bytes(&folder);
    assert!(!files.is_empty(), "there is a database");
    for secret in secrets {
        let (id, secret) = (secret.split('_').nth(1).expect("an id"), secret.rsplit('_').next().expect("a secret"));
        let has =
            |text: &str| files.iter().any(|(_, bytes)| bytes.windows(text.len()).any(|part| part == text.as_bytes()));
        assert!(has(id), "what is looked for would be found");
        assert!(!has(secret), "the secret");
        assert!(!has(&secret[..16]), "a part of it");
    }
}
