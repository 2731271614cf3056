//! What leaves the server: to which addresses it connects, and what webhooks say to receivers of every kind.

mod addresses;
mod dispatched;
mod names;
mod receivers;
mod signatures;
mod sink;

use std::sync::Arc;

use eval_core::{Counts, DatasetRef, Estimate, Interval, IntervalMethod, Run, RunStatus, Summary};
use eval_server::{Outbound, Receiver, Webhook, WebhookSecret};
use sink::Sink;

/// A client that may ask this sink and nobody else inside.
fn allowing(sink: &Sink) -> Outbound {
    Outbound::builder().allow([sink.address()]).build().expect("a client")
}

fn secret(byte: u8) -> WebhookSecret {
    let key = ["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", "AgICAgICAgICAgICAgICAgICAgICAgIC"][usize::from(byte) - 1];
    WebhookSecret::parse(&format!("whsec_{key}").into()).expect("a secret")
}

fn receiver(sink: &Sink) -> Receiver {
    Receiver::new(sink.url("/hook"), secret(1))
}

/// The same run on every machine and on every day.
fn ended_run() -> Run {
    let mut run = Run::new("openai/gpt-5", DatasetRef::new("golden", "f00d", 50), 50);
    run.id = "019b7c2e-5a00-7000-8000-00000000abcd".parse().expect("an id");
    run.name = "käse \"nightly\"".into();
    run.started = "2026-01-02T03:04:05Z".parse().expect("a time");
    run.finished = "2026-01-02T03:14:05.25Z".parse().ok();
    run.status = RunStatus::Finished;
    let mut summary = Summary::default();
    summary.counts = counts(48, 1, 1);
    let interval = Interval::new(0.75, 0.875, IntervalMethod::Wilson);
    summary.score = Some(Estimate::new(0.8125, 48, Some(0.0625), Some(interval)));
    run.summary = Some(summary);
    run
}

fn counts(scored: u64, unscored: u64, failed: u64) -> Counts {
    let mut counts = Counts::default();
    (counts.scored, counts.unscored, counts.failed) = (scored, unscored, failed);
    counts
}

fn webhook() -> Webhook {
    Webhook::run_finished(&ended_run(), Some("https://evals.example/runs/abcd")).expect("a webhook")
}

/// A resolver of the tests: names with their addresses, one list for each time that it is asked.
#[derive(Debug)]
struct Names(std::sync::Mutex<Vec<Vec<&'static str>>>);

impl Names {
    /// The last list stays.
    fn answering<const N: usize>(lists: [&[&'static str]; N]) -> Arc<Self> {
        Arc::new(Self(std::sync::Mutex::new(lists.iter().rev().map(|list| list.to_vec()).collect())))
    }
}

#[eval_core::async_trait]
impl eval_server::Resolver for Names {
    async fn resolve(&self, _host: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
        let mut lists = self.0.lock().expect("a lock");
        let list = if lists.len() > 1 { lists.pop().expect("a list") } else { lists[0].clone() };
        Ok(list.into_iter().map(|address| address.parse().expect("an address")).collect())
    }
}
