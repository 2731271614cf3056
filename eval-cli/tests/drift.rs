//! `evalctl drift`, on histories of simulated models that drift on a known day, or not at all.

mod common;

use std::process::Output;
use std::sync::Arc;

use common::{evalctl, fresh};
use eval_core::{Dataset, EvaluationQuery, Evaluator, InMemory, RunId, Store as _, Timestamp};
use eval_providers::{Drift, Simulated};
use eval_store::DieselStore;
use serde_json::Value;
use tempfile::TempDir;

const RUNS: i64 = 24;
const CHANGED: i64 = 14;

fn day(number: i64) -> Timestamp {
    let first: Timestamp = "2025-10-01T06:00:00Z".parse().expect("set up");
    Timestamp::from_second(first.as_second() + number * 86_400).expect("set up")
}

fn name(model: &str) -> String {
    format!("{model}\u{1b}[31m")
}

/// Daily runs of a model in the folder's database; from the 15th on it is this many points worse, under another fingerprint.
fn history(folder: &TempDir, model: &str, seed: u64, points: f64, runs: i64) -> Vec<RunId> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("set up");
    runtime.block_on(async {
        let dataset = Dataset::golden();
        let key = dataset.samples().expect("set up").map(|sample| {
            let sample = sample.expect("set up");
            (sample.id, sample.category, sample.target.expect("set up"))
        });
        let drift = Drift::from(day(CHANGED)).points(points);
        let drift = if points == 0.0 { drift } else { drift.fingerprint("fp_new") };
        let model = Simulated::builder(model, seed).accuracy(0.88).fingerprint("fp_old").answers(key).drift(drift);
        let url = format!("sqlite:///{}", folder.path().join("eval.db").display());
        let store = DieselStore::open(&url).await.expect("set up");
        let mut ids = vec![];
        for number in 0..runs {
            ids.push(one(&store, &dataset, model.clone().now(day(number)).build(), day(number)).await);
        }
        ids
    })
}

async fn one(store: &DieselStore, dataset: &Dataset, model: Simulated, at: Timestamp) -> RunId {
    let memory = Arc::new(InMemory::new());
    let judge = eval_judge::Exact::new();
    let evaluator =
        Evaluator::builder(model, judge).name(name("sliding")).store(memory.clone()).build().expect("set up");
    let mut run = evaluator.run(dataset, &mut ()).await.expect("set up");
    let mut all = EvaluationQuery::default();
    all.limit = 1000;
    let rows = memory.evaluations(run.id, &all).await.expect("set up");
    (run.id, run.started, run.finished) = (RunId::at(at), at, Some(at));
    store.put_run(&run).await.expect("set up");
    store.put_evaluations(run.id, &rows).await.expect("set up");
    run.id
}

