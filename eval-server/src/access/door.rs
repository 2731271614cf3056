//! What the routes remember of who came in: in this process alone, and gone with it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eval_core::Timestamp;
use eval_core::server::{Token, TokenId};
use tokio::time::Instant;

use super::rate::Rate;
use super::session::{Codes, Sessions};
use super::{AccessOptions, Caller};
use crate::Books;
use crate::error::ApiError;

/// How often it is written down that a token was used.
const USED_EVERY: Duration = Duration::from_secs(60);

/// Who is in, who knocks, and how often.
pub(crate) struct Door {
    pub(crate) options: AccessOptions,
    pub(crate) sessions: Sessions,
    pub(crate) codes: Codes,
    callers: Rate<String>,
    strangers: Rate<IpAddr>,
    /// Tokens that opened something, with when that was last written down.
    known: Mutex<HashMap<TokenId, Instant>>,
}

impl Door {
    pub(crate) fn new(options: AccessOptions) -> Self {
        let (callers, strangers) = (f64::from(options.per_second), f64::from(options.strangers_per_second));
        Self {
            sessions: Sessions::new(options.session),
            codes: Codes::default(),
            callers: Rate::new(callers, 2.0 * callers),
            strangers: Rate::new(strangers, 5.0 * strangers),
            known: Mutex::default(),
            options,
        }
    }

    /// Counts a request of a caller, or refuses it.
    pub(crate) fn called(&self, caller: &Caller) -> Result<(), ApiError> {
        self.callers.take(caller.name.clone()).map_err(ApiError::too_many)
    }

    /// Counts a request that proves nothing, and gives its refusal.
    pub(crate) fn unknown(&self, from: Option<IpAddr>) -> ApiError {
        match from.map(|ip| self.strangers.take(network(ip))) {
            Some(Err(wait)) => ApiError::too_many(wait),
            _ => ApiError::unauthorized(),
        }
    }

    /// Whether the store may be asked for a token. An address that tried too often may not, but for tokens that have opened
    /// something, so that nobody can lock out those who come from the same address.
    pub(crate) fn may_try(&self, id: &TokenId, from: Option<IpAddr>) -> Result<(), ApiError> {
        match from {
            Some(ip) if !self.known().contains_key(id) => self.strangers.check(network(ip)).map_err(ApiError::too_many),
            _ => Ok(()),
        }
    }

    /// Has it written down that a token opened something, once a minute. That this fails is no reason to refuse its bearer.
    pub(crate) async fn used(&self, books: &dyn Books, token: &Token, at: Timestamp) {
        let now = Instant::now();
        let recently = |then: &Instant| now.duration_since(*then) < USED_EVERY;
        if self.known().get(&token.id).is_some_and(recently) {
            return;
        }
        // Before it is done, so that requests at the same time do not all do it.
        self.known().insert(token.id.clone(), now);
        if let Err(error) = books.used(&token.id, at).await {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::warn!(error, token = %token.id, "the use of a token could not be written down");
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<TokenId, Instant>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one customer of a network has: an address of IPv4, a /64 of IPv6.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        ip => ip,
    }
}
