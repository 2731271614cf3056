//! The program `statistics_reference`, run as a process: it passes the crate's own values and sees one that is altered.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../eval-drift/tests/fixtures")
}

/// The program lies beside the folder of this test's own, because cargo builds the examples of a package for its tests;
/// but not when this file alone is tested.
fn program() -> Command {
    let test = std::env::current_exe().expect("this test is a file");
    let built = test.ancestors().nth(2).expect("a target folder").join("examples/statistics_reference");
    if built.is_file() {
        return Command::new(built);
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--package", "eval-examples", "--example", "statistics_reference", "--"]);
    cargo
}

fn run(folder: &Path) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = program().arg(folder).output().expect("it starts");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

fn folder_with(name: &str, text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), text).expect("a file");
    folder
}

fn fixture(name: &str) -> String {
    fs::read_to_string(fixtures().join(name)).expect("a fixture")
}

#[test]
fn all_reference_values_of_the_crate_pass() {
    let (code, text) = run(&fixtures());
    assert_eq!(code, Some(0), "{text}");
    let files = fs::read_dir(fixtures()).expect("the fixtures").count();
    // A heading, a line a file, the total.
    assert_eq!(text.lines().count(), files + 2, "{text}");
}

#[test]
fn one_altered_value_is_seen() {
    let original = fixture("page_hinkley.json");
    let (code, text) = run(folder_with("page_hinkley.json", &original).path());
    assert_eq!(code, Some(0), "{text}");

    let thresholds = fixture("cpm_thresholds.json");
    for (name, original, value, altered) in [
        ("paired_t.json", fixture("paired_t.json"), "\"mean_diff\":-0.2,", "\"mean_diff\":-0.3,"),
        ("cpm_thresholds.json", thresholds, "3.091,", "3.092,"),
    ] {
        let text = original.replacen(value, altered, 1);
        assert!(text != original, "{name} has no {value}");
        let (code, text) = run(folder_with(name, &text).path());
        assert_eq!(code, Some(1), "{text}");
        let total = text.lines().find(|line| line.starts_with("total")).expect("a total");
        assert_eq!(total.split_whitespace().nth(3), Some("1"), "{text}");
    }
}

#[test]
fn what_cannot_be_computed_has_failed() {
    let case = r#"{"id": "a", "input": {}, "expected": {"x": 1}}"#;
    for (text, words) in [
        ("{", "is no JSON"),
        ("{\"a\": 1}", "neither a case file"),
        (r#"{"cases": [], "statistic": "ks_2samp", "rel_tol": 0, "abs_tol": 0}"#, "has no case"),
        (r#"{"cases": 7}"#, "is no case file"),
        (r#"{"t_first": 6, "table": {}}"#, "has no threshold"),
        (
            &format!(r#"{{"cases": [{case}], "statistic": "magic", "rel_tol": 0, "abs_tol": 0}}"#),
            "`magic` is not known",
        ),
    ] {
        let (code, found) = run(folder_with("odd.json", text).path());
        assert_eq!(code, Some(1), "{text}: {found}");
        assert!(found.contains(words), "{text}: {found}");
    }
}

#[test]
fn a_folder_without_files_has_failed() {
    let folder = folder_with("readme.txt", "");
    for (path, words) in [(folder.path().to_owned(), "no *.json file"), (folder.path().join("gone"), "cannot be read")]
    {
        let (code, found) = run(&path);
        assert_eq!(code, Some(1), "{found}");
        assert!(found.contains(words), "{found}");
    }
}
