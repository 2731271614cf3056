//! The whole story of a server, over HTTP and with the real binary: from an empty database to the alert.

mod common;
#[path = "serving/served.rs"]
mod served;
#[path = "serving/sinks.rs"]
mod sinks;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use common::{evalctl, fresh};
use eval_core::Store as _;
use eval_store::DieselStore;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use served::{Served, runs};
use sinks::{Arrivals, Receiver, mail_server};
use tempfile::TempDir;
use wiremock::Request;

/// The name whose model becomes worse: until now a better one answered under it.
const SLIDING: &str = "simulated:cheap";
const EARLIER_RUNS: usize = 24;
/// So many that a server can be killed in the middle.
const EPOCHS: usize = 100;
const QUESTIONS: usize = 50;

/// A folder with a configuration, and whoever is told.
struct Place {
    folder: TempDir,
    webhooks: Receiver,
    slack: Receiver,
    mails: Arrivals<String>,
    secret: String,
    token: String,
}

impl Place {
    async fn new() -> Self {
        let (folder, webhooks, slack) = (fresh(), Receiver::start().await, Receiver::start().await);
        let (mail, mails) = mail_server();
        let secret = printed(&folder, &["webhooks", "secret"]);
        assert!(!folder.path().join("eval.db").exists(), "it begins with nothing");
        let token = printed(&folder, &["token", "create", "--scope", "admin", "--name", "story"]);
        let config = format!(
            "[server]\nstrangers_per_second = 10000\n\
             [webhooks]\nallow = ['{hook}']\n\
             [[webhooks.receivers]]\nname = 'ci'\nurl = 'http://{hook}/hook'\nsecret_env = 'HOOK_SECRET'\n\
             [alerts]\ngather_seconds = 0\nallow = ['{slack}']\n\
             [alerts.slack]\nurl_env = 'SLACK_URL'\n\
             [alerts.email]\nhost = '127.0.0.1'\nport = {port}\ntls = 'plain'\n\
             from = 'Evals <evals@example.com>'\nto = ['ops@example.com']\n",
            hook = webhooks.address(),
            slack = slack.address(),
            port = mail.port(),
        );
        std::fs::write(folder.path().join("evalctl.toml"), config).expect("a file");
        Self { folder, webhooks, slack, mails, secret, token }
    }

    fn serve(&self) -> Served {
        let slack = format!("http://{}/services/T0/B0/s3cr3t", self.slack.address());
        let server = Served::start(&self.folder, &[("HOOK_SECRET", self.secret.clone()), ("SLACK_URL", slack)]);
        assert_eq!(server.token, None, "there is a token already");
        server
    }
}

