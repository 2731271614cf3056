//! Who is told what, and when.

use std::sync::Arc;
use std::time::Duration;

use eval_core::server::{Ack, AckKind, NoticeState};
use eval_core::{HistoryKey, InMemory, MarkKind, Marks, RunStatus, Status, Store};
use eval_server::Alerts;

use super::*;

const WORSE: &str = "▼ gamma-pro is worse by 4.4 points";

fn store() -> Arc<InMemory> {
    Arc::new(InMemory::new())
}

#[tokio::test]
async fn a_finding_is_told_once_however_often_it_is_seen_and_once_more_when_it_is_over() {
    let (store, book) = (store(), Notebook::default());
    let alerts = alerts(&store, settings(), book.clone());
    found(&store, &run("gamma-pro", 22), &worse()).await;
    turn(&alerts, after(10)).await;
    turn(&alerts, after(20)).await;
    assert_eq!(book.read(), [WORSE]);
    for day in [23, 24] {
        let mut fading = worse();
        fading.effect = eval_core::Effect::points(f64::from(day) - 26.0, None);
        found(&store, &run("gamma-pro", day), &fading).await;
        turn(&alerts, after(86_400)).await;
    }
    assert_eq!(book.read(), [""; 0]);
    let [alert] = &all(&store).await[..] else { panic!("one alert") };
    assert_eq!((alert.seen, alert.finding.run), (3, Some(run("gamma-pro", 24).id)));
    assert_eq!(format!("▼ {}", alert.finding.title), WORSE, "as large as it was when it was opened");

    found(&store, &run("gamma-pro", 25), &report(Status::Watch)).await;
    turn(&alerts, after(3 * 86_400)).await;
    assert_eq!((book.read().len(), all(&store).await[0].is_open()), (0, true), "not sure is not over");
    found(&store, &run("gamma-pro", 26), &report(Status::Steady)).await;
    turn(&alerts, after(4 * 86_400)).await;
    turn(&alerts, after(4 * 86_400 + 5)).await;
    let [message] = &book.messages()[..] else { panic!("one message") };
    assert_eq!(message.title(), "✓ gamma-pro is steady again (was worse by 4.4 points)");
    assert_eq!(message.held, [""; 0], "the title says it");
    assert!(!all(&store).await[0].is_open());
}

#[tokio::test]
async fn what_is_no_alarm_or_too_small_calls_nobody() {
    let (store, book) = (store(), Notebook::default());
    for (name, status) in [("a", Status::Shock), ("b", Status::Watch), ("c", Status::Warming), ("d", Status::Better)] {
        found(&store, &run(name, 22), &report(status)).await;
    }
    let mut small = worse();
    small.effect = eval_core::Effect::points(-0.9, None);
    small.categories.clear();
    found(&store, &run("e", 22), &small).await;
    let mut of_a_person = worse();
    of_a_person.method = eval_core::Method::new("best-run", 1);
    found(&store, &run("f", 22), &of_a_person).await;
    turn(&alerts(&store, settings(), book.clone()), after(1)).await;
    assert_eq!((book.read().len(), all(&store).await.len()), (0, 0));
    let mut finer = settings();
    finer.min_drop = 0.5;
    turn(&alerts(&store, finer, book.clone()), after(1)).await;
    assert_eq!(book.read(), ["▼ e is worse by 0.9 points"]);
}

#[tokio::test]
async fn f48_five_hundred_findings_at_once_are_one_message() {
    let (store, first, second) = (store(), Notebook::default(), Notebook { name: Some("b"), ..Notebook::default() });
    let alerts = alerts(&store, settings(), first.clone()).channel(second.clone());
    for n in 0..500 {
        let mut report = worse();
        report.severity = Some(if n == 321 { Severity::Critical } else { Severity::Minor });
        found(&store, &run(&format!("model-{n}"), 22), &report).await;
    }
    for seconds in 1..5 {
        turn(&alerts, after(seconds)).await;
    }
    for book in [first, second] {
        let [message] = &book.messages()[..] else { panic!("one message for each channel") };
        assert_eq!(message.title(), "▼ 500 findings at once");
        assert_eq!((message.items.len(), message.more, message.severity), (20, 480, Some(Severity::Critical)));
        assert!(message.items[0].text.starts_with("model-321 is worse by"), "the worst first: {:?}", message.items[0]);
    }
    assert!(all(&store).await.iter().all(|alert| alert.notified.is_some()));

    for n in 0..500 {
        found(&store, &run(&format!("model-{n}"), 23), &report(Status::Steady)).await;
    }
    turn(&alerts, after(86_400)).await;
    let told: Vec<String> = notices(&store).await.iter().map(|notice| notice.kind.name().to_owned()).collect();
    assert_eq!(told.len(), 4, "two channels, two messages: {told:?}");
}

