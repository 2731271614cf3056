//! `evalctl resume` and `retry-errors`: who is asked, with whose key, and what a stored run may say about it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::process::{Command, Output};

use common::{clean, evalctl, fresh};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{body_partial_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const QUESTIONS: &str = "id,category,question,expected_output\n\
    a,sums,What is 1 + 1?,2\n\
    b,sums,What is 2 + 2?,4\n\
    c,words,Spell cat,cat\n";

/// An endpoint whose model `locked` refuses the key, which ends a run before its first answer. `open` answers.
async fn endpoint() -> MockServer {
    let server = MockServer::start().await;
    let models = json!({"object": "list", "data": [{"id": "locked"}, {"id": "open"}]});
    let list = ResponseTemplate::new(200).set_body_json(models);
    Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(&server).await;
    let refused = ResponseTemplate::new(401).set_body_json(json!({"error": {"message": "no", "type": "auth_error"}}));
    asked("locked", refused).mount(&server).await;
    asked("open", answer()).mount(&server).await;
    server
}

fn asked(model: &str, answer: ResponseTemplate) -> Mock {
    let question = Mock::given(method("POST")).and(path("/v1/chat/completions"));
    question.and(body_partial_json(json!({"model": model}))).respond_with(answer)
}

fn answer() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "m-2026-01-01",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "2"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
    }))
}

/// The user unlocks the model: a server that answers where the other one was.
async fn unlock(server: &MockServer) {
    server.reset().await;
    let models = json!({"object": "list", "data": [{"id": "locked"}]});
    let list = ResponseTemplate::new(200).set_body_json(models);
    Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(server).await;
    asked("locked", answer()).mount(server).await;
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

fn host(server: &MockServer) -> String {
    server.uri().replace("http://", "")
}

/// The folder of a user who has a key.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = fresh();
        std::fs::write(folder.path().join("golden.csv"), QUESTIONS).unwrap();
        Self { folder }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn command(&self, arguments: &[&str], settings: Option<&MockServer>) -> Command {
        let mut command = evalctl(&self.folder);
        command.args(arguments).env("OPENAI_API_KEY", "sk-canary-1234567890");
        if let Some(server) = settings {
            command.env("OPENAI_BASE_URL", server.uri());
        }
        command
    }

    /// The exit code and what is said, with the key in the environment and perhaps an endpoint.
    async fn said(&self, arguments: &[&str], settings: Option<&MockServer>) -> (i32, String) {
        said(self.command(arguments, settings)).await
    }

    /// A run that `locked` ended; its short name.
    async fn stopped(&self, server: &MockServer, more: &[&str]) -> String {
        let arguments = [&["run", "golden.csv", "-m", "locked", "--judge", "exact"], more].concat();
        let (code, told) = self.said(&arguments, Some(server)).await;
        assert_eq!(code, 4, "{told}");
        let resume = told.split("evalctl resume ").nth(1).unwrap();
        resume[..6].to_owned()
    }
}

async fn said(mut command: Command) -> (i32, String) {
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_where_the_settings_say_and_never_where_only_it_says_itself() {
    let (bench, first, second) = (Bench::new(), endpoint().await, endpoint().await);
    let run = bench.stopped(&first, &[]).await;
    let before = requests(&first).await;

    for verb in [&["resume"][..], &["resume", &run]] {
        let (code, told) = bench.said(verb, Some(&second)).await;
        assert_eq!(code, 2, "{told}");
        assert!(told.contains(&host(&first)) && told.contains(&host(&second)), "both hosts: {told}");
        assert!(told.contains("OPENAI_BASE_URL names") && told.contains("key of OPENAI_API_KEY"), "{told}");
        for server in [&first, &second] {
            assert!(told.contains(&format!("evalctl resume {run} --base-url {}", server.uri())), "{told}");
        }
        let (code, told) = bench.said(verb, None).await;
        assert_eq!(code, 2, "{told}");
        assert!(told.contains("only the run says"), "{told}");
        assert!(told.contains(&format!("evalctl resume {run} --base-url {}", first.uri())), "{told}");
        assert!(!told.contains("canary") && !told.contains("(--base-url)"), "{told}");
    }
    assert_eq!((requests(&first).await, requests(&second).await), (before, 0), "somebody was asked");

    unlock(&first).await;
    let (code, told) = bench.said(&["resume", &run, "--base-url", &first.uri()], Some(&second)).await;
    assert_eq!(code, 0, "the user named it: {told}");
    assert_eq!(requests(&second).await, 0);
}

/// Another path, another form of the same host: the settings' own is asked.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_host_is_the_same_endpoint() {
    let (bench, server) = (Bench::new(), endpoint().await);
    bench.stopped(&server, &["--base-url", &format!("{}/v1", server.uri())]).await;
    unlock(&server).await;
    let (code, told) = bench.said(&["resume"], Some(&server)).await;
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("(OPENAI_BASE_URL)"), "{told}");
}

