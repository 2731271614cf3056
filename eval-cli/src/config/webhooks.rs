//! The table `[webhooks]` of the configuration file.

use std::collections::BTreeSet;
use std::path::PathBuf;

use eval_server::{Outbound, Receiver, WebhookSecret, Webhooks};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use toml::Spanned;

use super::secret::secret;
use super::{ConfigFile, Environment};
use crate::failure::{Failure, chain};

type Variable = Option<Spanned<String>>;
type Path = Option<Spanned<PathBuf>>;

/// Who is told when a run has ended.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WebhookTable {
    /// Receivers inside that may be asked, as `host:port`.
    allow: Option<Spanned<Vec<String>>>,
    /// What signs the callbacks of jobs, and what signed them before.
    callback_secret_env: Variable,
    callback_secret_file: Path,
    previous_callback_secret_env: Variable,
    previous_callback_secret_file: Path,
    receivers: Vec<Spanned<ReceiverTable>>,
}

/// One receiver.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiverTable {
    name: Name,
    url: Option<Spanned<String>>,
    /// For an address that is a password.
    url_env: Variable,
    url_file: Path,
    secret_env: Variable,
    secret_file: Path,
    previous_secret_env: Variable,
    previous_secret_file: Path,
}

/// A name that can stand in a path and is no address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(super) String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let is_name = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        is_name.then_some(Self(name)).ok_or("expected a name of at most 64 letters, digits, dots, - and _")
    }
}

/// Where settings are looked for.
pub(super) struct Reading<'a> {
    pub(super) file: &'a ConfigFile,
    pub(super) environment: &'a Environment,
}

impl Reading<'_> {
    /// Reads secrets and checks addresses.
    pub(super) fn webhooks(&self, table: &WebhookTable) -> Result<Webhooks, Failure> {
        let outbound = self.outbound(table)?;
        let mut webhooks = Webhooks::new(outbound.clone());
        for (env, path) in [
            (&table.callback_secret_env, &table.callback_secret_file),
            (&table.previous_callback_secret_env, &table.previous_callback_secret_file),
        ] {
            if let Some(secret) = self.secret(env, path)? {
                webhooks = webhooks.callbacks(secret);
            }
        }
        let mut names = BTreeSet::new();
        for table in &table.receivers {
            let Name(name) = &table.get_ref().name;
            if !names.insert(name) {
                return Err(self.file.refuse(table, format!("there are two receivers of the name {name}")));
            }
            webhooks = webhooks.receiver(name, self.receiver(table, &outbound)?);
        }
        Ok(webhooks)
    }

    fn outbound(&self, table: &WebhookTable) -> Result<Outbound, Failure> {
        let allowed = table.allow.as_ref();
        let outbound = Outbound::builder().allow(allowed.iter().flat_map(|allow| allow.get_ref()).cloned()).build();
        outbound.map_err(|error| match allowed {
            Some(allow) => self.file.refuse(allow, chain(&error)),
            None => Failure::usage(chain(&error)),
        })
    }

    fn receiver(&self, table: &Spanned<ReceiverTable>, outbound: &Outbound) -> Result<Receiver, Failure> {
        let this = table.get_ref();
        let elsewhere = secret(this.url_env.as_ref(), this.url_file.as_ref(), self.file, self.environment)?;
        let (url, place) = match (&this.url, elsewhere) {
            (Some(url), None) => (SecretString::from(url.get_ref().as_str()), url.span()),
            (None, Some(url)) => (url, table.span()),
            _ => return Err(self.file.refuse(table, "expected one of url, url_env and url_file")),
        };
        let place = Spanned::new(place, ());
        outbound.check_url(url.expose_secret()).map_err(|error| self.file.refuse(&place, chain(&error)))?;
        let secret = self.secret(&this.secret_env, &this.secret_file)?;
        let secret = secret.ok_or_else(|| self.file.refuse(table, "expected secret_env or secret_file"))?;
        let receiver = Receiver::new(url, secret);
        Ok(match self.secret(&this.previous_secret_env, &this.previous_secret_file)? {
            Some(previous) => receiver.previous(previous),
            None => receiver,
        })
    }

    fn secret(&self, env: &Variable, path: &Path) -> Result<Option<WebhookSecret>, Failure> {
        let Some(text) = secret(env.as_ref(), path.as_ref(), self.file, self.environment)? else { return Ok(None) };
        let parsed = WebhookSecret::parse(&text).map_err(|error| {
            let place = env.as_ref().map(Spanned::span).or(path.as_ref().map(Spanned::span)).unwrap_or_default();
            let hint = "`evalctl webhooks secret` makes one";
            self.file.refuse(&Spanned::new(place, ()), chain(&error)).hint(hint)
        })?;
        Ok(Some(parsed))
    }
}
