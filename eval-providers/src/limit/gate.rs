//! Who may go, and what is learned from how it went.

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::time::Duration;

use eval_core::{Completion, ProviderError, ProviderErrorKind as Kind, Rate, Rates, Request};
use tokio::time::Instant;

use super::circuit::{Admission, Cause, Circuit};
use super::learned::Learned;
use super::rates::Budgets;
use super::settings::Settings;
use super::tokens::Tokens;
use super::window::Window;
use crate::backoff::Backoff;
use crate::random::Random;

/// Longer than anybody waits, where a time is past what a clock can name.
const FAR: Duration = Duration::from_secs(86_400 * 365);
/// The longest jitter after a time that the endpoint named.
const JITTER: Duration = Duration::from_secs(1);

/// Everything that a lane knows. It decides and learns without waiting for anything.
#[derive(Debug)]
pub(super) struct Gate {
    model: String,
    settings: Settings,
    window: Window,
    circuit: Circuit,
    in_flight: usize,
    /// No call before this moment.
    hold: Option<(Instant, &'static str)>,
    /// When the newest refusal was met that named no time, and how many there were in a row.
    refused: (Option<Instant>, u32),
    requests: Budgets,
    tokens: Budgets,
    learned: Learned,
    estimate: Tokens,
    /// The mean latency in seconds.
    latency: Option<f64>,
    random: Random,
}

/// Whether a call may be made.
#[derive(Debug)]
pub(super) enum Decision {
    Go(Ticket),
    Wait(Pause),
    Fail(Cause),
}

/// What a call waits for.
#[derive(Debug)]
pub(super) struct Pause {
    /// When it is looked at again, unless something changes.
    pub(super) until: Option<Instant>,
    /// What is said about it; `None` when it only waits for its turn.
    pub(super) why: Option<String>,
    /// How many of those who wait go in a second, where that is known.
    pub(super) rate: Option<f64>,
}

/// A call in flight.
#[derive(Debug)]
pub(super) struct Ticket {
    begun: Instant,
    /// Whether it is to find out if the endpoint is back.
    probe: bool,
    /// What it was charged in tokens.
    tokens: f64,
    /// All that was charged until then: requests and tokens.
    spent: [f64; 2],
}

impl Gate {
    pub(super) fn new(model: &str, settings: Settings) -> Self {
        Self {
            model: model.to_owned(),
            settings,
            window: Window::new(settings.floor, settings.start, settings.ceiling),
            circuit: Circuit::default(),
            in_flight: 0,
            hold: None,
            refused: (None, 0),
            requests: Budgets::new(settings.requests),
            tokens: Budgets::new(settings.tokens),
            learned: Learned::default(),
            estimate: Tokens::default(),
            latency: None,
            random: Random::seeded(settings.seed.unwrap_or_else(|| RandomState::new().hash_one(0))),
        }
    }

    /// Decides about the call that is first in the queue.
    pub(super) fn admit(&mut self, now: Instant, request: &Request) -> Decision {
        let wait = |until, why, rate| Decision::Wait(Pause { until, why, rate });
        if let Some((until, why)) = self.hold.filter(|(until, _)| *until > now) {
            return wait(Some(until), Some(why.to_owned()), None);
        }
        self.hold = None;
        match self.circuit.admit(now) {
            Admission::Fail(cause) => return Decision::Fail(cause),
            Admission::Wait(until, why) => return wait(until, Some(why), None),
            Admission::Probe => return Decision::Go(self.go(now, request, true)),
            Admission::Pass => {}
        }
        if self.in_flight >= self.window.size() {
            return wait(None, None, None);
        }
        let tokens = self.tokens_of(request);
        let (learned, rate) = (self.learned.ready(now), self.learned.rate());
        let paced = [
            (learned, rate, "requests"),
            (self.requests.ready(now, 1.0), self.requests.rate(), "requests"),
            (self.tokens.ready(now, tokens), None, "tokens"),
        ];
        match paced.into_iter().filter_map(|(until, rate, of)| Some((until?, rate, of))).max_by_key(|paced| paced.0) {
            Some((until, rate, of)) => wait(Some(until), Some(format!("paced to a rate of {of}")), rate),
            None => Decision::Go(self.go(now, request, false)),
        }
    }

