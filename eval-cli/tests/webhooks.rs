//! Webhooks and schedules: their settings, their verbs, and deliveries over a database whose processes come and go.

mod common;

use std::collections::BTreeSet;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use common::{evalctl, fresh};
use eval_core::server::{DeliveryQuery, DeliveryState, Outbox, Stopping};
use eval_core::{DatasetRef, Run, RunStatus, Store as _, Timestamp};
use eval_server::{Dispatcher, Outbound, Receiver, WebhookSecret, Webhooks};
use eval_store::DieselStore;
use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The verb in a folder with this configuration.
fn run(folder: &TempDir, config: &str, arguments: &[&str]) -> Output {
    std::fs::write(folder.path().join("evalctl.toml"), config).expect("a file");
    evalctl(folder).args(arguments).env("RECEIVER_SECRET", SECRET).output().expect("a program")
}

async fn receiver(status: u16) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(status)).mount(&server).await;
    server
}

async fn ids(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("requests");
    requests.iter().map(|it| it.headers["webhook-id"].to_str().expect("an id").to_owned()).collect()
}

fn webhooks(server: &MockServer) -> Webhooks {
    let outbound = Outbound::builder().allow([server.address().to_string()]).build().expect("a client");
    let secret = WebhookSecret::parse(&SECRET.into()).expect("a secret");
    Webhooks::new(outbound).receiver("ci", Receiver::new(format!("{}/hook", server.uri()), secret))
}

async fn open(folder: &TempDir) -> Arc<DieselStore> {
    DieselStore::open(&folder.path().join("eval.db").display().to_string()).await.expect("a database").into()
}

fn ended(n: usize) -> Run {
    let mut run = Run::new(format!("model-{n}"), DatasetRef::new("golden", "f00d", 1), 1);
    (run.status, run.finished) = (RunStatus::Finished, Some(run.started));
    run
}

async fn turn(store: &Arc<DieselStore>, server: &MockServer, now: Timestamp) {
    let dispatcher = Dispatcher::new(webhooks(server), store.clone()).clock(move || now);
    dispatcher.turn(&Stopping::never()).await.expect("a turn");
}

#[tokio::test]
async fn f46_whichever_process_is_gone_the_news_come_from_the_next_one_under_the_same_id() {
    let (folder, server) = (fresh(), receiver(204).await);
    // As exact as databases keep times.
    let begun = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).expect("a time");
    // The first is gone when the run has ended.
    let store = open(&folder).await;
    Outbox::subscribe(&*store, "ci", begun).await.expect("a subscription");
    store.put_run(&ended(0)).await.expect("it is stored");
    drop(store);
    // The second has taken the news, and is gone before or after it has sent them.
    let store = open(&folder).await;
    let since = Outbox::subscribe(&*store, "ci", begun + Duration::from_secs(5)).await.expect("a subscription");
    let (now, hold) = (begun + Duration::from_secs(10), Duration::from_secs(60));
    let all = [eval_core::server::Subscription::new("ci", since)];
    let taken = Outbox::take(&*store, now, now + hold, &all, 10).await.expect("what is due");
    assert_eq!(taken.len(), 1);
    drop(store);

    let store = open(&folder).await;
    turn(&store, &server, now + hold / 2).await;
    assert_eq!(ids(&server).await, [""; 0], "the second may still be sending");
    turn(&store, &server, now + hold).await;
    assert_eq!(ids(&server).await, [taken[0].id.to_string()]);
    drop(store);
    let store = open(&folder).await;
    turn(&store, &server, now + hold * 10).await;
    assert_eq!(ids(&server).await.len(), 1, "what was noted is sent no more");
}

