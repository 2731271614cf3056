//! `evalctl label` and `evalctl judge calibrate`

use serde_json::json;
use tempfile::TempDir;

use crate::grader::{cli, document, endpoint, folder, judged, stderr, text};

/// The table that was drawn, with a score in each row: what the answer is worth, or the opposite of it.
fn fill(folder: &TempDir, is_fair: bool) {
    let path = folder.path().join("labels.csv");
    let table = std::fs::read_to_string(&path).unwrap();
    let mut lines = table.lines();
    let mut filled = vec![lines.next().unwrap().to_owned()];
    filled.extend(lines.map(|line| {
        let score = if line.contains(",WRONG ") != is_fair { "pass" } else { "fail" };
        let start = line.strip_suffix(",,,").unwrap();
        format!("{start},{score},Grace,looked at it")
    }));
    std::fs::write(path, filled.join("\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draw_is_labelled_taken_back_and_shown() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    text(&folder, None, 0, &["label", "sample", &run, "-n", "30", "-o", "labels.csv"]).await;
    let table = std::fs::read_to_string(folder.path().join("labels.csv")).unwrap();
    assert_eq!(table.lines().count(), 31);
    assert_eq!(
        table.lines().next(),
        Some("run,sample_id,epoch,category,question,expected_output,answer,score,author,reason")
    );
    assert!(!table.contains("By what it says."), "the person is not led");
    let wrong = table.matches(",WRONG ").count();
    assert_eq!(wrong, 10, "of each score as many as its share of the run");
    let again = text(&folder, None, 0, &["label", "sample", &run, "-n", "30"]).await;
    assert_eq!(again.trim_end(), table.trim_end(), "the same seed draws the same");
    let led = text(&folder, None, 0, &["label", "sample", &run, "-n", "3", "--seed", "7", "--with-judge"]).await;
    assert!(led.contains("judge_score") && led.contains("By what it says."), "{led}");

    fill(&folder, true);
    let taken = document(&folder, None, 0, &["label", "import", "labels.csv"]).await;
    assert_eq!((&taken["labels"], &taken["new"], &taken["runs"]), (&json!(30), &json!(30), &json!([run])));
    let twice = document(&folder, None, 0, &["label", "import", "labels.csv"]).await;
    assert_eq!((&twice["labels"], &twice["new"]), (&json!(30), &json!(0)));
    let shown = text(&folder, None, 0, &["show", &run, "-n", "60"]).await;
    assert_eq!(shown.matches("Grace ").count(), 30, "{shown}");
    assert!(shown.contains("never calibrated"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_that_agrees_with_people_is_fit_and_its_runs_say_so() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    text(&folder, None, 0, &["label", "sample", &run, "-n", "30", "-o", "labels.csv"]).await;
    fill(&folder, true);
    text(&folder, None, 0, &["label", "import", "labels.csv"]).await;
    let found = document(&folder, None, 0, &["judge", "calibrate", &run]).await;
    assert_eq!((&found["fitness"], &found["calibration"]["kappa"]), (&json!("fit"), &json!(1.0)));
    assert_eq!(found["calibration"]["confusion"]["both_pass"], 20);
    let level = found["calibration"]["level"].as_f64().unwrap();
    assert!((level - 2.0 / 3.0).abs() < 1e-9, "{level}");
    let shown = text(&folder, None, 0, &["show", &run]).await;
    assert!(shown.contains("fit (κ 1.00, α 1.00, n 30, "), "{shown}");
    assert!(text(&folder, None, 0, &["judge", "calibrate", "--format", "md"]).await.contains("**Judge fit**"));

    // The same labels judge another judge of the same answers.
    document(&folder, Some(&server), 0, &["rescore", &run, "--judge", "moody"]).await;
    let kinds = document(&folder, None, 0, &["runs", "--kind", "rescore"]).await;
    let rescore = kinds["runs"][0]["id"].as_str().unwrap();
    let found = document(&folder, None, 1, &["judge", "calibrate", rescore]).await;
    assert_eq!(found["fitness"], "unfit", "{found}");
    assert!(text(&folder, None, 0, &["show", rescore]).await.contains("unfit (κ "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_that_contradicts_people_is_unfit_and_few_labels_say_nothing() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    let none = cli(&folder, None, &["judge", "calibrate", &run]).await;
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("nobody labelled") && stderr(&none).contains("label sample"), "{}", stderr(&none));
    text(&folder, None, 0, &["label", "sample", &run, "-n", "40", "-o", "labels.csv"]).await;
    fill(&folder, false);
    let found = document(&folder, None, 1, &["judge", "calibrate", &run, "--labels", "labels.csv"]).await;
    assert_eq!(found["fitness"], "unfit");
    assert_eq!(document(&folder, None, 0, &["show", &run]).await["labels"], json!([]), "they were not stored");
    let few = "sample_id,score\nq01,1\nq03,0\n";
    std::fs::write(folder.path().join("few.csv"), few).unwrap();
    let found = document(&folder, None, 3, &["judge", "calibrate", &run, "--labels", "few.csv"]).await;
    assert_eq!(found["why"], "only 2 labels: 20 or more are needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_wrong_is_refused_with_line_and_column() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    for (table, why) in [
        ("sample_id,score\nq01,1\nq02,11\n", "line 3, column `score`: expected a score from 0 to 1"),
        (
            "sample_id,label\nq01,good\n",
            "line 2, column `label`: expected a score from 0 to 1, or pass or fail, found `good`",
        ),
        ("sample_id,score\nq99,1\n", "line 2, column `sample_id`: run "),
        ("sample_id,epoch,score\nq01,2,1\n", "has no answer to `q01` in epoch 2"),
        ("sample_id,epoch,score\nq01,zero,1\n", "line 2, column `epoch`: expected a number from 1, found `zero`"),
        ("run,sample_id,score\nffff,q01,1\n", "line 2, column `run`: there is no run `ffff`"),
        ("id,score\nq01,1\n", "line 1: there is no column `sample_id`"),
        ("sample_id,score,label\nq01,1,1\n", "two columns for one score"),
        ("sample_id,reason\nq01,why\n", "there is no column `score`, nor `label`"),
        ("sample_id,score\nq01,\n", "no row has a score"),
        ("sample_id,score\nq01,1,1\n", "line 2: expected 2 cells as in the first line, found 3"),
    ] {
        std::fs::write(folder.path().join("bad.csv"), table).unwrap();
        let output = cli(&folder, None, &["label", "import", "bad.csv", "--run", &run]).await;
        assert_eq!(output.status.code(), Some(2), "{table}");
        assert!(stderr(&output).contains("bad.csv: ") && stderr(&output).contains(why), "{table}: {}", stderr(&output));
    }
    std::fs::write(folder.path().join("bad.csv"), "sample_id,score\nq01,1\n").unwrap();
    let output = cli(&folder, None, &["label", "import", "bad.csv"]).await;
    assert!(stderr(&output).contains("line 2, column `run`: no run is named"), "{}", stderr(&output));
}
