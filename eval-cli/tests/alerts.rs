//! Alerts: their settings, and their verbs over a database.

mod common;

use std::process::Output;
use std::sync::Arc;

use common::{evalctl, fresh};
use eval_core::server::{AlertLog as _, AlertQuery, Finding};
use eval_core::{DatasetRef, HistoryKey, Marks as _, Run, RunStatus, Store as _, Timestamp};
use eval_store::DieselStore;
use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The verb in a folder with this configuration; the URL of Slack is a secret of the environment.
fn run(folder: &TempDir, config: &str, slack: &str, arguments: &[&str]) -> Output {
    std::fs::write(folder.path().join("evalctl.toml"), config).expect("a file");
    let mut command = evalctl(folder);
    command.args(arguments).env("SLACK_URL", slack).env("HOOK_SECRET", SECRET).output().expect("a program")
}

async fn open(folder: &TempDir) -> Arc<DieselStore> {
    DieselStore::open(&folder.path().join("eval.db").display().to_string()).await.expect("a database").into()
}

/// A finished run of this name, in which something was found.
async fn found(store: &DieselStore, name: &str) -> Run {
    let mut run = Run::new(name, DatasetRef::new("golden", "f00d", 1), 1);
    (run.status, run.finished) = (RunStatus::Finished, Some(run.started));
    store.put_run(&run).await.expect("it is stored");
    let mut finding = Finding::new(format!("drift/{name}"), format!("{name} is worse by 4.4 points"));
    finding.run = Some(run.id);
    store.open(&finding, Timestamp::now()).await.expect("an alert");
    run
}

async fn receiver(status: u16, says: &str) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_string(says);
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn channels_are_tried_and_say_what_they_said() {
    let (folder, slack, hook) = (fresh(), receiver(200, "ok").await, receiver(403, "go away").await);
    drop(open(&folder).await);
    let config = format!(
        "[alerts]\nallow = ['{}', '{}']\n[alerts.slack]\nurl_env = 'SLACK_URL'\n\
         [alerts.webhook]\nurl = '{}/alerts'\nsecret_env = 'HOOK_SECRET'\n",
        slack.address(),
        hook.address(),
        hook.uri()
    );
    let url = format!("{}/services/T0/B0/s3cr3t", slack.uri());
    let both = run(&folder, &config, &url, &["alerts", "test"]);
    assert_eq!(both.status.code(), Some(4), "{}", text(&both.stderr));
    let said = text(&both.stdout);
    assert!(said.contains("ok    slack: ok") && said.contains("FAIL  webhook: the receiver answered 403"), "{said}");
    let one = run(&folder, &config, &url, &["alerts", "test", "slack", "--json"]);
    let answer: Value = serde_json::from_slice(&one.stdout).expect("JSON");
    assert_eq!((one.status.code(), &answer["channels"][0]["taken"]), (Some(0), &Value::Bool(true)), "{answer}");
    let body = text(&slack.received_requests().await.expect("requests")[0].body);
    assert!(body.contains("TEST this is a test"), "{body}");
    for output in [&both, &one] {
        assert!(!format!("{}{}", text(&output.stdout), text(&output.stderr)).contains("s3cr3t"));
    }
    let fax = run(&folder, &config, &url, &["alerts", "test", "fax"]);
    assert!(fax.status.code() == Some(2) && text(&fax.stderr).contains("the channels are slack, webhook"));
    let none = run(&folder, "", &url, &["alerts", "test"]);
    assert!(none.status.code() == Some(2) && text(&none.stderr).contains("no channel is configured"));
}