    fn go(&mut self, now: Instant, request: &Request, probe: bool) -> Ticket {
        let tokens = self.tokens_of(request);
        self.in_flight += 1;
        self.window.used(self.in_flight);
        self.learned.charge();
        Ticket { begun: now, probe, tokens, spent: [self.requests.charge(1.0), self.tokens.charge(tokens)] }
    }

    /// 0 where nobody counts them.
    fn tokens_of(&self, request: &Request) -> f64 {
        if self.tokens.is_empty() { 0.0 } else { self.estimate.estimate(request) }
    }

    /// Learns from how a call went, and says to the error what is done about it.
    pub(super) fn settle(
        &mut self,
        ticket: &Ticket,
        request: &Request,
        result: &mut Result<Completion, ProviderError>,
    ) {
        let before = self.window.size();
        match result {
            Ok(completion) => self.answered(ticket, completion),
            Err(error) => {
                self.hear(ticket, error.rates.as_deref());
                self.failed(ticket, request, error);
            }
        }
        self.in_flight -= 1;
        self.tell(before);
    }

    /// Nobody waits for the call any more.
    pub(super) fn abandon(&mut self, ticket: &Ticket) {
        self.in_flight -= 1;
        if ticket.probe {
            self.circuit.unknown();
        }
    }

    fn answered(&mut self, ticket: &Ticket, completion: &Completion) {
        self.hear(ticket, completion.rates.as_deref());
        if let Some(used) = self.estimate.used(completion) {
            self.tokens.correct(used - ticket.tokens);
        }
        // What a layer inside waited for is none of the endpoint's time.
        let measured = completion.timing.service_ms.map(|ms| ms / 1e3);
        let took = measured.unwrap_or_else(|| ticket.begun.elapsed().as_secs_f64());
        self.latency = Some(self.latency.map_or(took, |mean| mean + 0.1 * (took - mean)));
        self.window.clean();
        self.alive(ticket);
    }

    /// It took the call, whatever it said to it.
    fn alive(&mut self, ticket: &Ticket) {
        self.learned.admitted();
        self.refused.1 = 0;
        if self.circuit.alive(ticket.probe) {
            self.window.restart();
        }
    }

    fn failed(&mut self, ticket: &Ticket, request: &Request, error: &mut ProviderError) {
        match error.kind {
            Kind::RateLimited => self.turned_away(ticket, error),
            Kind::Unavailable | Kind::Network => self.trouble(ticket, request, error),
            Kind::Timeout | Kind::Malformed if ticket.probe => self.trouble(ticket, request, error),
            Kind::Timeout | Kind::Malformed => self.window.pause(),
            // The store's trouble, a cap of the user's, a defect of ours: they say nothing about the endpoint.
            Kind::Unrecorded | Kind::Capped | Kind::Panicked => self.circuit_unknown(ticket),
            kind if kind.is_fatal() => {
                self.hold = None;
                self.circuit.break_with(Cause::new(kind, error.message.clone(), error.retry_after));
            }
            _ => self.alive(ticket),
        }
    }

    /// The endpoint is in trouble. While it is let alone, whoever failed waits with the others.
    fn trouble(&mut self, ticket: &Ticket, request: &Request, error: &mut ProviderError) {
        self.window.pause();
        let cause = self.circuit.failed(whose(request), error, ticket.probe, self.settings.patience);
        error.held = self.circuit.is_open();
        if let Some(cause) = cause {
            give_up(error, &cause);
        }
    }

    fn circuit_unknown(&mut self, ticket: &Ticket) {
        if ticket.probe {
            self.circuit.unknown();
        }
    }

