//! `evalctl judge audit`: scripted judges that have each flaw are called unfit.

use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::MockServer;

use crate::grader::{cli, document, endpoint, folder, id, judged, stderr, text};

async fn audited(folder: &TempDir, server: &MockServer, code: i32, judge: &str, more: &[&str]) -> Value {
    let few = if more.contains(&"-n") { &[][..] } else { &["-n", "30"] };
    let arguments = [&["judge", "audit", "--judge", judge][..], few, more].concat();
    document(folder, Some(server), code, &arguments).await
}

fn finding<'a>(document: &'a Value, check: &str) -> &'a Value {
    let all = document["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["check"] == check).unwrap_or_else(|| panic!("no {check}: {document}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fair_judge_is_fit_and_its_calls_are_in_the_books() {
    let (folder, server) = (folder(), endpoint().await);
    let run = judged(&folder, &server).await;
    let found = audited(&folder, &server, 0, "fair", &[]).await;
    assert_eq!(found["fitness"], "fit", "{found}");
    for check in ["master-keys", "verbosity", "stability"] {
        assert_eq!(finding(&found, check)["fitness"], "fit", "{check}");
    }
    let kept = document(&folder, None, 0, &["show", found["kept_as"].as_str().unwrap()]).await;
    assert_eq!((&kept["run"]["kind"], &kept["run"]["of"]), (&json!("audit"), &json!(run)));
    // 30 questions, 11 empty phrases that are no blank ones, 3 lengths, 2 times the same: a tenth of a cent each.
    let cost = kept["run"]["summary"]["judge_cost"]["known"].as_i64().unwrap();
    assert_eq!(cost, 30 * (11 + 3 + 2) * 1_000_000, "{kept}");
    let shown = text(&folder, None, 0, &["show", &run]).await;
    assert!(shown.contains("never calibrated; audit: fit (n 30, "), "{shown}");
    let twin = audited(&folder, &server, 0, "contains", &[]).await;
    assert_eq!(twin["fitness"], "fit", "a rule is put to the test as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn f31_a_judge_that_empty_phrases_fool_is_unfit() {
    let (folder, server) = (folder(), endpoint().await);
    judged(&folder, &server).await;
    let found = audited(&folder, &server, 1, "gullible", &[]).await;
    assert_eq!((&found["fitness"], &finding(&found, "master-keys")["fitness"]), (&json!("unfit"), &json!("unfit")));
    assert!(found["why"].as_str().unwrap().contains("of answers that say nothing pass"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f32_a_judge_that_prefers_what_stands_first_is_unfit() {
    let (folder, server) = (folder(), endpoint().await);
    judged(&folder, &server).await;
    let ask = ["run", "golden.csv", "-m", "column:other", "--judge", "contains"];
    let other = id(&document(&folder, None, 0, &ask).await);
    let from = ["--from", "@latest~1", "--against", &other, "-n", "30"];
    let ask = |judge: &'static str| [&["judge", "audit", "--judge", judge][..], &from].concat();
    let found = document(&folder, Some(&server), 1, &ask("first")).await;
    assert_eq!(finding(&found, "order")["fitness"], "unfit", "{found}");
    let fair = document(&folder, Some(&server), 0, &ask("fair")).await;
    assert_eq!(finding(&fair, "order")["value"], json!(0.0), "{fair}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f33_a_judge_that_pays_for_length_is_unfit() {
    let (folder, server) = (folder(), endpoint().await);
    judged(&folder, &server).await;
    let found = audited(&folder, &server, 1, "wordy", &["-n", "30"]).await;
    assert_eq!(finding(&found, "verbosity")["fitness"], "unfit", "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_that_says_another_thing_each_time_is_unfit() {
    let (folder, server) = (folder(), endpoint().await);
    judged(&folder, &server).await;
    let found = audited(&folder, &server, 1, "moody", &["--concurrency", "1"]).await;
    assert_eq!(finding(&found, "stability")["fitness"], "unfit", "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_answers_or_with_several_judges_nothing_is_asked() {
    let (folder, server) = (folder(), endpoint().await);
    let none = cli(&folder, Some(&server), &["judge", "audit", "--judge", "fair"]).await;
    assert_eq!(none.status.code(), Some(2), "{}", stderr(&none));
    judged(&folder, &server).await;
    std::fs::write(folder.path().join("evalctl.toml"), "judges = ['fair', 'moody']").unwrap();
    let several = cli(&folder, Some(&server), &["judge", "audit"]).await;
    assert_eq!(several.status.code(), Some(2));
    assert!(stderr(&several).contains("one judge is put to the test"), "{}", stderr(&several));
}

#[tokio::test]
async fn no_answers_at_all_are_no_number_of_answers() {
    let folder = folder();
    for verb in [
        &["judge", "audit", "--judge", "contains", "-n", "0"][..],
        &["judge", "anchors", "--from", "@latest", "-n", "0"],
        &["label", "sample", "@latest", "-n", "0"],
    ] {
        let refused = cli(&folder, None, verb).await;
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("0 is not in 1"), "{}", stderr(&refused));
    }
}
