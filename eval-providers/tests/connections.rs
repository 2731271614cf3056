//! Connections that fail, hang, trickle, end early, or bring too much.
#![cfg(feature = "openai")]

#[path = "support/socket.rs"]
mod socket;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use eval_core::{Provider as _, ProviderErrorKind as Kind};
use eval_providers::{LiteLlm, OpenAi, Profile};
use serde_json::json;
use socket::{hang, head, socket};
use support::{CANARY, ask, client, endpoint, request, says};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Real sockets keep real time, so that this deadline is a real one.
const DEADLINE: Duration = Duration::from_millis(200);

/// The 5,000 letters `x`, compressed to 40 bytes.
const BOMB: [u8; 40] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 49, 1, 0, 0, 0, 194, 160, 218, 139, 111, 10, 63, 160, 0, 0, 0, 0, 128,
    183, 1, 38, 240, 219, 0, 136, 19, 0, 0,
];

async fn is_late(url: String) {
    let start = Instant::now();
    let error = ask(&client(&url).timeout(DEADLINE).build().expect("a client")).await.expect_err("no answer");
    assert_eq!(error.kind, Kind::Timeout, "{error}");
    assert!(start.elapsed() >= DEADLINE && start.elapsed() < 10 * DEADLINE);
    assert!(error.timing.service_ms.expect("a time") >= 200.0);
}

#[tokio::test]
async fn a_hang_before_the_headers_ends_at_the_deadline() {
    let url = socket(|stream| async move {
        hang().await?;
        drop(stream);
        Ok(())
    });
    is_late(url.await).await;
}

#[tokio::test]
async fn a_hang_in_the_body_ends_at_the_deadline() {
    let url = socket(|mut stream| async move {
        head(&mut stream, 100).await?;
        stream.write_all(b"{\"choices\":").await?;
        hang().await
    });
    is_late(url.await).await;
}