#[tokio::test]
async fn f48_what_comes_within_half_a_minute_is_told_together() {
    let (store, book) = (store(), Notebook::default());
    let mut settings = settings();
    (settings.gather, settings.digest) = (Duration::from_secs(30), 2);
    let alerts = alerts(&store, settings, book.clone());
    for (n, seconds) in [0, 10, 20].into_iter().enumerate() {
        found(&store, &run(&format!("model-{n}"), 22), &worse()).await;
        turn(&alerts, after(seconds)).await;
        assert_eq!(book.read(), [""; 0], "after {seconds} s");
    }
    turn(&alerts, after(30)).await;
    assert_eq!(book.read(), ["▼ 3 findings at once"]);
}

#[tokio::test]
async fn what_comes_back_within_the_cooldown_waits() {
    let (store, book) = (store(), Notebook::default());
    let alerts = alerts(&store, settings(), book.clone());
    let hour = 3_600;
    for (day, hours, report, told) in [
        (22, 0, worse(), vec![WORSE]),
        (23, 2, report(Status::Steady), vec!["✓ gamma-pro is steady again (was worse by 4.4 points)"]),
        (24, 4, worse(), vec![]),
        (25, 25, worse(), vec![WORSE]),
    ] {
        found(&store, &run("gamma-pro", day), &report).await;
        turn(&alerts, after(hours * hour)).await;
        assert_eq!(book.read(), told, "after {hours} h");
    }
}

#[tokio::test]
async fn a_killed_server_tells_what_it_had_not_told_and_nothing_twice() {
    let (store, book) = (store(), Notebook::default());
    found(&store, &run("gamma-pro", 22), &worse()).await;
    // Each of these is killed after its part.
    alerts(&store, settings(), book.clone()).catch_up(after(1)).await.expect("histories are read");
    alerts(&store, settings(), book.clone()).announce(after(2)).await.expect("alerts are told");
    assert_eq!((all(&store).await.len(), notices(&store).await.len()), (1, 1));
    for seconds in 3..6 {
        turn(&alerts(&store, settings(), book.clone()), after(seconds)).await;
    }
    assert_eq!(book.read(), [WORSE]);
}

#[tokio::test]
async fn two_servers_on_one_store_tell_once() {
    let (store, book) = (store(), Notebook::default());
    let both = [0, 1].map(|_| alerts(&store, settings(), book.clone()));
    for n in 0..4 {
        found(&store, &run(&format!("model-{n}"), 22), &worse()).await;
    }
    for seconds in 1..4 {
        tokio::join!(turn(&both[0], after(seconds)), turn(&both[1], after(seconds)));
    }
    assert_eq!((book.read().len(), all(&store).await.iter().map(|alert| alert.seen).max()), (4, Some(1)));
}

#[tokio::test]
async fn what_a_person_accepts_begins_a_new_era_and_is_over() {
    for kind in [AckKind::Accept, AckKind::Fixed] {
        let (store, book) = (store(), Notebook::default());
        let alerts = alerts(&store, settings(), book.clone());
        let run = run("gamma-pro", 22);
        found(&store, &run, &worse()).await;
        turn(&alerts, after(1)).await;
        assert_eq!(book.read(), [WORSE]);
        let id = all(&store).await[0].id;
        let ack = Ack::new(kind, "ann", "the new prompt", after(60));
        let alert = alerts.acknowledge(id, &ack).await.expect("it is taken");
        assert_eq!((alert.ack.as_ref(), alert.recovered), (Some(&ack), Some(after(60))));
        let [mark] = &store.marks(&HistoryKey::of(&run)).await.expect("marks")[..] else { panic!("one mark") };
        assert_eq!(
            (mark.kind, mark.run, &*mark.author, &*mark.reason),
            (MarkKind::Accepted, run.id, "ann", "the new prompt")
        );
        turn(&alerts, after(61)).await;
        assert_eq!(book.read(), ["✓ over: gamma-pro was worse by 4.4 points"]);
        assert!(alerts.acknowledge(id, &ack).await.is_err(), "it is over");
    }
}

#[tokio::test]
async fn a_mark_that_somebody_else_made_ends_it_too() {
    let (store, book) = (store(), Notebook::default());
    let alerts = alerts(&store, settings(), book.clone());
    let run = run("gamma-pro", 22);
    found(&store, &run, &worse()).await;
    turn(&alerts, after(1)).await;
    let mark = eval_core::Mark::new(HistoryKey::of(&run), run.id, MarkKind::Accepted, "bob", "cheaper");
    store.put_mark(&mark).await.expect("a mark");
    assert_eq!(book.read(), [WORSE]);
    found(&store, &run, &report(Status::Warming)).await;
    turn(&alerts, after(3)).await;
    assert_eq!(book.messages()[0].held, ["a new level was accepted by bob: cheaper."]);
}

