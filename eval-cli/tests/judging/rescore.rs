//! `evalctl rescore`

use serde_json::{Value, json};

use crate::grader::{calls, cli, document, endpoint, folder, id, judged, stderr, text};

#[tokio::test(flavor = "multi_thread")]
async fn stored_answers_are_judged_again_beside_the_old_run() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    assert_eq!(calls(&server).await, 60, "the answers stand in a column: only the judge is asked");
    let again = document(&folder, Some(&server), 0, &["rescore", &run, "--judge", "strict", "--tag", "try=2"]).await;
    let found = &again["runs"][0];
    assert_eq!((&found["kind"], &found["of"], &found["status"]), (&json!("rescore"), &json!(run), &json!("finished")));
    assert_eq!(found["tags"], json!({"try": "2"}));
    let mean = |run: &Value| run["summary"]["score"]["mean"].as_f64().unwrap();
    assert!((mean(found) - 1.0 / 3.0).abs() < 1e-9, "40 of 60 are right, and worth a half: {found}");
    assert_eq!(calls(&server).await, 120, "only the judge is asked again");
    let summary = &found["summary"];
    assert_eq!((&summary["cost"]["known"], &summary["judge_cost"]["known"]), (&json!(0), &json!(60_000_000)));

    let old = document(&folder, None, 0, &["show", &run, "-n", "60"]).await;
    let new = document(&folder, None, 0, &["show", &id(&again), "-n", "60"]).await;
    for field in ["dataset", "prompt", "model", "name", "epochs", "threshold", "planned"] {
        assert_eq!(old["run"][field], new["run"][field], "{field}");
    }
    let provenance = |document: &Value, field: &str| document["run"]["provenance"][field].clone();
    assert_eq!(provenance(&old, "prompt"), provenance(&new, "prompt"));
    assert_eq!(provenance(&new, "judge"), json!("llm:strict"));
    assert_ne!(provenance(&old, "judge_hash"), provenance(&new, "judge_hash"));
    let answers = |document: &Value| -> Vec<Value> {
        document["evaluations"].as_array().unwrap().iter().map(|found| found["completion"]["text"].clone()).collect()
    };
    assert_eq!(answers(&old), answers(&new));
    assert_eq!(mean(&old["run"]), 2.0 / 3.0, "the old run is as it was");
    assert_eq!(new["evaluations"][0]["completion"]["served"]["recalled"], "run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rescore_is_compared_with_its_run_and_with_nothing_else() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    let again = id(&document(&folder, Some(&server), 0, &["rescore", "@latest", "--judge", "strict"]).await);

    let compared = document(&folder, None, 0, &["compare", &run, &again]).await;
    let pair = &compared["comparisons"][0];
    assert_eq!(pair["obstacles"], json!([]));
    assert!(pair["warnings"][0].as_str().unwrap().contains("only the judge differs"), "{pair}");
    assert!((pair["effect"]["points"].as_f64().unwrap() + 100.0 / 3.0).abs() < 1e-6, "{pair}");
    let differs: Vec<&str> =
        pair["differs"].as_array().unwrap().iter().map(|found| found["setting"].as_str().unwrap()).collect();
    assert_eq!(differs, ["judge", "judge hash"]);

    let kinds = document(&folder, None, 0, &["runs", "--kind", "rescore"]).await;
    assert_eq!((kinds["runs"].as_array().unwrap().len(), &kinds["runs"][0]["id"]), (1, &json!(again)));
    let shown = text(&folder, None, 0, &["runs", "--kind", "rescore"]).await;
    assert!(shown.contains(&format!("(rescore of {})", &run[run.len() - 6..])), "{shown}");
    assert_eq!(document(&folder, None, 0, &["show", "@latest"]).await["run"]["id"], json!(run), "it is no latest run");
    let models = document(&folder, None, 0, &["models"]).await;
    assert_eq!(models["models"].as_array().map(Vec::len), Some(1), "{models}");
    assert!(models.to_string().contains(&run) && !models.to_string().contains(&again), "{models}");
    let history = document(&folder, None, 0, &["history", "column:reply"]).await;
    assert!(!history.to_string().contains(&again), "{history}");

    // Judged once more it is still the first run whose answers these are.
    let third = document(&folder, Some(&server), 0, &["rescore", &again, "--judge", "contains"]).await;
    assert_eq!(third["runs"][0]["of"], json!(run));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_compared_with_those_of_another_run() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    let ask = ["run", "golden.csv", "-m", "column:other", "--judge", "contains"];
    let other = id(&document(&folder, None, 0, &ask).await);
    let pairwise = ["rescore", &run, "--judge", "pairwise:fair", "--against", &other];
    let found = document(&folder, Some(&server), 0, &pairwise).await;
    // Of six questions 20 of the first are right and wrong in the second, 10 the other way round; 30 are the same.
    let mean = found["runs"][0]["summary"]["score"]["mean"].as_f64().unwrap();
    assert!((mean - (20.0 + 0.5 * 30.0 + 0.0) / 60.0).abs() < 1e-9, "{mean}");
    assert_eq!(found["runs"][0]["spec"]["against"], json!(other));
    let pairwise = ["rescore", &run, "--judge", "pairwise:first", "--against", &other];
    let first = document(&folder, Some(&server), 0, &pairwise).await;
    let mean = first["runs"][0]["summary"]["score"]["mean"].as_f64().unwrap();
    assert_eq!(mean, 0.5, "who prefers what stands first prefers nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_judged_again_is_refused_before_anybody_is_asked() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    let before = calls(&server).await;
    for (arguments, why) in [
        (vec!["rescore", &run], "no judge"),
        (vec!["rescore", "ffff", "--judge", "fair"], "there is no run `ffff`"),
        (vec!["rescore", &run, "--judge", "pairwise"], "compares with the answers of another run"),
        (vec!["rescore", &run, "--judge", "pairwise", "--against", &run], "against itself"),
        (vec!["rescore", &run, "--judge", "exact", "--against", &run], "for a judge that compares two answers"),
        (vec!["rescore", &run, "--judge", "nobody"], "the endpoint has no model `nobody`"),
        (
            vec!["run", "golden.csv", "-m", "column:reply", "--judge", "pairwise"],
            "compares with the answers of another run",
        ),
    ] {
        let output = cli(&folder, Some(&server), &arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{arguments:?}: {}", stderr(&output));
    }
    assert_eq!(calls(&server).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rescore_that_was_cut_off_goes_on_and_judges_nothing_twice() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    let other = endpoint().await;
    other.reset().await;
    crate::grader::mount(&other, 25).await;
    let cut = document(&folder, Some(&other), 4, &["rescore", &run, "--judge", "strict", "--concurrency", "1"]).await;
    assert_eq!(cut["runs"][0]["status"], "failed", "after 25 calls the key is refused");
    let again = id(&cut);
    let before = calls(&server).await;
    // It goes on where its owner says, and not where the run says.
    let on = document(&folder, Some(&server), 0, &["resume", &again, "--base-url", &server.uri()]).await;
    assert_eq!((&on["runs"][0]["status"], &on["runs"][0]["kind"]), (&json!("finished"), &json!("rescore")));
    assert_eq!(calls(&server).await - before, 60 - 25);
    assert_eq!((id(&on), &on["runs"][0]["of"]), (again, &json!(run)));
    let counts = &on["runs"][0]["summary"]["counts"];
    assert_eq!((&counts["scored"], &counts["unscored"]), (&json!(60), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_failed_stay_failed() {
    let (folder, server) = (folder(), endpoint().await);
    let broken = crate::grader::broken(&folder, &server).await;
    let again = document(&folder, Some(&server), 0, &["rescore", &broken, "--judge", "fair"]).await;
    let counts = &again["runs"][0]["summary"]["counts"];
    assert_eq!((&counts["scored"], &counts["failed"]), (&json!(1), &json!(2)), "{again}");
    let shown = document(&folder, None, 0, &["show", &id(&again)]).await;
    let kinds: Vec<&Value> =
        shown["evaluations"].as_array().unwrap().iter().map(|found| &found["outcome"]["kind"]).collect();
    assert_eq!(kinds[1..], [&json!("timeout"), &json!("rejected")], "one that ends a run need not end this one");
}
