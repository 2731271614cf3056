//! A URL, parsed once.

use std::net::IpAddr;

use reqwest::Url;

use super::OutboundError;
use super::address::not_public;

/// Where a request goes. What was checked is what is sent: nobody parses the text again.
#[derive(Debug, Clone)]
pub(super) struct Target {
    url: Url,
    host: String,
    port: u16,
    /// The address, when the host is one. Forms such as `0x7f.1` and `2130706433` are addresses to the parser.
    literal: Option<IpAddr>,
}

impl Target {
    pub(super) fn parse(text: &str) -> Result<Self, OutboundError> {
        let refuse = |why| OutboundError::Url { why };
        let url = Url::parse(text).map_err(|_| refuse("cannot be read"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("is not of HTTP"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("has a user or a password in it"));
        }
        let host = url.host_str().ok_or(refuse("has no host"))?.to_owned();
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(refuse("has no port"))?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        Ok(Self { url, host, port, literal })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Whether somebody has to resolve the host.
    pub(super) fn is_name(&self) -> bool {
        self.literal.is_none()
    }

    /// The client asks no resolver for an address, so it is looked at here.
    pub(super) fn check_literal(&self) -> Result<(), OutboundError> {
        match self.literal.and_then(not_public) {
            Some(why) => Err(OutboundError::NotPublic { host: self.host.clone(), why }),
            None => Ok(()),
        }
    }
}
