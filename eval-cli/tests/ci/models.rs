//! A gate over several models, its report files, what it says when its own limits were changed, and `ref:`.

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::common::{clean, evalctl, fresh};

/// Of 100 questions, so many are answered rightly by each model; a model that is not among them refuses its key.
#[derive(Clone)]
struct Models(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Models {
    async fn start(right: [(&'static str, u64); 2]) -> (MockServer, Self) {
        let (server, models) = (MockServer::start().await, Self(Arc::new(Mutex::new(right.into()))));
        let list: Vec<_> = ["steady", "sinking"].iter().map(|name| json!({"id": name})).collect();
        let list = ResponseTemplate::new(200).set_body_json(json!({"object": "list", "data": list}));
        Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(&server).await;
        let question = Mock::given(method("POST")).and(path("/v1/chat/completions"));
        question.respond_with(models.clone()).mount(&server).await;
        (server, models)
    }

    fn set(&self, model: &'static str, right: Option<u64>) {
        let mut models = self.0.lock().expect("models");
        match right {
            Some(right) => drop(models.insert(model, right)),
            None => drop(models.remove(model)),
        }
    }
}

impl Respond for Models {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        let model = body["model"].as_str().expect("a model");
        let messages = body["messages"].as_array().expect("messages");
        let question = messages.last().and_then(|last| last["content"].as_str()).expect("a question");
        let number: u64 = question.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or_default();
        let Some(right) = self.0.lock().expect("models").get(model).copied() else {
            return ResponseTemplate::new(401).set_body_json(json!({"error": {"message": "no such key"}}));
        };
        let text = if number < right { "yes" } else { "no" };
        ResponseTemplate::new(200).set_body_json(json!({
            "id": "1", "object": "chat.completion", "created": 1, "model": "m-2026-01-01",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
        }))
    }
}

/// A hundred questions, with answers of a model in the column `steady`.
fn folder() -> TempDir {
    let folder = fresh();
    let row = |at: usize| format!("q{at:03},question {at},yes,{}\n", if at < 90 { "yes" } else { "no" });
    let text = format!("id,question,expected_output,steady\n{}", (0..100).map(row).collect::<String>());
    std::fs::write(folder.path().join("golden.csv"), text).expect("a file");
    folder
}

/// A gate over both models of the endpoint.
fn gate(folder: &TempDir, server: &MockServer, more: &[&str]) -> Output {
    judged_gate(folder, server, "exact", more)
}

fn judged_gate(folder: &TempDir, server: &MockServer, judge: &str, more: &[&str]) -> Output {
    let arguments = ["gate", "--run", "golden.csv", "-m", "steady", "-m", "sinking", "--judge", judge];
    let mut command = evalctl(folder);
    command.args(arguments).args(["--vs", "branch:main", "--base-url", &server.uri()]).args(more);
    command.env("OPENAI_API_KEY", "stand-in").env("GITHUB_OUTPUT", "outputs").output().expect("a program")
}

fn read(folder: &TempDir, file: &str) -> String {
    std::fs::read_to_string(folder.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_model_is_held_against_its_own_baseline_and_the_worst_decision_counts() {
    let (folder, (server, models)) = (folder(), Models::start([("steady", 90), ("sinking", 90)]).await);
    let first = gate(&folder, &server, &["--tag", "branch=main"]);
    assert_eq!(first.status.code(), Some(3), "{}", told(&first));
    assert!(told(&first).contains("Gate cannot decide on 2 of 2 models. Exit 3."), "{}", told(&first));

    let files = ["-o", "r.json", "-o", "r.md", "-o", "r.xml", "-o", "r.txt"];
    models.set("sinking", Some(60));
    let output = gate(&folder, &server, &[&files[..], &["--on-inconclusive", "fail", "--margin", "8"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), read(&folder, "r.txt"));
    let document: Value = serde_json::from_str(&read(&folder, "r.json")).expect("a document");
    assert_eq!((&document["schema"], &document["exit_code"]), (&"evalctl.gates/1".into(), &1.into()));
    let decided = |at: usize| &document["gates"][at]["report"]["decision"];
    assert_eq!((&document["decision"], decided(0), decided(1)), (&"fail".into(), &"pass".into(), &"fail".into()));
    for (at, model) in ["steady", "sinking"].iter().enumerate() {
        let report = &document["gates"][at]["report"];
        assert_eq!((&report["name"], &report["shared"]), (&(*model).into(), &100.into()));
    }

    let markdown = read(&folder, "r.md");
    assert!(markdown.starts_with("<!-- evalctl:golden -->\n### Gate failed: 1 of 2 models\n"), "{markdown}");
    let place = |text: &str| markdown.find(text).unwrap_or_else(|| panic!("no {text} in {markdown}"));
    assert!(place("| steady | pass |") < place("| sinking | **fail** | -30.0 |"));
    assert!(place("### Gate failed: sinking") < place("### Gate passed: steady"), "the worst comes first");
    assert_eq!(markdown.matches("<!--").count(), 1, "one comment");
    let junit = read(&folder, "r.xml");
    assert_eq!((junit.matches("<testsuites").count(), junit.matches("<testsuite ").count()), (1, 4), "{junit}");
    assert!(junit.contains("<testsuite name=\"sinking: gate\""), "{junit}");
    let outputs = read(&folder, "outputs");
    let last: Vec<&str> = outputs.lines().skip(4).collect();
    assert_eq!((last[0], last[1], last[3]), ("decision=fail", "exit_code=1", "drop=30.00"));
    assert_eq!(last[2].split(',').count(), 2, "both runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_cannot_be_asked_is_told_beside_the_decision_about_the_others() {
    let (folder, (server, models)) = (folder(), Models::start([("steady", 90), ("sinking", 90)]).await);
    gate(&folder, &server, &["--tag", "branch=main"]);
    models.set("sinking", None);
    let files = ["-o", "r.json", "-o", "r.md", "--margin", "8"];
    let output = gate(&folder, &server, &files);
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
    assert!(
        told(&output).contains("error: sinking stopped early") && told(&output).contains("to go on: evalctl resume")
    );
    let document: Value = serde_json::from_str(&read(&folder, "r.json")).expect("a document");
    assert_eq!((&document["exit_code"], &document["decision"]), (&4.into(), &"inconclusive".into()));
    assert_eq!(document["gates"][0]["report"]["decision"], "pass");
    assert_eq!(
        (&document["undecided"][0]["name"], &document["undecided"][0]["exit_code"]),
        (&"sinking".into(), &4.into())
    );
    let markdown = read(&folder, "r.md");
    assert!(markdown.contains("### Gate cannot decide on 1 of 2 models") && markdown.contains("**nothing decided**"));
    models.set("steady", Some(40));
    let output = gate(&folder, &server, &files);
    assert_eq!(output.status.code(), Some(1), "what is shown to be bad counts first: {}", told(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_for_several_models_is_refused_before_anything_is_asked() {
    let (folder, (server, _)) = (folder(), Models::start([("steady", 90), ("sinking", 90)]).await);
    for (more, words) in [
        (&["-o", "report.html"][..], "no extension that says what report it is"),
        (&["--as", "m"], "--as names one history"),
        (&["--seed", "1"], "--draw"),
        (&["--vs", "@latest"], "cannot be used multiple times"),
    ] {
        let output = gate(&folder, &server, more);
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(words), "{}", told(&output));
    }
    let several = ["gate", "--run", "golden.csv", "-m", "steady", "-m", "sinking", "--vs", "@latest~1"];
    let output = evalctl(&folder).args(several).output().expect("a program");
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("window:1"), "{}", told(&output));
    assert!(server.received_requests().await.expect("recorded").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn s20_a_change_of_what_decides_shows_in_every_report() {
    let (folder, (server, _)) = (folder(), Models::start([("steady", 90), ("sinking", 90)]).await);
    let category = ["--category", "uncategorized=4"];
    gate(&folder, &server, &[&["--tag", "branch=main"], &category[..]].concat());
    let same = gate(&folder, &server, &category);
    assert!(!told(&same).contains("since the baseline"), "nothing was changed: {}", told(&same));

    // The change: another margin, another policy, a category no longer looked at, a limit more, an edited question.
    let edited = read(&folder, "golden.csv").replace("question 7,", "the question 7,");
    std::fs::write(folder.path().join("golden.csv"), edited).expect("a file");
    let limits = ["--margin", "5", "--on-inconclusive", "fail", "--min-accuracy", "50"];
    let output = gate(&folder, &server, &[&["-o", "r.json", "-o", "r.md"], &limits[..]].concat());
    let document: Value = serde_json::from_str(&read(&folder, "r.json")).expect("a document");
    let report = &document["gates"][0]["report"];
    let changes = report["differs"].as_array().expect("a list");
    let data_set = changes.iter().find(|change| change["setting"] == "data set").expect("an edited data set");
    assert_eq!(report["dataset"]["fingerprint"], data_set["now"]);
    let hash = |side: &str| data_set[side].as_str().expect("a hash")[..8].to_owned();
    let golden = [
        "since the baseline, margin changed from 3 to 5".to_owned(),
        "since the baseline, margin in uncategorized changed from 4 to none".to_owned(),
        "since the baseline, min accuracy changed from none to 50%".to_owned(),
        "since the baseline, on inconclusive changed from warn to fail".to_owned(),
        format!("since the baseline, data set changed from {} to {}", hash("before"), hash("now")),
    ];
    let warnings: Vec<&str> = report["warnings"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(warnings[..golden.len()], golden);
    let markdown = read(&folder, "r.md");
    for sentence in &golden {
        assert!(told(&output).contains(&format!("  note: {sentence}\n")), "{}", told(&output));
        assert_eq!(markdown.matches(&format!("\n> {sentence}\n")).count(), 2, "for each model: {markdown}");
    }

    let judge = judged_gate(&folder, &server, "contains", &[]);
    assert_eq!(judge.status.code(), Some(3), "{}", told(&judge));
    for change in ["judge changed from exact to contains\n", "judge hash changed from "] {
        assert!(told(&judge).contains(&format!("  note: since the baseline, {change}")), "{}", told(&judge));
    }
}

#[test]
fn a_comment_about_many_models_keeps_every_decision_and_cuts_the_reports() {
    let (folder, columns) = (fresh(), (0..70).map(|at| format!("model-{at:02}")).collect::<Vec<_>>());
    let rows: String = (0..3).map(|at| format!("q{at},question {at},yes{}\n", ",yes".repeat(columns.len()))).collect();
    let text = format!("id,question,expected_output,{}\n{rows}", columns.join(","));
    std::fs::write(folder.path().join("golden.csv"), text).expect("a file");
    let mut command = evalctl(&folder);
    command.args(["gate", "--run", "golden.csv", "--judge", "exact", "--vs", "@baseline", "-q", "-o", "r.md"]);
    command.args(columns.iter().flat_map(|column| ["-m".to_owned(), format!("column:{column}")]));
    let output = command.output().expect("a program");
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    let markdown = read(&folder, "r.md");
    assert!(markdown.len() <= 65_000 && markdown.len() > 50_000, "{}", markdown.len());
    assert!(
        markdown.contains("### Gate cannot decide on 70 of 70 models") && markdown.contains("reports are left out")
    );
    for column in &columns {
        assert!(markdown.contains(&format!("| column:{column} | inconclusive (not computable) |")), "{column}");
    }
}

#[test]
fn a_commit_is_named_as_git_names_it() {
    let folder = folder();
    let git = |arguments: &[&str]| {
        let mut command = clean(Command::new("git"), &folder);
        command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"]);
        let output = command.args(arguments).output().expect("git");
        assert!(output.status.success(), "{}", told(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let run = || {
        let output = evalctl(&folder)
            .args(["run", "golden.csv", "-m", "column:steady", "--as", "m", "--judge", "exact", "--json"])
            .output()
            .expect("a program");
        let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
        document["runs"][0]["id"].as_str().expect("an id").to_owned()
    };
    git(&["init", "-q"]);
    git(&["commit", "-q", "--allow-empty", "-m", "one"]);
    git(&["tag", "v1"]);
    let first = run();
    git(&["commit", "-q", "--allow-empty", "-m", "two"]);
    run();
    let commit = git(&["rev-parse", "v1"]);
    for reference in ["v1", "HEAD~1", "main~1", &commit, &commit[..7]] {
        let output = evalctl(&folder).args(["gate", "@latest", "--vs", &format!("ref:{reference}"), "--json"]).output();
        let document: Value = serde_json::from_slice(&output.expect("a program").stdout).expect("a document");
        let title = document["report"]["baseline"][0].as_str().unwrap_or_default();
        assert!(title.starts_with(&first[30..]), "{reference}: {document}");
    }
    let shown = evalctl(&folder).args(["show", "ref:v1", "--json"]).output().expect("a program");
    assert!(told(&shown).contains(&first), "{}", told(&shown));
    for (unknown, code) in [("ref:no-such-branch", 3), ("ref:--all", 3), ("ref:", 2)] {
        let output = evalctl(&folder).args(["gate", "@latest", "--vs", unknown]).output().expect("a program");
        assert_eq!(output.status.code(), Some(code), "{unknown}: {}", told(&output));
    }
}
