//! `gate`, `compare`, `power` and `selftest` over runs that score answers standing in columns: no key, no server.

mod common;

use std::process::{Command, Output};

use common::{evalctl, fresh};
use eval_core::{Baseline, Baselines as _, Store as _};
use serde_json::Value;
use tempfile::TempDir;

/// A text that is dangerous for a terminal, for Markdown, for XML and for the log of GitHub.
const HOSTILE: &str = "\u{1b}[31m<b>@octocat|x\n::error::pwned";

/// A folder with 200 questions: `base` and `same` answer 180 of them, `bad` 150, `good` 190, none the same way twice.
/// Three categories; the first question, which `bad` gets wrong, has a hostile text and category.
struct Project {
    folder: TempDir,
}

impl Project {
    fn new() -> Self {
        Self::of(200)
    }

    fn of(questions: usize) -> Self {
        let folder = fresh();
        let mut file = "id,category,question,expected_output,base,bad,good\n".to_owned();
        for at in 0..questions {
            let (id, category) = match at {
                0 => (format!("\"{HOSTILE}\""), format!("\"{HOSTILE}\"")),
                at => (format!("q{at:03}"), ["math", "words", "code"][at % 3].to_owned()),
            };
            let right = |wrong: bool| if wrong { "no" } else { "yes" };
            let place = at * 200 / questions;
            let [base, bad, good] = [place >= 180, !(30..180).contains(&place), place >= 190].map(right);
            file += &format!("{id},{category},\"question {at} {HOSTILE}\",yes,{base},{bad},{good}\n");
        }
        std::fs::write(folder.path().join("golden.csv"), file).expect("a file");
        Self { folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = evalctl(&self.folder);
        command.args(arguments);
        command
    }

    fn run(&self, column: &str, more: &[&str]) -> String {
        let model = format!("column:{column}");
        let arguments = ["run", "golden.csv", "-m", &model, "--as", "m", "--judge", "exact", "--json"];
        let output = self.command(&[&arguments, more].concat()).output().expect("a program");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
        document["runs"][0]["id"].as_str().expect("an id").to_owned()
    }

    /// What is printed, with this exit code.
    fn ends(&self, code: i32, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().expect("a program");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
        output
    }

    fn json(&self, code: i32, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.ends(code, &[arguments, &["--json"]].concat()).stdout).expect("a document")
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).expect("a file")
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// No line that a terminal or GitHub would obey, no mark-up.
fn is_harmless(text: &str) -> bool {
    !text.contains('\u{1b}') && !text.lines().any(|line| line.trim_start().starts_with("::error::pwned"))
}

#[test]
fn a_run_passes_fails_and_says_so_in_words_and_by_its_exit_code() {
    let project = Project::new();
    let base = project.run("base", &[]);
    let same = project.run("base", &[]);
    let bad = project.run("bad", &[]);

    let passed = stdout(&project.ends(0, &["gate", &same, "--vs", &base]));
    assert!(passed.contains("PASSED: 2 checks. Exit 0.") && passed.contains("200 shared questions"), "{passed}");
    let failed = stdout(&project.ends(1, &["gate", "@latest", "--vs", &base[30..]]));
    assert!(failed.contains("FAIL  max drop 3.0") && failed.contains("-15.0 points, 90% interval"), "{failed}");
    assert!(failed.contains("FAILED: 1 of 2 checks. Exit 1.") && is_harmless(&failed), "{failed}");

    let report = project.json(1, &["gate", "@latest", "--vs", "@latest~1", "--category", "math=10"]);
    assert_eq!((&report["schema"], &report["exit_code"]), (&"evalctl.gate/1".into(), &1.into()));
    assert_eq!((&report["run"], &report["report"]["decision"]), (&bad.into(), &"fail".into()));
    assert_eq!(report["report"]["checks"][1]["name"], "max drop in math");

    let limits = ["--min-accuracy", "95", "--max-cost", "5", "--max-p95", "10s", "--errors-as-failures"];
    let report = project.json(1, &[&["gate", &same, "--vs", &base][..], &limits].concat());
    assert_eq!(report["report"]["checks"].as_array().map(Vec::len), Some(5));
    assert_eq!(report["report"]["checks"][1]["outcome"], "fail", "90 % of 200 are surely below 95 %");
}

#[test]
fn too_little_is_let_through_only_by_the_policy_that_says_so() {
    let project = Project::of(10);
    project.run("base", &[]);
    project.run("good", &[]);
    let gate = ["gate", "@latest", "--vs", "@latest~1"];
    let warned = stdout(&project.ends(0, &gate));
    assert!(warned.contains("UNDECIDED") && warned.contains("needs about"), "{warned}");
    for policy in ["fail", "rerun"] {
        let report = project.json(3, &[&gate[..], &["--on-inconclusive", policy]].concat());
        assert_eq!(report["report"]["decision"]["inconclusive"], "underpowered");
    }
}

#[test]
fn what_cannot_be_decided_is_never_green() {
    let project = Project::new();
    let base = project.run("base", &[]);
    let other_judge = project.run("base", &["--judge", "contains"]);
    let arguments = ["run", "golden.csv", "-m", "column:base", "--as", "m", "--judge", "contains", "--json"];
    project.ends(0, &arguments);
    assert_ne!(base, other_judge);
    let judged = stdout(&project.ends(3, &["gate", "@latest", "--vs", &base]));
    assert!(judged.contains("another judge") && judged.contains("CANNOT DECIDE"), "{judged}");

    for (reference, command) in [
        ("branch:main", "--tag 'branch=main'"),
        ("tag:release=1", "--tag 'release=1'"),
        ("ref:0123abcd", "git checkout"),
        ("@baseline", "evalctl baseline set"),
        ("blessed", "evalctl baseline set"),
        ("ffffff", "evalctl run"),
        ("@latest~99", "evalctl run"),
        ("window:7", "evalctl run"),
    ] {
        let output = project.ends(3, &["gate", "@latest", "--vs", reference]);
        let (text, notes) = (stdout(&output), stderr(&output));
        assert!(text.contains("no baseline") && text.contains("Exit 3."), "{reference}: {text}");
        assert!(text.contains(command) && notes.contains(command), "{reference}: {text}{notes}");
    }
}

#[test]
fn a_baseline_is_found_by_tag_branch_and_window_and_never_is_the_run_itself() {
    let project = Project::new();
    let tags = ["--tag", "branch=main", "--tag", "release=1.4"];
    let main = project.run("base", &tags);
    let second = project.run("base", &[]);
    let last = project.run("base", &tags);
    let baseline = |reference: &str| {
        let report = project.json(0, &["gate", &last, "--vs", reference]);
        let titles = report["report"]["baseline"].as_array().expect("a list").clone();
        titles.iter().map(|title| title.as_str().expect("a title")[..6].to_owned()).collect::<Vec<_>>()
    };
    for reference in ["branch:main", "tag:release=1.4", "tag:release", &main] {
        assert_eq!(baseline(reference), [&main[30..]], "{reference}");
    }
    assert_eq!(baseline("window:7"), [&main[30..], &second[30..]]);
    assert_eq!(baseline("window:1"), [&second[30..]]);

    for (reference, words) in
        [(&*last, "the run itself"), ("window:0", "no window"), ("gold", "there is no run `gold`")]
    {
        let refused = stderr(&project.ends(2, &["gate", &last, "--vs", reference]));
        assert!(refused.contains(words), "{reference}: {refused}");
    }
}

#[test]
fn shares_where_points_or_percent_are_meant_are_refused() {
    let folder = fresh();
    for (flag, value, hint) in [
        ("--margin", "0.03", "3?"),
        ("--min-accuracy", "0.8", "80?"),
        ("--max-error-share", "0.05", "5?"),
        ("--max-p95", "3", "3s or 3ms?"),
        ("--max-cost", "-1", "US dollars"),
    ] {
        let output =
            evalctl(&folder).args(["gate", "@latest", "--vs", "@latest~1", &format!("{flag}={value}")]).output();
        let output = output.expect("a program");
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(hint), "{}", stderr(&output));
    }
    for (arguments, words) in [
        (&["runs", "--format", "md"][..], "--format md is for `evalctl gate`"),
        (&["show", "--format", "junit"], "--format junit is for `evalctl gate`"),
        (&["compare", "a", "b", "--format", "junit"], "--format junit is for `evalctl gate`"),
    ] {
        let output = evalctl(&folder).args(arguments).output().expect("a program");
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

#[test]
fn markdown_and_junit_hold_the_regressions_and_obey_no_text() {
    let project = Project::new();
    project.run("base", &[]);
    let bad = project.run("bad", &[]);
    let gate = ["gate", "@latest", "--vs", "@latest~1"];
    let markdown = stdout(&project.ends(1, &[&gate[..], &["--format", "md"]].concat()));
    assert!(markdown.starts_with("<!-- evalctl:golden -->\n### Gate failed: m is 15.0 points below"), "{markdown}");
    assert!(markdown.contains("First 10 of 30 regressions") && markdown.contains("octocat"), "{markdown}");
    assert!(markdown.contains(&format!("evalctl gate {} --vs", &bad[30..])), "{markdown}");
    assert!(is_harmless(&markdown) && !markdown.contains("<b>") && !markdown.contains("@octocat"), "{markdown}");

    let junit = stdout(&project.ends(1, &[&gate[..], &["--format", "junit"]].concat()));
    assert!(junit.starts_with("<?xml") && junit.trim_end().ends_with("</testsuites>"), "{junit}");
    assert_eq!(junit.matches("<failure").count(), 31, "the check and 30 questions");
    assert!(is_harmless(&junit) && !junit.contains("<b>"), "{junit}");
}

#[test]
fn github_is_told_on_stderr_and_in_its_files() {
    let project = Project::new();
    project.run("base", &[]);
    let bad = project.run("bad", &[]);
    let gate = |more: &[&str]| {
        let mut command = project.command(&[&["gate", "@latest", "--vs", "@latest~1", "--json"], more].concat());
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "summary.md").env("GITHUB_OUTPUT", "outputs");
        command.output().expect("a program")
    };
    let output = gate(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("::error title=gate%3A fail::Gate failed: m is 15.0"), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).expect("stdout has nothing but the document");
    assert_eq!(document["exit_code"], 1);
    assert_eq!(project.read("outputs"), format!("decision=fail\nexit_code=1\nrun={bad}\ndrop=15.00\n"));
    let summary = project.read("summary.md");
    assert!(
        summary.starts_with("### Gate failed") && is_harmless(&summary) && !summary.contains("@octocat"),
        "{summary}"
    );

    gate(&["--no-summary"]);
    assert_eq!(project.read("summary.md"), summary, "it was not to be written");
    assert_eq!(project.read("outputs").lines().count(), 8, "appended, not replaced");

    let mut command = project.command(&["gate", "@latest", "--vs", "@latest~1"]);
    let output = command.env("GITHUB_OUTPUT", "no/such/folder").output().expect("a program");
    assert_eq!(output.status.code(), Some(1), "the decision stands");
    assert!(stderr(&output).contains("GITHUB_OUTPUT") && !stderr(&output).contains("::error"), "{}", stderr(&output));
}

#[test]
fn runs_are_put_beside_the_first_one() {
    let project = Project::new();
    let [base, bad, good] = ["base", "bad", "good"].map(|column| project.run(column, &[]));
    let found = project.json(0, &["compare", &base, &bad, &good]);
    assert_eq!(found["schema"], "evalctl.compare/1");
    let regressed: Vec<_> = (0..2).map(|at| found["comparisons"][at]["changes"]["regressed"].clone()).collect();
    assert_eq!(regressed, [30, 0]);
    assert_eq!(found["comparisons"][1]["changes"]["improved"], 10);

    let text = stdout(&project.ends(0, &["compare", &base, &bad, "-n", "3"]));
    assert!(text.contains("-15.0 points, 95% interval") && text.contains("30 regressed (30 in every epoch)"), "{text}");
    assert!(text.contains("math") && text.contains("certain") && text.contains("27 more"), "{text}");
    assert!(text.contains("differs"), "another column is another model: {text}");
    assert!(is_harmless(&text), "{text}");

    let improved = project.json(0, &["compare", &base, &good, "--only", "regressed"]);
    assert_eq!(improved["comparisons"][0]["questions"].as_array().map(Vec::len), Some(0));
    let math = project.json(0, &["compare", &base, &bad, "--category", "math"]);
    assert_eq!(math["comparisons"][0]["shared"], 66);
    let markdown = stdout(&project.ends(0, &["compare", &base, &bad, "--format", "md"]));
    assert!(markdown.contains("| math |") && is_harmless(&markdown) && !markdown.contains("@octocat"), "{markdown}");
    let diff = project.json(0, &["compare", &base, &bad, "--diff", "-n", "2"]);
    let answers = diff["answers"][0].as_array().expect("a list");
    assert_eq!((answers.len(), &answers[0]["id"]), (2, &diff["comparisons"][0]["questions"][0]["id"]));
    assert!(
        answers[0]["before"].is_string() && answers[0]["diff"].to_string().contains("\"what\":\"gone\""),
        "{answers:?}"
    );
    let text = stdout(&project.ends(0, &["compare", &base, &bad, "--diff", "-n", "1"]));
    assert!(text.contains("[-") && text.contains("{+") && is_harmless(&text), "{text}");
    let markdown = stdout(&project.ends(0, &["compare", &base, &bad, "--diff", "--format", "md"]));
    assert!(markdown.contains("<del>") && is_harmless(&markdown) && !markdown.contains("@octocat"), "{markdown}");
    assert!(stderr(&project.ends(2, &["compare", &base, &bad, "--category", "maths"])).contains("`math`"));
    project.ends(2, &["compare", &base]);
}

#[test]
fn power_says_whether_it_is_a_prior_or_this_data_sets_history() {
    let project = Project::new();
    let prior = stdout(&project.ends(0, &["power", "--detect", "3", "--questions", "50"]));
    assert!(prior.contains("prior") && prior.contains("50 questions, 1 epoch"), "{prior}");
    assert!(stderr(&project.ends(2, &["power"])).contains("--questions N"));

    project.run("base", &[]);
    assert_eq!(project.json(0, &["power"])["answer"]["source"], "prior", "no question was asked twice");
    project.run("base", &["--epochs", "2"]);
    let answer = project.json(0, &["power", "m", "--detect", "2", "--dataset", "golden"]);
    assert_eq!((&answer["schema"], &answer["name"]), (&"evalctl.power/1".into(), &"m".into()));
    assert_eq!(answer["answer"]["source"]["history"]["questions"], 200);
    let text = stdout(&project.ends(0, &["power"]));
    assert!(text.contains("from the history") && text.contains("2000"), "{text}");
    let markdown = stdout(&project.ends(0, &["power", "--format", "md"]));
    assert!(markdown.starts_with("### to find a drop of 3 points") && markdown.contains("|--:|--:|"), "{markdown}");
    assert!(stderr(&project.ends(2, &["power", "mm"])).contains("did you mean `m`?"));
    assert!(stderr(&project.ends(2, &["power", "--detect", "0.03"])).contains("3?"));
}

#[test]
fn the_self_test_is_seeded_and_says_its_rates() {
    let project = Project::of(30);
    assert!(stderr(&project.ends(2, &["selftest"])).contains("evalctl run"));
    project.run("base", &[]);
    project.run("base", &[]);
    assert!(stderr(&project.ends(2, &["selftest"])).contains("2 runs, 3 needed"));
    project.run("base", &[]);
    let test = ["selftest", "m", "--histories", "4", "--seed", "7"];
    let report = project.json(0, &test);
    assert_eq!(report["schema"], "evalctl.selftest/1");
    assert_eq!(report["report"]["scenarios"].as_array().map(Vec::len), Some(8));
    assert_eq!(report, project.json(0, &test), "the same seed finds the same");
    let markdown = stdout(&project.ends(0, &[&test[..], &["--format", "md"]].concat()));
    assert!(markdown.contains("seed 7") && markdown.contains("| nothing |") && is_harmless(&markdown), "{markdown}");
    let output = project.ends(0, &test);
    let text = stdout(&output);
    assert!(text.contains("seed 7") && text.contains("nothing") && text.contains("n = 4"), "{text}");
    assert!(stderr(&output).contains("simulating 4 histories") && is_harmless(&text), "{text}");
}

#[test]
fn a_gate_can_ask_first_and_again_while_it_is_undecided() {
    let project = Project::new();
    project.run("base", &[]);
    let asks = |column: &'static str| ["gate", "--run", "golden.csv", "-m", column, "--judge", "exact", "--as", "m"];
    let gate = |code: i32, column: &'static str, more: &[&str]| project.json(code, &[&asks(column)[..], more].concat());
    let passed = gate(0, "column:base", &["--vs", "@latest", "--tag", "branch=main"]);
    assert_eq!((&passed["report"]["decision"], &passed["report"]["shared"]), (&"pass".into(), &200.into()));
    assert_eq!(gate(1, "column:bad", &["--vs", "branch:main"])["report"]["decision"], "fail");

    let count = || project.json(0, &["runs", "-n", "99"])["runs"].as_array().expect("a list").len();
    let before = count();
    project.ends(2, &[&asks("column:base")[..], &["--vs", "window:x"]].concat());
    assert_eq!(count(), before, "a reference that makes no sense is refused before anything is asked");

    let small = Project::of(10);
    small.run("base", &[]);
    let undecided = ["--vs", "@latest", "--on-inconclusive", "rerun"];
    let report = small.json(3, &[&asks("column:good")[..], &undecided].concat());
    assert_eq!((&report["report"]["look"], &report["report"]["counts"]["scored"]), (&3.into(), &30.into()));
    small.ends(2, &["gate", "@latest", "--run", "golden.csv", "--vs", "@latest~1"]);
    for more in [["-m", "column:base"], ["--epochs", "3"], ["--base-url", "http://localhost"]] {
        small.ends(2, &[&["gate", "@latest", "--vs", "@latest~1"][..], &more].concat());
    }
}

#[tokio::test]
async fn the_blessed_run_is_the_baseline_until_another_one_is_blessed() {
    let project = Project::new();
    let first = project.run("base", &[]);
    project.run("bad", &[]);
    let database = format!("sqlite:///{}", project.folder.path().join("eval.db").display());
    let store = eval_store::DieselStore::open(&database).await.expect("a database");
    let run = store.get_run(first.parse().expect("an id")).await.expect("a run");
    store.bless(&Baseline::of(&run, "me", "release 1.4")).await.expect("blessed");
    drop(store);
    for reference in ["@baseline", "blessed"] {
        let report = project.json(1, &["gate", "@latest", "--vs", reference]);
        assert_eq!(report["report"]["baseline"][0].as_str().map(|title| &title[..6]), Some(&first[30..]));
    }
}

#[test]
fn limits_hold_without_a_baseline_and_reports_need_their_folder() {
    let project = Project::new();
    project.run("base", &[]);
    let failed = project.json(1, &["gate", "@latest", "--vs", "@baseline", "--min-accuracy", "99"]);
    assert_eq!(failed["report"]["decision"], "fail", "{failed}");
    project.ends(3, &["gate", "@latest", "--vs", "@baseline", "--min-accuracy", "80"]);
    let arguments = ["gate", "--run", "golden.csv", "-m", "column:bad", "--vs", "@latest", "-o", "nowhere/x.md"];
    let refused = stderr(&project.ends(2, &arguments));
    assert!(refused.contains("there is no folder nowhere"), "{refused}");
    let unknown = ["gate", "--run", "golden.csv", "-m", "column:bad", "--vs", "@latest", "--category", "maths=5"];
    let refused = stderr(&project.ends(2, &unknown));
    assert!(refused.contains("no category `maths`") && refused.contains("did you mean `math`?"), "{refused}");
    project.ends(2, &["gate", "--run", "golden.csv", "-m", "column:bad", "--vs", "branch:"]);
    let runs = project.json(0, &["runs"]);
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "nothing was asked: {runs}");
}

#[test]
fn a_category_alone_is_compared_as_if_there_were_no_other() {
    let project = Project::new();
    let (base, bad) = (project.run("base", &[]), project.run("bad", &[]));
    let found = project.json(0, &["compare", &base, &bad, "--category", "math"]);
    let pair = &found["comparisons"][0];
    assert_eq!((&pair["obstacles"], &pair["coverage"]), (&serde_json::json!([]), &serde_json::json!(1.0)), "{pair}");
    assert!(pair["effect"].is_object() && pair["warnings"] == serde_json::json!([]), "{pair}");
}