#[tokio::test]
async fn a_person_lists_mutes_and_answers() {
    let folder = fresh();
    let store = open(&folder).await;
    let gamma = found(&store, "gamma-pro").await;
    found(&store, "beta").await;
    let verb = |arguments: &[&str]| run(&folder, "", "", arguments);
    let list = verb(&["alerts", "list"]);
    assert!(text(&list.stdout).contains("gamma-pro is worse by 4.4 points"), "{}", text(&list.stderr));
    let mute = verb(&["alerts", "mute", "gamma-pro", "--for", "7d", "--reason", "known", "--by", "ann"]);
    assert_eq!(mute.status.code(), Some(0), "{}", text(&mute.stderr));
    let alerts = store.alerts(&AlertQuery::default()).await.expect("alerts");
    let of_gamma = alerts.iter().find(|alert| alert.finding.run == Some(gamma.id)).expect("its alert");
    let until = of_gamma.ack.as_ref().and_then(|ack| ack.until).expect("a time");
    let days = (until.as_second() - Timestamp::now().as_second()) / 86_400;
    assert!((6..=7).contains(&days), "{days}");
    assert_eq!(alerts.iter().filter(|alert| alert.ack.is_some()).count(), 1, "and no other");

    let id = of_gamma.id.to_string();
    let ack = verb(&["alerts", "ack", &id, "accept", "--reason", "new prompt", "--by", "ann"]);
    assert_eq!(ack.status.code(), Some(0), "{}", text(&ack.stderr));
    let marks = store.marks(&HistoryKey::of(&gamma)).await.expect("marks");
    assert_eq!((marks.len(), marks[0].reason.as_str()), (1, "new prompt"));
    let again = verb(&["alerts", "ack", &id, "accept", "--reason", "new prompt", "--by", "ann"]);
    assert!(again.status.code() == Some(2) && text(&again.stderr).contains("is over"), "{}", text(&again.stderr));
    let nobody = verb(&["alerts", "mute", "gamma-pro", "--for", "7d", "--reason", "known", "--by", "ann"]);
    assert!(nobody.status.code() == Some(2) && text(&nobody.stderr).contains("no alert of `gamma-pro` lasts"));
    let all: Value = serde_json::from_slice(&verb(&["alerts", "list", "--all", "--json"]).stdout).expect("JSON");
    assert_eq!(all["alerts"].as_array().map(Vec::len), Some(2), "{all}");
}

#[tokio::test]
async fn f40_channels_that_cannot_work_are_refused_with_their_line() {
    let folder = fresh();
    drop(open(&folder).await);
    let mail = "[alerts.email]\nhost = 'mail.example.com'\nfrom = 'evals@example.com'\n";
    for (config, expected) in [
        ("[alerts]\nmin_dorp = 1.0", "evalctl.toml:2:1: unknown field `min_dorp`"),
        ("[alerts]\nmin_drop = 0.0", "evalctl.toml:2:12: expected points"),
        ("[alerts]\nallow = ['*.corp']", "evalctl.toml:2: the allowed receiver \"*.corp\""),
        ("[alerts.slack]\nurl = 'https://hooks.slack.com/s3cr3t'", "evalctl.toml:2:1: unknown field `url`"),
        ("[alerts.slack]\n", "evalctl.toml:1: expected url_env or url_file"),
        ("[alerts.slack]\nurl_env = 'MISSING'", "evalctl.toml:2: the variable MISSING is not set"),
        ("[alerts.webhook]\nurl = 'ftp://x'\nsecret_env = 'HOOK_SECRET'", "evalctl.toml:2: the URL of a receiver"),
        ("[alerts.webhook]\nurl = 'https://x.example'", "evalctl.toml:1: expected secret_env or secret_file"),
        (&format!("{mail}to = []"), "evalctl.toml:4: expected at least one address"),
        (&format!("{mail}to = ['ops']"), "evalctl.toml:4: \"ops\" is no address of e-mail"),
        (
            &format!("{mail}to = ['a@b.example']\ntls = 'plain'"),
            "evalctl.toml:2: mail to mail.example.com would go in the clear",
        ),
        (
            &format!("{mail}to = ['a@b.example']\nuser = 'evals'"),
            "evalctl.toml:5: expected password_env or password_file",
        ),
        (&format!("{mail}to = ['a@b.example']\ntls = 'ssl'"), "evalctl.toml:5:7: unknown variant `ssl`"),
    ] {
        let refused = run(&folder, config, "https://hooks.slack.com/s3cr3t", &["alerts", "test"]);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{config}: {said}");
        assert!(said.contains(expected), "{config}: {said}");
    }
}
