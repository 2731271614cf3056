//! For which names requests are taken: a page of a stranger can make its own name point to this machine, and would then be
//! of the same origin as the answers.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, Uri, header};

use super::AccessOptions;

/// Whether a request for this host is taken. One that names none comes from no browser.
pub(crate) fn allows(options: &AccessOptions, uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return false,
        (Some(host), None) => host.to_str().ok(),
        (None, None) => None,
    };
    if options.any_host {
        return true;
    }
    let known = |text: &str| {
        let name = name(text);
        options.hosts.iter().any(|host| host.eq_ignore_ascii_case(name)) || options.any_address && is_address(name)
    };
    // A name that is not text is none of ours; of two names, both have to be.
    host.map_or(!headers.contains_key(header::HOST), known) && uri.authority().is_none_or(|it| known(it.as_str()))
}

/// A host without its port.
pub(crate) fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !open(name) => name,
        _ => host,
    }
}

/// Whether the last colon stands within an address of IPv6.
fn open(name: &str) -> bool {
    name.contains(':') && !name.ends_with(']')
}

fn is_address(name: &str) -> bool {
    let inner = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.map_or_else(|| name.parse::<IpAddr>().is_ok(), |ip| ip.parse::<Ipv6Addr>().is_ok())
}