/// What a verb prints, without the end of the line.
fn printed(folder: &TempDir, arguments: &[&str]) -> String {
    let output = evalctl(folder).args(arguments).output().expect("a program");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

#[tokio::test]
async fn a_server_is_set_up_guarded_killed_and_tells_of_a_model_that_became_worse() {
    let mut place = Place::new().await;
    let token = place.token.clone();
    let mut server = place.serve();
    nobody_comes_in_without_a_token(&server, &token).await;
    let earlier = earlier_runs(&server, &token, &place.folder).await;

    let (status, job) = server.submit(&token, json!({"models": [SLIDING, "simulated:steady"], "epochs": EPOCHS})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let begun = server.job_once(&token, &job, |job| runs(job).len() == 2).await;
    server.follow(&token, runs(&begun)[0], "sample_finished").await;
    server.child.kill().expect("it is killed");
    server.child.wait().expect("it ends");
    let ids = |job: &Value| runs(job).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let too_early = |webhook: &Request| ids(&begun).contains(&run_of(webhook));
    assert!(!place.webhooks.requests.rest().iter().any(too_early), "it was killed in the middle");
    assert_eq!(place.slack.requests.rest().len() + place.mails.rest().len(), 0, "nothing was wrong until then");

    let server = place.serve();
    let done = server.job_once(&token, &job, |job| job["state"] == "done").await;
    assert_eq!(ids(&done), ids(&begun), "it goes on with the runs that it had");
    let all = server.get(&token, "/api/v1/runs").await;
    assert_eq!(all["runs"].as_array().map(Vec::len), Some(EARLIER_RUNS + 2), "{all}");
    for run in runs(&done) {
        each_question_is_answered_once(&server, &token, run).await;
    }

    let told = webhooks_of(&mut place.webhooks, &ids(&done)).await;
    match std::env::var("EVAL_TEST_STANDARDWEBHOOKS_PYTHON") {
        Ok(python) => told.values().for_each(|webhook| the_library_takes(&python, webhook, &place.secret)),
        Err(_) => eprintln!(
            "SKIPPED: EVAL_TEST_STANDARDWEBHOOKS_PYTHON names no Python that has the package standardwebhooks"
        ),
    }
    let sliding = runs(&done)[0];
    the_drift_and_the_gate(&server, &token, sliding, &earlier).await;
    people_are_told_once(&server, &mut place, sliding).await;
}

/// Every route of the document, without a token and with a wrong one.
async fn nobody_comes_in_without_a_token(server: &Served, token: &str) {
    let document = server.get(token, "/api/openapi.json").await;
    let (mut public, mut guarded) = (BTreeSet::new(), 0);
    for (path, item) in document["paths"].as_object().expect("paths") {
        let called = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        let called = called.collect::<Vec<_>>().join("/");
        for method in item.as_object().expect("a path").keys() {
            let verb: Method = method.to_uppercase().parse().expect("a method");
            let mut refused = 0;
            for wrong in [None, Some("evh_0000000000000000_00")] {
                let status = server.ask(verb.clone(), &called, wrong, None).await.status();
                assert_ne!(status, StatusCode::TOO_MANY_REQUESTS, "{verb} {path}");
                refused += usize::from(status == StatusCode::UNAUTHORIZED);
            }
            match refused {
                0 => drop(public.insert(format!("{verb} {path}"))),
                1 => panic!("{verb} {path} tells no token and a wrong one apart"),
                _ => guarded += 1,
            }
        }
    }
    let expected = ["GET /assets/{name}", "GET /healthz", "GET /login", "GET /readyz", "POST /login"];
    assert_eq!(public, expected.map(str::to_owned).into(), "these alone are public");
    assert!(guarded > 40, "all others want a token: {guarded}");
    assert_eq!(server.get(token, "/api/v1/jobs").await["jobs"], json!([]), "and nothing was begun");
}

/// A history in which the provider served a better model under the same name; its newest run is the baseline.
async fn earlier_runs(server: &Served, token: &str, folder: &TempDir) -> Vec<String> {
    let store = DieselStore::open(&folder.path().join("eval.db").display().to_string()).await.expect("a database");
    let mut earlier = Vec::new();
    for _ in 0..EARLIER_RUNS {
        let (status, job) = server.submit(token, json!({"model": "simulated:strong", "name": SLIDING})).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        let done = server.job_once(token, &job, |job| job["state"] == "done").await;
        earlier.push(runs(&done)[0].to_owned());
        let mut run = store.get_run(runs(&done)[0].parse().expect("an id")).await.expect("the run");
        // What was asked for; what was served stays as it was.
        run.model = SLIDING.to_owned();
        store.put_run(&run).await.expect("it is stored");
    }
    let bless = json!({"run": earlier.last(), "reason": "release 3"});
    let blessed = server.ask(Method::POST, "/api/v1/baselines", Some(token), Some(bless)).await;
    assert_eq!(blessed.status(), StatusCode::CREATED);
    earlier
}

async fn each_question_is_answered_once(server: &Served, token: &str, run: &str) {
    let found = server.get(token, &format!("/api/v1/runs/{run}")).await["run"].take();
    let counts = &found["summary"]["counts"];
    let total: u64 = ["scored", "unscored", "failed"].iter().filter_map(|name| counts[name].as_u64()).sum();
    assert_eq!((&found["status"], total), (&json!("finished"), (QUESTIONS * EPOCHS) as u64), "{found}");
    let rows = server.get(token, &format!("/api/v1/runs/{run}/export?format=json")).await;
    let rows = rows["evaluations"].as_array().expect("evaluations");
    let distinct: BTreeSet<_> =
        rows.iter().map(|row| (row["sample"]["id"].to_string(), row["epoch"].as_u64())).collect();
    assert_eq!((rows.len(), distinct.len()), (QUESTIONS * EPOCHS, QUESTIONS * EPOCHS));
}

/// The run that a webhook is about.
fn run_of(webhook: &Request) -> String {
    let body: Value = webhook.body_json().expect("JSON");
    body["data"]["run"].as_str().expect("a run").to_owned()
}

/// The webhook of each of these runs; whatever is sent again has the same id.
async fn webhooks_of(receiver: &mut Receiver, wanted: &BTreeSet<String>) -> BTreeMap<String, Request> {
    let mut found: BTreeMap<String, Request> = BTreeMap::new();
    while found.len() < wanted.len() {
        let webhook = receiver.requests.next().await;
        let run = run_of(&webhook);
        if !wanted.contains(&run) {
            continue;
        }
        let body: Value = webhook.body_json().expect("JSON");
        assert_eq!((&body["type"], &body["data"]["status"]), (&json!("run.finished"), &json!("finished")), "{body}");
        let known = found.entry(run).or_insert_with(|| webhook.clone());
        assert_eq!(known.headers["webhook-id"], webhook.headers["webhook-id"]);
    }
    found
}

/// Asks the library of the specification for Python about the webhook, and about it with each of its bits flipped.
fn the_library_takes(python: &str, webhook: &Request, secret: &str) {
    let header = |name: &str| webhook.headers[name].to_str().expect("text").to_owned();
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| (name, header(name)));
    let body = String::from_utf8(webhook.body.clone()).expect("text");
    let bits = 8 * (body.len() + header("webhook-id").len() + header("webhook-timestamp").len() + 32);
    let asked = json!({"headers": BTreeMap::from(headers), "body": body, "secrets": [secret]});
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../eval-server/tests/fixtures/standard_webhooks.py");
    let mut command = Command::new(python);
    command.args([script, "verify"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("a Python");
    child.stdin.take().expect("a pipe").write_all(asked.to_string().as_bytes()).expect("a reader");
    let said = child.wait_with_output().expect("an end").stdout;
    let found: Value = serde_json::from_slice(&said).expect("JSON");
    assert_eq!(found, json!({"accepted": 1, "flipped": bits, "refused": bits}));
}

async fn the_drift_and_the_gate(server: &Served, token: &str, sliding: &str, earlier: &[String]) {
    let (Some(first), Some(newest)) = (earlier.first(), earlier.last()) else { panic!("there are earlier runs") };
    let drift = server.get(token, &format!("/api/v1/drift/{SLIDING}")).await;
    assert_eq!(
        (&drift["run"], &drift["alarm"], &drift["status"]),
        (&json!(sliding), &json!(true), &json!("worse")),
        "{drift:#}"
    );
    assert_eq!(drift["levels"].as_array().map(Vec::len), Some(EARLIER_RUNS + 1), "{drift}");
    let high = &drift["findings"][0]["report"]["effect"]["high"];
    assert!(high.as_f64().is_some_and(|high| high < 0.0), "{drift}");

    let questions = [
        (json!({"model": SLIDING}), sliding, newest, "fail", false),
        (json!({"run": newest, "vs": first, "limits": {"margin": 20.0}}), newest, first, "pass", true),
    ];
    for (asked, run, against, decision, ships) in questions {
        let answer = server.ask(Method::POST, "/api/v1/gate", Some(token), Some(asked)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
        let decided = (&answer["run"], &answer["decision"], &answer["may_ship"]);
        assert_eq!(decided, (&json!(run), &json!(decision), &json!(ships)), "{}", answer["headline"]);
        // A run is shown by its last six digits.
        assert_eq!(answer["report"]["baseline"], json!([format!("{} ({SLIDING})", &against[30..])]));
    }
}

async fn people_are_told_once(server: &Served, place: &mut Place, sliding: &str) {
    let slack = place.slack.requests.next().await;
    let (slack, mail) = (String::from_utf8_lossy(&slack.body).into_owned(), place.mails.next().await);
    assert!(slack.contains("blocks") && slack.contains(SLIDING) && slack.contains(sliding), "{slack}");
    for part in ["To: ops@example.com", "Subject: ", "text/plain", "text/html", SLIDING] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    let alerts = server.get(&place.token, "/api/v1/alerts").await;
    assert_eq!(alerts["alerts"].as_array().map(Vec::len), Some(1), "{alerts}");
    let id = alerts["alerts"][0]["alert"]["id"].as_str().expect("an id");
    let path = format!("/api/v1/alerts/{id}");
    let sent = loop {
        let notices = server.get(&place.token, &path).await["notices"].take();
        let notices = notices.as_array().expect("notices").clone();
        if notices.iter().all(|notice| notice["attempts"] != 0) {
            break notices;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent.iter().all(|notice| notice["attempts"] == 1 && notice["state"] == "sent"), "{sent:?}");
    assert_eq!(place.slack.requests.rest().len() + place.mails.rest().len(), 0, "each was told once");
}
