//! The table `[alerts]` of the configuration file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eval_server::{
    AlertHook, AlertSettings, Alerts, MailError, MailServer, MailTls, Outbound, Receiver, Slack, WebhookSecret,
};
use eval_store::DieselStore;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use toml::Spanned;

use super::secret::secret;
use super::{ConfigFile, Environment};
use crate::failure::{Failure, chain};

type Variable = Option<Spanned<String>>;
type Path = Option<Spanned<PathBuf>>;

/// Who is told what drifted, and how often.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AlertTable {
    /// The smallest change that calls anybody, in points.
    min_drop: Option<Points>,
    cooldown_hours: Option<u32>,
    gather_seconds: Option<u32>,
    /// So many are told one by one.
    digest: Option<u16>,
    /// 0 for never.
    no_data_days: Option<u16>,
    /// Receivers inside that may be asked, as `host:port`.
    allow: Option<Spanned<Vec<String>>>,
    slack: Option<Spanned<SlackTable>>,
    email: Option<Spanned<EmailTable>>,
    webhook: Option<Spanned<HookTable>>,
}

/// A channel of Slack. Its URL is a password, and so it does not stand here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SlackTable {
    url_env: Variable,
    url_file: Path,
}

/// Mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailTable {
    host: Spanned<String>,
    port: Option<std::num::NonZeroU16>,
    #[serde(default)]
    tls: Security,
    user: Option<Spanned<String>>,
    password_env: Variable,
    password_file: Path,
    /// A certificate that is trusted beside those of the system.
    ca_file: Path,
    from: Spanned<String>,
    to: Spanned<Vec<Spanned<String>>>,
}

/// How mail is kept from others on its way.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Security {
    #[default]
    StartTls,
    Implicit,
    Plain,
}

impl From<Security> for MailTls {
    fn from(security: Security) -> Self {
        match security {
            Security::StartTls => Self::StartTls,
            Security::Implicit => Self::Implicit,
            Security::Plain => Self::Plain,
        }
    }
}

/// A program.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct HookTable {
    url: Spanned<String>,
    secret_env: Variable,
    secret_file: Path,
}

/// Points, more than none and at most all of them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct Points(f64);

impl TryFrom<f64> for Points {
    type Error = &'static str;

    fn try_from(points: f64) -> Result<Self, Self::Error> {
        (points > 0.0 && points <= 100.0).then_some(Self(points)).ok_or("expected points, more than 0 and at most 100")
    }
}

impl AlertTable {
    fn settings(&self, public_url: Option<&str>) -> AlertSettings {
        let mut settings = AlertSettings::default();
        settings.public_url = public_url.map(str::to_owned);
        settings.min_drop = self.min_drop.map_or(settings.min_drop, |Points(points)| points);
        let seconds = |seconds: u64| Duration::from_secs(seconds);
        settings.cooldown = self.cooldown_hours.map_or(settings.cooldown, |hours| seconds(u64::from(hours) * 3600));
        settings.gather = self.gather_seconds.map_or(settings.gather, |it| seconds(it.into()));
        settings.digest = self.digest.map_or(settings.digest, usize::from);
        settings.no_data_days = match self.no_data_days {
            None => settings.no_data_days,
            Some(0) => None,
            Some(days) => Some(days.into()),
        };
        settings
    }
}

/// Where settings are looked for.
pub(super) struct Reading<'a> {
    pub(super) file: &'a ConfigFile,
    pub(super) environment: &'a Environment,
}

impl Reading<'_> {
    /// Reads secrets and checks addresses.
    pub(super) fn alerts(
        &self,
        table: &AlertTable,
        store: Arc<DieselStore>,
        public_url: Option<&str>,
    ) -> Result<Alerts, Failure> {
        let outbound = Outbound::builder().allow(table.allow.iter().flat_map(|allow| allow.get_ref()).cloned()).build();
        let outbound = outbound.map_err(|error| match &table.allow {
            Some(allow) => self.file.refuse(allow, chain(&error)),
            None => Failure::usage(chain(&error)),
        })?;
        let mut alerts = Alerts::new(store.clone(), store, table.settings(public_url));
        if let Some(slack) = &table.slack {
            let SlackTable { url_env, url_file } = slack.get_ref();
            let url = self.secret(url_env, url_file)?;
            let url = url.ok_or_else(|| self.file.refuse(slack, "expected url_env or url_file"))?;
            self.check(&outbound, slack, url.expose_secret())?;
            alerts = alerts.channel(Slack::new(url, outbound.clone()));
        }
        if let Some(email) = &table.email {
            let server = self.mail(email.get_ref())?;
            for to in email.get_ref().to.get_ref() {
                alerts = alerts.channel(server.to(to.get_ref()).map_err(|error| self.refused(&error, email, to))?);
            }
        }
        if let Some(hook) = &table.webhook {
            let HookTable { url, secret_env, secret_file } = hook.get_ref();
            self.check(&outbound, url, url.get_ref())?;
            let secret = self.secret(secret_env, secret_file)?;
            let secret = secret.ok_or_else(|| self.file.refuse(hook, "expected secret_env or secret_file"))?;
            let secret = WebhookSecret::parse(&secret).map_err(|error| self.file.refuse(hook, chain(&error)))?;
            alerts = alerts.channel(AlertHook::new(Receiver::new(url.get_ref().clone(), secret), outbound));
        }
        Ok(alerts)
    }

    fn secret(&self, env: &Variable, path: &Path) -> Result<Option<SecretString>, Failure> {
        secret(env.as_ref(), path.as_ref(), self.file, self.environment)
    }

    fn check<T>(&self, outbound: &Outbound, place: &Spanned<T>, url: &str) -> Result<(), Failure> {
        outbound.check_url(url).map_err(|error| self.file.refuse(place, chain(&error)))
    }

    fn mail(&self, table: &EmailTable) -> Result<MailServer, Failure> {
        let server = MailServer::new(table.host.get_ref(), table.from.get_ref());
        let mut server = server.map_err(|error| self.file.refuse(&table.from, chain(&error)))?.tls(table.tls.into());
        if table.to.get_ref().is_empty() {
            return Err(self.file.refuse(&table.to, "expected at least one address"));
        }
        if let Some(port) = table.port {
            server = server.port(port.get());
        }
        if let Some(path) = &table.ca_file {
            let read = std::fs::read(path.get_ref());
            server = server.root_certificate(
                read.map_err(|error| self.file.refuse(path, format!("cannot read the certificate: {error}")))?,
            );
        }
        match (&table.user, self.secret(&table.password_env, &table.password_file)?) {
            (Some(user), Some(password)) => Ok(server.login(user.get_ref(), password)),
            (Some(user), None) => Err(self.file.refuse(user, "expected password_env or password_file beside a user")),
            (None, Some(_)) => Err(self.file.refuse(&table.host, "expected a user beside a password")),
            (None, None) => Ok(server),
        }
    }

    fn refused(&self, error: &MailError, email: &Spanned<EmailTable>, to: &Spanned<String>) -> Failure {
        match error {
            MailError::Address { .. } => self.file.refuse(to, chain(error)),
            _ => self.file.refuse(&email.get_ref().host, chain(error)),
        }
    }
}
