//! What a Postgres URL says.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

/// A Postgres URL, read as libpq reads it.
#[derive(Debug)]
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    /// Whether there is a PgBouncer in front, which lends another server connection to each transaction.
    pub(crate) bouncer: bool,
}

/// Which certificate of a server is accepted, if the connection is encrypted at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Any. It keeps out who listens, not who stands in between.
    Anyone,
    /// One that is signed by who stands in this PEM file, whatever its name.
    Signed(PathBuf),
    /// One that is signed by these roots for the host of the URL.
    Named(Roots),
}

/// Who may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Whom the operating system trusts.
    System,
    /// The certificates in a PEM file.
    File(PathBuf),
}

/// The options of libpq that tokio-postgres does not know, and ours.
#[derive(Default)]
struct Own {
    mode: Option<String>,
    roots: Option<Roots>,
    bouncer: bool,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut own = Own::default();
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if !own.take(pair)? {
                rest.push(pair);
            }
        }
        let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        let mut config: Config = url.parse().map_err(|error| explain(&error))?;
        if config.get_application_name().is_none() {
            config.application_name("eval-store");
        }
        let bouncer = own.bouncer;
        let trust = own.trust(&mut config)?;
        Ok(Self { config, trust, bouncer })
    }
}

/// A source tells what is wrong; the error itself only that something is.
fn explain(error: &tokio_postgres::Error) -> String {
    eval_core::error_chain(error)
}

impl Own {
    /// Takes an option that is ours to understand; the others are for tokio-postgres.
    fn take(&mut self, pair: &str) -> Result<bool, String> {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8().map_err(|_| format!("{key} is not UTF-8"))?;
        match (key, &*value) {
            ("sslmode", mode) => self.mode = Some(mode.to_owned()),
            ("sslrootcert", "system") => self.roots = Some(Roots::System),
            ("sslrootcert", path) => self.roots = Some(Roots::File(path.into())),
            ("pgbouncer", "true") => self.bouncer = true,
            ("pgbouncer", "false") => self.bouncer = false,
            ("pgbouncer", other) => return Err(format!("pgbouncer is `{other}`; expected true or false")),
            ("sslcert" | "sslkey", _) => return Err(format!("{key}: client certificates are not taken")),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn trust(self, config: &mut Config) -> Result<Trust, String> {
        let signed = |roots| match roots {
            Some(Roots::File(path)) => Trust::Signed(path),
            // As libpq has it: who trusts the whole world's authorities must at least look at the name.
            Some(Roots::System) => Trust::Named(Roots::System),
            None => Trust::Anyone,
        };
        let (mode, trust) = match self.mode.as_deref().unwrap_or("prefer") {
            "disable" => (SslMode::Disable, Trust::Anyone),
            "allow" | "prefer" => (SslMode::Prefer, signed(self.roots)),
            "require" => (SslMode::Require, signed(self.roots)),
            "verify-ca" => (SslMode::Require, signed(Some(self.roots.unwrap_or(Roots::System)))),
            "verify-full" => (SslMode::Require, Trust::Named(self.roots.unwrap_or(Roots::System))),
            other => {
                let known = "disable, allow, prefer, require, verify-ca, verify-full";
                return Err(format!("sslmode is `{other}`; expected one of {known}"));
            }
        };
        config.ssl_mode(mode);
        Ok(trust)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(options: &str) -> (SslMode, Trust) {
        let address = Address::parse(&format!("postgres://me@db.example/evals{options}")).unwrap();
        (address.config.get_ssl_mode(), address.trust)
    }

    #[test]
    fn encryption_is_asked_for_as_libpq_does() {
        let signed = || Trust::Signed("/etc/my ca.pem".into());
        for (options, mode, expected) in [
            ("", SslMode::Prefer, Trust::Anyone),
            ("?sslmode=disable", SslMode::Disable, Trust::Anyone),
            ("?sslmode=prefer", SslMode::Prefer, Trust::Anyone),
            ("?sslmode=require", SslMode::Require, Trust::Anyone),
            ("?sslmode=require&sslrootcert=/etc/my%20ca.pem", SslMode::Require, signed()),
            ("?sslrootcert=system", SslMode::Prefer, Trust::Named(Roots::System)),
            ("?sslmode=verify-ca", SslMode::Require, Trust::Named(Roots::System)),
            ("?sslmode=verify-ca&sslrootcert=/etc/my%20ca.pem", SslMode::Require, signed()),
            ("?sslmode=verify-full", SslMode::Require, Trust::Named(Roots::System)),
            (
                "?sslrootcert=/etc/my%20ca.pem&sslmode=verify-full",
                SslMode::Require,
                Trust::Named(Roots::File("/etc/my ca.pem".into())),
            ),
        ] {
            assert_eq!(trust(options), (mode, expected), "{options}");
        }
    }

    #[test]
    fn the_other_options_reach_the_server() {
        let url = "postgresql://me:s3cret@a:5433,b/evals?connect_timeout=3&sslmode=verify-full&pgbouncer=true";
        let address = Address::parse(url).unwrap();
        assert!(address.bouncer);
        assert_eq!(address.config.get_hosts().len(), 2);
        assert_eq!(address.config.get_ports(), [5433, 5432]);
        assert_eq!(address.config.get_dbname(), Some("evals"));
        assert_eq!(address.config.get_connect_timeout(), Some(&std::time::Duration::from_secs(3)));
        assert_eq!(address.config.get_application_name(), Some("eval-store"));
        let named = Address::parse("postgres://me@a/evals?application_name=ci").unwrap();
        assert_eq!(named.config.get_application_name(), Some("ci"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (options, expected) in [
            ("?sslmode=always", "sslmode is `always`; expected one of disable, allow"),
            ("?pgbouncer=yes", "pgbouncer is `yes`; expected true or false"),
            ("?sslcert=me.pem", "sslcert: client certificates are not taken"),
            ("?colour=blue", "unknown option `colour`"),
        ] {
            let error = Address::parse(&format!("postgres://me:s3cret@host/evals{options}")).unwrap_err();
            assert!(error.contains(expected) && !error.contains("s3cret"), "{error}");
        }
    }
}
