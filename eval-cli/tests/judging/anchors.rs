//! `evalctl judge anchors` and `evalctl run --anchors`

use serde_json::{Value, json};

use crate::grader::{calls, cli, document, endpoint, folder, judged, stderr, text};

#[tokio::test(flavor = "multi_thread")]
async fn frozen_answers_are_judged_first_in_the_group_of_the_run() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    let frozen = document(&folder, None, 0, &["judge", "anchors", "--from", &run, "-n", "50", "--seed", "3"]).await;
    let set = &frozen["run"];
    assert_eq!((&set["kind"], &set["of"], &set["group"]), (&json!("anchor"), &json!(run), &Value::Null));
    assert_eq!((&set["planned"], &set["status"]), (&json!(50), &json!("finished")));
    assert_eq!(set["summary"]["score"]["mean"], json!(0.6), "20 of both categories are wrong, all of which are there");
    assert_eq!((&set["summary"]["cost"]["known"], &set["summary"]["judge_cost"]["known"]), (&json!(0), &json!(0)));

    let before = calls(&server).await;
    let ask = ["run", "golden.csv", "-m", "column:reply", "--judge", "fair", "--anchors"];
    let asked = document(&folder, Some(&server), 0, &ask).await;
    assert_eq!(calls(&server).await, before + 50 + 60);
    assert_eq!(asked["runs"].as_array().map(Vec::len), Some(1), "the anchors are no result of the run");
    let all = document(&folder, None, 0, &["runs", "--kind", "anchor"]).await;
    let judged = &all["runs"][0];
    assert_eq!((&judged["of"], &judged["group"]), (&set["id"], &asked["runs"][0]["group"]));
    assert_eq!(judged["summary"]["score"]["mean"], json!(0.6));
    assert_eq!(judged["dataset"], set["dataset"]);
    assert!(judged["id"].as_str() < asked["runs"][0]["id"].as_str(), "they are judged first");

    // By its name, by the settings, and by a run that judged it.
    let id = judged["id"].as_str().unwrap();
    let flag = format!("--anchors={id}");
    let ask = ["run", "golden.csv", "-m", "column:reply", "--judge", "strict", &flag];
    let told = stderr(&cli(&folder, Some(&server), &ask).await);
    assert!(told.contains("anchors: llm:strict gives 50 frozen answers 30.0%"), "{told}");
    assert!(told.contains("frozen with another judge, llm:fair"), "{told}");
    std::fs::write(folder.path().join("evalctl.toml"), "anchors = 'newest'").unwrap();
    let output = cli(&folder, Some(&server), &["run", "golden.csv", "-m", "column:reply", "--judge", "fair"]).await;
    assert!(stderr(&output).contains("(60.0% when they were frozen)"), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_set_of_frozen_answers_is_refused_before_anybody_is_asked() {
    let (folder, server) = (folder(), endpoint().await);
    let ask = |anchors: &'static str| ["run", "golden.csv", "-m", "column:reply", "--judge", "fair", anchors];
    let run = judged(&folder, &server).await;
    let before = calls(&server).await;
    let none = cli(&folder, Some(&server), &ask("--anchors")).await;
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("no answers to `golden` are frozen"), "{}", stderr(&none));
    let wrong = cli(&folder, Some(&server), &ask("--anchors=@latest")).await;
    assert!(stderr(&wrong).contains("is no set of frozen answers: its kind is evaluation"), "{}", stderr(&wrong));
    assert_eq!(calls(&server).await, before);
    let few = cli(&folder, None, &["judge", "anchors", "--from", &run, "-n", "8"]).await;
    assert!(stderr(&few).contains("only 8 anchors: 50 or more"), "{}", stderr(&few));
    let shown = text(&folder, None, 0, &["runs", "--kind", "anchor"]).await;
    assert!(shown.contains("(anchor of "), "{shown}");
}
