//! What calls may cost together, asked for before each of them is made.

use std::fmt;
use std::ops::AddAssign;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{AttemptEnd, AttemptOutcome, Money, Origin, Purpose, RunId, StoreError, Total};

/// Which calls are meant: those that fit everything that is set. The default is all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Scope {
    /// Only calls of this run.
    pub run: Option<RunId>,
    /// Only calls of this model.
    pub model: Option<String>,
    /// Only answers, or only judging.
    pub purpose: Option<Purpose>,
}

impl Scope {
    /// Every call.
    pub fn all() -> Self {
        Self::default()
    }

    /// Every call of a run.
    pub fn run(run: RunId) -> Self {
        Self { run: Some(run), ..Self::default() }
    }

    /// One call: its run, its model and what it is for.
    pub fn call(origin: &Origin, model: impl Into<String>) -> Self {
        Self { run: Some(origin.run), model: Some(model.into()), purpose: Some(origin.purpose) }
    }

    /// The same scope with only calls of this model.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The same scope with only answers, or only judging.
    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// Whether a call is meant.
    pub fn covers(&self, origin: &Origin, model: &str) -> bool {
        self.run.is_none_or(|run| run == origin.run)
            && self.model.as_ref().is_none_or(|wanted| wanted == model)
            && self.purpose.is_none_or(|purpose| purpose == origin.purpose)
    }
}

/// What one call takes, before it is made or after it: what is not known is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Amount {
    /// Tokens of prompt and answer together.
    pub tokens: Option<u64>,
    /// Money, in nano-dollars.
    pub cost: Option<Money>,
}

impl Amount {
    /// So many tokens and so much money.
    pub const fn new(tokens: Option<u64>, cost: Option<Money>) -> Self {
        Self { tokens, cost }
    }
}

/// What calls took together; unknown parts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Spending {
    /// Calls that ended, in whichever way.
    pub calls: u64,
    /// Calls of these that were answered and whose cost is unknown: their model has no price.
    pub unpriced: u64,
    /// Tokens of prompts and answers together.
    pub tokens: Total<u64>,
    /// Money, in nano-dollars.
    pub cost: Total<Money>,
}

impl Spending {
    /// Spending that was added up elsewhere: for stores that read rows.
    pub const fn new(calls: u64, unpriced: u64, tokens: Total<u64>, cost: Total<Money>) -> Self {
        Self { calls, unpriced, tokens, cost }
    }

    /// One call that surely was not paid for.
    pub const FREE: Self =
        Self { calls: 1, unpriced: 0, tokens: Total::new(Some(0), 0), cost: Total::new(Some(Money::ZERO), 0) };

    /// One call that ended so.
    pub fn of(end: &AttemptEnd) -> Self {
        let mut spent = Self::default();
        spent.add(end);
        spent
    }

    /// The same where, of what is not known, the amount that was reserved counts.
    pub fn or_reserved(mut self, reserved: Amount) -> Self {
        if let (1.., Some(tokens)) = (self.tokens.unknown, reserved.tokens) {
            self.tokens = Total::new(Some(self.tokens.known.unwrap_or_default().saturating_add(tokens)), 0);
        }
        if let (1.., Some(cost)) = (self.cost.unknown, reserved.cost) {
            self.cost = Total::new(Some(self.cost.known.unwrap_or_default() + cost), 0);
        }
        self
    }

    /// Adds a call that ended.
    pub fn add(&mut self, end: &AttemptEnd) {
        self.calls += 1;
        self.unpriced += u64::from(end.outcome == AttemptOutcome::Answered && end.cost.is_none());
        self.tokens += Total::new(end.usage.total(), u64::from(end.usage.total().is_none()));
        self.cost += Total::new(end.cost, u64::from(end.cost.is_none()));
    }
}

impl AddAssign for Spending {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.unpriced += other.unpriced;
        self.tokens += other.tokens;
        self.cost += other.cost;
    }
}

/// Leave to make one call. Give it back with [`Allowance::settle`]: as long as it is out, its amount counts as spent.
#[derive(Debug)]
#[must_use = "an amount that is not settled stays reserved"]
#[non_exhaustive]
pub struct Grant {
    /// For which call.
    pub scope: Scope,
    /// How much was reserved.
    pub amount: Amount,
}

impl Grant {
    /// Leave to make this call: for implementations.
    pub fn new(scope: Scope, amount: Amount) -> Self {
        Self { scope, amount }
    }
}

