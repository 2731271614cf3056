//! `runs`, `show` and `history` over runs that score answers standing in columns: no key, no server.

mod common;

use std::process::Output;

use common::{evalctl, fresh};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Of the answers `old` one is right, of `new` two; `b` got better, `d` got worse.
const QUESTIONS: &str = "id,category,question,expected_output,old,new\n\
    a,sums,What is 1 + 1?,2,3,4\n\
    b,sums,What is 2 + 2?,4,5,4\n\
    c,words,Spell cat,cat,kat,cat\n\
    d,words,Spell dog,dog,dog,dgo\n";

/// A name that has everything a shell, SQL or a table may stumble over.
const NAME: &str = "it's \"naïve\" 东京; --";

struct Runs {
    folder: TempDir,
    old: String,
    new: String,
}

impl Runs {
    fn new() -> Self {
        let folder = fresh();
        std::fs::write(folder.path().join("golden.csv"), QUESTIONS).expect("a file");
        let [old, new] = ["old", "new"].map(|column| run(&folder, column, &[]));
        Self { folder, old, new }
    }

    fn evalctl(&self, arguments: &[&str]) -> Output {
        evalctl(&self.folder).args(arguments).output().expect("a program")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.evalctl(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        serde_json::from_slice(&output.stdout).expect("a document")
    }

    /// Exit code and message of what is refused.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.evalctl(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        stderr(&output)
    }
}

