//! The outbox.

use super::jobs::job;
use crate::conformance::{fixtures, must};
use crate::server::{
    Claim, Delivery, DeliveryId, DeliveryQuery, DeliveryState, JobEnd, JobQueue, JobState, Jobs, Lost, Outbox, Sent,
    Subscription,
};
use crate::{Owner, Run, RunStatus, Store};

const CALLBACK: &str = "https://example.com/hook";

async fn due(store: &impl Outbox, seconds: i64, subscriptions: &[Subscription]) -> Vec<Delivery> {
    must(store.due(fixtures::time(seconds), subscriptions, 10).await, "what is due is read")
}

async fn stored(store: &impl Store, seconds: i64, status: RunStatus) -> Run {
    let run = Run { status, ..fixtures::run("gpt-4o", seconds) };
    must(store.put_run(&run).await, "a run is taken");
    run
}

/// The news of a run are due when it has ended, once for each receiver.
pub(super) async fn derived(store: &(impl Store + Jobs + JobQueue + Outbox)) {
    let mut first = stored(store, 10, RunStatus::Running).await;
    let second = stored(store, 20, RunStatus::Failed).await;
    let mut wanted = job("ann");
    wanted.request.callback = Some(CALLBACK.into());
    must(store.submit(&wanted, 10).await, "a job is taken");
    let owner = Owner::new();
    must(store.claim(&Claim::new(owner.clone(), fixtures::time(20), Lost::Resume)).await, "a job is claimed");
    assert_eq!(due(store, 20, &[]).await, [], "nothing has ended that somebody waits for");

    let end = JobEnd::new(JobState::Done, [first.id, second.id]);
    assert!(must(store.finish(wanted.id, &owner, &end, fixtures::time(21)).await, "a job is left"));
    let news = |run: &Run, receiver: &str, seconds: i64| {
        Delivery::new(run.id, run.finished, receiver, fixtures::time(seconds))
    };
    let failed = news(&second, CALLBACK, 22);
    assert_eq!(due(store, 22, &[]).await, std::slice::from_ref(&failed));
    first.status = RunStatus::Finished;
    must(store.put_run(&first).await, "a run is replaced");
    let finished = news(&first, CALLBACK, 23);
    assert_eq!(due(store, 23, &[]).await, [failed.clone(), finished.clone()], "the longest overdue first");

    let late = Subscription::new(fixtures::TEXTS[6], fixtures::time(20));
    let subscribed = news(&second, &late.name, 24);
    for _ in 0..2 {
        let all = [failed.clone(), finished.clone(), subscribed.clone()];
        assert_eq!(due(store, 24, std::slice::from_ref(&late)).await, all, "of runs since then, and once");
    }
    assert_eq!(must(store.due(fixtures::time(24), &[], 1).await, "what is due is read"), [failed], "at most so many");
    let of_run = DeliveryQuery { run: Some(first.id), ..DeliveryQuery::default() };
    assert_eq!(must(store.deliveries(&of_run).await, "deliveries are read"), [finished]);
}

/// What somebody has taken nobody else gets before its time, and a run that ends once more has news of its own.
pub(super) async fn taken(store: &(impl Store + Outbox)) {
    let mut run = fixtures::finished("gpt-4o", 0, 0.5, 0);
    must(store.put_run(&run).await, "a run is taken");
    let since = must(store.subscribe("a", fixtures::time(0)).await, "a subscription is kept");
    assert_eq!(
        must(store.subscribe("a", fixtures::time(99)).await, "it is kept"),
        since,
        "it is there since the first"
    );
    let all = [Subscription::new("a", since)];
    let take = async |seconds: i64| {
        must(store.take(fixtures::time(seconds), fixtures::time(seconds + 60), &all, 10).await, "what is due is taken")
    };
    let expected = Delivery::new(run.id, run.finished, "a", fixtures::time(160));
    assert_eq!(take(100).await, std::slice::from_ref(&expected));
    assert_eq!(take(159).await, [], "somebody sends it");
    assert_eq!(due(store, 159, &all).await, []);
    assert_eq!(take(160).await.len(), 1, "who took it is gone");
    must(store.sent(&expected.id, &Sent::taken(fixtures::time(161), 200)).await, "an attempt is taken");
    assert_eq!(take(300).await, []);

    run.finished = Some(fixtures::time(301));
    must(store.put_run(&run).await, "a run is replaced");
    let again = take(302).await;
    assert_eq!(again, [Delivery::new(run.id, run.finished, "a", fixtures::time(362))]);
    assert_ne!(again[0].id, expected.id);
}