/// What a file that somebody sent makes of a run: its endpoint is theirs, and its prompt a file of the victim.
fn crafted(exported: &str, change: impl Fn(&mut Value)) -> String {
    let mut lines = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    change(&mut lines[0]["run"]);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_run_gets_neither_the_key_nor_the_text_of_a_file() {
    let (bench, mine, theirs) = (Bench::new(), endpoint().await, endpoint().await);
    bench.stopped(&mine, &[]).await;
    let (_, exported) = bench.said(&["export", "--format", "jsonl"], None).await;
    let secret = "{top-secret-column} and {an open brace";
    bench.write("secret.txt", secret);
    bench.write("head.txt", "---\ntop-secret-column\n---\nand more");
    let [secret, secret_head] =
        ["secret.txt", "head.txt"].map(|name| bench.folder.path().join(name).display().to_string());
    let calls = requests(&mine).await;
    type Change<'a> = &'a dyn Fn(&mut Value);
    let their_endpoint: Change<'_> = &|run| run["spec"]["base_url"] = theirs.uri().into();
    let changes: [Change<'_>; 4] = [
        their_endpoint,
        &|run| run["spec"]["prompt"] = secret.clone().into(),
        &|run| run["spec"]["rubric"] = secret_head.clone().into(),
        &|run| run["spec"]["system"] = secret.clone().into(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        bench.write("sent.jsonl", &crafted(&exported, change));
        let database = format!("sqlite://imported{at}.db");
        let (code, told) = bench.said(&["import", "sent.jsonl", "--database-url", &database], None).await;
        assert_eq!(code, 0, "{told}");
        // Nothing names an endpoint: that of the file counts for nothing.
        let (code, told) = bench.said(&["resume", "--database-url", &database], None).await;
        assert_eq!(code, 2, "{told}");
        assert!(!told.contains("secret-column") && !told.contains("open brace"), "{told}");
        // The user's own endpoint is asked the user's own prompt.
        let (_, told) = bench.said(&["resume", "--database-url", &database], Some(&mine)).await;
        assert!(!told.contains("secret-column") && !told.contains("open brace"), "{told}");
    }
    let asked = mine.received_requests().await.unwrap().into_iter().skip(calls);
    let bodies: Vec<_> = asked.map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect();
    assert!(bodies.iter().all(|body| !body.contains("secret") && !body.contains("open brace")), "{bodies:?}");
    assert_eq!(requests(&theirs).await, 0, "their endpoint was asked");
}

/// Whoever can write to the database, or sent it as a file, chooses what its runs say of themselves.
#[tokio::test(flavor = "multi_thread")]
async fn a_stored_run_gets_neither_the_key_nor_the_text_of_a_file() {
    let (bench, mine, theirs) = (Bench::new(), endpoint().await, endpoint().await);
    bench.stopped(&mine, &[]).await;
    bench.write("secret.txt", "{top-secret-column} and {an open brace");
    bench.write("head.txt", "---\ntop-secret-column\n---\nand more");
    let calls = requests(&mine).await;
    for (field, value, what) in [
        ("base_url", &*theirs.uri(), "--base-url"),
        ("prompt", "secret.txt", "the prompt of run"),
        ("rubric", "head.txt", "the rubric of run"),
        ("system", "secret.txt", "the system message in"),
    ] {
        let sent = bench.folder.path().join("sent.db").display().to_string();
        std::fs::copy(bench.folder.path().join("eval.db"), &sent).unwrap();
        let line = format!("UPDATE runs SET spec = json_set(spec, '$.{field}', '{value}')");
        SqliteConnection::establish(&sent).unwrap().batch_execute(&line).unwrap();
        for settings in [Some(&mine), None] {
            let (code, told) = bench.said(&["resume", "--database-url", &sent], settings).await;
            assert_eq!(code, 2, "{told}");
            assert!(settings.is_none() || told.contains(what), "{what}: {told}");
            assert!(!told.contains("secret-column") && !told.contains("open brace"), "{told}");
        }
    }
    let posts = mine.received_requests().await.unwrap().into_iter().skip(calls).filter(|call| call.method == "POST");
    assert_eq!((posts.count(), requests(&theirs).await), (0, 0), "somebody was asked");
}

/// A prompt, a system message and a rubric that were edited are named by their files, and shown to nobody.
#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_named_by_its_file() {
    let (bench, server) = (Bench::new(), endpoint().await);
    bench.write("prompt.txt", "Say {question}");
    bench.write("system.txt", "Be brief.");
    let run = bench.stopped(&server, &["--prompt", "prompt.txt", "--system", "system.txt"]).await;
    bench.write("system.txt", "Be long-winded.");
    let (code, told) = bench.said(&["resume", &run], Some(&server)).await;
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("the prompt in `prompt.txt` with the system message in `system.txt` was "), "{told}");
    assert!(!told.contains("winded"), "{told}");
    bench.write("prompt.txt", "Say {question} in {secret}");
    let (code, told) = bench.said(&["resume", &run], Some(&server)).await;
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("the prompt in `prompt.txt`") && !told.contains("secret"), "{told}");

    bench.write("golden.csv", &QUESTIONS.replace("a,sums", "a,words"));
    std::fs::remove_file(bench.folder.path().join("prompt.txt")).unwrap();
    let (code, told) = bench.said(&["resume", &run], Some(&server)).await;
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("the prompt of the run is gone: there is no file prompt.txt"), "{told}");
    let run = bench.stopped(&server, &[]).await;
    bench.write("golden.csv", QUESTIONS);
    let (_, told) = bench.said(&["resume", &run], Some(&server)).await;
    assert!(told.contains("the category of question `a` was `words` and is `sums`"), "{told}");
}

