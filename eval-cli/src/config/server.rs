//! The tables `[server]` and `[jobs]` of the configuration file.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How `evalctl serve` is reached.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    /// Where it listens: `HOST:PORT`.
    pub(crate) addr: String,
    /// Where people find it, where that is not where it listens: behind a proxy.
    pub(crate) public_url: Option<PublicUrl>,
    /// More names under which it is asked.
    pub(crate) hosts: Vec<String>,
    /// The folder of the data sets.
    pub(crate) datasets: Option<PathBuf>,
    /// How long a browser stays signed in.
    pub(crate) session_hours: Hours,
    /// What each caller may ask.
    pub(crate) requests_per_second: NonZeroU32,
    /// What each address may ask that proves nothing.
    pub(crate) strangers_per_second: NonZeroU32,
    pub(crate) connections: NonZeroUsize,
}

impl Default for Server {
    fn default() -> Self {
        let [requests_per_second, strangers_per_second] = [1_000, 20].map(|n| NonZeroU32::MIN.saturating_add(n - 1));
        Self {
            addr: "127.0.0.1:8080".into(),
            public_url: None,
            hosts: Vec::new(),
            datasets: None,
            session_hours: Hours(12.0),
            requests_per_second,
            strangers_per_second,
            connections: at_least_one(1_024),
        }
    }
}

/// How `evalctl serve` makes runs.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Jobs {
    /// Jobs at once.
    pub(crate) concurrency: NonZeroUsize,
    /// Jobs of everybody that wait at most.
    pub(crate) queue: NonZeroUsize,
    /// Jobs of one caller that wait or run at most.
    pub(crate) per_caller: NonZeroUsize,
    /// What becomes of a job whose server was killed.
    pub(crate) lost: Lost,
}

impl Default for Jobs {
    fn default() -> Self {
        let [concurrency, queue, per_caller] = [2, 1_000, 100].map(at_least_one);
        Self { concurrency, queue, per_caller, lost: Lost::Resume }
    }
}

const fn at_least_one(n: usize) -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(n.saturating_sub(1))
}

/// What becomes of a job whose server was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Lost {
    /// It goes on.
    Resume,
    /// It waits until a person lets it go on.
    Interrupt,
}

impl From<Lost> for eval_core::server::Lost {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Resume => Self::Resume,
            Lost::Interrupt => Self::Interrupt,
        }
    }
}

/// The address of a page: `http://` or `https://`, a host, and nothing that a link could not be put after.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct PublicUrl(String);

impl PublicUrl {
    /// The URL, without a slash at its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host, with the port if it has one.
    pub(crate) fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// Whether browsers come over HTTPS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let is_plain = |rest: &str| {
            let host = rest.split('/').next().unwrap_or_default();
            !host.is_empty() && rest.chars().all(|c| c.is_ascii_graphic() && !"?#@".contains(c))
        };
        match rest.is_some_and(is_plain) {
            true => Ok(Self(url.trim_end_matches('/').to_owned())),
            false => Err("expected http://HOST or https://HOST, without a query and without a password"),
        }
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.0
    }
}

/// Hours, more than none and at most a year of them.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub(crate) struct Hours(f64);

impl Hours {
    pub(crate) fn duration(self) -> std::time::Duration {
        std::time::Duration::from_secs_f64(self.0 * 3_600.0)
    }
}

impl TryFrom<f64> for Hours {
    type Error = &'static str;

    fn try_from(hours: f64) -> Result<Self, Self::Error> {
        (hours > 0.0 && hours <= 8_784.0).then_some(Self(hours)).ok_or("expected hours, more than 0 and at most 8784")
    }
}

impl From<Hours> for f64 {
    fn from(hours: Hours) -> Self {
        hours.0
    }
}
