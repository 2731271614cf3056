//! What is written down of requests: one line each, and nothing that opens anything.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use eval_core::server::{Scope, Token, Tokens};
use eval_server::AccessOptions;
use tracing_subscriber::fmt::MakeWriter;

use crate::service::{Service, bearer, cookie, request};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("set up").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Runs something, and gives all that is logged meanwhile, at the finest level.
async fn logged(act: impl AsyncFnOnce()) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    let guard = tracing::subscriber::set_default(subscriber.with_ansi(false).finish());
    act().await;
    drop(guard);
    let bytes = log.0.lock().expect("set up").clone();
    String::from_utf8(bytes).expect("set up")
}

#[tokio::test]
async fn s12_nothing_that_opens_a_door_is_in_a_log_or_an_answer() {
    let service = Service::new(AccessOptions::default()).await;
    let link = service.state.login_link("").expect("set up");
    let mut canaries = vec![link.split_once('=').expect("set up").1.to_owned()];
    let mut told = String::new();
    let log = logged(async || {
        let signed_in = service.send(request("GET", &link)).await;
        let session = cookie(&signed_in);
        canaries.push(session.split_once('=').expect("set up").1.to_owned());
        told += &service.send(request("GET", &link)).await.text;
        for token in [&service.read, &service.admin, &service.expired, &service.revoked] {
            let secret = token.rsplit('_').next().expect("set up");
            canaries.push(secret.to_owned());
            for route in eval_server::routes() {
                let path = crate::service::filled(&route.path);
                let asked = bearer(request(&route.method, &path), token).header("cookie", &session);
                told += &service.send(asked.header("content-type", "application/json")).await.text;
                let basic = request(&route.method, &path).header("authorization", format!("Basic {secret}"));
                told += &service.send(basic).await.text;
            }
            let pasted = request("POST", "/login").header("content-type", "application/x-www-form-urlencoded");
            let pasted = pasted.header("sec-fetch-site", "same-origin");
            told += &service.send_with(pasted, format!("token={token}")).await.text;
        }
    })
    .await;
    assert!(log.contains("answered"), "{log}");
    for canary in canaries {
        assert!(!log.contains(&canary), "in the log");
        assert!(!told.contains(&canary), "in an answer");
    }
}

#[tokio::test]
async fn s11_a_request_is_one_line_of_the_log_without_escapes() {
    let service = Service::new(AccessOptions::default()).await;
    let (token, secret) = Token::issue("evil\n2026-01-01 INFO forged \u{1b}[31m", Scope::Read).expect("set up");
    service.store.put_token(&token).await.expect("set up");
    let paths = ["/api/v1/runs", "/%0a%0dforged", "/%1b[2J", "/api/v1/runs/%0aforged", "/api/v1/runs?model=%0a%1b[31m"];
    let log = logged(async || {
        for path in paths {
            service.send(bearer(request("GET", path), &secret.reveal()).header("user-agent", "x\t\u{9b}31m")).await;
        }
    })
    .await;
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("answered")).collect();
    assert_eq!((log.lines().count(), lines.len()), (paths.len(), paths.len()), "{log}");
    assert!(log.chars().all(|c| c == '\n' || !c.is_control()), "{log:?}");
}
