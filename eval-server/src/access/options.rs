//! What a host says about how its routes are reached.

use std::time::Duration;

/// How the routes are reached: under which names, over what, how often.
///
/// ```
/// use std::sync::Arc;
/// use eval_core::InMemory;
/// use eval_server::{AccessOptions, AppState};
///
/// let access = AccessOptions::default().host("evals.example").https(true);
/// let state = AppState::new(Arc::new(InMemory::new())).access(access);
/// # let _ = state;
/// ```
#[derive(Debug, Clone)]
pub struct AccessOptions {
    pub(crate) hosts: Vec<String>,
    pub(crate) any_host: bool,
    pub(crate) any_address: bool,
    pub(crate) https: bool,
    pub(crate) cookie_path: String,
    pub(crate) session: Duration,
    pub(crate) per_second: u32,
    pub(crate) strangers_per_second: u32,
}

impl Default for AccessOptions {
    /// Loopback names only, plain HTTP, sessions of twelve hours, 1,000 requests a second for each caller and 20 for all
    /// strangers of an address.
    fn default() -> Self {
        Self {
            hosts: ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into(),
            any_host: false,
            any_address: false,
            https: false,
            cookie_path: "/".into(),
            session: Duration::from_secs(12 * 60 * 60),
            per_second: 1_000,
            strangers_per_second: 20,
        }
    }
}

impl AccessOptions {
    /// One more name (or address) under which browsers may ask for these routes; a port is left out. Requests for any other
    /// are refused with 421, so that no page of a stranger can make its own name point here.
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(super::host::name(&name.into()).to_ascii_lowercase());
        self
    }

    /// The address that is listened at, as a name. Of an address that means all of a machine's (`0.0.0.0`, `::`), requests
    /// for any IP address are taken: a page of a stranger can make its name point somewhere, but no address.
    pub fn bound(mut self, address: std::net::SocketAddr) -> Self {
        self.any_address |= address.ip().is_unspecified();
        match address.ip() {
            std::net::IpAddr::V4(ip) => self.host(ip.to_string()),
            std::net::IpAddr::V6(ip) => self.host(format!("[{ip}]")),
        }
    }

    /// Takes requests under every name. Only for a host service that nests these routes and checks names itself.
    pub fn any_host(mut self) -> Self {
        self.any_host = true;
        self
    }

    /// Whether browsers come over HTTPS, so that cookies are sent over nothing else. Default no.
    pub fn https(mut self, https: bool) -> Self {
        self.https = https;
        self
    }

    /// Below which path browsers send the cookie. Default `/`; a host that nests these routes says where.
    pub fn cookie_path(mut self, path: impl Into<String>) -> Self {
        self.cookie_path = path.into();
        self
    }

    /// How long a browser stays signed in. Default twelve hours.
    pub fn session(mut self, lifetime: Duration) -> Self {
        self.session = lifetime;
        self
    }

    /// How many requests a second each caller may make in the long run, and twice as many at once. Default 1,000; at least 1.
    pub fn per_second(mut self, requests: u32) -> Self {
        self.per_second = requests.max(1);
        self
    }

    /// How many requests a second an address may make that prove nothing, and five times as many at once. Default 20; at
    /// least 1.
    pub fn strangers_per_second(mut self, requests: u32) -> Self {
        self.strangers_per_second = requests.max(1);
        self
    }
}
