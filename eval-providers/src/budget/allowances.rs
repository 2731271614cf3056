//! Caps that this process keeps by itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use eval_core::{Allowance, Amount, Cap, Caps, Grant, Purpose, Refusal, Reserved, RunId, Scope, Spending, async_trait};
use tokio::sync::Notify;

/// Caps of each run, each model and each judge, kept in memory. The cap of a day needs a database:
/// `DailyCap` of eval-store.
///
/// A call that does not fit beside those in flight waits for them: most take less than they reserved. Only what would not
/// fit if nothing were in flight is refused. So the last calls before a cap are made one by one, and at most one call's
/// estimate of it stays unused.
#[derive(Debug)]
pub struct Allowances {
    caps: Caps,
    tallies: Mutex<HashMap<Key, Tally>>,
    freed: Notify,
}

/// Of what a cap is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Run(RunId),
    Model(String),
    Judge(String),
}

impl Key {
    /// For a message: `of the model gpt-4o`.
    fn name(&self) -> String {
        match self {
            Self::Run(_) => "of the run".into(),
            Self::Model(model) => format!("of the model `{model}`"),
            Self::Judge(model) => format!("of the judge `{model}`"),
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    spent: Spending,
    reserved: Reserved,
}

impl Allowances {
    /// Nothing is spent yet.
    pub fn new(caps: Caps) -> Self {
        Self { caps, tallies: Mutex::default(), freed: Notify::new() }
    }

    /// Says what calls of this scope took before, for a run that goes on. The scope must name run, model and purpose as
    /// [`Scope::call`] does.
    pub fn spent(&self, scope: &Scope, spending: Spending) {
        let mut tallies = self.lock();
        for (key, _) in self.capped(scope) {
            tallies.entry(key).or_default().spent += spending;
        }
    }

    /// The caps that a call falls under.
    fn capped(&self, scope: &Scope) -> impl Iterator<Item = (Key, Cap)> {
        let of_run = scope.run.map(|run| (Key::Run(run), self.caps.run));
        let of_model = scope.model.clone().zip(scope.purpose).map(|(model, purpose)| match purpose {
            Purpose::Answer => (Key::Model(model), self.caps.model),
            Purpose::Judge => (Key::Judge(model), self.caps.judge),
        });
        of_run.into_iter().chain(of_model).filter(|(_, cap)| !cap.is_none())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Tally>> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves under all caps, or says what is in the way, and whether it is in the way also when nothing is in flight.
    fn try_reserve(&self, scope: &Scope, amount: Amount) -> Result<(), (String, bool)> {
        let mut tallies = self.lock();
        for (key, cap) in self.capped(scope) {
            let name = key.name();
            let tally = tallies.entry(key).or_default();
            let refused = |reserved: &Reserved| cap.refuses(&name, &tally.spent, reserved, amount);
            if let Some(why) = refused(&tally.reserved) {
                return Err((why, refused(&Reserved::NONE).is_some()));
            }
        }
        for (key, _) in self.capped(scope) {
            tallies.entry(key).or_default().reserved.add(amount);
        }
        Ok(())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Allowance for Allowances {
    async fn reserve(&self, scope: &Scope, amount: Amount) -> Result<Grant, Refusal> {
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            // From here on no settlement is missed.
            freed.as_mut().enable();
            match self.try_reserve(scope, amount) {
                Ok(()) => return Ok(Grant::new(scope.clone(), amount)),
                Err((why, true)) => return Err(Refusal::Capped(why)),
                Err((_, false)) => freed.await,
            }
        }
    }

    fn settle(&self, grant: Grant, actual: Spending) {
        let actual = actual.or_reserved(grant.amount);
        let mut tallies = self.lock();
        for (key, _) in self.capped(&grant.scope) {
            let tally = tallies.entry(key).or_default();
            tally.reserved.remove(grant.amount);
            tally.spent += actual;
        }
        drop(tallies);
        self.freed.notify_waiters();
    }
}