fn drift(folder: &TempDir, args: &[&str]) -> Output {
    evalctl(folder).arg("drift").args(args).output().expect("set up")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("set up")
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_drop_is_found_with_its_day_and_its_cause_until_it_is_accepted() {
    let folder = fresh();
    let ids = history(&folder, "sliding", 3, -25.0, RUNS);
    let output = drift(&folder, &["--format", "plain"]);
    let shown = text(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.starts_with("WORSE") && shown.contains("95 % interval"), "{shown}");
    assert!(shown.contains("since 2025-10-15") && shown.contains("held for 10 runs"), "{shown}");
    assert!(shown.contains("provider fingerprint changed on 2025-10-15: fp_old -> fp_new"), "{shown}");
    assert!(shown.contains("no-drift histories reach this once in"), "{shown}");
    assert!(shown.contains("regressed most: ") && shown.contains("evalctl drift accept"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "what models and users write is shown, not obeyed: {shown}");

    let json = drift(&folder, &["--json"]);
    let document = document(&json);
    assert_eq!((json.status.code(), &document["exit_code"], &document["alarm"]), (Some(1), &1.into(), &true.into()));
    let found = &document["histories"][0];
    assert_eq!(found["levels"].as_array().unwrap().len() as i64, RUNS);
    let quality = &found["findings"][0]["report"];
    assert_eq!((&quality["status"], &quality["measure"]), (&"worse".into(), &"quality".into()));
    assert_eq!(quality["since"]["since"]["run"], ids[CHANGED as usize].to_string());
    let (low, high) = (quality["effect"]["low"].as_f64().unwrap(), quality["effect"]["high"].as_f64().unwrap());
    assert!(low < high && high < 0.0, "{low} {high}");
    assert_eq!(text(&drift(&folder, &["--json"])), text(&json), "what is stored is what was computed");

    let name = name("sliding");
    let run = ids[CHANGED as usize].to_string();
    let accept = ["accept", &name, "--run", &run, "--reason", "new weights", "--by", "Ada"];
    let accepted = drift(&folder, &accept);
    assert_eq!(accepted.status.code(), Some(0), "{}", String::from_utf8_lossy(&accepted.stderr));
    assert!(text(&accepted).contains("by Ada: new weights") && !text(&accepted).contains('\u{1b}'));
    let after = drift(&folder, &[]);
    assert_eq!(after.status.code(), Some(0), "{}", text(&after));
    assert!(!text(&after).contains("WORSE"), "{}", text(&after));
}

#[test]
fn a_model_that_only_varies_is_left_alone_where_the_usual_rule_flags_it() {
    let folder = fresh();
    history(&folder, "restless", 11, 0.0, RUNS);
    let output = drift(&folder, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).starts_with("STEADY"), "{}", text(&output));

    let flagged = drift(&folder, &["--detector", "best-run", "--threshold", "0.5"]);
    assert!(text(&flagged).contains("latest against best run, which is no evidence"), "{}", text(&flagged));
    assert!(text(&flagged).contains("74 flags in 90 runs"), "{}", text(&flagged));
    let worse = text(&flagged).starts_with("WORSE");
    assert_eq!(flagged.status.code(), Some(i32::from(worse)));

    for alert in [drift(&folder, &["--alert"]), drift(&folder, &["--alert", "--quiet"])] {
        assert_eq!((alert.status.code(), text(&alert)), (Some(0), String::new()), "cron stays silent");
    }
    let every =
        ["quality", "operations", "anchors", "paired", "distribution", "cusum", "ewma", "page-hinkley", "adwin"];
    for detector in every.into_iter().chain(["change-point"]) {
        let output = drift(&folder, &["--detector", detector, "--json"]);
        assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{detector}");
        assert!(!document(&output)["histories"][0]["findings"].as_array().unwrap().is_empty(), "{detector}");
    }
}

#[test]
fn masked_runs_are_left_out_and_short_histories_are_inconclusive() {
    let folder = fresh();
    let ids = history(&folder, "young", 5, 0.0, 3);
    let output = drift(&folder, &[]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(text(&output).starts_with("WARMING"), "{}", text(&output));

    let (name, run) = (name("sliding"), ids[1].to_string());
    let masked = drift(&folder, &["mask", &name, "--run", &run, "--reason", "an outage", "--json"]);
    let mark = document(&masked);
    assert_eq!((&mark["schema"], &mark["mark"]["kind"]), (&"evalctl.mark/1".into(), &"masked".into()));
    let after = document(&drift(&folder, &["--json"]));
    let report = &after["histories"][0]["findings"][0]["report"];
    assert_eq!(report["warming"]["have"], 2);
    assert!(report["warnings"].to_string().contains("masked"), "{report}");
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_stored() {
    let folder = fresh();
    assert_eq!(drift(&folder, &[]).status.code(), Some(2), "no database");
    let ids = history(&folder, "young", 5, 0.0, 1);
    let run = ids[0].to_string();
    for args in [
        &["nobody"][..],
        &["--dataset", "nowhere"],
        &["--threshold", "3"],
        &["--detector", "best-run", "--threshold", "101"],
        &["--detector", "best-run", "--threshold", "nan"],
        &["accept", "other", "--run", &run, "--reason", "why"],
        &["accept", &name("sliding"), "--run", &run, "--reason", " "],
        &["accept", &name("sliding"), "--run", &run],
        &["mask", &name("sliding"), "--run", "ffffff", "--reason", "why"],
    ] {
        let output = drift(&folder, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
        assert!(output.stdout.is_empty() && !output.stderr.contains(&0x1b), "{args:?}");
    }
}

#[test]
fn the_schema_names_every_field_that_is_printed() {
    let folder = fresh();
    history(&folder, "sliding", 3, -25.0, RUNS);
    let schema: Value =
        serde_json::from_slice(&evalctl(&folder).args(["schema", "drift"]).output().unwrap().stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut printed = document(&drift(&folder, &["--json"]));
    let errors: Vec<String> = validator.iter_errors(&printed).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    printed["histories"][0]["findings"][0]["report"]["status"] = "odd".into();
    assert!(!validator.is_valid(&printed), "the schema can tell");
}

#[test]
fn the_demo_finds_the_drift_and_leaves_alone_what_only_looks_worse() {
    let folder = fresh();
    for round in ["the first", "a second that finds the histories there"] {
        let output = evalctl(&folder).args(["demo", "--epochs", "1"]).output().unwrap();
        let shown = text(&output);
        assert_eq!(output.status.code(), Some(0), "{round}: {shown}");
        let line = |start: &str| shown.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
        let worse = line("WORSE   simulated:sliding");
        assert!(worse.contains("95 % interval") && worse.contains("since 2025-11-09"), "{round}: {shown}");
        assert!(shown.contains("the provider fingerprint changed on 2025-11-09: fp_44a1 -> fp_9e07"), "{shown}");
        assert!(line("STEADY  simulated:restless").contains("-7.0 points"), "{round}: {shown}");
    }
    let database = ["--database-url", "sqlite://eval-demo.db"];
    let output = evalctl(&folder).args(["runs", "--json", "-n", "500"]).args(database).output().unwrap();
    assert_eq!(document(&output)["runs"].as_array().unwrap().len(), 90 + 2 * 3);
}
