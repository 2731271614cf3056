//! Names whose addresses change, and whom a connection is really made to.

use std::io;
use std::net::IpAddr;
use std::process::Command;
use std::sync::Arc;

use eval_server::{Outbound, OutboundError, Resolver};

use crate::Names;
use crate::sink::{Behaviour, Sink};

const PUBLIC: &str = "93.184.216.34";

#[tokio::test]
async fn s04_a_name_that_is_public_when_saved_and_private_when_sent_gets_no_connection() {
    let sink = Sink::start(Behaviour::status("200 OK")).await;
    let url = format!("http://rebinding.example.com:{}/", sink.port());
    let names = Names::answering([&[PUBLIC], &["127.0.0.1"]]);
    let outbound = Outbound::builder().resolver(names).build().expect("a client");
    outbound.check(&url).await.expect("public at first");
    for _ in 0..3 {
        let refused = outbound.post(&url, Default::default(), b"{}".to_vec()).await.expect_err("private by now");
        assert!(matches!(refused, OutboundError::NotPublic { .. }), "{refused}");
        assert!(!refused.is_transient());
    }
    assert_eq!(sink.connections().await, 0);
}

#[tokio::test]
async fn s04_one_private_address_among_public_ones_is_enough() {
    let sink = Sink::start(Behaviour::status("200 OK")).await;
    let url = format!("http://mixed.example.com:{}/", sink.port());
    for addresses in [["127.0.0.1", PUBLIC], [PUBLIC, "127.0.0.1"]] {
        let outbound = Outbound::builder().resolver(Names::answering([&addresses])).build().expect("a client");
        let refused = outbound.post(&url, Default::default(), b"{}".to_vec()).await.expect_err("one is private");
        assert!(matches!(refused, OutboundError::NotPublic { .. }), "{refused}");
    }
    assert_eq!(sink.connections().await, 0);
}

/// The same name and the same sink, so that the zeros above mean something. It is resolved once: the second answer
/// would lead nowhere.
#[tokio::test]
async fn s04_an_allowed_name_is_resolved_once_and_connected_to() {
    let mut sink = Sink::start(Behaviour::status("200 OK")).await;
    let host = format!("rebinding.example.com:{}", sink.port());
    let names = Names::answering([&["127.0.0.1"], &[]]);
    let outbound = Outbound::builder().resolver(names).allow([host.as_str()]).build().expect("a client");
    let answer = outbound.post(&format!("http://{host}/x"), Default::default(), b"{}".to_vec()).await;
    assert_eq!(answer.expect("an answer").status, 200);
    assert_eq!(sink.next().await.header("host"), host);
    assert_eq!(sink.connections().await, 1);
}

/// The variables are those of a process, so the test above runs in one of its own.
#[tokio::test]
async fn s04_no_proxy_of_the_environment_is_asked() {
    let proxy = Sink::start(Behaviour::status("502 Bad Gateway")).await;
    let address = format!("http://{}", proxy.address());
    let output = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "names::s04_an_allowed_name_is_resolved_once_and_connected_to"])
            .envs(["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, &address)))
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
    });
    let output = output.await.expect("a thread").expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(proxy.connections().await, 0);
}

#[derive(Debug)]
struct Silent;

#[eval_core::async_trait]
impl Resolver for Silent {
    async fn resolve(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn f45_a_resolver_that_never_answers_costs_fifteen_seconds() {
    let outbound = Outbound::builder().resolver(Arc::new(Silent)).build().expect("a client");
    let url = "http://hooks.example.com/";
    let sent = outbound.post(url, Default::default(), b"{}".to_vec()).await.expect_err("no address");
    for error in [outbound.check(url).await.expect_err("no address"), sent] {
        assert!(matches!(error, OutboundError::Timeout { .. }) && error.is_transient(), "{error}");
        assert!(error.to_string().ends_with("within 15s"), "{error}");
    }
}
