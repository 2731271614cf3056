//! What every store must do that keeps attempts and leases.

use super::{fixtures, must};
use crate::{
    Attempt, AttemptEnd, AttemptId, AttemptOutcome, Completion, Durable, EvaluationQuery, FinishReason, Lease, Money,
    Origin, Owner, PriceSource, Pricing, ProviderError, ProviderErrorKind, Purpose, Recall, Run, RunId, RunQuery,
    RunStatus, Sample, Scope, Served, Spending, StoreError, Timestamp, Timing, Total, Usage,
};

/// Holds a store to the contracts of [`AttemptLog`](crate::AttemptLog) and [`Leases`](crate::Leases). `make` gives an
/// empty store each time that it is called.
///
/// # Panics
/// When something does not hold; the message says what.
pub async fn durable<S: Durable>(make: impl AsyncFn() -> S) {
    attempts(&make().await).await;
    announced(&make().await).await;
    pages(&make().await).await;
    abandoned(&make().await).await;
    spent(&make().await).await;
    strangers(&make().await).await;
    one_owner(&make().await).await;
    renewal(&make().await).await;
    interrupted(&make().await).await;
}

async fn stored_run(store: &impl Durable, seconds: i64) -> Run {
    let run = fixtures::run("gpt-4o", seconds);
    must(store.put_run(&run).await, "a run is taken");
    run
}

async fn begin(store: &impl Durable, origin: Origin) -> Attempt {
    let attempt = Attempt::new(origin, "gpt-4o");
    must(store.begin(&attempt).await, "an attempt is written down");
    attempt
}

async fn attempts_of(store: &impl Durable, run: RunId) -> Vec<Attempt> {
    must(store.attempts(run, None, usize::MAX).await, "attempts are read")
}

/// An end is what is read back, whatever the attempt was for and however it ended.
async fn attempts(store: &impl Durable) {
    let run = stored_run(store, 0).await.id;
    let answer = Origin::answer(run, fixtures::TEXTS[6].into(), 3);
    let ends = [
        AttemptEnd::answered(&rich_answer()).text(fixtures::TEXTS[2]),
        AttemptEnd::answered(&Completion::new("what a grader said is kept with its verdict")),
        AttemptEnd::failed(&ProviderError::new(ProviderErrorKind::RateLimited, fixtures::TEXTS[4])),
        AttemptEnd::new(AttemptOutcome::Abandoned),
    ];
    let mut expected = Vec::new();
    for (end, origin) in ends.into_iter().zip([answer.clone(), answer.judge(), answer.clone(), answer.judge()]) {
        let attempt = begin(store, origin).await;
        assert_eq!(attempts_of(store, run).await.last(), Some(&attempt), "the intent is there at once");
        expected.push(attempt.ended(end));
    }
    expected.iter().cloned().for_each(|attempt| store.end(attempt));
    must(store.put_run(&must(store.get_run(run).await, "a run is read")).await, "a run is replaced");
    assert_eq!(attempts_of(store, run).await, expected, "attempts and their ends, in the order of their beginning");
}

/// What was announced changes nothing: not what is read, and not whether it can be stored.
async fn announced(store: &impl Durable) {
    let run = stored_run(store, 0).await.id;
    let evaluations = [fixtures::scored(run, "b", 1, 0.5), fixtures::scored(run, "a", 1, 1.0)];
    for _ in 0..2 {
        store.announce(vec![evaluations[1].sample.clone(), Sample::new("never asked", "?").into()]);
        must(store.put_evaluations(run, &evaluations).await, "evaluations are stored");
    }
    let found = must(store.evaluations(run, &EvaluationQuery::default()).await, "evaluations are read");
    assert_eq!(found, [evaluations[1].clone(), evaluations[0].clone()], "what was asked, and nothing else");
}

