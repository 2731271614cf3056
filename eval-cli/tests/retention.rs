//! `db prune` and `db delete`.

mod common;

use std::process::Output;

use common::{evalctl, fresh};
use serde_json::Value;
use tempfile::TempDir;

/// Three runs over one data set, oldest first, and their ids.
fn filled() -> (TempDir, Vec<String>) {
    let folder = fresh();
    std::fs::write(folder.path().join("golden.csv"), "id,question,expected_output,given\na,1 + 1?,2,2\n")
        .expect("a file");
    let run = |_| {
        let document = json(&folder, &["run", "golden.csv", "-m", "column:given", "--judge", "exact"]);
        document["runs"][0]["id"].as_str().expect("an id").to_owned()
    };
    let ids = (0..3).map(run).collect();
    (folder, ids)
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    evalctl(folder).args(arguments).output().expect("a program")
}

fn json(folder: &TempDir, arguments: &[&str]) -> Value {
    let output = run(folder, &[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("a document")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn left(folder: &TempDir) -> Vec<String> {
    let runs = json(folder, &["runs"]);
    let ids = runs["runs"].as_array().expect("runs").iter();
    ids.map(|run| run["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn old_runs_are_deleted_only_when_somebody_said_yes() {
    let (folder, ids) = filled();
    let dry = run(&folder, &["db", "prune", "--keep", "1", "--dry-run"]);
    assert_eq!(dry.status.code(), Some(0), "{}", stderr(&dry));
    let shown = String::from_utf8_lossy(&dry.stdout);
    assert_eq!(shown.matches("  goes").count(), 2, "{shown}");
    let asked = run(&folder, &["db", "prune", "--keep", "1"]);
    assert_eq!(asked.status.code(), Some(2));
    assert!(
        stderr(&asked).contains("nobody can be asked here") && stderr(&asked).contains("--yes"),
        "{}",
        stderr(&asked)
    );
    assert_eq!(left(&folder).len(), 3);

    let pruned = json(&folder, &["db", "prune", "--keep", "1", "--yes"]);
    assert_eq!((&pruned["deleted_runs"], &pruned["deleted_evaluations"]), (&2.into(), &2.into()));
    assert_eq!((&pruned["deleted_samples"], &pruned["dry_run"]), (&0.into(), &false.into()));
    assert_eq!(left(&folder), [ids[2].as_str()]);
    let again = json(&folder, &["db", "prune", "--keep", "1", "--yes"]);
    assert_eq!(again["deleted_runs"], 0);
}

#[test]
fn an_age_keeps_what_is_younger() {
    let (folder, _) = filled();
    assert_eq!(json(&folder, &["db", "prune", "--older-than", "1h", "--yes"])["deleted_runs"], 0);
    assert_eq!(json(&folder, &["db", "prune", "--older-than", "0h", "--keep", "2", "--yes"])["deleted_runs"], 1);
    assert_eq!(json(&folder, &["db", "prune", "--older-than", "0h", "--model", "other", "--yes"])["deleted_runs"], 0);
    for arguments in [&["db", "prune"][..], &["db", "prune", "--older-than", "1y"], &["db", "prune", "--keep", "-1"]] {
        assert_eq!(run(&folder, arguments).status.code(), Some(2), "{arguments:?}");
    }
    let told = stderr(&run(&folder, &["db", "prune"]));
    assert!(told.contains("<--keep <N>|--older-than <AGE>>"), "one of the two is enough: {told}");
    assert_eq!(left(&folder).len(), 2);
}

#[test]
fn one_run_is_deleted_with_all_that_belongs_to_it() {
    let (folder, ids) = filled();
    let deleted = json(&folder, &["db", "delete", &ids[1], "--yes"]);
    assert_eq!((&deleted["run"], &deleted["evaluations"]), (&ids[1].as_str().into(), &1.into()));
    assert_eq!(left(&folder), [ids[2].as_str(), &ids[0]]);
    let gone = run(&folder, &["db", "delete", &ids[1], "--yes"]);
    assert_eq!(gone.status.code(), Some(2));
    assert!(stderr(&gone).contains("there is no run"), "{}", stderr(&gone));
    assert_eq!(run(&folder, &["db", "delete", &ids[0]]).status.code(), Some(2), "nobody can be asked");
}