/// Scores the answers of a column; the id of the run.
fn run(folder: &TempDir, column: &str, more: &[&str]) -> String {
    let model = format!("column:{column}");
    let arguments = ["run", "golden.csv", "-m", &model, "--judge", "exact", "--as", NAME, "--json"];
    let output = evalctl(folder).args(arguments).args(more).output().expect("a program");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    document["runs"][0]["id"].as_str().expect("an id").to_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ids(document: &Value, list: &str, path: &str) -> Vec<String> {
    let list = document[list].as_array().expect("a list");
    list.iter().map(|one| one.pointer(path).and_then(Value::as_str).expect("an id").to_owned()).collect()
}

/// Four runs: another column is another prompt; then the same again; then an answer becomes right by another key.
#[test]
fn a_history_has_each_whole_run_and_the_change_between_runs_that_were_made_alike() {
    let runs = Runs::new();
    let again = run(&runs.folder, "new", &[]);
    run(&runs.folder, "new", &["--limit", "2"]);
    std::fs::write(runs.folder.path().join("golden.csv"), QUESTIONS.replace("1 + 1?,2,", "1 + 1?,4,")).unwrap();
    let edited = run(&runs.folder, "new", &[]);

    let history = runs.json(&["history", NAME]);
    assert_eq!(history["schema"], "evalctl.history/1");
    assert_eq!(history["dataset"], "golden");
    let expected = [&*edited, &*again, &*runs.new, &*runs.old];
    assert_eq!(ids(&history, "runs", "/run/id"), expected, "newest first, no run over a part");
    let changes: Vec<_> = (0..4).map(|at| history["runs"][at]["change_points"].clone()).collect();
    assert_eq!(
        changes,
        [json!(25.0), json!(0.0), Value::Null, Value::Null],
        "another prompt; nothing before the first"
    );
    assert_eq!(history["runs"][0]["run"]["summary"]["score"]["n"], 4);

    let first = runs.json(&["history", NAME, "-n", "1"]);
    assert_eq!(first["runs"][0]["change_points"], 25.0, "the change does not depend on where the page ends");
    let second = runs.json(&["history", NAME, "--before", &again, "-n", "1"]);
    assert_eq!(ids(&second, "runs", "/run/id"), [&*runs.new]);

    let output = runs.evalctl(&["history", NAME]);
    let (text, notes) = (stdout(&output), stderr(&output));
    assert!(text.contains("+25.0*") && text.contains("75.0%") && text.contains(&runs.old[30..]), "{text}");
    assert!(notes.contains("another version") && notes.contains("parameters"), "{notes}");
    for word in ["regress", "improve", "better", "worse"] {
        assert!(!text.contains(word) && !notes.contains(word), "a change is no finding: {text}{notes}");
    }
}

#[test]
fn a_history_that_is_not_there_names_what_may_be_meant() {
    let runs = Runs::new();
    assert!(runs.refused(&["history", "it's \"naive\" 东京; --"]).contains(NAME));
    assert!(runs.refused(&["history", "gpt-4o"]).contains("evalctl models"));
    assert!(runs.refused(&["history", NAME, "--dataset", "other"]).contains("on `other`"));
    assert!(runs.refused(&["history", NAME, "--before", "ffffff"]).contains("there is no run `ffffff`"));
    assert!(runs.refused(&["history"]).contains("Usage"));
}

#[test]
fn a_run_is_shown_beside_another_one() {
    let runs = Runs::new();
    let compared = |more: &[&str]| runs.json(&[&["show", &runs.new, "--against", &runs.old], more].concat());
    let questions = |document: &Value| ids(document, "comparisons", "/current/sample/id");
    let all = compared(&[]);
    assert_eq!(all["schema"], "evalctl.comparison/1");
    assert_eq!((all["run"]["id"].as_str(), all["against"]["id"].as_str()), (Some(&*runs.new), Some(&*runs.old)));
    let changes: Vec<_> = (0..4).map(|at| all["comparisons"][at]["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["same", "improved", "improved", "regressed"]);
    assert_eq!(questions(&compared(&["--changed"])), ["b", "c", "d"]);
    assert_eq!(questions(&compared(&["--improved"])), ["b", "c"]);
    assert_eq!(questions(&compared(&["--regressed"])), ["d"]);
    assert_eq!(questions(&compared(&["--improved", "--category", "words"])), ["c"]);
    assert_eq!(questions(&compared(&["--changed", "-n", "1", "--after", "b"])), ["c"]);

    let output = runs.evalctl(&["show", "@latest", "--against", "@latest~1", "--regressed"]);
    let text = stdout(&output);
    assert!(text.contains("dgo") && text.contains("lower now"), "{text}");

    assert!(runs.refused(&["show", "--regressed"]).contains("--against"));
    assert!(runs.refused(&["show", "--against", &runs.old, "--regressed", "--improved"]).contains("cannot be used"));
    assert!(runs.refused(&["show", "--against", "ffffff"]).contains("there is no run `ffffff`"));
}

/// Scores the answers of a column under a name of its own.
fn named(folder: &TempDir, name: &str, column: &str, more: &[&str]) {
    let model = format!("column:{column}");
    let output = evalctl(folder).args(["run", "golden.csv", "-m", &model, "--as", name]).args(more).output();
    let output = output.expect("a program");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn only_runs_that_were_asked_and_graded_alike_are_ranked() {
    let runs = Runs { folder: fresh(), old: String::new(), new: String::new() };
    std::fs::write(runs.folder.path().join("golden.csv"), QUESTIONS).unwrap();
    named(&runs.folder, "one", "old", &["--judge", "exact"]);
    named(&runs.folder, "two", "new", &["--judge", "exact"]);
    let table = stdout(&runs.evalctl(&["models"]));
    assert!(table.contains("1–2") && !table.contains("not comparable"), "{table}");
    assert_eq!(runs.json(&["models"])["not_comparable"], json!([]));

    named(&runs.folder, "judged", "new", &["--judge", "contains"]);
    named(&runs.folder, "strict", "new", &["--judge", "exact", "--threshold", "0.9", "--param", "temperature=1"]);
    let output = runs.evalctl(&["models"]);
    let (table, notes) = (stdout(&output), stderr(&output));
    assert_eq!(table.matches("1–2").count(), 2, "{table}");
    assert!(table.contains("not comparable  judged: judge contains ("), "{table}");
    assert!(table.contains(") instead of exact ("), "{table}");
    let strict = "parameters temperature=1 instead of none, threshold 0.9 instead of 0.5; run ";
    assert!(table.contains(strict), "{table}");
    assert!(notes.contains("only runs that were asked and graded alike"), "{notes}");
    let apart = runs.json(&["models"])["not_comparable"].clone();
    let what = |at: usize| ids(&apart[at], "differences", "/what");
    assert_eq!([what(0), what(1)], [vec!["judge"], vec!["parameters", "threshold"]], "{apart}");
}

#[test]
fn what_sets_two_runs_apart_is_said_beside_them() {
    let runs = Runs::new();
    let alike = runs.json(&["show", &runs.new, "--against", &runs.old]);
    assert_eq!(alike["differences"], json!([]));
    named(&runs.folder, "judged", "new", &["--judge", "contains"]);
    let text = stdout(&runs.evalctl(&["show", "@latest", "--against", &runs.old]));
    assert!(text.contains("not asked and graded alike") && text.contains("judge contains ("), "{text}");
    let apart = runs.json(&["show", "@latest", "--against", &runs.old]);
    assert_eq!(ids(&apart, "differences", "/what"), ["judge"]);
}

#[test]
fn questions_are_shown_by_score_and_page_by_page() {
    let runs = Runs::new();
    let shown = |more: &[&str]| {
        let document = runs.json(&[&["show", &runs.new], more].concat());
        ids(&document, "evaluations", "/sample/id")
    };
    assert_eq!(shown(&["--min-score", "1"]), ["b", "c"]);
    assert_eq!(shown(&["--min-score", "0", "--max-score", "0.5"]), ["a", "d"]);
    assert_eq!(shown(&["-n", "2"]), ["a", "b"]);
    assert_eq!(shown(&["-n", "2", "--after", "b"]), ["c", "d"]);
    assert_eq!(shown(&["-n", "0"]), Vec::<String>::new());
    let output = runs.evalctl(&["show", &runs.new, "-n", "2"]);
    assert!(stderr(&output).contains("2 questions shown; the next with --after b,"), "{}", stderr(&output));
    let output = runs.evalctl(&["show", &runs.new, "-n", "4"]);
    assert!(!stderr(&output).contains("--after"), "nothing is left: {}", stderr(&output));
}

/// Whatever the size of the pages and the filter, who follows them sees each evaluation once.
#[test]
fn pages_of_a_run_with_epochs_lose_and_repeat_nothing() {
    let folder = fresh();
    // Ids that a shell or a cursor may stumble over.
    let ids = ["a", "a/1", "a/2", "b 'c'", "b/3", "é"];
    let rows = ids.iter().map(|id| format!("{id},x,q,1,{}\n", id.len() % 2));
    let text = std::iter::once("id,category,question,expected_output,old\n".to_owned()).chain(rows).collect::<String>();
    std::fs::write(folder.path().join("golden.csv"), text).expect("a file");
    let run = run(&folder, "old", &["--epochs", "3"]);
    let show = |more: &[&str]| {
        let output = evalctl(&folder).args(["show", &run, "--json"]).args(more).output().expect("a program");
        let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
        let list = document["evaluations"].as_array().or(document["comparisons"].as_array()).expect("a list");
        let found = list.iter().map(|one| one.get("current").unwrap_or(one));
        found
            .map(|one| (one["sample"]["id"].as_str().expect("an id").to_owned(), one["epoch"].as_u64()))
            .collect::<Vec<_>>()
    };
    let beside = ["--against", &run, "--category", "x"];
    for filter in [&[][..], &["--max-score", "0"], &["--min-score", "1"], &beside] {
        let all = show(&[filter, &["-n", "100"]].concat());
        assert_eq!(all.len() % 3, 0);
        for size in ["1", "2", "4", "6"] {
            let mut walked: Vec<(String, Option<u64>)> = Vec::new();
            loop {
                let after = walked.last().map(|(id, _)| id.clone());
                let after = after.as_ref().map_or(vec![], |id| vec!["--after", id.as_str()]);
                let page = show(&[filter, &["-n", size], &after].concat());
                if page.is_empty() {
                    break;
                }
                walked.extend(page);
            }
            assert_eq!(walked, all, "pages of {size} with {filter:?}");
        }
    }
    let output = evalctl(&folder).args(["show", &run, "-n", "4"]).output().expect("a program");
    assert!(stderr(&output).contains(r"--after 'b '\''c'\'''"), "{}", stderr(&output));
}

/// A run whose process was lost in the middle: two of its four questions are stored.
#[test]
fn a_run_that_was_cut_off_shows_what_is_stored_of_it() {
    let runs = Runs::new();
    let exported = String::from_utf8(runs.evalctl(&["export", &runs.new, "--format", "jsonl"]).stdout).expect("UTF-8");
    let mut lines = exported.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).collect::<Vec<_>>();
    lines.truncate(3);
    lines[0]["run"]["status"] = "interrupted".into();
    (lines[0]["run"]["summary"], lines[0]["run"]["finished"]) = (Value::Null, Value::Null);
    let file = runs.folder.path().join("cut.jsonl");
    std::fs::write(file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("a file");
    let cut = |arguments: &[&str]| {
        let output = runs.evalctl(&[arguments, &["--database-url", "cut.db"]].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    };
    cut(&["import", "cut.jsonl"]);
    let listed = cut(&["runs"]);
    assert!(listed.contains("so far 50.0%") && listed.contains("2/4") && listed.contains("interrupted"), "{listed}");
    let shown = cut(&["show"]);
    assert!(shown.contains("2 of 4 asked: 2 scored, 0 unscored, 0 failed; mean so far 50.0%"), "{shown}");
    let document: Value = serde_json::from_str(&cut(&["show", "--json"])).expect("a document");
    assert_eq!(document["interim"], json!({"counts": {"scored": 2, "unscored": 0, "failed": 0}, "mean": 0.5}));
    let document: Value = serde_json::from_str(&cut(&["runs", "--json"])).expect("a document");
    assert_eq!(document["interim"][&runs.new]["counts"]["scored"], 2);
}

#[test]
fn lists_say_what_is_meant_by_few_and_by_none() {
    let runs = Runs::new();
    let output = stdout(&runs.evalctl(&["runs", "--format", "jsonl"]));
    let ids = output.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line")["id"].clone());
    assert_eq!(ids.collect::<Vec<_>>(), [json!(runs.new), json!(runs.old)]);
    let part = run(&runs.folder, "new", &["--limit", "1"]);
    let shown = |reference: &[&str]| runs.json(&[&["show"], reference].concat())["run"]["id"].clone();
    assert_eq!(
        (shown(&[]), shown(&["@latest"]), shown(&["@latest~1"])),
        (json!(part), json!(runs.new), json!(runs.old))
    );
    assert!(runs.refused(&["show", "@latest~2"]).contains("there are no 3 runs over whole data sets"));
    let none = runs.evalctl(&["history", NAME, "--since", "2999-01-01"]);
    assert_eq!(none.status.code(), Some(0));
    assert!(stderr(&none).contains("began in that time; the newest is"), "{}", stderr(&none));
    let none = runs.evalctl(&["runs", "-n", "0"]);
    assert!(stderr(&none).contains("-n 0 lists no runs"), "{}", stderr(&none));
}

#[test]
fn runs_are_listed_by_status_and_time_and_page_by_page() {
    let runs = Runs::new();
    let listed = |more: &[&str]| ids(&runs.json(&[&["runs"], more].concat()), "runs", "/id");
    let both = [&*runs.new, &*runs.old];
    assert_eq!(listed(&[]), both);
    assert_eq!(listed(&["--status", "finished"]), both);
    assert_eq!(listed(&["--status", "running"]), Vec::<String>::new());
    assert_eq!(listed(&["--since", "2020-01-31", "--until", "2920-01-31T12:00:00Z"]), both);
    assert_eq!(listed(&["--since", "2920-01-31"]), Vec::<String>::new());
    assert_eq!(listed(&["--until", "2020-01-31"]), Vec::<String>::new());
    assert_eq!(listed(&["-n", "1"]), [&*runs.new]);
    assert_eq!(listed(&["--before", &runs.new[30..]]), [&*runs.old]);
    assert_eq!(listed(&["--model", NAME, "-n", "0"]), Vec::<String>::new());
    let output = runs.evalctl(&["runs", "-n", "1"]);
    assert!(stderr(&output).contains(&format!("--before {}", &runs.new[30..])), "{}", stderr(&output));

    assert!(runs.refused(&["runs", "--status", "done"]).contains("interrupted"));
    assert!(runs.refused(&["runs", "--since", "yesterday"]).contains("2026-01-31"));
}