/// What was spent is told by run, model, purpose and time, at once, and what is not known is counted.
async fn spent(store: &impl Durable) {
    let (run, other) = (stored_run(store, 0).await.id, stored_run(store, 1).await.id);
    let before = crate::clock::now();
    let of = |run| Origin::answer(run, "a".into(), 1);
    let priced = Completion::new("4").usage(Usage::new(7, 8)).cost(Some(Money::from_nanos(5)));
    let lost = ProviderError::new(ProviderErrorKind::Network, "it broke");
    for (origin, end) in [
        (of(run), AttemptEnd::answered(&priced)),
        (of(run), AttemptEnd::answered(&Completion::new("no price, no tokens"))),
        (of(run).judge(), AttemptEnd::answered(&priced)),
        (of(other), AttemptEnd::failed(&lost)),
    ] {
        let attempt = begin(store, origin).await;
        store.end(attempt.ended(end));
    }
    begin(store, of(run)).await;
    let total = |known: Option<u64>, unknown| Total::new(known, unknown);
    let cost = |known: Option<i64>, unknown| Total::new(known.map(Money::from_nanos), unknown);
    for (scope, expected) in [
        (Scope::all(), Spending::new(4, 1, total(Some(30), 2), cost(Some(10), 2))),
        (Scope::run(run), Spending::new(3, 1, total(Some(30), 1), cost(Some(10), 1))),
        (Scope::run(run).purpose(Purpose::Judge), Spending::new(1, 0, total(Some(15), 0), cost(Some(5), 0))),
        (Scope::run(other).model("gpt-4o"), Spending::new(1, 0, total(None, 1), cost(None, 1))),
        (Scope::all().model("gpt-5"), Spending::default()),
    ] {
        let found = must(store.spent(before, &scope).await, "what was spent is read");
        assert_eq!(found, expected, "what was spent of {scope:?}, the call in flight left out");
    }
    let ever = must(store.spent(Timestamp::MIN, &Scope::all()).await, "what was ever spent is read");
    assert_eq!(ever.calls, 4, "since the beginning of time");
    let later = Timestamp::from_second(crate::clock::now().as_second() + 60).unwrap_or(Timestamp::MAX);
    let found = must(store.spent(later, &Scope::all()).await, "what was spent is read");
    assert_eq!(found, Spending::default(), "nothing began later");
}

fn rich_answer() -> Completion {
    let served = Served {
        model: Some("gpt-4o-2024-08-06".into()),
        raw_model: Some("gpt-4o".into()),
        family: Some("openai".into()),
        model_id: Some("deployment 3".into()),
        fingerprint: Some("fp_44709d6fcb".into()),
        fallbacks: Some(1),
        retries: Some(0),
        cache_hit: Some(true),
        recalled: Some(Recall::Cache),
        call_id: Some(fixtures::TEXTS[3].into()),
        request_id: Some("req_1".into()),
        proxy: Some("litellm/1.106.2".into()),
    };
    let timing = Timing { queued_ms: 0.25, backing_off_ms: 1e6, service_ms: Some(0.1 + 0.2) };
    let usage = Usage {
        cached_tokens: Some(0),
        cache_write_tokens: Some(2),
        reasoning_tokens: Some(u64::from(u32::MAX)),
        ..Usage::new(7, 8)
    };
    Completion::new("yes")
        .served(served)
        .pricing(Some(Pricing::new(PriceSource::File, None)))
        .timing(timing)
        .usage(usage)
        .cost(Some(Money::from_nanos(-1)))
        .finish(FinishReason::Other("tired".into()))
}

async fn pages(store: &impl Durable) {
    let (run, other) = (stored_run(store, 0).await.id, stored_run(store, 1).await.id);
    let mut begun = Vec::new();
    for epoch in 1..=5 {
        begun.push(begin(store, Origin::answer(run, "a".into(), epoch)).await);
        begin(store, Origin::answer(other, "a".into(), epoch)).await;
    }
    let mut walked = Vec::new();
    loop {
        let after = walked.last().map(|attempt: &Attempt| attempt.id);
        let page = must(store.attempts(run, after, 2).await, "a page of attempts is read");
        assert!(page.len() <= 2, "a page has at most as many attempts as asked for");
        if page.is_empty() {
            break;
        }
        walked.extend(page);
    }
    assert_eq!(walked, begun, "pages of attempts, walked by the last id");
    let last = Some(AttemptId::from_number(i64::MAX));
    assert_eq!(must(store.attempts(run, last, 9).await, "attempts are read"), [], "nothing after the last");
}

async fn abandoned(store: &impl Durable) {
    let (run, other) = (stored_run(store, 0).await.id, stored_run(store, 1).await.id);
    let ended = begin(store, Origin::answer(run, "a".into(), 1)).await;
    store.end(ended.ended(AttemptEnd::answered(&Completion::new("yes"))));
    for _ in 0..2 {
        begin(store, Origin::answer(run, "b".into(), 1)).await;
        begin(store, Origin::answer(other, "b".into(), 1)).await;
    }
    assert_eq!(must(store.abandon(run).await, "attempts are given up"), 2, "only open attempts, of this run only");
    assert_eq!(must(store.abandon(run).await, "attempts are given up"), 0, "and once only");
    let outcomes: Vec<_> = attempts_of(store, run).await.into_iter().filter_map(|attempt| attempt.end).collect();
    let names: Vec<_> = outcomes.iter().map(|end| end.outcome.name()).collect();
    assert_eq!(names, ["answered", "abandoned", "abandoned"]);
    assert!(outcomes.iter().skip(1).all(|end| end.cost.is_none()), "nobody knows what an abandoned attempt cost");
    assert!(attempts_of(store, other).await.iter().all(|attempt| attempt.end.is_none()), "the other run's go on");
}

