//! Receivers that are down, slow, rude or endless.

use std::time::Duration;

use eval_core::Timestamp;
use eval_server::{Delivered, Next, Outbound, Receiver, deliver, retry_delay};
use tokio::net::TcpListener;

use crate::sink::{Behaviour, Sink};
use crate::{allowing, receiver, secret, webhook};

const AGAIN: Next = Next::Retry { not_before: None };

async fn delivered(behaviour: Behaviour) -> Delivered {
    let sink = Sink::start(behaviour).await;
    deliver(&allowing(&sink), &receiver(&sink), &webhook(), Timestamp::now()).await
}

#[tokio::test]
async fn f45_only_2xx_is_success_and_410_disables() {
    let pause = |seconds| Next::Retry { not_before: Some(Duration::from_secs(seconds)) };
    for (line, next) in [
        ("200 OK", Next::Done),
        ("202 Accepted", Next::Done),
        ("204 No Content", Next::Done),
        ("299 Odd", Next::Done),
        ("304 Not Modified", AGAIN),
        ("400 Bad Request", AGAIN),
        ("404 Not Found", AGAIN),
        ("410 Gone", Next::Disable),
        ("410 Gone\r\nretry-after: 5", Next::Disable),
        ("429 Too Many Requests", AGAIN),
        ("429 Too Many Requests\r\nretry-after: 120", pause(120)),
        ("429 Too Many Requests\r\nretry-after: 99999999", pause(86_400)),
        ("429 Too Many Requests\r\nretry-after: whenever", AGAIN),
        ("500 Internal Server Error", AGAIN),
        ("503 Service Unavailable\r\nretry-after: 7", pause(7)),
    ] {
        let delivered = delivered(Behaviour::status(line)).await;
        assert_eq!(delivered.next, next, "{line}");
        assert_eq!(delivered.status, line[..3].parse().ok(), "{line}");
        assert_eq!(delivered.failure.is_none(), next == Next::Done, "{line}: {delivered:?}");
    }
}

#[tokio::test]
async fn f45_a_redirect_is_a_failure_and_nobody_follows_it() {
    let elsewhere = Sink::start(Behaviour::status("200 OK")).await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let line = format!("{status}\r\nlocation: {}", elsewhere.url("/"));
        let sink = Sink::start(Behaviour::status(&line)).await;
        // Even where both may be asked.
        let outbound = Outbound::builder().allow([sink.address(), elsewhere.address()]).build().expect("a client");
        let delivered = deliver(&outbound, &receiver(&sink), &webhook(), Timestamp::now()).await;
        assert_eq!((delivered.next, delivered.status), (AGAIN, status[..3].parse().ok()));
    }
    assert_eq!(elsewhere.connections().await, 0);
}

#[tokio::test]
async fn f45_a_receiver_that_is_down_or_resets_is_tried_again() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").to_string();
    let outbound = Outbound::builder().allow([closed.as_str()]).build().expect("a client");
    let nobody = Receiver::new(format!("http://{closed}/s3cr3t"), secret(1));
    let down = deliver(&outbound, &nobody, &webhook(), Timestamp::now()).await;
    for broken in [down, delivered(Behaviour::Reset).await, delivered(Behaviour::Answer("what?\r\n\r\n".into())).await]
    {
        assert_eq!((broken.next, broken.status), (AGAIN, None), "{broken:?}");
        let failure = broken.failure.expect("a reason");
        assert!(failure.contains("127.0.0.1") && !failure.contains("s3cr3t"), "{failure}");
    }
}

#[tokio::test]
async fn f45_a_slow_receiver_costs_fifteen_seconds_and_no_more() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
    for said in ["", "HTTP/1.1 200", half] {
        let mut sink = Sink::start(Behaviour::Stop(said.into())).await;
        let (outbound, receiver) = (allowing(&sink), receiver(&sink));
        let delivery = tokio::spawn(async move { deliver(&outbound, &receiver, &webhook(), Timestamp::now()).await });
        sink.next().await;
        // From here on nothing but time can happen, and the runtime lets it pass.
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        let late = delivery.await.expect("a task");
        assert!(begun.elapsed() < Duration::from_secs(16), "{:?}", begun.elapsed());
        tokio::time::resume();
        assert_eq!((late.next, late.status), (AGAIN, None), "{late:?}");
        assert!(late.failure.expect("a reason").ends_with("within 15s"));
    }
}

#[tokio::test]
async fn f45_of_ten_gigabytes_one_kilobyte_is_read() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n";
    let mut sink = Sink::start(Behaviour::Flood(head.into(), "a".into())).await;
    let delivered = deliver(&allowing(&sink), &receiver(&sink), &webhook(), Timestamp::now()).await;
    assert_eq!((delivered.next, delivered.answer.len()), (Next::Done, 1_024));
    // What the receiver got rid of lay in the buffers of the two sockets.
    assert!(sink.floods.recv().await.expect("an end") < 1_000_000_000);
}

#[tokio::test]
async fn f45_headers_without_end_are_no_answer() {
    let mut sink = Sink::start(Behaviour::Flood("HTTP/1.1 200 OK\r\n".into(), "x: aaaaaaaaaaa\r\n".into())).await;
    let delivered = deliver(&allowing(&sink), &receiver(&sink), &webhook(), Timestamp::now()).await;
    assert_eq!((delivered.next, delivered.status), (AGAIN, None));
    assert!(sink.floods.recv().await.expect("an end") < 1_000_000_000);
}

#[tokio::test]
async fn f45_a_receiver_that_is_refused_is_not_tried_again() {
    let outbound = Outbound::builder().build().expect("a client");
    for url in ["http://127.0.0.1:9/s3cr3t", "ftp://hooks.example.com/s3cr3t"] {
        let refused = deliver(&outbound, &Receiver::new(url, secret(1)), &webhook(), Timestamp::now()).await;
        assert_eq!((refused.next, refused.status), (Next::GiveUp, None));
        assert!(!format!("{refused:?}").contains("s3cr3t"), "{refused:?}");
    }
}

#[test]
fn f45_the_schedule_is_that_of_the_specification() {
    let hour = 3_600;
    let expected = [0, 5, 300, 1_800, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];
    for webhook in ["msg_a", "msg_b", "msg_c"] {
        for (failures, seconds) in (0..).zip(expected) {
            let delay = retry_delay(webhook, failures).expect("an attempt").as_secs_f64();
            let pause = f64::from(seconds);
            assert!((pause..=pause * 1.1).contains(&delay), "{webhook} after {failures}: {delay} s");
            assert_eq!(retry_delay(webhook, failures), retry_delay(webhook, failures));
        }
        assert_eq!((retry_delay(webhook, 10), retry_delay(webhook, u32::MAX)), (None, None));
    }
}

#[test]
fn f45_a_thousand_webhooks_that_failed_together_come_back_apart() {
    let delays = (0..1_000).map(|n| retry_delay(&format!("msg_{n}"), 2).expect("an attempt").as_millis());
    let seconds: std::collections::BTreeSet<u128> = delays.map(|millis| millis / 1_000).collect();
    assert_eq!(seconds.into_iter().collect::<Vec<_>>(), (300..330).collect::<Vec<_>>());
}
