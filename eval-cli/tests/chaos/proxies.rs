//! The ways to an endpoint: through a proxy that the environment names, past it, over IPv6, without a name.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use eval_chaos::Chaos;
use tempfile::TempDir;

use super::common::fresh;
use super::{output, questions, run, text};

/// An endpoint that only a proxy knows.
const BEHIND: &str = "http://models.invalid";

fn ask(folder: &TempDir, url: &str) -> Command {
    fs::write(folder.path().join("q.csv"), questions(["good"; 3])).expect("a file");
    run(folder, url)
}

/// The URL of a port where nobody listens.
fn nobody(login: &str) -> String {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    format!("http://{login}{free}")
}

#[tokio::test(flavor = "multi_thread")]
async fn f56_the_proxy_of_the_environment_is_used() {
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let (folder, proxy) = (fresh(), Chaos::start().await.expect("a port"));
        let mut command = ask(&folder, BEHIND);
        command.env(name, proxy.url());
        let output = output(command).await;
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        let ledger = proxy.ledger();
        assert_eq!(ledger.calls("good"), 3, "{name}");
        assert!(ledger.proxied() >= 3, "{name}: {} came as to a proxy", ledger.proxied());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f56_no_proxy_leads_past_it() {
    let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
    for (no_proxy, code) in [("127.0.0.1", 0), ("localhost,127.0.0.0/8", 0), ("example.com", 4)] {
        let mut command = ask(&folder, &chaos.url());
        command.env("HTTP_PROXY", nobody("")).env("NO_PROXY", no_proxy);
        let output = output(command).await;
        assert_eq!(output.status.code(), Some(code), "{no_proxy}: {}", text(&output.stderr));
    }
    assert_eq!((chaos.ledger().calls("good"), chaos.ledger().proxied()), (6, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn f56_a_proxy_that_is_away_is_named_without_its_password() {
    let folder = fresh();
    let mut command = ask(&folder, BEHIND);
    command.env("HTTP_PROXY", nobody("user:hunter2@")).env("EVALCTL_LOG", "trace");
    let output = output(command).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("cannot connect to models.invalid") && said.contains("refused"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f56_a_name_that_nobody_knows_is_told_before_the_first_call() {
    let folder = fresh();
    let output = output(ask(&folder, "http://no-such-host.invalid")).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("the name is unknown") && said.contains("no-such-host.invalid"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f56_an_endpoint_that_has_only_an_address_of_ipv6_is_asked() {
    let Ok(chaos) = Chaos::at("[::1]:0").await else {
        eprintln!("SKIPPED: this machine has no IPv6");
        return;
    };
    let folder = fresh();
    let output = output(ask(&folder, &chaos.url())).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(chaos.ledger().calls("good"), 3);
}
