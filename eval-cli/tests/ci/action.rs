//! The action as a whole: what it decides, where it tells so, and what a stranger can do with it.

use serde_json::Value;

use crate::runner::{Ended, Event, Machine};
use crate::server::{BOT, start};

/// A data set of 200 questions whose column `base` is right in 180, `bad` in 150, `worse` in 120, `good` in 190.
fn questions() -> String {
    let mut file = "id,question,expected_output,base,bad,worse,good\n".to_owned();
    for at in 0..200 {
        let wrong = [at >= 180, !(30..180).contains(&at), !(60..180).contains(&at), at >= 190];
        let [base, bad, worse, good] = wrong.map(|no| if no { "no" } else { "yes" });
        file += &format!("q{at:03},question {at} @octocat,yes,{base},{bad},{worse},{good}\n");
    }
    file
}

fn machine(api: &str) -> Machine {
    let machine = Machine::new(api);
    machine.write("golden.csv", &questions());
    machine
}

/// A job over all questions of one column.
fn job(machine: &Machine, event: &Event, column: &str, more: &[(&str, &str)]) -> Ended {
    let models = format!("column:{column}");
    let inputs =
        [("dataset", "golden.csv"), ("models", &models), ("judges", "exact"), ("questions", "all"), ("args", "--as m")];
    machine.job(event, &[&inputs, more].concat())
}

/// The night in which the first baseline is made.
fn night(machine: &Machine, column: &str) -> Ended {
    job(machine, &Event::schedule(), column, &[("make-baseline", "true"), ("issue", "true")])
}

fn ours() -> Event {
    Event::pull_request("acme/shop")
}

