//! When an endpoint is let alone.

use std::time::Duration;

use eval_core::{ProviderError, ProviderErrorKind as Kind};
use tokio::time::Instant;

/// So many failures in a row are a storm, when they are those of so many different requests: one that fails each time
/// says nothing about others.
const STORM: (u32, usize) = (10, 3);
/// How long the endpoint is let alone at first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];
/// After so long one call finds out whether a refusal for good still holds.
const RECHECK: Duration = Duration::from_secs(60);

/// Counts failures in a row, and opens.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    state: State,
    in_a_row: u32,
    /// Whose they were, as hashes; no more than a storm needs.
    whose: Vec<u64>,
    /// Since when nothing but failures and refusals came.
    since: Option<Instant>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Closed,
    /// The endpoint is in trouble: calls wait, and one at a time finds out.
    Open { until: Instant, pause: Duration, probing: bool, cause: String },
    /// Calls fail.
    Broken { until: Instant, probing: bool, cause: Cause },
}

/// Why every further call would fail.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    kind: Kind,
    message: String,
    retry_after: Option<Duration>,
}

/// What a call may do.
#[derive(Debug)]
pub(super) enum Admission {
    /// Go on to the limits.
    Pass,
    /// Be the one that finds out.
    Probe,
    /// Wait, with the moment when it is tried again, where one is set.
    Wait(Option<Instant>, String),
    /// Fail.
    Fail(Cause),
}

impl Cause {
    pub(super) fn new(kind: Kind, message: String, retry_after: Option<Duration>) -> Self {
        Self { kind, message, retry_after }
    }

    pub(super) fn error(&self) -> ProviderError {
        ProviderError::new(self.kind, self.message.clone()).with_retry_after(self.retry_after)
    }
}

impl Circuit {
    pub(super) fn admit(&mut self, now: Instant) -> Admission {
        match &mut self.state {
            State::Closed => Admission::Pass,
            State::Open { until, probing, cause, .. } if *probing || now < *until => {
                Admission::Wait((!*probing).then_some(*until), cause.clone())
            }
            State::Broken { until, probing, cause } if *probing || now < *until => Admission::Fail(cause.clone()),
            State::Open { probing, .. } | State::Broken { probing, .. } => {
                *probing = true;
                Admission::Probe
            }
        }
    }

    /// The endpoint answered, whatever it said. Whether it was let alone until now. What was refused for good stays so
    /// for an answer to an older call.
    pub(super) fn alive(&mut self, probe: bool) -> bool {
        (self.in_a_row, self.since) = (0, None);
        self.whose.clear();
        let opened = match &self.state {
            State::Closed => false,
            State::Open { .. } => true,
            State::Broken { .. } => probe,
        };
        if opened {
            tracing::info!("the endpoint answers again");
            self.state = State::Closed;
        }
        opened
    }

    /// A refusal for its rate: the endpoint is there, and takes nothing. Says so when that lasts too long.
    pub(super) fn refused(&mut self, error: &ProviderError, patience: Duration) -> Option<Cause> {
        if !matches!(self.state, State::Broken { .. }) {
            self.state = State::Closed;
        }
        // It is never about the request, so each counts as another's.
        self.count(u64::from(self.in_a_row), error, patience)
    }

    /// The endpoint is in trouble. Opens in a storm, and again when the call was to find out; says so when that lasts too
    /// long.
    pub(super) fn failed(
        &mut self,
        whose: u64,
        error: &ProviderError,
        probe: bool,
        patience: Duration,
    ) -> Option<Cause> {
        let given_up = self.count(whose, error, patience);
        let pause = match &self.state {
            _ if given_up.is_some() => return given_up,
            State::Open { pause, .. } if probe => (*pause * 2).min(PAUSES[1]),
            State::Closed if self.is_storm() => PAUSES[0],
            State::Broken { cause, .. } if probe => {
                let cause = cause.clone();
                self.break_with(cause);
                return None;
            }
            _ => return None,
        };
        tracing::warn!(%error, ?pause, "the endpoint is in trouble: it is let alone, then one call finds out");
        let (until, cause) = (Instant::now() + pause, error.to_string());
        self.state = State::Open { until, pause, probing: false, cause };
        None
    }

    /// Every further call would fail for this.
    pub(super) fn break_with(&mut self, cause: Cause) {
        if !matches!(self.state, State::Broken { .. }) {
            tracing::info!(kind = %cause.kind, why = cause.message, "the endpoint is not asked any more");
        }
        self.state = State::Broken { until: Instant::now() + RECHECK, probing: false, cause };
    }

    /// The call that was to find out ended without finding out.
    pub(super) fn unknown(&mut self) {
        if let State::Open { probing, .. } | State::Broken { probing, .. } = &mut self.state {
            *probing = false;
        }
    }

    /// Whether calls wait until the endpoint is back.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    fn is_storm(&self) -> bool {
        self.in_a_row >= STORM.0 && self.whose.len() >= STORM.1
    }

    fn count(&mut self, whose: u64, error: &ProviderError, patience: Duration) -> Option<Cause> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.whose.len() < STORM.1 && !self.whose.contains(&whose) {
            self.whose.push(whose);
        }
        if !self.is_storm() || now - since < patience {
            return None;
        }
        let (times, seconds) = (self.in_a_row, (now - since).as_secs());
        let message = format!("{times} calls in a row failed within {seconds} s; the last one: {error}");
        let cause = Cause::new(Kind::Outage, message, None);
        self.break_with(cause.clone());
        Some(cause)
    }
}
