//! The database, by its URL alone.

mod common;

use std::process::Output;

use common::{evalctl, fresh};
use eval_store::testing::{Postgres, query};
use serde_json::Value;
use tempfile::TempDir;

fn run(folder: &TempDir, url: &str, arguments: &[&str]) -> Output {
    evalctl(folder).args(arguments).env("DATABASE_URL", url).output().expect("evalctl runs")
}

/// What a command prints that does its work.
fn done(folder: &TempDir, url: &str, arguments: &[&str]) -> String {
    let output = run(folder, url, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What a command says that is refused.
fn refused(folder: &TempDir, url: &str, arguments: &[&str]) -> String {
    let output = run(folder, url, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// The same commands on either database.
fn all_the_same(folder: &TempDir, url: &str, backend: &str) {
    assert!(done(folder, url, &["db", "migrate"]).contains("was made"));
    assert!(done(folder, url, &["db", "migrate"]).contains("is up to date"));
    let questions = "question,expected_output,given\n1+1,2,2\n2+2,4,5\n3+3,6,6\n4+4,8,8\n5+5,10,10\n";
    std::fs::write(folder.path().join("sums.csv"), questions).expect("a file");
    done(folder, url, &["run", "sums.csv", "-m", "column:given", "--judge", "exact", "--as", "given"]);
    assert!(done(folder, url, &["runs"]).contains("given"));
    assert!(done(folder, url, &["show"]).contains("given"));
    assert!(done(folder, url, &["doctor"]).contains("database"));
    let status: Value = serde_json::from_str(&done(folder, url, &["db", "status", "--json"])).expect("JSON");
    assert_eq!((status["backend"].as_str(), status["current"].as_bool()), (Some(backend), Some(true)));
    assert_eq!((status["runs"].as_u64(), status["evaluations"].as_u64()), (Some(1), Some(5)));
    assert!(done(folder, url, &["db", "status"]).contains("up to date"));
}

#[test]
fn everything_works_on_sqlite() {
    let folder = fresh();
    let missing = refused(&folder, "sqlite:///eval.db", &["db", "status"]);
    assert!(missing.contains("there is no database eval.db yet"), "{missing}");
    all_the_same(&folder, "sqlite:///eval.db", "SQLite");
}

#[test]
fn everything_works_on_postgres() {
    let Some(postgres) = Postgres::shared() else { return };
    let (folder, url) = (fresh(), postgres.database());
    let empty = done(&folder, &url, &["db", "status"]);
    assert!(empty.contains("Postgres") && empty.contains("none yet"), "{empty}");
    all_the_same(&folder, &url, "Postgres");
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')";
    query(&url, newer);
    let status = done(&folder, &url, &["db", "status"]);
    assert!(status.contains("29990101000000, newer than"), "{status}");
    let error = refused(&folder, &url, &["runs"]);
    assert!(error.contains("version 29990101000000") && error.contains("named by DATABASE_URL"), "{error}");
}

/// A blank value is none; what looks like a place and is none here is refused, and makes no file.
#[test]
fn urls_that_look_like_a_place_are_understood_or_refused() {
    let folder = fresh();
    std::fs::write(folder.path().join("q.csv"), "question,expected_output,given\n1+1,2,2\n").expect("a file");
    let asked = ["run", "q.csv", "-m", "column:given", "--judge", "exact"];
    done(&folder, " ", &asked);
    assert!(folder.path().join("eval.db").exists(), "the default");
    done(&folder, "SQLITE://upper.db", &asked);
    assert!(folder.path().join("upper.db").exists());
    for (url, told) in [("file:x.db", "use sqlite://x.db"), ("~/x.db", "whole name"), ("sqlite://~/x.db", "whole name")]
    {
        let said = refused(&folder, url, &asked);
        assert!(said.contains(told), "{url}: {said}");
    }
    assert_eq!(
        std::fs::read_dir(&folder)
            .expect("a folder")
            .filter(|file| file.as_ref().is_ok_and(|file| file.file_name().to_string_lossy().ends_with(".db")))
            .count(),
        2
    );
}

#[test]
fn a_password_is_in_no_message() {
    let folder = fresh();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://eval:hunter2@{nobody}/evals?password=hunter2");
    for arguments in [&["db", "status"][..], &["runs"], &["doctor"], &["config", "show"]] {
        let output = run(&folder, &url, arguments);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("/evals") && !said.contains("hunter2"), "{arguments:?}: {said}");
    }
}
