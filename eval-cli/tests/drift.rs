//! `evalctl drift`, on histories of simulated models that drift on a known day, or not at all.

mod common;

use std::process::Output;
use std::sync::Arc;

use common::{evalctl, fresh};
use eval_core::{Dataset, DriftLog as _, EvaluationQuery, Evaluator, InMemory, RunId, Store as _, Timestamp};
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

/// What is stored of a run.
fn stored(folder: &TempDir, database: &str, run: RunId) -> Vec<eval_core::DriftReport> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("set up");
    runtime.block_on(async {
        let url = format!("sqlite:///{}", folder.path().join(database).display());
        let store = DieselStore::open(&url).await.expect("set up");
        store.reports(run, 0).await.expect("set up")
    })
}

#[test]
fn findings_are_computed_when_a_run_finishes_or_comes_in() {
    let folder = fresh();
    let run = ["run", "--json", "golden.csv", "-m", "simulated:strong", "--judge", "exact"];
    std::fs::write(folder.path().join("golden.csv"), "id,question,expected_output\n1,Two and two?,4\n")
        .expect("set up");
    let output = document(&evalctl(&folder).args(run).output().expect("set up"));
    let id: RunId = output["runs"][0]["id"].as_str().unwrap().parse().unwrap();
    let found = stored(&folder, "eval.db", id);
    assert_eq!(found.len(), 10, "quality and nine streams beside it");
    assert!(found.iter().all(|report| report.run == Some(id)), "{found:?}");

    let output = evalctl(&folder).args(["demo", "--json", "--epochs", "1"]).output().expect("set up");
    for run in document(&output)["runs"].as_array().unwrap() {
        assert_eq!(stored(&folder, "eval-demo.db", run["id"].as_str().unwrap().parse().unwrap()).len(), 10);
    }

    // An older run that comes in later changes what is found in the newest one.
    let ids = history(&folder, "sliding", 3, -25.0, 7);
    let status = |runs: &str| {
        let output = document(&drift(&folder, &[&name("sliding"), "--json"]));
        let quality = output["histories"][0]["findings"][0]["report"].clone();
        assert_eq!(quality["run"], ids[6].to_string(), "{runs}");
        quality["baseline"]["runs"].clone()
    };
    assert_eq!(status("all"), 6);
    let oldest = ids[0].to_string();
    let file = folder.path().join("oldest.json");
    for args in [
        &["export", &oldest, "--format", "json", "-o", file.to_str().unwrap()][..],
        &["db", "delete", &oldest, "--yes"],
    ] {
        let output = evalctl(&folder).args(args).output().expect("set up");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(stored(&folder, "eval.db", ids[6])[9].baseline.unwrap().runs, 5, "without it");
    let output = evalctl(&folder).arg("import").arg(&file).output().expect("set up");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(status("all again"), 6);
}

#[test]
fn a_history_that_is_too_short_says_what_ended_the_one_before() {
    let folder = fresh();
    std::fs::write(folder.path().join("golden.csv"), "id,question,expected_output\n1,Two and two?,4\n")
        .expect("set up");
    for judge in ["exact", "contains"] {
        let run = ["run", "golden.csv", "-m", "simulated:strong", "--judge", judge];
        assert!(evalctl(&folder).args(run).output().expect("set up").status.success());
    }
    let url = format!("sqlite:///{}", folder.path().join("eval.db").display());
    let output = drift(&folder, &["--database-url", &url]);
    let shown = text(&output);
    assert!(shown.starts_with("WARMING") && shown.contains("you changed the judge (exact -> contains)"), "{shown}");
    let json = document(&drift(&folder, &["--json"]));
    assert_eq!(json["histories"][0]["earlier"]["changed"][0]["condition"], "judge");
}

#[test]
fn a_baseline_that_is_named_counts_instead_of_the_era_and_a_window_only_shows_less() {
    let folder = fresh();
    let ids = history(&folder, "sliding", 3, -25.0, RUNS);
    let quality = |args: &[&str]| {
        let document = document(&drift(&folder, &[args, &["--json"]].concat()));
        let levels = document["histories"][0]["levels"].as_array().unwrap().len();
        (levels, document["histories"][0]["findings"][0]["report"].clone())
    };
    let (levels, usual) = quality(&[]);
    assert_eq!((levels as i64, usual["status"].as_str()), (RUNS, Some("worse")));
    let (levels, shorter) = quality(&["--window", "5"]);
    assert_eq!((levels, &shorter), (5, &usual), "a window is for the eye");
    assert_eq!(quality(&["--window", "7d"]).0, 8);

    let first = ids[CHANGED as usize].to_string();
    let (_, pinned) = quality(&["--baseline", &first]);
    assert_eq!((&pinned["status"], &pinned["baseline"]["from"]["run"]), (&"steady".into(), &first.into()));
    assert_eq!(quality(&[]).1, usual, "what is asked once is not stored");
    let bless = ["baseline", "set", &format!("{}@latest~9", name("sliding")), "--reason", "release"];
    let output = evalctl(&folder).args(bless).output().expect("set up");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(quality(&["--baseline", "@baseline"]).1, pinned);
    for refused in [&["--baseline", "tag:nobody"][..], &["--window", "0"], &["--window", "x"], &["--min-drop", "-1"]] {
        assert_eq!(drift(&folder, refused).status.code(), Some(2), "{refused:?}");
    }
}

#[test]
fn findings_are_told_in_every_format_and_to_github() {
    let folder = fresh();
    history(&folder, "sliding", 3, -25.0, RUNS);
    let summary = folder.path().join("summary.md");
    let output = evalctl(&folder)
        .args(["drift", "--alert"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("set up");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("::error title=drift%3A sliding") && told.contains("::quality dropped: -"), "{told}");
    let written = std::fs::read_to_string(&summary).unwrap();
    let markdown = text(&drift(&folder, &["--alert", "--format", "md"]));
    assert_eq!(written, markdown);
    assert!(markdown.contains("### Drift: an alarm") && markdown.contains("| **WORSE** |"), "{markdown}");
    assert!(!markdown.contains('\u{1b}') && markdown.contains("the provider fingerprint changed"), "{markdown}");

    let output = drift(&folder, &["--format", "junit"]);
    let junit = text(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(junit.contains("tests=\"10\" failures=\"1\" errors=\"0\""), "{junit}");
    assert!(junit.contains("<failure message=\"quality dropped: ") && !junit.contains('\u{1b}'), "{junit}");
    let quiet = evalctl(&folder)
        .args(["drift", "--no-summary"])
        .env("GITHUB_STEP_SUMMARY", folder.path().join("none.md"))
        .output()
        .expect("set up");
    assert!(quiet.status.code() == Some(1) && !folder.path().join("none.md").exists());
}

#[test]
fn what_is_to_be_typed_next_leads_to_the_same_database() {
    let folder = fresh();
    let ids = history(&folder, "sliding", 3, -25.0, RUNS);
    std::fs::rename(folder.path().join("eval.db"), folder.path().join("my runs.db")).expect("set up");
    let url = format!("sqlite:///{}", folder.path().join("my runs.db").display());
    let shown = text(&drift(&folder, &["--database-url", &url]));
    let hints: Vec<&str> = shown.lines().filter(|line| line.contains(" evalctl ")).collect();
    assert_eq!(hints.len(), 3, "{shown}");
    assert!(hints.iter().all(|line| line.contains(&format!("--database-url '{url}'"))), "{hints:?}");
    let run = ids[CHANGED as usize].to_string();
    let accept = ["accept", &name("sliding"), "--run", &run, "--reason", "meant", "--database-url", &url];
    let output = drift(&folder, &accept);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--database-url"), "{output:?}");
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
