//! The rate of an endpoint that says nothing but how long to wait.

use std::time::Duration;

use tokio::time::Instant;

use super::budget::Budget;

/// How much the rate grows in a second: until it was refused twice; at least; when nothing was refused for long.
const GROWTH: [f64; 3] = [0.25, 0.002, 0.02];
/// In so many seconds it grows from what was admitted to what was refused.
const CLIMB: f64 = 20.0;
/// After so long without a refusal the endpoint may take more.
const SETTLED: Duration = Duration::from_secs(60);
/// What was learned in earlier time counts half.
const MEMORY: f64 = 60.0;
/// A rate past which nothing needs to be paced.
const FREE: f64 = 1e5;

/// A rate that is learned from refusals.
///
/// An endpoint that refuses has nothing left. So between two refusals it took at most what came in: the calls that were
/// admitted, by the time between, are no more than its rate, however it counts; and the pace at which it refused was more.
/// From the one the pace climbs towards the other, until it is refused again; so the two come together.
#[derive(Debug, Default)]
pub(super) struct Learned {
    pace: Option<Pace>,
    /// Answers since the last refusal.
    admitted: f64,
}

#[derive(Debug)]
struct Pace {
    budget: Budget,
    /// The last refusal.
    refused: Instant,
    /// How often it was refused.
    refusals: u32,
    grown: Instant,
    /// How much it grows in a second.
    growth: f64,
    /// The rate after the last refusal.
    from: f64,
    /// How much longer than needed was waited after it, in seconds: endpoints name whole ones.
    idle: f64,
    /// Calls admitted between refusals, and the seconds between.
    admitted: f64,
    span: f64,
}

impl Learned {
    /// The rate in a second, when there is one.
    pub(super) fn rate(&self) -> Option<f64> {
        self.pace.as_ref().map(|pace| pace.budget.rate())
    }

    /// When the next call may be made, `None` for now.
    pub(super) fn ready(&mut self, now: Instant) -> Option<Instant> {
        let pace = self.pace.as_mut()?;
        pace.grow(now);
        if pace.budget.rate() > FREE {
            self.pace = None;
            return None;
        }
        pace.budget.ready(now, 1.0)
    }

    pub(super) fn charge(&mut self) {
        if let Some(pace) = &mut self.pace {
            pace.budget.charge(1.0);
        }
    }

    pub(super) fn admitted(&mut self) {
        self.admitted += 1.0;
    }

    /// A refusal of a call that was begun then, with how long it asks to wait. `guess` is the rate of which nothing is
    /// known yet. Whether this is news: calls that were begun before the last refusal are of the same burst.
    pub(super) fn refused(&mut self, begun: Instant, asked: Duration, guess: f64) -> bool {
        let asked = asked.as_secs_f64().max(1e-3);
        let admitted = std::mem::take(&mut self.admitted);
        match &mut self.pace {
            None => self.pace = Some(Pace::new(guess.max(1.0 / asked), asked)),
            Some(pace) if begun <= pace.refused => {
                self.admitted = admitted;
                return false;
            }
            Some(pace) => pace.learn(admitted, asked),
        }
        true
    }
}

impl Pace {
    fn new(rate: f64, asked: f64) -> Self {
        let (now, budget) = (Instant::now(), Budget::empty(rate));
        let (idle, growth) = (idle(asked, rate), GROWTH[0]);
        Self { budget, refused: now, refusals: 1, grown: now, growth, from: rate, idle, admitted: 0.0, span: 0.0 }
    }

    fn learn(&mut self, admitted: f64, asked: f64) {
        let (now, refused) = (Instant::now(), self.budget.rate());
        let span = (now - self.refused).as_secs_f64();
        let span = (span - self.idle).max(0.8 * span);
        // The first time it was still looked for, and later far fewer than there should have been mean another rate.
        let another = span * self.from >= 8.0 && admitted + 1.0 < 0.7 * span * self.from;
        if self.refusals < 3 || another {
            (self.admitted, self.span) = (0.0, 0.0);
        }
        (self.admitted, self.span) = (self.admitted + admitted, self.span + span);
        if self.span > 2.0 * MEMORY {
            (self.admitted, self.span) = (self.admitted / 2.0, self.span / 2.0);
        }
        // Half a call more: a part of one may have been there at the beginning, or be there now.
        let measured = (self.admitted + 0.5) / self.span.max(1e-3);
        // After the time that it asks to wait, one call at least is taken again.
        let rate = measured.min(0.98 * refused).max(0.95 / asked);
        self.growth = ((refused / rate).ln() / CLIMB).clamp(GROWTH[1], GROWTH[0]);
        self.budget = Budget::empty(rate);
        (self.refused, self.grown, self.refusals) = (now, now, self.refusals + 1);
        (self.from, self.idle) = (rate, idle(asked, rate));
    }

    fn grow(&mut self, now: Instant) {
        let settled = self.refusals > 1 && now - self.refused > SETTLED;
        let growth = if settled { self.growth.max(GROWTH[2]) } else { self.growth };
        let grown = (growth * (now - self.grown).as_secs_f64()).exp();
        self.grown = now;
        self.budget.set_rate((self.budget.rate() * grown).min(2.0 * FREE));
    }
}

/// How much longer a wait is than one call takes to come in, at most the second to which it was rounded.
fn idle(asked: f64, rate: f64) -> f64 {
    (asked - 1.0 / rate).clamp(0.0, 1.0)
}