/// The files of a run are looked for where they were named, wherever it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_from_another_folder() {
    let (bench, server) = (Bench::new(), endpoint().await);
    bench.write("prompt.txt", "Say {question}");
    bench.stopped(&server, &["--prompt", "prompt.txt"]).await;
    let database = bench.folder.path().join("eval.db").display().to_string();
    let elsewhere = Bench { folder: fresh() };
    std::fs::remove_file(bench.folder.path().join("prompt.txt")).unwrap();
    let (code, told) = elsewhere.said(&["resume", "--database-url", &database], Some(&server)).await;
    assert_eq!(code, 2, "{told}");
    let folder = std::fs::canonicalize(bench.folder.path()).unwrap();
    assert!(told.contains("no file prompt.txt") && told.contains(&*folder.to_string_lossy()), "{told}");
    elsewhere.write("prompt.txt", "Say {question}");
    unlock(&server).await;
    let (code, told) = elsewhere.said(&["resume", "--database-url", &database], Some(&server)).await;
    assert_eq!(code, 0, "the data set is there, and the prompt here: {told}");
}

/// The command that is printed after this, in a shell with nothing but the key.
async fn pasted(bench: &Bench, told: &str, after: &str) -> (i32, String) {
    let line = told.lines().find_map(|line| line.split_once(after)).unwrap_or_else(|| panic!("{after}: {told}")).1;
    let line = line.replace("evalctl", env!("CARGO_BIN_EXE_evalctl"));
    let mut shell = clean(Command::new("sh"), &bench.folder);
    shell.args(["-c", &line]).env("OPENAI_API_KEY", "sk-canary-1234567890");
    said(shell).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_command_leads_to_the_same_database_and_endpoint() {
    let (bench, server) = (Bench::new(), endpoint().await);
    bench.write("other.toml", "database_url = 'sqlite://config.db'\n");
    for flags in [["--database-url", "sqlite://it's mine.db"], ["--config", "other.toml"]] {
        let uri = server.uri();
        let arguments = ["run", "golden.csv", "-m", "locked", "--judge", "exact", "--base-url", &uri];
        let (code, told) = bench.said(&[&arguments[..], &flags].concat(), None).await;
        assert_eq!(code, 4, "{told}");
        let (code, shown) = pasted(&bench, &told.replace("   evalctl models", "\nevalctl models"), "next: ").await;
        assert_eq!(code, 0, "{shown}");
        let (code, again) = pasted(&bench, &told, "to go on: ").await;
        assert_eq!(code, 4, "the model is still locked, and the run was found: {again}");
        let (code, retried) = bench.said(&[&["retry-errors"][..], &flags].concat(), None).await;
        assert_eq!(code, 0, "{retried}");
    }
    let _ = bench.said(&["run", "golden.csv", "-m", "locked", "--judge", "exact"], Some(&server)).await;
    let (code, told) = bench.said(&["retry-errors", "@latest", "--database-url", "sqlite://it's mine.db"], None).await;
    assert_eq!(code, 2, "{told}");
    assert!(told.contains(r"--database-url 'sqlite://it'\''s mine.db', then evalctl retry-errors"), "{told}");
}

/// What is really asked again is said, and which run is meant when none is named.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_counted_and_errors_are_found() {
    let (bench, server) = (Bench::new(), endpoint().await);
    let run = |judge: &'static str| ["run", "golden.csv", "-m", "open", "--judge", judge];
    // The grader answers "2", which is no verdict: three questions are unscored.
    let (code, told) = bench.said(&run("open"), Some(&server)).await;
    assert_eq!(code, 0, "{told}");
    let unscored = told.split("evalctl show ").nth(1).unwrap()[..6].to_owned();
    let (code, told) = bench.said(&run("exact"), Some(&server)).await;
    assert_eq!(code, 0, "{told}");
    let (_, told) = bench.said(&["retry-errors"], Some(&server)).await;
    assert!(told.contains(&format!("going on with run {unscored}")), "the newest with errors: {told}");

    let (code, told) = bench.said(&["retry-errors", "@latest", "--json", "-q"], Some(&server)).await;
    let document: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &document["runs"][0]["summary"]["counts"]["scored"]), (0, &json!(3)), "nothing to retry: {told}");

    // Of three questions one is stored.
    let (_, exported) = bench.said(&["export", "@latest", "--format", "jsonl"], None).await;
    let cut: String = crafted(&exported, |run| {
        (run["status"], run["summary"], run["finished"]) = ("interrupted".into(), Value::Null, Value::Null);
    });
    bench.write("cut.jsonl", &cut.lines().take(2).map(|line| format!("{line}\n")).collect::<String>());
    let flags = ["--database-url", "cut.db"];
    bench.said(&["import", "cut.jsonl", flags[0], flags[1]], None).await;
    let (code, told) = bench.said(&["resume", flags[0], flags[1]], Some(&server)).await;
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("open: 2 of 3 left to ask"), "{told}");
}

