//! What every provider must do.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::{fixtures, must};
use crate::evaluator::join::join_all;
use crate::{Origin, Provider, Request, SampleId};

/// Holds a provider to the contract of [`Provider`]: a name, an answer that carries the request's origin on, calls
/// at once, and calls that are dropped in the middle. The provider must be able to answer `request` a few dozen
/// times.
///
/// # Panics
/// When something does not hold; the message says what.
pub async fn provider(provider: &dyn Provider, request: &Request) {
    names(provider);
    origins(provider, request).await;
    calls_at_once(provider, request).await;
    dropped_calls(provider, request).await;
}

fn names(provider: &dyn Provider) {
    let name = provider.name().to_owned();
    assert!(!name.trim().is_empty(), "a provider has a name");
    assert_eq!(provider.name(), name, "the name of a provider does not change");
}

async fn origins(provider: &dyn Provider, request: &Request) {
    let origin = Origin::answer(fixtures::run("gpt-4o", 0).id, SampleId::from("a"), 2);
    for origin in [None, Some(origin.judge()), Some(origin)] {
        expect_origin(provider, request, origin).await;
    }
}

async fn calls_at_once(provider: &dyn Provider, request: &Request) {
    let run = fixtures::run("gpt-4o", 0).id;
    let call = |epoch| expect_origin(provider, request, Some(Origin::answer(run, SampleId::from("a"), epoch)));
    join_all((1..=16).map(call)).await;
}

async fn expect_origin(provider: &dyn Provider, request: &Request, origin: Option<Origin>) {
    let request = request.clone().origin(origin.clone());
    let answer = must(provider.complete(&request).await, "the request is answered");
    assert_eq!(answer.origin, origin, "an answer carries the origin of its own request on");
}

/// A call that is dropped before it has ended takes nothing with it: the next one is answered.
async fn dropped_calls(provider: &dyn Provider, request: &Request) {
    drop(provider.complete(request));
    for _ in 0..8 {
        let mut call = pin!(provider.complete(request));
        poll_fn(|context| {
            // Begun, and then left alone.
            let _ = call.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    }
    expect_origin(provider, request, None).await;
}