    /// The endpoint takes no more for now: fewer at once or more slowly, and nobody before the time that it names.
    fn turned_away(&mut self, ticket: &Ticket, error: &mut ProviderError) {
        self.tokens.correct(-ticket.tokens);
        let patience = self.settings.patience;
        let asked = error.retry_after.filter(|asked| !asked.is_zero());
        if let Some(asked) = asked.filter(|asked| *asked > patience) {
            let message =
                format!("the endpoint asks to wait {asked:?}, and {patience:?} is as long as is waited for it");
            let cause = Cause::new(Kind::Outage, message, error.retry_after);
            self.circuit.break_with(cause.clone());
            return give_up(error, &cause);
        }
        let told = error.rates.as_ref().is_some_and(|rates| empty(&rates.requests) || empty(&rates.tokens));
        let paced = self.learned.rate().is_some() && asked.is_some();
        // Before anything was answered there is nothing to guess a rate by.
        if let (false, Some(asked), Some(latency)) = (told, asked, self.latency) {
            let guess = self.in_flight as f64 / latency.max(1e-3) / 2.0;
            self.learned.refused(ticket.begun, asked, guess);
        }
        // Where the rate is known it was the rate, and not how many were there at once.
        if !told && !paced {
            self.window.refused(ticket.begun, self.in_flight, self.learned.rate().is_some());
        }
        let pause = self.pause(ticket, asked);
        self.hold_for(pause, "429");
        error.held = true;
        if let Some(cause) = self.circuit.refused(error, patience) {
            give_up(error, &cause);
        }
    }

    /// How long nobody goes: the time that was named and a little more, so that the processes that share a limit do not
    /// all return at once; else longer with each refusal in a row.
    fn pause(&mut self, ticket: &Ticket, asked: Option<Duration>) -> Duration {
        if let Some(asked) = asked {
            return asked.saturating_add((asked / 10).min(JITTER).mul_f64(self.random.unit()));
        }
        let (newest, times) = &mut self.refused;
        if newest.is_some_and(|newest| ticket.begun <= newest) {
            return Duration::ZERO;
        }
        (*newest, *times) = (Some(Instant::now()), *times + 1);
        Backoff::default().pause(*times, &mut self.random)
    }

    fn hold_for(&mut self, pause: Duration, why: &'static str) {
        let now = Instant::now();
        let until = now.checked_add(pause).unwrap_or(now + FAR);
        if self.hold.is_none_or(|(held, _)| held < until) {
            self.hold = Some((until, why));
        }
    }

    fn hear(&mut self, ticket: &Ticket, rates: Option<&Rates>) {
        let Some(rates) = rates else { return };
        self.requests.hear(&rates.requests, ticket.begun, ticket.spent[0]);
        self.tokens.hear(&rates.tokens, ticket.begun, ticket.spent[1]);
        for rate in [&rates.requests, &rates.tokens] {
            // Where the limit is known, its rate says when there is more.
            if let (Some(0), None, Some(reset)) = (rate.remaining, rate.limit, rate.reset) {
                self.hold_for(reset.min(self.settings.patience), "nothing is left of the rate");
            }
        }
    }

    /// Says that the limit moved: each time that it fell, and when it has doubled.
    fn tell(&self, before: usize) {
        let (now, model) = (self.window.size(), &self.model);
        if now < before {
            let rate = self.learned.rate().or(self.requests.rate()).map(|rate| (rate * 60.0).round());
            tracing::info!(model, from = before, to = now, requests_a_minute = ?rate, "fewer calls at once");
        } else if now > before && (now.is_power_of_two() || now == self.settings.ceiling) {
            tracing::info!(model, to = now, "more calls at once");
        }
    }
}

fn empty(rate: &Rate) -> bool {
    rate.remaining == Some(0) && rate.limit.is_some()
}

/// Tells requests apart.
fn whose(request: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.messages.hash(&mut hasher);
    hasher.finish()
}

/// What was one call's trouble is everybody's.
fn give_up(error: &mut ProviderError, cause: &Cause) {
    let said = std::mem::replace(error, cause.error());
    error.timing = said.timing;
    (error.usage, error.cost) = (said.usage, said.cost);
}