async fn strangers(store: &impl Durable) {
    let run = RunId::new();
    let attempt = Attempt::new(Origin::answer(run, "a".into(), 1), "gpt-4o");
    let refused = store.begin(&attempt).await;
    assert!(matches!(refused, Err(StoreError::NotFound(missing)) if missing == run), "{refused:?} for an unknown run");
    let refused = store.acquire(&Lease::new(run, Owner::new(), Timestamp::now())).await;
    assert!(matches!(refused, Err(StoreError::NotFound(missing)) if missing == run), "{refused:?} for an unknown run");
    assert_eq!(must(store.lease(run).await, "a lease is read"), None);
}

async fn one_owner(store: &impl Durable) {
    let run = stored_run(store, 0).await.id;
    let (first, second, now) = (Owner::new(), Owner::new(), now());
    let lease = Lease::new(run, first.clone(), now);
    must(store.acquire(&lease).await, "a free run is taken");
    assert_eq!(must(store.lease(run).await, "a lease is read"), Some(lease.clone()), "who has it");
    match store.acquire(&Lease::new(run, second.clone(), now)).await {
        Err(StoreError::Held(held)) => assert_eq!(*held, lease, "who has it, in the refusal"),
        other => panic!("{other:?} for a run that another owner has"),
    }
    must(store.release(run, &second).await, "what one does not have is given back");
    assert_eq!(must(store.lease(run).await, "a lease is read"), Some(lease), "and nothing happens");
    must(store.release(run, &first).await, "a lease is given back");
    assert_eq!(must(store.lease(run).await, "a lease is read"), None);
    must(store.acquire(&Lease::new(run, second, now)).await, "a free run is taken");
}

async fn renewal(store: &impl Durable) {
    let run = stored_run(store, 0).await.id;
    let (first, second, begun) = (Owner::new(), Owner::new(), now());
    let later = |seconds| begun.saturating_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(begun);
    must(store.acquire(&Lease::new(run, first.clone(), begun)).await, "a free run is taken");
    must(store.acquire(&Lease::new(run, first.clone(), later(20))).await, "a lease is renewed");
    let kept = must(store.lease(run).await, "a lease is read");
    let expected = Lease::from_parts(run, first.clone(), [begun, later(20), later(50)]);
    assert_eq!(kept, Some(expected), "a renewed lease keeps the time of its beginning");
    let early = store.acquire(&Lease::new(run, second.clone(), later(49))).await;
    assert!(matches!(early, Err(StoreError::Held(_))), "{early:?} before the lease expires");
    must(store.acquire(&Lease::new(run, second, later(50))).await, "an expired lease is taken over");
    let late = store.acquire(&Lease::new(run, first, later(51))).await;
    assert!(matches!(late, Err(StoreError::Held(_))), "{late:?} for who was slept over");
}

/// A running run whose lease nobody keeps alive is interrupted, wherever it is read.
async fn interrupted(store: &impl Durable) {
    let (lost, alive, free) = (stored_run(store, 0).await, stored_run(store, 1).await, stored_run(store, 2).await);
    let done = fixtures::finished("gpt-4o", 3, 0.5, 0);
    must(store.put_run(&done).await, "a run is taken");
    let past = now().saturating_sub(Lease::LASTS).unwrap_or(Timestamp::MIN);
    must(store.acquire(&Lease::new(lost.id, Owner::new(), past)).await, "a free run is taken");
    must(store.acquire(&Lease::new(done.id, Owner::new(), past)).await, "a free run is taken");
    must(store.acquire(&Lease::new(alive.id, Owner::new(), now())).await, "a free run is taken");
    let expected = [RunStatus::Interrupted, RunStatus::Running, RunStatus::Running, RunStatus::Finished];
    for (run, status) in [&lost, &alive, &free, &done].into_iter().zip(expected) {
        assert_eq!(must(store.get_run(run.id).await, "a run is read").status, status, "the status of {}", run.id);
    }
    for (status, expected) in [
        (RunStatus::Running, vec![free.id, alive.id]),
        (RunStatus::Interrupted, vec![lost.id]),
        (RunStatus::Finished, vec![done.id]),
    ] {
        let query = RunQuery { status: Some(status), ..RunQuery::default() };
        let found = must(store.list_runs(&query).await, "runs are listed");
        assert!(found.iter().all(|run| run.status == status), "the status {status} in a list");
        assert_eq!(found.iter().map(|run| run.id).collect::<Vec<_>>(), expected, "the runs that are {status}");
    }
}

fn now() -> Timestamp {
    crate::clock::now()
}