/// Why a call may not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// A cap would be passed, for instance `the cap of the run, $5.00: $4.9992 are spent, …`.
    Capped(String),
    /// What was spent so far cannot be read.
    Unreadable(StoreError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capped(why) => f.write_str(why),
            Self::Unreadable(_) => f.write_str("what was spent so far cannot be read"),
        }
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Capped(_) => None,
            Self::Unreadable(error) => Some(error),
        }
    }
}

/// What calls may take together: in memory, in a database, in your own service.
///
/// Each call reserves what it may take at most before it is made, and settles what it took after it. So with known
/// prices and sizes nothing is spent above a cap, however many calls are in flight.
///
/// ```
/// use eval_core::{Allowance, Amount, Grant, Refusal, Scope, Spending, async_trait};
///
/// /// No call of a dear model.
/// #[derive(Debug)]
/// struct NoOpus;
///
/// #[async_trait]
/// impl Allowance for NoOpus {
///     async fn reserve(&self, scope: &Scope, amount: Amount) -> Result<Grant, Refusal> {
///         match scope.model.as_deref() {
///             Some(model) if model.contains("opus") => Err(Refusal::Capped(format!("`{model}` is not to be asked"))),
///             _ => Ok(Grant::new(scope.clone(), amount)),
///         }
///     }
///     fn settle(&self, _: Grant, _: Spending) {}
/// }
/// ```
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Allowance: Send + Sync + 'static {
    /// Asks for leave to make one call, which takes at most this. May wait for others that have something reserved.
    ///
    /// # Errors
    /// A [`Refusal`]: then the call must not be made.
    async fn reserve(&self, scope: &Scope, amount: Amount) -> Result<Grant, Refusal>;

    /// Says what the call took. Does not wait. Of what is not known, [what was reserved](Spending::or_reserved) counts.
    fn settle(&self, grant: Grant, actual: Spending);
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Allowance + ?Sized> Allowance for Arc<A> {
    async fn reserve(&self, scope: &Scope, amount: Amount) -> Result<Grant, Refusal> {
        (**self).reserve(scope, amount).await
    }

    fn settle(&self, grant: Grant, actual: Spending) {
        (**self).settle(grant, actual);
    }
}

/// The most that some calls may take together. What is `None` has no cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Cap {
    /// Money, in nano-dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
    pub cost: Option<Money>,
    /// Calls, failed ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Tokens of prompts and answers together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}

impl Cap {
    /// No cap.
    pub const NONE: Self = Self { cost: None, calls: None, tokens: None };

    /// At most so much money, so many calls, so many tokens.
    pub const fn new(cost: Option<Money>, calls: Option<u64>, tokens: Option<u64>) -> Self {
        Self { cost, calls, tokens }
    }

    /// Whether nothing is capped.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// This cap, and where it says nothing the other.
    pub fn or(self, other: Self) -> Self {
        Self { cost: self.cost.or(other.cost), calls: self.calls.or(other.calls), tokens: self.tokens.or(other.tokens) }
    }

    /// What keeps a call from being made: the first of money, calls and tokens that would be passed, in words for a
    /// person. `name` says of what the cap is, for instance `of the run`.
    ///
    /// A call whose cost is unknown is let through while nothing is known to be over; once a model turned out to have no
    /// price ([`Spending::unpriced`]) a cap on money alone refuses, because it could not be kept.
    pub fn refuses(&self, name: &str, spent: &Spending, reserved: &Reserved, wanted: Amount) -> Option<String> {
        if let Some(cap) = self.cost {
            let known = spent.cost.known.unwrap_or_default();
            let next = wanted.cost.unwrap_or_default();
            if known + reserved.cost + next > cap || (wanted.cost.is_none() && known + reserved.cost >= cap) {
                let held = format!("{known} are spent, {} reserved for calls in flight, {next} wanted", reserved.cost);
                return Some(format!("the cap {name}, {cap}: {held}"));
            }
            if spent.unpriced > 0 && self.calls.is_none() && self.tokens.is_none() {
                return Some(format!(
                    "the cap {name}, {cap}, cannot be kept: {} answers have no known price; name it in a price file, or cap the \
                     calls too",
                    spent.unpriced
                ));
            }
        }
        if let Some(cap) = self.calls.filter(|cap| spent.calls + reserved.calls + 1 > *cap) {
            let held = format!("{} are made, {} in flight", spent.calls, reserved.calls);
            return Some(format!("the cap {name}, {cap} calls: {held}"));
        }
        let (known, next) = (spent.tokens.known.unwrap_or_default(), wanted.tokens.unwrap_or_default());
        let sum = known.saturating_add(reserved.tokens).saturating_add(next);
        let cap = self.tokens.filter(|cap| sum > *cap)?;
        let held = format!("{known} are used, {} reserved for calls in flight, {next} wanted", reserved.tokens);
        Some(format!("the cap {name}, {cap} tokens: {held}"))
    }
}