#[tokio::test]
async fn what_is_muted_is_quiet_until_then() {
    let (store, book) = (store(), Notebook::default());
    let alerts = alerts(&store, settings(), book.clone());
    found(&store, &run("gamma-pro", 22), &worse()).await;
    alerts.catch_up(after(1)).await.expect("histories are read");
    let id = all(&store).await[0].id;
    let until = after(3 * 86_400);
    let mute = Ack::new(AckKind::Mute, "ann", "known", after(1)).until(Some(until));
    alerts.acknowledge(id, &mute).await.expect("it is taken");
    turn(&alerts, after(2)).await;
    found(&store, &run("gamma-pro", 23), &report(Status::Steady)).await;
    turn(&alerts, after(86_400)).await;
    found(&store, &run("gamma-pro", 24), &worse()).await;
    turn(&alerts, after(2 * 86_400)).await;
    assert_eq!(book.read(), [""; 0], "nor another alert of the same finding");
    turn(&alerts, after(3 * 86_400)).await;
    assert_eq!(book.read(), [WORSE]);
}

#[tokio::test]
async fn silence_is_told_and_that_it_is_over() {
    let (store, book) = (store(), Notebook::default());
    let alerts = alerts(&store, settings(), book.clone());
    for day in 20..23 {
        found(&store, &run("gamma-pro", day), &report(Status::Steady)).await;
    }
    found(&store, &run("by-hand", 22), &report(Status::Steady)).await;
    turn(&alerts, after(2 * 86_400)).await;
    assert_eq!(book.read(), [""; 0]);
    turn(&alerts, after(3 * 86_400)).await;
    turn(&alerts, after(4 * 86_400)).await;
    assert_eq!(book.read(), ["▼ gamma-pro has no finished run since 22 Nov"]);
    found(&store, &run("gamma-pro", 26), &report(Status::Steady)).await;
    turn(&alerts, after(4 * 86_400 + 60)).await;
    assert_eq!(book.read(), ["✓ over: gamma-pro has no finished run since 22 Nov"]);
    for (day, hour) in [(27, 1), (27, 2), (27, 3)] {
        let mut failed = run("gamma-pro", day);
        failed.status = RunStatus::Failed;
        failed.started = failed.started.saturating_add(Duration::from_secs(hour * 3_600)).expect("a time");
        failed.id = id("gamma-pro", failed.started);
        store.put_run(&failed).await.expect("a run is taken");
    }
    turn(&alerts, after(6 * 86_400)).await;
    assert_eq!(book.read(), ["▼ the last 3 runs of gamma-pro did not finish"]);
}

#[tokio::test]
async fn f47_a_channel_that_is_down_is_tried_seven_times_and_holds_up_no_other() {
    let (store, up) = (store(), Notebook { name: Some("up"), ..Notebook::default() });
    let down = Notebook { refuses: Arc::new(Mutex::new(usize::MAX)), ..Notebook::default() };
    let alerts = Alerts::new(store.clone(), store.clone(), settings()).channel(down).channel(up.clone());
    found(&store, &run("gamma-pro", 22), &worse()).await;
    turn(&alerts, after(1)).await;
    assert_eq!(up.read(), [WORSE]);
    let of_down =
        async || notices(&store).await.into_iter().find(|notice| notice.channel == "notebook").expect("a notice");
    let failed = of_down().await;
    assert_eq!((failed.attempts, failed.state, failed.error.as_deref()), (1, NoticeState::Pending, Some("not now")));
    alerts.send(after(2)).await.expect("notices are sent");
    assert_eq!(of_down().await.attempts, 1, "not before its time");
    while let Some(next) = of_down().await.next {
        alerts.send(next).await.expect("notices are sent");
    }
    let given_up = of_down().await;
    assert_eq!((given_up.attempts, given_up.state), (7, NoticeState::Failed));
    let hours = (given_up.tried.expect("a time").as_second() - after(1).as_second()) / 3_600;
    assert!((17..20).contains(&hours), "{hours} hours");
    assert_eq!(up.read(), [""; 0], "and nobody was told twice");
}

#[tokio::test(start_paused = true)]
async fn the_work_goes_on_by_itself() {
    let (store, book) = (store(), Notebook::default());
    let alerts = alerts(&store, settings(), book.clone());
    let work = tokio::spawn({
        let alerts = alerts.clone();
        async move { alerts.work().await }
    });
    let mut today = run("gamma-pro", 22);
    today.started = Timestamp::now();
    today.finished = Some(today.started);
    found(&store, &today, &worse()).await;
    alerts.ended(std::slice::from_ref(&today)).await;
    while book.told.lock().expect("a lock").is_empty() {
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(book.read(), [WORSE]);
    work.abort();
}
