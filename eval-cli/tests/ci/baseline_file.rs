//! `evalctl baseline export` and `import`.

use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{evalctl, fresh};

const DATA: &str = "id,question,expected_output\n1,Capital of France?,Paris\n2,Two and two?,4\n";

fn ends(folder: &TempDir, code: i32, arguments: &[&str]) -> Output {
    let output = evalctl(folder).args(arguments).output().expect("a program");
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", told(&output));
    output
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn json(folder: &TempDir, arguments: &[&str]) -> Value {
    serde_json::from_slice(&ends(folder, 0, &[arguments, &["--json"]].concat()).stdout).expect("a document")
}

/// A run that is blessed for a reason; its id.
fn blessed(folder: &TempDir, model: &str, reason: &str) -> String {
    std::fs::write(folder.path().join("facts.csv"), DATA).expect("a file");
    let run = json(folder, &["run", "facts.csv", "-m", model, "--judge", "exact"])["runs"][0]["id"].clone();
    let id = run.as_str().expect("an id").to_owned();
    ends(folder, 0, &["baseline", "set", &id, "--reason", reason, "--by", "Ada"]);
    id
}

#[test]
fn what_counts_goes_to_another_database_and_stays_what_it_was() {
    let (here, there) = (fresh(), fresh());
    blessed(&here, "simulated:strong", "old");
    let strong = blessed(&here, "simulated:strong", "new");
    let quick = blessed(&here, "simulated:quick", "first");
    let file = there.path().join("baseline.jsonl").display().to_string();
    ends(&here, 0, &["baseline", "export", "-o", &file]);
    let written = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(written.lines().count(), 2 + 2 * 3, "two baselines, two runs, two answers each");
    assert_eq!(String::from_utf8(ends(&here, 0, &["baseline", "export"]).stdout).expect("text"), written);
    let one = ends(&here, 0, &["baseline", "export", "simulated:quick", "--dataset", "facts"]);
    assert_eq!(String::from_utf8_lossy(&one.stdout).lines().count(), 1 + 3);

    let imported = json(&there, &["baseline", "import", &file]);
    assert_eq!((&imported["schema"], &imported["new"]), (&"evalctl.baselines/1".into(), &2.into()));
    let of = |folder: &TempDir, name: &str| json(folder, &["baseline", "list", name])["baselines"][0].clone();
    for (name, run) in [("simulated:strong", strong), ("simulated:quick", quick)] {
        assert_eq!((of(&there, name), of(&there, name)["run"].as_str()), (of(&here, name), Some(&*run)));
    }
    // Again, and into the database that it is from: nothing is new.
    for folder in [&there, &here] {
        assert!(told(&ends(folder, 0, &["baseline", "import", &file])).contains("2 baselines"));
        assert_eq!(json(folder, &["baseline", "import", &file])["new"], 0);
    }
    let gate = ["gate", "--run", "facts.csv", "-m", "simulated:strong", "--judge", "exact", "--vs", "@baseline"];
    std::fs::write(there.path().join("facts.csv"), DATA).expect("a file");
    assert!(told(&ends(&there, 3, &gate)).contains("2 shared questions"), "two questions decide nothing");
}

#[test]
fn a_file_that_blesses_what_is_no_baseline_is_refused() {
    let here = fresh();
    let id = blessed(&here, "simulated:strong", "why");
    let text = String::from_utf8(ends(&here, 0, &["baseline", "export"]).stdout).expect("text");
    let (head, runs) = text.split_once('\n').expect("lines");
    let cut: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    for (file, words) in [
        (String::new(), "holds no baselines"),
        (runs.to_owned(), "holds no baselines"),
        (format!("{head}\n"), "does not hold it"),
        (text.replacen("\"dataset\":\"facts\"", "\"dataset\":\"other\"", 1), "on facts"),
        (format!("{}\n{runs}", head.replace("\"reason\"", "\"raison\"")), "line 1"),
        (cut, "cannot be a baseline"),
    ] {
        let there = fresh();
        std::fs::write(there.path().join("b.jsonl"), &file).expect("a file");
        let refused = told(&ends(&there, 2, &["baseline", "import", "b.jsonl"]));
        assert!(refused.contains(words) && refused.contains("b.jsonl"), "{words}: {refused}");
    }
    let there = fresh();
    ends(&there, 2, &["baseline", "export"]);
    ends(&there, 2, &["baseline", "import", "missing.jsonl"]);
    std::fs::write(there.path().join("b.jsonl"), &text).expect("a file");
    let hint = told(&ends(&there, 2, &["import", "b.jsonl"]));
    assert!(hint.contains("holds baselines") && hint.contains("evalctl baseline import b.jsonl"), "{hint}");
    assert!(!there.path().join("eval.db").exists() && text.contains(&id));
}
