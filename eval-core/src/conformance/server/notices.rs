//! Notices.

use crate::Timestamp;
use crate::conformance::{fixtures, must};
use crate::server::{
    AlertId, AlertLog, AlertQuery, Attempted, Finding, Notice, NoticeKind, NoticeQuery, NoticeState, Notices,
};

async fn opened(store: &impl AlertLog, key: &str) -> AlertId {
    must(store.open(&Finding::new(key, "title"), fixtures::time(1)).await, "a finding is taken").alert.id
}

fn notice(alerts: &[AlertId], channel: &str, seconds: i64) -> Notice {
    Notice::new(alerts.to_vec(), channel, NoticeKind::Opened, fixtures::TEXTS[6], fixtures::time(seconds))
}

async fn announce(store: &impl Notices, first: &[AlertId], notices: &[Notice]) -> bool {
    must(store.announce(first, notices, fixtures::time(2)).await, "notices are taken")
}

async fn take(store: &impl Notices, channel: &str, seconds: i64, limit: usize) -> Vec<Notice> {
    let (now, until) = (fixtures::time(seconds), fixtures::time(seconds + 60));
    must(store.take_notices(channel, now, until, limit).await, "what is due is taken")
}

async fn all(store: &impl Notices, query: NoticeQuery) -> Vec<Notice> {
    must(store.notices(&query).await, "notices are read")
}

/// People are told of an alert once, whoever finds it, and one takes a notice at a time.
pub(super) async fn told_once(store: &(impl AlertLog + Notices)) {
    let [a, b] = [opened(store, "a").await, opened(store, "b").await];
    let digest = [notice(&[b, a], "mail", 2), notice(&[a, b], fixtures::TEXTS[3], 2)];
    assert_eq!(digest[0].alerts, [a, b], "in one order, so that the id is always the same");
    assert!(announce(store, &[a, b], &digest).await);
    let told = must(store.alerts(&AlertQuery::default()).await, "alerts are read");
    assert!(told.iter().all(|alert| alert.notified == Some(fixtures::time(2))), "{told:?}");
    assert!(!announce(store, &[a], &[notice(&[a], "mail", 2)]).await, "somebody was faster");
    assert!(!announce(store, &[AlertId::new()], &[notice(&[a], "mail", 2)]).await, "there is no such alert");
    let later = Notice { body: "other".into(), ..digest[0].clone() };
    assert!(announce(store, &[], &[later]).await, "nobody was to be told for the first time");
    let mut expected = digest.to_vec();
    expected.sort_by(|a, b| a.channel.cmp(&b.channel));
    assert_eq!(all(store, NoticeQuery::default()).await, expected, "what is there stays as it is");

    assert_eq!(take(store, "mail", 1, 9).await, [], "not yet");
    let taken = take(store, "mail", 2, 9).await;
    assert_eq!(taken, [Notice { next: Some(fixtures::time(62)), ..digest[0].clone() }]);
    assert_eq!(take(store, "mail", 3, 9).await, [], "somebody has it");
    assert_eq!(take(store, fixtures::TEXTS[3], 3, 9).await.len(), 1, "each channel by itself");
    assert_eq!(take(store, "mail", 62, 9).await.len(), 1, "who had it is lost");
}

/// An attempt is counted once; what failed comes back, until it is given up.
pub(super) async fn tried(store: &(impl AlertLog + Notices)) {
    let [a, b, c] = [opened(store, "a").await, opened(store, "b").await, opened(store, "c").await];
    let of = |alert: AlertId, seconds: i64| notice(&[alert], "mail", seconds);
    assert!(announce(store, &[a, b, c], &[of(a, 4), of(b, 3), of(c, 2)]).await);
    let first: Vec<Vec<AlertId>> = take(store, "mail", 9, 2).await.into_iter().map(|notice| notice.alerts).collect();
    assert_eq!(first, [vec![c], vec![b]], "the longest overdue first");

    let end = async |notice: &Notice, end: Attempted| must(store.attempted(&notice.id, &end).await, "an attempt ends");
    let refused = |at: i64, next: Option<Timestamp>| Attempted::refused(fixtures::time(at), fixtures::TEXTS[6], next);
    for _ in 0..2 {
        let failed = end(&of(b, 3), refused(10, Some(fixtures::time(20)))).await.expect("the notice is there");
        assert_eq!((failed.state, failed.attempts, failed.next), (NoticeState::Pending, 1, Some(fixtures::time(20))));
        assert_eq!((failed.tried, failed.error.as_deref()), (Some(fixtures::time(10)), Some(fixtures::TEXTS[6])));
    }
    let given_up = end(&of(b, 3), refused(21, None)).await.expect("the notice is there");
    assert_eq!((given_up.state, given_up.attempts, given_up.next), (NoticeState::Failed, 2, None));
    let sent = end(&of(c, 2), Attempted::taken(fixtures::time(10))).await.expect("the notice is there");
    assert_eq!((sent.state, sent.error.as_ref()), (NoticeState::Sent, None));
    assert_eq!(end(&of(c, 2), refused(30, None)).await.as_ref(), Some(&sent), "what was told stays told");
    assert_eq!(end(&of(AlertId::new(), 1), Attempted::taken(fixtures::time(1))).await, None);

    let query = NoticeQuery { alerts: vec![b, c], ..NoticeQuery::default() };
    let mut both = [sent, given_up.clone()];
    both.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(all(store, query).await, both);
    let failed = NoticeQuery { state: Some(NoticeState::Failed), ..NoticeQuery::default() };
    assert_eq!(all(store, failed).await, [given_up]);
    assert_eq!(all(store, NoticeQuery { limit: 1, ..NoticeQuery::default() }).await.len(), 1);
}