fn stranger() -> Event {
    Event::pull_request("mallory/shop")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_makes_the_baseline_and_a_pull_request_is_held_against_it_in_one_comment() {
    let (server, kept) = start().await;
    let machine = machine(&server.uri());
    let first = night(&machine, "base");
    assert_eq!(
        (first.code, first.output("decision"), first.output("failed")),
        (0, "inconclusive", "false"),
        "{first:?}"
    );
    assert!(first.summary.contains("This run is one from now on"), "{}", first.summary);
    assert_eq!(first.used, ["actions/cache/restore", "actions/cache/save"]);

    // A stranger's comment that begins with the same mark is not ours.
    let planted = serde_json::json!({"id": 1, "body": "<!-- evalctl:golden -->\nhi", "user": {"login": "mallory"}});
    kept.comments.lock().expect("kept").push(planted);
    let bad = job(&machine, &ours(), "bad", &[]);
    assert_eq!(
        (bad.code, bad.output("decision"), bad.output("exit-code"), bad.output("failed")),
        (1, "fail", "1", "true")
    );
    assert_eq!(bad.used, ["actions/cache/restore"], "a pull request saves nothing");
    assert_eq!((kept.comments().len(), kept.comments()[1]["user"]["login"].as_str()), (2, Some(BOT)));
    assert!(
        kept.body(1).starts_with("<!-- evalctl:golden -->\n### Gate failed: m is 15.0 points below"),
        "{}",
        kept.body(1)
    );
    assert!(bad.summary.contains("### Gate failed") && bad.log.contains("::error title=gate"), "{}", bad.log);

    let same = job(&machine, &ours(), "base", &[]);
    assert_eq!((same.code, same.output("decision")), (0, "pass"), "{}", same.log);
    assert_eq!(kept.comments().len(), 2, "the comment is edited in place");
    assert!(kept.body(1).contains("### Gate passed") && !kept.body(1).contains("failed:"), "{}", kept.body(1));
    assert!(kept.body(0).ends_with("hi") && !kept.body(1).contains("@octocat"));

    let result: Value = serde_json::from_str(&machine.read(same.output("result-json"))).expect("a document");
    assert_eq!((&result["schema"], &result["exit_code"]), (&"evalctl.gate/1".into(), &0.into()));
    assert!(machine.read(same.output("summary")).starts_with("<!-- evalctl:golden -->\n### Gate passed"));
    assert!(machine.read(&format!("{}/junit.xml", same.output("results"))).starts_with("<?xml"));
    let run = result["run"].as_str().expect("an id");
    assert!(machine.read(&format!("{}/{run}.jsonl", same.output("results"))).lines().count() == 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_baseline_nothing_passes_and_the_comment_says_how_to_make_one() {
    let (server, kept) = start().await;
    let machine = machine(&server.uri());
    let ended = job(&machine, &ours(), "base", &[("make-baseline", "true")]);
    assert_eq!((ended.code, ended.output("decision")), (3, "inconclusive"), "a pull request makes no baseline");
    assert!(kept.body(0).contains("to make a baseline: evalctl run DATASET"), "{}", kept.body(0));

    let part = [("questions", "10"), ("make-baseline", "true"), ("baseline", "window:7")];
    assert_eq!(job(&machine, &Event::schedule(), "base", &part).code, 3, "ten questions are no baseline");

    let makes = [("baseline", "window:7"), ("make-baseline", "true")];
    for _ in 0..2 {
        let broken = job(&machine, &Event::schedule(), "bad", &[&makes[..], &[("min-accuracy", "99")]].concat());
        assert_eq!((broken.code, broken.output("decision")), (1, "fail"), "no run that breaks a limit is a baseline");
    }
    let mistyped = machine.job(&stranger(), &[("dataset", "golden.csv"), ("models", "gpt-4o"), ("on-fork", "fial")]);
    assert_eq!(mistyped.code, 2, "{}", mistyped.log);

    let small = job(&machine, &Event::schedule(), "base", &makes);
    assert_eq!(small.code, 0, "{}", small.log);
    let smoke = job(&machine, &ours(), "base", &[("questions", "10")]);
    assert_eq!((smoke.code, smoke.output("decision")), (0, "inconclusive"), "{}", smoke.log);
    assert!(kept.body(0).contains("undecided") && smoke.summary.contains("proves nothing"), "{}", smoke.summary);
    let strict = job(&machine, &ours(), "base", &[("questions", "10"), ("on-inconclusive", "fail")]);
    assert_eq!(strict.code, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_pull_request_from_a_fork_gets_a_summary_and_nothing_else() {
    let (server, kept) = start().await;
    let machine = machine(&server.uri());
    let asks = [("dataset", "golden.csv"), ("models", "gpt-4o, column:base"), ("evalctl", "/nowhere/evalctl")];
    for event in [stranger(), ours().by("dependabot[bot]")] {
        let ended = machine.job(&event, &asks);
        assert_eq!((ended.code, ended.output("decision")), (0, "skipped"), "{}", ended.log);
        assert!(ended.summary.contains("**nothing was decided**") && ended.log.contains("::warning"), "{ended:?}");
        assert!(ended.used.is_empty());
        let strict = machine.job(&event, &[&asks[..], &[("on-fork", "fail")]].concat());
        assert_eq!((strict.code, strict.output("decision"), strict.output("exit-code")), (3, "skipped", "3"));
    }
    // What needs no key is asked, and told in the summary alone.
    let free = job(&machine, &stranger(), "base", &[]);
    assert_eq!(free.code, 3, "no baseline: {}", free.log);
    assert!(free.summary.contains("cannot decide"), "{}", free.summary);
    assert_eq!(free.used, ["actions/cache/restore"]);
    assert!(kept.comments().is_empty() && kept.issues().is_empty());
    assert_eq!(server.received_requests().await.map(|calls| calls.len()), Some(0), "nobody was called");

    let target = machine.job(&stranger().named("pull_request_target"), &asks);
    assert_eq!((target.code, target.output("decision")), (2, ""));
    assert!(target.log.contains("not with pull_request_target"), "{}", target.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_branch_of_a_pull_request_never_becomes_the_baseline_by_its_name() {
    let (server, _) = start().await;
    let machine = machine(&server.uri());
    night(&machine, "base");
    // Both know the same database; the branch of the pull request is called main too.
    let database = format!("sqlite:///{}", machine.folder.path().join("shared.db").display());
    let with = [("database-url", database.as_str())];
    job(&machine, &Event::push(), "base", &with);
    job(&machine, &ours(), "good", &with);
    let next = job(&machine, &ours(), "base", &with);
    assert_eq!((next.code, next.output("decision")), (0, "pass"), "held against base, not against good: {}", next.log);
    assert!(next.used.is_empty(), "a database of one's own needs no cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_no_input_is_a_script() {
    let (server, kept) = start().await;
    let machine = machine(&server.uri());
    let evil = "$(touch pwned)`touch pwned`; touch pwned #";
    for input in ["models", "judges", "questions", "baseline", "margin", "dataset-name", "name", "args", "config"] {
        let ended = job(&machine, &ours(), "base", &[(input, evil)]);
        assert!(!machine.folder.path().join("pwned").exists(), "{input}");
        assert_ne!(ended.output("decision"), "pass", "{input}");
    }
    assert!(
        kept.comments()
            .iter()
            .all(|comment| comment["body"].as_str().is_some_and(|body| body.starts_with("<!-- evalctl:")))
    );
    // A dangerous name stands in no file of GitHub as more than one line, and in no mark.
    let named = job(&machine, &ours(), "base", &[("name", "a -->\n<b>::set-output")]);
    assert_eq!(named.output("decision"), "inconclusive", "{}", named.log);
    assert!(
        kept.comments().iter().any(|comment| comment["body"]
            .as_str()
            .is_some_and(|body| body.starts_with("<!-- evalctl:a-.bset-output -->\n"))),
        "{:?}",
        kept.comments()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_reaches_the_endpoint_and_nobody_else() {
    let (server, kept) = start().await;
    let machine = machine(&server.uri());
    let ask = [("base-url", server.uri()), ("api-key", "hush".to_owned())];
    let ask: Vec<_> = ask.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let inputs = [("dataset", "golden.csv"), ("models", "gpt-4o"), ("judges", "exact")];
    let ended = machine.job(&ours(), &[&inputs[..], &ask].concat());
    assert_eq!((ended.code, ended.output("decision")), (4, "error"), "the stand-in is no endpoint: {}", ended.log);
    let calls = server.received_requests().await.expect("recorded");
    let keys = |key: &str| {
        calls.iter().filter(|call| call.headers.get("authorization").is_some_and(|found| found == key)).count()
    };
    assert!(keys("Bearer hush") > 0 && keys("Bearer stand-in") > 0, "{calls:?}");
    assert!(!ended.log.contains("hush") && !ended.summary.contains("hush") && !kept.body(0).contains("hush"));
    assert!(kept.body(0).contains("evalctl ended with exit code 4"), "{}", kept.body(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_pass_does_not_outlive_a_gate_that_could_not_run() {
    let (server, kept) = start().await;
    let machine = machine(&server.uri());
    night(&machine, "base");
    job(&machine, &ours(), "base", &[]);
    assert!(kept.body(0).contains("Gate passed"), "{}", kept.body(0));
    let broken = job(&machine, &ours(), "no-such-column", &[]);
    assert_eq!(
        (broken.code, broken.output("decision"), broken.output("result-json")),
        (2, "error", ""),
        "{}",
        broken.log
    );
    assert!(kept.body(0).starts_with("<!-- evalctl:golden -->\n### Gate: error\n"), "{}", kept.body(0));
    assert!(broken.summary.contains("exit code 2"), "{}", broken.summary);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_that_fails_opens_one_issue_and_a_good_one_closes_it() {
    let (server, kept) = start().await;
    let machine = machine(&server.uri());
    assert_eq!(night(&machine, "base").code, 0);
    assert!(kept.issues().is_empty());
    for column in ["bad", "worse"] {
        assert_eq!(night(&machine, column).code, 1, "worse than the night before");
        assert_eq!((kept.issues().len(), kept.issues()[0]["state"].as_str()), (1, Some("open")));
    }
    let body = kept.issues()[0]["body"].as_str().expect("a text").to_owned();
    assert!(body.starts_with("<!-- evalctl-issue:golden -->\n### Gate failed"), "{body}");
    assert!(body.contains("https://github.example/acme/shop/actions/runs/7"), "{body}");
    assert_eq!(kept.issues()[0]["title"], "Evaluation failed: golden");
    assert_eq!(night(&machine, "good").code, 0);
    assert_eq!((kept.issues().len(), kept.issues()[0]["state"].as_str()), (1, Some("closed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_looked_at_and_too_short_a_history_is_no_failure() {
    let (server, _) = start().await;
    let machine = machine(&server.uri());
    let more = [("baseline", "window:7"), ("make-baseline", "true"), ("drift", "true")];
    let ended = job(&machine, &Event::schedule(), "base", &more);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.summary.contains("Drift: no history could be judged yet"), "{}", ended.summary);
    let results = ended.output("results");
    assert!(machine.read(&format!("{results}/summary.md")).contains("### Drift\n\n```text\n"));
    let found: Value = serde_json::from_str(&machine.read(&format!("{results}/drift.json"))).expect("a document");
    assert_eq!(found["schema"], "evalctl.drift/1");
}

#[test]
fn a_server_that_cannot_be_reached_does_not_turn_the_decision_around() {
    let machine = machine("http://127.0.0.1:9");
    night(&machine, "base");
    let ended = job(&machine, &ours(), "base", &[]);
    assert_eq!((ended.code, ended.output("decision")), (0, "pass"), "{}", ended.log);
    assert!(ended.log.contains("::warning title=evalctl::no comment could be written"), "{}", ended.log);
}

#[test]
fn a_committed_baseline_needs_no_cache() {
    let machine = machine("http://127.0.0.1:9");
    let evalctl = |arguments: &[&str]| {
        let output = crate::common::evalctl(&machine.folder).args(arguments).output().expect("a program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    evalctl(&["run", "golden.csv", "-m", "column:base", "--as", "m", "--judge", "exact"]);
    evalctl(&["baseline", "set", "@latest", "--reason", "release 1"]);
    evalctl(&["baseline", "export", "-o", "baseline.jsonl"]);
    let with = [("baseline", "@baseline"), ("comment", "false")];
    let [good, bad] = ["base", "bad"].map(|column| job(&machine, &ours(), column, &with));
    assert_eq!((good.code, good.output("decision")), (0, "pass"), "{}", good.log);
    assert_eq!((bad.code, bad.output("decision")), (1, "fail"), "{}", bad.log);
    assert!(good.used.is_empty() && bad.used.is_empty());
}