/// A delivery is tried until it is taken, given up or unwanted, and can be sent again.
pub(super) async fn tried(store: &(impl Store + Outbox)) {
    let runs = [stored(store, 10, RunStatus::Finished).await, stored(store, 20, RunStatus::Capped).await];
    let all = [Subscription::new("a", fixtures::time(0))];
    let [first, second] = runs.map(|run| Delivery::new(run.id, run.finished, "a", fixtures::time(30)));
    assert_eq!(due(store, 30, &all).await.len(), 2);
    let sent = async |id: &DeliveryId, sent: Sent| must(store.sent(id, &sent).await, "an attempt is taken");

    let again = Sent::refused(fixtures::time(31), Some(500), fixtures::TEXTS[6], Some(fixtures::time(40)));
    let found = sent(&first.id, again.clone()).await;
    let expected = Delivery {
        attempts: 1,
        next: Some(fixtures::time(40)),
        tried: Some(fixtures::time(31)),
        status: Some(500),
        error: Some(fixtures::TEXTS[6].into()),
        ..first.clone()
    };
    assert_eq!(found.as_ref(), Some(&expected));
    assert_eq!(sent(&first.id, again).await, Some(expected.clone()), "the same attempt told twice is one");
    assert_eq!(due(store, 39, &all).await, std::slice::from_ref(&second), "not before its time");
    let taken = sent(&first.id, Sent::taken(fixtures::time(40), 204)).await.map(|it| (it.state, it.attempts, it.error));
    assert_eq!(taken, Some((DeliveryState::Delivered, 2, None)));

    let gone = Sent::refused(fixtures::time(41), Some(410), "gone", Some(fixtures::time(50)));
    assert_eq!(sent(&second.id, gone).await.map(|it| (it.state, it.next)), Some((DeliveryState::Disabled, None)));
    must(store.put_run(&fixtures::finished("gpt-4o", 50, 0.5, 0)).await, "a run is taken");
    assert_eq!(due(store, 60, &all).await, [], "who wants no more gets no more");
    let resent = must(store.resend(&second.id, fixtures::time(61)).await, "a delivery is sent again");
    assert_eq!(resent.map(|it| (it.id, it.state)), Some((second.id.clone(), DeliveryState::Pending)));
    assert_eq!(due(store, 62, &all).await.len(), 2, "and what came meanwhile");
    let given_up = sent(&second.id, Sent::refused(fixtures::time(63), None, "no connection", None)).await;
    assert_eq!(given_up.map(|it| it.state), Some(DeliveryState::Failed));
    let nobody = DeliveryId::from("msg_nobody".to_owned());
    assert_eq!(sent(&nobody, Sent::taken(fixtures::time(1), 200)).await, None);
    assert_eq!(must(store.resend(&nobody, fixtures::time(1)).await, "a delivery is sent again"), None);
    listed(store).await;
}

async fn listed(store: &impl Outbox) {
    let list = async |query: DeliveryQuery| must(store.deliveries(&query).await, "deliveries are read");
    let all = list(DeliveryQuery::default()).await;
    assert_eq!(all.iter().map(|it| it.attempts).collect::<Vec<_>>(), [0, 2, 2], "those of the newest runs first");
    let pending = DeliveryQuery { state: Some(DeliveryState::Pending), ..DeliveryQuery::default() };
    assert_eq!(list(pending).await, all[..1]);
    let before = Some((all[0].run, all[0].id.clone()));
    let next = DeliveryQuery { before, limit: 1, receiver: Some("a".into()), ..DeliveryQuery::default() };
    assert_eq!(list(next).await, all[1..2], "the next page");
}