#[tokio::test]
async fn two_servers_on_one_database_send_each_delivery_once() {
    let (folder, server) = (fresh(), receiver(200).await);
    let stores = [open(&folder).await, open(&folder).await];
    let now = Timestamp::now();
    Outbox::subscribe(&*stores[0], "ci", now).await.expect("a subscription");
    for n in 0..30 {
        stores[0].put_run(&ended(n)).await.expect("it is stored");
    }
    let later = now + Duration::from_secs(10);
    tokio::join!(turn(&stores[0], &server, later), turn(&stores[1], &server, later));
    let ids = ids(&server).await;
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (30, 30));
    let states = stores[1].deliveries(&DeliveryQuery::default()).await.expect("deliveries");
    assert!(states.iter().all(|it| it.state == DeliveryState::Delivered), "{states:?}");
}

#[test]
fn f40_settings_of_webhooks_and_schedules_are_refused_where_they_stand() {
    let receiver = "[[webhooks.receivers]]\nname = 'ci'\n";
    let schedule = "[schedules.nightly]\nmodels = ['a']\ndataset = 'golden'\n";
    let cases = [
        (format!("{receiver}url = 'https://a.example'\nsecret_env = 'NOT_SET'"), 4, "the variable NOT_SET is not set"),
        (format!("{receiver}url = 'https://a.example'\nsecret_file = 'nowhere'"), 4, "cannot read the secret"),
        (format!("{receiver}url = 'https://a.example'\nsecret_env = 'PATH'"), 4, "is not whsec_ and base64"),
        (format!("{receiver}url = 'https://a.example'"), 1, "expected secret_env or secret_file"),
        (format!("{receiver}secret_env = 'RECEIVER_SECRET'"), 1, "expected one of url, url_env and url_file"),
        (format!("{receiver}url = 'ftp://a.example'\nsecret_env = 'RECEIVER_SECRET'"), 3, "is not of HTTP"),
        (format!("{receiver}url = 'http://10.0.0.1'\nsecret_env = 'RECEIVER_SECRET'"), 3, "not public"),
        ("[webhooks]\nallow = ['*.corp']".into(), 2, "is no host:port"),
        ("[webhooks]\nalow = []".into(), 2, "did you mean `allow`?"),
        (format!("{schedule}cron = '0 25 * * *'"), 4, "cannot be read at character 3"),
        (format!("{schedule}cron = '0 2 * * *'\nzone = 'Mars/Olympus'"), 4, "there is no time zone \"Mars/Olympus\""),
        (format!("{schedule}cron = '0 0 30 2 *'"), 4, "does not come within four years"),
        (format!("{schedule}cron = '0 2 * * *'\nmissed = 'twice'"), 5, "unknown variant `twice`"),
        (format!("{schedule}cron = '0 2 * * *'\nepochs = 0"), 5, "expected at least 1"),
        (format!("{schedule}cron = '0 2 * * *'\nthreshold = 80.0"), 5, "expected a score from 0 to 1"),
        (format!("{schedule}corn = '0 2 * * *'"), 4, "did you mean `cron`?"),
        ("[schedules.'a/b']\ncron = '0 2 * * *'\nmodels = ['a']\ndataset = 'd'".into(), 1, "letters, digits"),
    ];
    let folder = fresh();
    for (config, line, words) in cases {
        let verb: &[&str] = if config.contains("schedules") { &["schedules"] } else { &["webhooks", "list"] };
        let output = run(&folder, &config, verb);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{config}: {said}");
        assert!(said.contains(&format!("evalctl.toml:{line}:")) && said.contains(words), "{config}: {said}");
        assert!(!said.contains("AQEBAQ"), "a secret: {said}");
    }
}

