//! Alerts.

use crate::conformance::{fixtures, must};
use crate::server::{Ack, AckKind, Alert, AlertId, AlertLog, AlertQuery, Finding, Opened};
use crate::{RunId, Severity};

fn finding(key: &str) -> Finding {
    let mut finding = Finding::new(key, fixtures::TEXTS[6]);
    (finding.severity, finding.run) = (Some(Severity::Critical), Some(RunId::new()));
    finding
}

async fn open(store: &impl AlertLog, finding: &Finding, seconds: i64) -> Opened {
    must(store.open(finding, fixtures::time(seconds)).await, "a finding is taken")
}

async fn list(store: &impl AlertLog, query: AlertQuery) -> Vec<Alert> {
    must(store.alerts(&query).await, "alerts are read")
}

/// As long as a finding lasts it has one alert.
pub(super) async fn one_of_a_key(store: &impl AlertLog) {
    let key = fixtures::TEXTS[3];
    let first = open(store, &finding(key), 1).await;
    assert!(first.is_new && open(store, &finding("other"), 1).await.is_new);
    let worse = Finding { title: "worse".into(), severity: None, run: None, ..finding(key) };
    let again = open(store, &worse, 2).await;
    let expected = Alert { finding: worse.clone(), seen: 2, last_seen: fixtures::time(2), ..first.alert.clone() };
    assert_eq!((&again.alert, again.is_new), (&expected, false));
    assert_eq!(open(store, &finding(key), 2).await.alert, expected, "the same time twice is once");

    let recover = async |seconds: i64| must(store.recover(key, fixtures::time(seconds)).await, "a finding is over");
    let over = Alert { recovered: Some(fixtures::time(3)), ..expected };
    assert_eq!(recover(3).await.as_ref(), Some(&over));
    assert_eq!(recover(4).await, None, "it is over already");
    let anew = open(store, &finding(key), 5).await;
    assert!(anew.is_new && anew.alert.id != over.id, "what comes again is another alert");

    let of_key = AlertQuery { key: Some(key.into()), ..AlertQuery::default() };
    assert_eq!(list(store, of_key.clone()).await, [anew.alert.clone(), over.clone()], "newest first");
    let ended = AlertQuery { open: Some(false), ..AlertQuery::default() };
    assert_eq!(list(store, ended).await, std::slice::from_ref(&over));
    let older = AlertQuery { before: Some(anew.alert.id), limit: 1, ..of_key };
    assert_eq!(list(store, older).await, [over]);
    assert_eq!(list(store, AlertQuery { open: Some(true), ..AlertQuery::default() }).await.len(), 2);
}

/// People are told, and answer.
pub(super) async fn told_and_answered(store: &impl AlertLog) {
    let alert = open(store, &finding("k"), 1).await.alert;
    for seconds in [2, 3] {
        assert!(must(store.notified(alert.id, fixtures::time(seconds)).await, "people were told"));
    }
    let until = |kind: AckKind| (kind == AckKind::Fixed).then(|| fixtures::time(9));
    let ack =
        |kind: AckKind| Ack::new(kind, fixtures::TEXTS[6], fixtures::TEXTS[3], fixtures::time(4)).until(until(kind));
    must(store.acknowledge(alert.id, &ack(AckKind::Mute)).await, "a person answers");
    let told = must(store.acknowledge(alert.id, &ack(AckKind::Fixed)).await, "a person answers");
    let expected = Alert { notified: Some(fixtures::time(3)), ack: Some(ack(AckKind::Fixed)), ..alert };
    assert_eq!(told.as_ref(), Some(&expected), "the last answer stands");
    assert_eq!(list(store, AlertQuery::default()).await, std::slice::from_ref(&expected));
    assert_eq!(must(store.alert(expected.id).await, "an alert is read").as_ref(), Some(&expected));
    let nobody = AlertId::new();
    assert_eq!(must(store.alert(nobody).await, "an alert is read"), None);
    assert!(!must(store.notified(nobody, fixtures::time(1)).await, "people were told"));
    assert_eq!(must(store.acknowledge(nobody, &ack(AckKind::Accept)).await, "a person answers"), None);
}
