//! Browsers that are signed in, and codes that sign one in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eval_core::BoxError;
use eval_core::server::TokenId;
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::Caller;

/// The name of the cookie.
pub(crate) const COOKIE: &str = "eval_session";
/// How many browsers are remembered; the oldest is signed out for one more.
const MOST: usize = 1_000;
/// How long a code opens something.
const CODE: Duration = Duration::from_secs(10 * 60);

/// A browser that is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) caller: Caller,
    /// The token that it was opened with; none when it was a login code.
    pub(crate) token: Option<TokenId>,
    /// What forms of its pages carry.
    pub(crate) csrf: String,
}

/// The sessions, by the hash of their secret: in memory alone, so that a restart signs everybody out.
pub(crate) struct Sessions {
    lifetime: Duration,
    live: Mutex<HashMap<Hash, (Session, Instant)>>,
}

type Hash = [u8; 32];

impl Sessions {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, live: Mutex::default() }
    }

    /// Signs a browser in, and gives the secret for its cookie.
    pub(crate) fn open(&self, caller: Caller, token: Option<TokenId>) -> Result<String, BoxError> {
        let (secret, now) = (random()?, Instant::now());
        let csrf = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("csrf of {secret}")));
        let mut live = self.live();
        live.retain(|_, (_, until)| *until > now);
        if live.len() >= MOST {
            let oldest = live.iter().min_by_key(|(_, (_, until))| *until).map(|(hash, _)| *hash);
            oldest.and_then(|hash| live.remove(&hash));
        }
        live.insert(hash(&secret), (Session { caller, token, csrf }, now + self.lifetime));
        Ok(secret)
    }

    /// The session whose cookie stands in these headers. Looked up by hash, so that no timing tells a secret.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Option<Session> {
        let live = self.live();
        let (session, until) = live.get(&hash(cookie(headers)?))?;
        (*until > Instant::now()).then(|| session.clone())
    }

    /// Signs a browser out.
    pub(crate) fn close(&self, headers: &HeaderMap) {
        cookie(headers).and_then(|secret| self.live().remove(&hash(secret)));
    }

    fn live(&self) -> MutexGuard<'_, HashMap<Hash, (Session, Instant)>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Codes that each sign one browser in, with all rights.
#[derive(Default)]
pub(crate) struct Codes(Mutex<HashMap<Hash, Instant>>);

impl Codes {
    /// A new code.
    pub(crate) fn make(&self) -> Result<String, BoxError> {
        let (code, now) = (random()?, Instant::now());
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|_, until| *until > now);
        codes.insert(hash(&code), now + CODE);
        Ok(code)
    }

    /// Whether this is one that was not used yet; now it is.
    pub(crate) fn take(&self, code: &str) -> bool {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash(code));
        until.is_some_and(|until| until > Instant::now())
    }
}

/// The secret in the cookie.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, secret)| secret)
}

/// 256 random bits.
fn random() -> Result<String, BoxError> {
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn hash(secret: &str) -> Hash {
    Sha256::digest(secret).into()
}