/// No path of the server and no page of it is an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_base_url_is_named() {
    let (bench, server) = (Bench::new(), MockServer::start().await);
    let uri = format!("{}/wrong", server.uri());
    let (code, told) = bench.said(&["doctor", "-m", "open", "--base-url", &uri], None).await;
    assert_eq!(code, 4, "{told}");
    assert!(told.contains(&format!("there is no endpoint at {uri} (--base-url)")), "{told}");
    assert!(told.contains("sqlite://eval.db (default), made just now"), "{told}");
}

/// What the libraries say is coloured like all else on stderr: on a terminal, or where somebody asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn log_lines_have_colours_only_where_they_are_wanted() {
    let (bench, server) = (Bench::new(), endpoint().await);
    bench.stopped(&server, &[]).await;
    for (color, variable, coloured) in [
        ("auto", ("X", ""), false),
        ("always", ("X", ""), true),
        ("never", ("CLICOLOR_FORCE", "1"), false),
        ("auto", ("CLICOLOR_FORCE", "1"), true),
        ("auto", ("NO_COLOR", "1"), false),
    ] {
        let mut resume = bench.command(&["resume", "-v", "--color", color], Some(&server));
        resume.env(variable.0, variable.1);
        let (_, told) = said(resume).await;
        let line = told.lines().find(|line| line.contains("the run goes on")).unwrap_or_else(|| panic!("{told}"));
        assert_eq!(line.contains('\u{1b}'), coloured, "--color {color} with {variable:?}: {line}");
    }
}