#[test]
fn schedules_are_listed_with_the_time_that_comes_next() {
    let config = "[schedules.nightly]\ncron = '0  2 * * *'\nzone = 'Europe/Berlin'\nmodels = ['a', 'b']\n\
        dataset = 'golden'\njudges = ['exact']\nlimit = 5\nepochs = 2\nparams = { temperature = 0 }\nmissed_hours = 6.0";
    let folder = fresh();
    let output = run(&folder, config, &["schedules", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    let one = &document["schedules"][0];
    assert_eq!((&one["name"], &one["cron"], &one["missed"]), (&"nightly".into(), &"0 2 * * *".into(), &"once".into()));
    assert_eq!((&one["request"]["selection"]["limit"], &one["request"]["epochs"]), (&5.into(), &2.into()));
    let next: Timestamp = one["next"].as_str().expect("a time").parse().expect("a time");
    assert!(next > Timestamp::now() - Duration::from_secs(60) && next.as_second() % 3600 == 0, "{next}");
    let shown = run(&folder, config, &["schedules"]);
    assert!(text(&shown.stdout).contains("Europe/Berlin"), "{}", text(&shown.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_are_listed_tried_out_and_sent_to_again() {
    let (folder, server) = (fresh(), receiver(200).await);
    let config = format!(
        "[webhooks]\nallow = ['{address}']\n[[webhooks.receivers]]\nname = 'ci'\nurl = 'http://{address}/hook'\n\
         secret_env = 'RECEIVER_SECRET'",
        address = server.address(),
    );
    let store = open(&folder).await;
    let now = Timestamp::now();
    Outbox::subscribe(&*store, "ci", now).await.expect("a subscription");
    store.put_run(&ended(0)).await.expect("it is stored");
    turn(&store, &server, now + Duration::from_secs(1)).await;
    let listed = run(&folder, &config, &["webhooks", "list", "--json"]);
    let document: Value = serde_json::from_slice(&listed.stdout).expect("a document");
    let last = &document["webhooks"][0]["last"];
    assert_eq!((&document["webhooks"][0]["host"], &last["state"]), (&"127.0.0.1".into(), &"delivered".into()));

    let resent = run(&folder, &config, &["webhooks", "resend", last["id"].as_str().expect("an id")]);
    assert_eq!(resent.status.code(), Some(0), "{}", text(&resent.stderr));
    turn(&store, &server, Timestamp::now()).await;
    assert_eq!(ids(&server).await.iter().collect::<BTreeSet<_>>().len(), 1, "the same id");
    assert_eq!(ids(&server).await.len(), 2);

    let tested = run(&folder, &config, &["webhooks", "test", "ci"]);
    assert_eq!((tested.status.code(), text(&tested.stdout).trim()), (Some(0), "ci took it: 200"));
    let unknown = run(&folder, &config, &["webhooks", "test", "cj"]);
    assert!(text(&unknown.stderr).contains("did you mean ci?"), "{}", text(&unknown.stderr));
    let made = run(&folder, &config, &["webhooks", "secret"]);
    assert!(WebhookSecret::parse(&text(&made.stdout).into()).is_ok());
}

#[test]
fn the_examples_of_init_hold_when_they_are_uncommented() {
    let folder = fresh();
    for arguments in [&["init"][..], &["run", "--limit", "1"]] {
        assert!(evalctl(&folder).args(arguments).output().expect("a program").status.success(), "{arguments:?}");
    }
    std::fs::create_dir(folder.path().join("datasets")).expect("a folder");
    let config = std::fs::read_to_string(folder.path().join("evalctl.toml")).expect("a file");
    let (above, examples) = config.split_once("# [server]").expect("examples");
    let examples = format!("# [server]{examples}").replace("\n# ", "\n").replacen("# ", "", 1);
    std::fs::write(folder.path().join("evalctl.toml"), format!("{above}{examples}")).expect("a file");
    let says = |arguments: &[&str]| {
        let mut program = evalctl(&folder);
        for name in ["CALLBACK_SECRET", "CI_WEBHOOK_SECRET", "ALERT_SECRET"] {
            program.env(name, SECRET);
        }
        program.env("SLACK_WEBHOOK", "https://hooks.slack.com/services/T/B/x").env("SMTP_PASSWORD", "secret");
        let output = program.args(arguments).output().expect("a program");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    for (verb, wanted) in [
        (vec!["config", "show"], "public_url"),
        (vec!["webhooks", "list"], "ci.example.com"),
        (vec!["schedules"], "nightly"),
        (vec!["alerts", "list"], ""),
    ] {
        let said = says(&verb);
        assert!(said.contains(wanted), "{verb:?}: {said}");
    }
}
