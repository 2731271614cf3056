//! How the calls of a model went.

use std::collections::BTreeMap;

use eval_core::{Attempt, AttemptEnd, AttemptOutcome, ProviderErrorKind, Timestamp, wilson};
use serde::Serialize;
use utoipa::ToSchema;

/// How the calls of a model went that have ended.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelCalls {
    /// The model asked.
    model: String,
    /// Those that began within the last hour.
    hour: Calls,
    /// Those that began within the last day.
    day: Calls,
    /// The last one that failed; null when none did.
    last_error: Option<LastError>,
}

/// Calls of some time.
#[derive(Serialize, ToSchema)]
struct Calls {
    /// How many have ended; one that nobody waited for is not among them.
    ended: u64,
    /// The share that was answered, from 0 to 1; null when there are none.
    success: Option<f64>,
    /// The interval of that share at 95 %, by Wilson's score.
    success_interval: Option<[f64; 2]>,
    /// The share that was refused because of a rate limit (429), from 0 to 1.
    rate_limited: Option<f64>,
    /// The median of how long answers took, in milliseconds of service.
    p50_ms: Option<f64>,
    /// The time within which 95 % of the answers came.
    p95_ms: Option<f64>,
}

/// A call that failed.
#[derive(Serialize, ToSchema)]
struct LastError {
    /// When it ended (UTC).
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What happened, for instance `timeout`.
    kind: String,
    /// Details, without secrets.
    message: String,
}

/// What was seen of a model's calls, within an hour and within a day.
#[derive(Default)]
struct Seen<'a> {
    hour: Sample,
    day: Sample,
    last: Option<(&'a AttemptEnd, ProviderErrorKind, &'a str)>,
}

#[derive(Default)]
struct Sample {
    times: Vec<f64>,
    answered: u64,
    failed: u64,
    rate_limited: u64,
}

/// The calls of each model, by name; `hour` is when the last hour began.
pub(super) fn by_model(attempts: &[Attempt], hour: Timestamp) -> Vec<ModelCalls> {
    let mut models: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for attempt in attempts {
        let Some(end) = &attempt.end else { continue };
        let seen = models.entry(&attempt.model).or_default();
        seen.day.add(end);
        if attempt.begun >= hour {
            seen.hour.add(end);
        }
        if let AttemptOutcome::Failed { kind, message } = &end.outcome
            && seen.last.is_none_or(|(last, ..)| last.at < end.at)
        {
            seen.last = Some((end, *kind, message));
        }
    }
    models.into_iter().map(|(model, seen)| seen.told(model)).collect()
}

impl Seen<'_> {
    fn told(self, model: &str) -> ModelCalls {
        let last_error = self.last.map(|(end, kind, message)| LastError {
            at: end.at,
            kind: kind.name().to_owned(),
            message: message.to_owned(),
        });
        ModelCalls { model: model.to_owned(), hour: self.hour.told(), day: self.day.told(), last_error }
    }
}

impl Sample {
    fn add(&mut self, end: &AttemptEnd) {
        match &end.outcome {
            AttemptOutcome::Answered => {
                self.answered += 1;
                self.times.extend(end.timing.service_ms);
            }
            AttemptOutcome::Failed { kind, .. } => {
                self.failed += 1;
                self.rate_limited += u64::from(*kind == ProviderErrorKind::RateLimited);
            }
            _ => {}
        }
    }

    fn told(mut self) -> Calls {
        let ended = self.answered + self.failed;
        let share = |n: u64| (ended > 0).then(|| n as f64 / ended as f64);
        self.times.sort_by(f64::total_cmp);
        // The smallest time within which that share of the answers came.
        let within = |share: f64| {
            let rank = (share * self.times.len() as f64).ceil() as usize;
            self.times.get(rank.max(1) - 1).copied()
        };
        Calls {
            ended,
            success: share(self.answered),
            success_interval: wilson(self.answered as f64, ended).map(|(low, high)| [low, high]),
            rate_limited: share(self.rate_limited),
            p50_ms: within(0.5),
            p95_ms: within(0.95),
        }
    }
}
