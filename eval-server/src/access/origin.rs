//! Whether a request was made by one of our own pages.

use axum::http::{HeaderMap, header};

/// Whether a change is taken from where it comes. `by_cookie` says that a browser proved by itself who it is: then the
/// request has to show that it comes from here; else it must only not show that it comes from elsewhere.
///
/// `Sec-Fetch-Site` is set by browsers and no page can change it; where it is missing (old browsers, plain HTTP to a name),
/// `Origin` decides.
pub(crate) fn allows(headers: &HeaderMap, by_cookie: bool) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || !by_cookie && site == "none";
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => same(origin.to_str().unwrap_or_default(), headers),
        None => !by_cookie,
    }
}

/// Whether an origin is the host that the request was sent to.
fn same(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let of = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    of.zip(host).is_some_and(|(of, host)| of.eq_ignore_ascii_case(host))
}
