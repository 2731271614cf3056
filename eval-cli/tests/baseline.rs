//! `evalctl baseline`.

mod common;

use std::process::Output;

use common::{evalctl, fresh};
use serde_json::Value;
use tempfile::TempDir;

const DATA: &str = "id,question,expected_output\n1,Capital of France?,Paris\n2,Two and two?,4\n";

fn run(folder: &TempDir, more: &[&str]) -> String {
    std::fs::write(folder.path().join("facts.csv"), DATA).expect("set up");
    let args = ["run", "facts.csv", "-m", "simulated:strong", "--judge", "exact", "--json"];
    let output = evalctl(folder).args(args).args(more).output().expect("set up");
    let document: Value = serde_json::from_slice(&output.stdout).expect("set up");
    document["runs"][0]["id"].as_str().expect("set up").to_owned()
}

fn baseline(folder: &TempDir, args: &[&str]) -> Output {
    evalctl(folder).arg("baseline").args(args).output().expect("set up")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_person_blesses_a_run_and_takes_it_back() {
    let folder = fresh();
    let (first, second) = (run(&folder, &[]), run(&folder, &[]));
    for (id, reason) in [(&first, "release 1"), (&second, "release\u{1b}[31m 2")] {
        let output = baseline(&folder, &["set", id, "--reason", reason, "--by", "Ada"]);
        assert!(output.status.success() && text(&output).contains("is the baseline of simulated:strong on facts"));
        assert!(!text(&output).contains('\u{1b}'));
    }
    let listed: Value = serde_json::from_slice(&baseline(&folder, &["list", "--json"]).stdout).unwrap();
    assert_eq!(listed["schema"], "evalctl.baselines/1");
    assert_eq!((&listed["baselines"][0]["run"], &listed["baselines"][1]["run"]), (&second.into(), &first.into()));
    let shown = text(&baseline(&folder, &["list", "simulated:strong", "--dataset", "facts"]));
    assert!(shown.contains("release 1") && shown.contains("Ada") && !shown.contains('\u{1b}'), "{shown}");

    let cleared = baseline(&folder, &["clear", "simulated:strong"]);
    assert!(cleared.status.success() && text(&cleared).contains("2 forgotten"), "{}", text(&cleared));
    let listed = baseline(&folder, &["list"]);
    assert!(listed.status.success() && text(&listed).contains("no run was blessed"), "{}", text(&listed));
    assert_eq!(baseline(&folder, &["clear", "simulated:strong"]).status.code(), Some(2));
}

#[test]
fn only_whole_runs_are_blessed_and_only_with_a_reason() {
    let folder = fresh();
    let (part, whole) = (run(&folder, &["--limit", "1"]), run(&folder, &[]));
    let refused = baseline(&folder, &["set", &part, "--reason", "why"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused).contains("over a part of the data set"), "{}", text(&refused));
    for args in [&["set", &whole][..], &["set", &whole, "--reason", ""], &["set", "ffffff", "--reason", "why"]] {
        assert_eq!(baseline(&folder, args).status.code(), Some(2), "{args:?}");
    }
}