/// What is reserved and not settled yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reserved {
    /// Calls in flight.
    pub calls: u64,
    /// Their tokens, as far as they were estimated.
    pub tokens: u64,
    /// Their cost, as far as it was estimated, in nano-dollars.
    pub cost: Money,
}

impl Reserved {
    /// Nothing is reserved.
    pub const NONE: Self = Self { calls: 0, tokens: 0, cost: Money::ZERO };

    /// Reserves for one more call.
    pub fn add(&mut self, amount: Amount) {
        self.calls += 1;
        self.tokens = self.tokens.saturating_add(amount.tokens.unwrap_or_default());
        self.cost = self.cost + amount.cost.unwrap_or_default();
    }

    /// A call that was reserved for is over.
    pub fn remove(&mut self, amount: Amount) {
        self.calls = self.calls.saturating_sub(1);
        self.tokens = self.tokens.saturating_sub(amount.tokens.unwrap_or_default());
        self.cost = Money::from_nanos(self.cost.nanos().saturating_sub(amount.cost.unwrap_or_default().nanos()));
    }
}

/// Everything that a user caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Caps {
    /// Of each run: answers and judging together.
    #[serde(skip_serializing_if = "Cap::is_none")]
    pub run: Cap,
    /// Of each model: its answers.
    #[serde(skip_serializing_if = "Cap::is_none")]
    pub model: Cap,
    /// Of each judge: what its grader is asked.
    #[serde(skip_serializing_if = "Cap::is_none")]
    pub judge: Cap,
    /// Of each day (UTC): everything that is written to one database.
    #[serde(skip_serializing_if = "Cap::is_none")]
    pub day: Cap,
}

impl Caps {
    /// Nothing is capped.
    pub const NONE: Self = Self { run: Cap::NONE, model: Cap::NONE, judge: Cap::NONE, day: Cap::NONE };

    /// Whether nothing is capped.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// These caps, and where they say nothing the others.
    pub fn or(self, other: Self) -> Self {
        Self {
            run: self.run.or(other.run),
            model: self.model.or(other.model),
            judge: self.judge.or(other.judge),
            day: self.day.or(other.day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(nanos: i64) -> Option<Money> {
        Some(Money::from_nanos(nanos))
    }

    #[test]
    fn a_cap_counts_what_is_spent_reserved_and_wanted() {
        let cap = Cap::new(money(100), Some(3), Some(50));
        let mut spent = Spending { calls: 1, tokens: Total::new(Some(10), 0), ..Spending::default() };
        spent.cost = Total::new(money(40), 0);
        let mut reserved = Reserved::NONE;
        reserved.add(Amount::new(Some(20), money(30)));
        let refused = |amount| cap.refuses("of the run", &spent, &reserved, amount);
        assert_eq!(refused(Amount::new(Some(20), money(30))), None, "just enough of all three");
        assert!(refused(Amount::new(Some(20), money(31))).unwrap().contains("of the run, $0.0000001:"));
        assert!(refused(Amount::new(Some(21), money(30))).unwrap().contains("50 tokens"));
        reserved.add(Amount::default());
        assert!(cap.refuses("of the run", &spent, &reserved, Amount::default()).unwrap().contains("3 calls"));
        reserved.remove(Amount::default());
        reserved.remove(Amount::new(Some(20), money(30)));
        assert_eq!(reserved, Reserved::NONE);
    }

    #[test]
    fn money_that_nobody_can_count_is_capped_by_calls_or_not_spent() {
        let mut spent = Spending::default();
        let alone = Cap::new(money(100), None, None);
        let refused = |cap: Cap, spent: &Spending| cap.refuses("of the run", spent, &Reserved::NONE, Amount::default());
        assert_eq!(refused(alone, &spent), None, "the first answer may bring its price");
        spent.unpriced = 1;
        assert!(refused(alone, &spent).unwrap().contains("cannot be kept"));
        assert_eq!(refused(Cap::new(money(100), Some(9), None), &spent), None);
    }
}
