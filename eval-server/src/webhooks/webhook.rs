//! What a receiver is told.

use eval_core::server::DeliveryId;
use eval_core::{Counts, Estimate, Run, RunId, RunStatus, Timestamp};
use serde::Serialize;

/// Characters of a text that somebody else chose: with them a body stays far below the 20 kB of the specification.
const TEXT_CHARS: usize = 200;

/// One thing that happened, as it is sent: the same id and the same bytes in every attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    id: String,
    body: Vec<u8>,
}

impl Webhook {
    /// Something of this id, with this JSON. An id holds no full stop: it separates the parts of what is signed.
    pub(crate) fn new(id: String, body: Vec<u8>) -> Self {
        Self { id, body }
    }

    /// A run has ended: `run.finished`. `None` while it goes on.
    ///
    /// The body is thin: it names the run and says what came out; `link` is where to read on. The id is made of the
    /// run and the time of its end, so whoever makes the webhook again after a crash makes the same one, and a run
    /// that was resumed and ended once more has a new one. Names are cut after 200 characters.
    ///
    /// ```
    /// use eval_core::{DatasetRef, Run, RunStatus};
    /// use eval_server::Webhook;
    ///
    /// let mut run = Run::new("gpt-5", DatasetRef::new("golden", "f00d", 50), 50);
    /// assert_eq!(Webhook::run_finished(&run, None), None);
    /// run.status = RunStatus::Finished;
    /// run.finished = Some(run.started);
    /// let webhook = Webhook::run_finished(&run, Some("https://evals.example/runs/1")).unwrap();
    /// assert!(webhook.body().starts_with(br#"{"type":"run.finished","timestamp":""#));
    /// ```
    pub fn run_finished(run: &Run, link: Option<&str>) -> Option<Self> {
        let ended = run.finished?;
        let event = Event { kind: "run.finished", timestamp: ended, data: RunEnded::of(run, link) };
        // No full stop: it separates the parts of what is signed.
        let id = format!("msg_{}_{}", run.id, ended.as_microsecond());
        Some(Self { id, body: serde_json::to_vec(&event).ok()? })
    }

    /// The same as the news for one receiver: under the id of the delivery, which is made of run, end and receiver.
    pub fn of(self, delivery: &DeliveryId) -> Self {
        Self { id: delivery.to_string(), ..self }
    }

    /// Somebody tries a receiver out: `test`, under a new id each time.
    pub(super) fn test(now: Timestamp) -> Self {
        let body = serde_json::json!({ "type": "test", "timestamp": now, "data": {} });
        Self { id: format!("msg_test_{}", RunId::new()), body: body.to_string().into_bytes() }
    }

    /// `webhook-id`: a receiver that has seen it has seen this webhook.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The JSON that is signed and sent, under 20 kB.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Timestamp,
    data: RunEnded<'a>,
}

#[derive(Serialize)]
struct RunEnded<'a> {
    run: RunId,
    name: &'a str,
    model: &'a str,
    dataset: &'a str,
    status: RunStatus,
    /// From 0 to 1, with n and the 95 % interval; null when nothing was scored.
    score: Option<&'a Estimate>,
    planned: u64,
    /// Null when nobody counted.
    counts: Option<Counts>,
    link: Option<&'a str>,
}

impl<'a> RunEnded<'a> {
    fn of(run: &'a Run, link: Option<&'a str>) -> Self {
        Self {
            run: run.id,
            name: cut(&run.name),
            model: cut(&run.model),
            dataset: cut(&run.dataset.name),
            status: run.status,
            score: run.score(),
            planned: run.planned,
            counts: run.summary.as_ref().map(|summary| summary.counts),
            // Half a link leads nowhere.
            link: link.filter(|link| link.len() <= 2_000),
        }
    }
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(TEXT_CHARS).map_or(text, |(end, _)| &text[..end])
}