#[tokio::test]
async fn a_trickle_ends_at_the_deadline() {
    let url = socket(|mut stream| async move {
        head(&mut stream, 1_000).await?;
        loop {
            stream.write_all(b" ").await?;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    is_late(url.await).await;
}

#[tokio::test]
async fn a_body_that_ends_early_is_a_broken_connection() {
    let url = socket(|mut stream| async move {
        head(&mut stream, 1_000).await?;
        stream.write_all(b"{\"choices\":").await?;
        stream.shutdown().await
    });
    let error = ask(&client(&url.await).build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Network, "{error}");
}

#[tokio::test]
async fn a_connection_that_is_closed_or_speaks_no_http_is_broken() {
    let closed = socket(|mut stream| async move { stream.shutdown().await }).await;
    let other = socket(|mut stream| async move { stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await }).await;
    for url in [closed, other] {
        let error = ask(&client(&url).build().unwrap()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Network, "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_host_and_cause() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = ask(&client(&format!("http://{free}")).build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Network);
    assert_eq!(error.message, format!("cannot connect to {free} (connection refused)"));
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn bodies_are_capped_announced_or_not_compressed_or_not() {
    let chunked = socket(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
        loop {
            stream.write_all(b"3e8\r\n").await?;
            stream.write_all(&[b'x'; 1_000]).await?;
            stream.write_all(b"\r\n").await?;
        }
    });
    let announced = socket(|mut stream| async move {
        head(&mut stream, usize::MAX / 2).await?;
        hang().await
    });
    let bomb = ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_bytes(BOMB);
    let bomb = endpoint(bomb).await;
    for url in [chunked.await, announced.await, bomb.uri()] {
        let error = ask(&client(&url).max_body_bytes(4_999).build().unwrap()).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (Kind::Malformed, "the answer is larger than 4999 bytes"));
    }
    let whole = ask(&client(&bomb.uri()).max_body_bytes(5_000).build().unwrap()).await.unwrap_err();
    assert!(whole.message.contains("begins with `xxx"), "{whole}");
}

#[tokio::test]
async fn compression_that_lies_is_malformed() {
    let lie = ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_json(says("4"));
    let error = ask(&client(&endpoint(lie).await.uri()).build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Malformed, "{error}");
}

/// Two calls on one connection; a third one opens another, as the endpoint has hung up.
#[tokio::test]
async fn connections_are_used_again() {
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = opened.clone();
    let url = socket(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            let body = says("4").to_string();
            let mut request = vec![0; 64 * 1024];
            for call in 0..2 {
                head(&mut stream, body.len()).await?;
                stream.write_all(body.as_bytes()).await?;
                if call == 0 {
                    let _ = stream.read(&mut request).await?;
                }
            }
            stream.shutdown().await
        }
    });
    let provider = client(&url.await).build().unwrap();
    for expected in [1, 1, 2] {
        provider.complete(&request("m")).await.unwrap();
        assert_eq!(opened.load(Ordering::SeqCst), expected);
        // The client learns of a closed connection from the reactor.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn models_are_listed_with_wildcards_where_the_proxy_has_them() {
    let server = MockServer::start().await;
    let list = |names: &[&str]| json!({"object": "list", "data": names.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()});
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .and(query_param("return_wildcard_routes", "true"))
        .and(header("authorization", format!("Bearer {CANARY}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_json(list(&["a", "up-*"])))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(path("/v1/models"))
        .respond_with(ResponseTemplate::new(200).set_body_json(list(&["a"])))
        .mount(&server)
        .await;
    let proxy = LiteLlm::builder(server.uri()).api_key(CANARY).build().unwrap();
    assert_eq!(proxy.models().await.unwrap(), ["a", "up-*"]);
    assert_eq!(client(&server.uri()).build().unwrap().models().await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_list_that_is_none_and_a_wrong_key_are_told_apart() {
    for (reply, expected) in [
        (ResponseTemplate::new(200).set_body_string("<html>"), Kind::Malformed),
        (ResponseTemplate::new(401).set_body_string("no"), Kind::Auth),
        (ResponseTemplate::new(404).set_body_string("no"), Kind::Config),
    ] {
        let server = endpoint(reply).await;
        let error = client(&server.uri()).build().unwrap().models().await.unwrap_err();
        assert_eq!(error.kind, expected);
        support::assert_silent(&error);
    }
}

#[tokio::test]
async fn the_kind_of_endpoint_is_found_out_without_the_key() {
    let healthy = json!({"status": "healthy", "db": "Not connected"});
    for (reply, expected) in [
        (ResponseTemplate::new(200).set_body_json(&healthy), Profile::LiteLlm),
        (ResponseTemplate::new(200).insert_header("x-litellm-version", "1.106.2"), Profile::LiteLlm),
        (ResponseTemplate::new(503).set_body_json(json!({"detail": "Service Unhealthy (db)"})), Profile::LiteLlm),
        (ResponseTemplate::new(404).set_body_json(json!({"detail": "Not Found"})), Profile::OpenAi),
        (ResponseTemplate::new(200).set_body_json(json!({"status": "ok"})), Profile::OpenAi),
        (ResponseTemplate::new(200).set_body_string("<html>LiteLLM</html>"), Profile::OpenAi),
        (ResponseTemplate::new(200).set_body_bytes(vec![b' '; 2 << 20]), Profile::OpenAi),
    ] {
        let server = endpoint(reply).await;
        assert_eq!(Profile::detect(&format!("{}/v1/", server.uri())).await.unwrap(), expected);
        let sent = server.received_requests().await.unwrap();
        assert_eq!(sent[0].url.path(), "/health/readiness");
        assert!(!sent[0].headers.contains_key("authorization"));
    }
    assert_eq!(Profile::detect("localhost:4000").await.unwrap_err().kind, Kind::Config);
    assert_eq!(Profile::from_name("litellm"), Some(Profile::LiteLlm));
}

#[tokio::test]
async fn readiness_sends_no_key_and_asks_each_kind_what_it_knows() {
    for (status, proxy_ready, plain_ready) in [(200, true, true), (401, false, true), (503, false, false)] {
        let server = endpoint(ResponseTemplate::new(status)).await;
        let ready = |client: OpenAi| async move { client.readiness().await.is_ok() };
        let proxy = LiteLlm::builder(server.uri()).api_key(CANARY).build().unwrap();
        assert_eq!(ready(proxy).await, proxy_ready, "{status}");
        assert_eq!(ready(client(&server.uri()).build().unwrap()).await, plain_ready, "{status}");
        let sent = server.received_requests().await.unwrap();
        assert!(sent.iter().all(|sent| !sent.headers.contains_key("authorization")));
    }
}
