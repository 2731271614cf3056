//! Receivers inside, which whoever runs the server has named.

use std::collections::BTreeSet;

use super::OutboundError;
use super::target::Target;

/// Hosts with their ports. Only the very same host and port are meant: no wildcard, no subdomain, no other spelling.
#[derive(Debug, Clone, Default)]
pub(super) struct Allowed(BTreeSet<(String, u16)>);

impl Allowed {
    pub(super) fn parse<'a>(entries: impl IntoIterator<Item = &'a String>) -> Result<Self, OutboundError> {
        let entries = entries.into_iter();
        entries.map(|entry| host_and_port(entry).ok_or(OutboundError::Allowed { entry: entry.clone() })).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn holds(&self, target: &Target) -> bool {
        !self.is_empty() && self.0.contains(&(target.host().to_owned(), target.port()))
    }
}

impl FromIterator<(String, u16)> for Allowed {
    fn from_iter<I: IntoIterator<Item = (String, u16)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

/// The host as a URL would have it, so that an entry meets the URLs that mean it.
fn host_and_port(entry: &str) -> Option<(String, u16)> {
    let port: u16 = entry.rsplit_once(':')?.1.parse().ok()?;
    let target = Target::parse(&format!("http://{entry}")).ok()?;
    let bare = target.port() == port && target.url().path() == "/" && target.url().query().is_none();
    (bare && !entry.contains(['*', '/', '\\', '?', '#', '@'])).then(|| (target.host().to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_hosts_with_ports() {
        for good in ["hooks.corp.example:8080", "HOOKS.corp:80", "10.0.0.7:443", "[fd00::7]:9000", "localhost:1"] {
            assert!(host_and_port(good).is_some(), "{good}");
        }
        for bad in
            ["", "hooks", "hooks:", "hooks:0", "hooks:99999", "*.corp:80", "u@h:80", "http://h:80", "h:80/x", "::1"]
        {
            assert_eq!(host_and_port(bad), None, "{bad}");
        }
    }
}
