//! `export` and `import`: files out of one database and into another.

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};

use common::{evalctl, fresh};
use serde_json::Value;
use tempfile::TempDir;

/// A run over so many questions; each answer is 300 bytes long, every third one is wrong.
fn filled(questions: usize) -> TempDir {
    let folder = fresh();
    let mut text = "id,category,question,expected_output,given\n".to_owned();
    for at in 0..questions {
        let answer = format!("{at:05}").repeat(60);
        let expected = if at % 3 == 0 { "another" } else { &answer };
        text.push_str(&format!("q{at:05},c{},=What is {at}?,{expected},{answer}\n", at % 2));
    }
    std::fs::write(folder.path().join("golden.csv"), text).expect("a file");
    done(&folder, &["run", "golden.csv", "-m", "column:given", "--judge", "exact", "--as", "given"]);
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    evalctl(folder).args(arguments).output().expect("a program")
}

/// What a command prints that does its work.
fn done(folder: &TempDir, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What a command says that is refused.
fn refused(folder: &TempDir, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
    stderr(&output)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn files(folder: &TempDir) -> Vec<String> {
    let found = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        found.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_is_exported_can_be_imported_into_another_database() {
    let folder = filled(250);
    let shown = done(&folder, &["show", "--json", "-n", "1000"]);
    for (at, file) in ["run.csv", "run.json", "run.jsonl"].into_iter().enumerate() {
        done(&folder, &["export", "@latest", "-o", file]);
        let url = format!("sqlite://copy{at}.db");
        let told = done(&folder, &["import", file, "--database-url", &url]);
        assert_eq!(told, format!("1 run and 250 evaluations from {file}\n"));
        let again = done(&folder, &["import", file, "--database-url", &url]);
        assert_eq!(again, format!("nothing new: 1 run and 250 evaluations from {file} were there already\n"));
        assert_eq!(done(&folder, &["show", "--json", "-n", "1000", "--database-url", &url]), shown);
        assert_eq!(
            done(&folder, &["export", "--format", file.split('.').nth(1).expect("an extension")]),
            read(&folder, file)
        );
    }
    assert!(!files(&folder).iter().any(|name| name.ends_with(".tmp")));
}

fn read(folder: &TempDir, file: &str) -> String {
    std::fs::read_to_string(folder.path().join(file)).expect("a file")
}

#[test]
fn filters_choose_the_rows() {
    let folder = filled(30);
    let rows = |arguments: &[&str]| {
        let text = done(&folder, &[&["export", "--format", "jsonl"], arguments].concat());
        text.lines().filter(|line| line.starts_with("{\"type\":\"evaluation\"")).count()
    };
    assert_eq!(rows(&[]), 30);
    assert_eq!(rows(&["--category", "c1"]), 15);
    assert_eq!(rows(&["--max-score", "0.5"]), 10);
    assert_eq!(rows(&["--min-score", "0.5", "--category", "c0"]), 10);
    assert_eq!(rows(&["--outcome", "failed"]), 0);
    assert_eq!(rows(&["--text", "What is 7?"]), 1);
    assert_eq!(rows(&["--against", "@latest", "--changed"]), 0);

    let table = done(&folder, &["export", "--max-score", "0.5"]);
    assert!(table.starts_with("run_id,name,") && table.contains(",'=What is 3?,"), "{table}");
    let document: Value = serde_json::from_str(&done(&folder, &["export", "--json", "--text", "What is 7?"])).unwrap();
    assert_eq!((&document["schema"], document["evaluations"].as_array().unwrap().len()), (&"evalctl.run/1".into(), 1));
}

#[test]
fn a_part_or_a_broken_file_makes_no_whole_run() {
    let folder = filled(30);
    let copy = |name: &str| format!("sqlite://{name}.db");
    let first = |url: &str| {
        let shown: Value = serde_json::from_str(&done(&folder, &["show", "--json", "--database-url", url])).unwrap();
        shown["run"].clone()
    };
    let ranks = |url: &str| run(&folder, &["models", "--database-url", url]).status.success();

    done(&folder, &["export", "--max-score", "0.5", "-o", "part.jsonl"]);
    done(&folder, &["import", "part.jsonl", "--database-url", &copy("part")]);
    let found = first(&copy("part"));
    assert_eq!(found["dataset"]["selection"]["exported"], "score of at most 0.5");
    let summary = &found["summary"];
    assert_eq!((&found["planned"], &summary["counts"]["scored"]), (&10.into(), &10.into()));
    assert_eq!(summary["score"]["mean"].to_string(), "0.0");
    assert!(
        done(&folder, &["show", "--database-url", &copy("part")]).contains("filtered export: score of at most 0.5")
    );
    assert!(!ranks(&copy("part")));

    done(&folder, &["export", "-o", "run.jsonl"]);
    let broken: Vec<_> = read(&folder, "run.jsonl").lines().take(3).map(str::to_owned).collect();
    std::fs::write(folder.path().join("broken.jsonl"), broken.join("\n") + "\n{\"broken\n").unwrap();
    assert!(refused(&folder, &["import", "broken.jsonl", "--database-url", &copy("broken")]).contains("line 4"));
    let found = first(&copy("broken"));
    assert_eq!(
        (&found["status"], &found["stop"]["message"]),
        (&"interrupted".into(), &"2 of its 30 evaluations were imported".into())
    );
    assert!(!ranks(&copy("broken")));
    done(&folder, &["import", "run.jsonl", "--database-url", &copy("broken")]);
    assert_eq!(first(&copy("broken"))["status"], "finished");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let folder = filled(3);
    let told = refused(&folder, &["export", "-o", "run.xlsx"]);
    assert!(told.contains("end its name in .csv, .json or .jsonl"), "{told}");
    assert!(refused(&folder, &["export", "--format", "human"]).contains("csv, json or jsonl"));
    assert!(refused(&folder, &["runs", "--format", "csv"]).contains("evalctl export"));
    assert!(
        refused(&folder, &["export", "-o", "no/where.csv"])
            .contains("no/where.csv: cannot write the run: No such file")
    );
    assert!(refused(&folder, &["import", "golden.csv"]).contains("golden.csv: this is no file that is known here"));
    done(&folder, &["export", "-o", "run.csv"]);
    assert!(refused(&folder, &["import", "run.csv", "--as", "other"]).contains("its runs keep their names"));
}

/// What is refused leaves no database behind: the next command would take it for an empty history.
#[test]
fn a_file_that_is_refused_makes_no_database() {
    let folder = filled(3);
    done(&folder, &["export", "-o", "run.csv"]);
    done(&folder, &["export", "-o", "run.jsonl"]);
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("empty.jsonl", "");
    write("blank.csv", "\n\n");
    write("head.csv", read(&folder, "run.csv").lines().next().expect("a head"));
    write("garbage.json", "{\"type\": ");
    let lines = read(&folder, "run.jsonl");
    write("eval.db.spill.jsonl", &lines);
    write("running.jsonl", &lines.replace("\"status\":\"finished\"", "\"status\":\"running\""));
    for (file, told) in [
        ("empty.jsonl", "empty.jsonl: there is nothing in it to import"),
        ("blank.csv", "blank.csv: there is nothing in it to import"),
        ("head.csv", "head.csv: there is nothing in it to import"),
        ("garbage.json", "garbage.json: line 1"),
        ("golden.csv", "golden.csv: this is no file that is known here"),
        ("eval.db.spill.jsonl", "evalctl db migrate --database-url sqlite://new.db"),
        ("running.jsonl", "there is no database sqlite://new.db (--database-url)"),
    ] {
        let said = refused(&folder, &["import", file, "--database-url", "sqlite://new.db"]);
        assert!(said.contains(told), "{file}: {said}");
        assert!(!folder.path().join("new.db").exists(), "{file} made a database");
    }
    assert!(done(&folder, &["import", "eval.db.spill.jsonl"]).contains("nothing new"), "its own database is there");
    done(&folder, &["db", "migrate", "--database-url", "sqlite://new.db"]);
    done(&folder, &["import", "running.jsonl", "--database-url", "sqlite://new.db"]);
}

#[test]
fn a_file_that_is_written_is_told_of_to_programs_too() {
    let folder = filled(3);
    let told: Value =
        serde_json::from_str(&done(&folder, &["export", "-o", "run.json", "--json"])).expect("a document");
    assert_eq!(
        (&told["schema"], &told["evaluations"], &told["file"]),
        (&"evalctl.export/1".into(), &3.into(), &"run.json".into())
    );
}

/// The object of this name, wherever it stands.
fn find<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    match document {
        Value::Object(fields) if fields.get("name").is_some_and(|found| found == name) => Some(document),
        Value::Object(fields) => fields.values().find_map(|value| find(value, name)),
        Value::Array(elements) => elements.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

#[test]
fn results_of_other_tools_enter_the_leaderboard() {
    let folder = fresh();
    let fixture = |name: &str| format!("{}/../eval-store/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    for _ in 0..2 {
        done(&folder, &["import", &fixture("promptfoo.json"), "--dataset-name", "support", "--tag", "branch=main"]);
        let inspect = fixture("inspect.json");
        done(&folder, &["import", &inspect, "--as", "mock", "--dataset-name", "support"]);
    }
    let models: Value = serde_json::from_str(&done(&folder, &["models", "--dataset", "support", "--json"])).unwrap();
    for (name, mean) in [("mock", "0.5"), ("openai:chat:gpt-4o-mini [plain]", "1.0"), ("parrot [terse]", "0.0")] {
        let entry = find(&models, name).unwrap_or_else(|| panic!("{name}: {models}"));
        assert_eq!(entry["summary"]["score"]["mean"].to_string(), mean, "{name}");
    }
    let runs: Value = serde_json::from_str(&done(&folder, &["runs", "--json"])).unwrap();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 5, "four of promptfoo, one of Inspect, none twice");
}

#[test]
fn f49_a_reader_that_has_seen_enough_is_no_error() {
    let folder = filled(400);
    for format in ["csv", "json", "jsonl"] {
        let mut command = evalctl(&folder);
        command.args(["export", "--format", format]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(!first.is_empty());
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{format}");
    }
}

/// A limit on the size of files stops the export in the middle, as a full disk does.
#[cfg(unix)]
#[test]
fn f49_a_full_disk_leaves_the_old_file_and_no_other() {
    let folder = filled(400);
    let before = files(&folder);
    let program = env!("CARGO_BIN_EXE_evalctl");
    for file in ["run.csv", "run.json", "run.jsonl"] {
        std::fs::write(folder.path().join(file), "the one before").unwrap();
        let line = format!("trap '' XFSZ; ulimit -f 200; exec {program} export -o {file}");
        let output = common::clean(std::process::Command::new("sh"), &folder).args(["-c", &line]).output().unwrap();
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("error: {file}: cannot write the run: File too large")), "{told}");
        assert_eq!(read(&folder, file), "the one before");
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    assert_eq!(files(&folder), before, "nothing is left behind");
}

#[cfg(target_os = "linux")]
#[test]
fn f49_a_device_is_written_to_and_stays_a_device() {
    use std::os::unix::fs::FileTypeExt as _;
    let folder = filled(400);
    let output = run(&folder, &["export", "-o", "/dev/full", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("/dev/full: cannot write the run: No space left"), "{}", stderr(&output));
    assert!(std::fs::metadata("/dev/full").unwrap().file_type().is_char_device());

    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = evalctl(&folder).arg("export").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot write the run: No space left"), "{}", stderr(&output));
}
