//! E-mail.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use askama::Template;
use eval_core::async_trait;
use eval_core::{BoxError, Timestamp, error_chain};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::channel::{Channel, Told};
use super::message::{Message, Tone, quoted};
use super::words;
use crate::webhooks::Next;

/// How long it may take from the connection to the last answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How the connection to a mail server is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MailTls {
    /// It begins in the clear and must change to TLS before anything is said (port 587).
    #[default]
    StartTls,
    /// TLS from the first byte (port 465).
    Implicit,
    /// Not at all. Only to a server on this machine.
    Plain,
}

/// Why mail cannot be set up. It repeats no password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MailError {
    /// No address.
    #[error("{text:?} is no address of e-mail; expected for instance ops@example.com")]
    Address {
        /// What was given.
        text: String,
    },
    /// In the clear to another machine.
    #[error("mail to {host} would go in the clear; plain is for 127.0.0.1, ::1 and localhost alone")]
    NotLoopback {
        /// The mail server.
        host: String,
    },
    /// TLS cannot be set up: the name of the server is none, or a certificate cannot be read.
    #[error("TLS to the mail server cannot be set up")]
    Tls(#[source] BoxError),
}

/// A mail server, and who writes.
#[derive(Clone)]
pub struct MailServer {
    host: String,
    port: Option<u16>,
    tls: MailTls,
    login: Option<(String, SecretString)>,
    root: Option<Vec<u8>>,
    from: Mailbox,
    timeout: Duration,
}

/// Hides the password.
impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailServer").field("host", &self.host).finish_non_exhaustive()
    }
}

impl MailServer {
    /// The server of this name, with STARTTLS at port 587, no login, mail from this address and 30 seconds for each mail.
    ///
    /// # Errors
    /// [`MailError::Address`].
    pub fn new(host: impl Into<String>, from: &str) -> Result<Self, MailError> {
        let (host, from) = (host.into(), address(from)?);
        Ok(Self { host, port: None, tls: MailTls::default(), login: None, root: None, from, timeout: TIMEOUT })
    }

    /// The port. Default: 587, 465 or 25, as TLS has it.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// How the connection is kept from others. Default: STARTTLS, without which nothing is sent.
    pub fn tls(mut self, tls: MailTls) -> Self {
        self.tls = tls;
        self
    }

    /// User and password. Default: none.
    pub fn login(mut self, user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    /// A certificate (PEM) that is trusted beside those of the system.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root = Some(pem.into());
        self
    }

    /// How long a mail may take, at most 30 seconds. Default: 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(TIMEOUT);
        self
    }

    /// A channel to this recipient.
    ///
    /// # Errors
    /// [`MailError`].
    pub fn to(&self, recipient: &str) -> Result<Email, MailError> {
        let to = address(recipient)?;
        let name = format!("email:{}", to.email);
        Ok(Email {
            name,
            host: self.host.clone(),
            from: self.from.clone(),
            to,
            timeout: self.timeout,
            transport: self.transport()?,
        })
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
        let (tls, usual) = match self.tls {
            MailTls::StartTls => (Tls::Required(self.parameters()?), 587),
            MailTls::Implicit => (Tls::Wrapper(self.parameters()?), 465),
            MailTls::Plain if is_loopback(&self.host) => (Tls::None, 25),
            MailTls::Plain => return Err(MailError::NotLoopback { host: self.host.clone() }),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host);
        let builder = builder.port(self.port.unwrap_or(usual)).tls(tls).timeout(Some(self.timeout));
        let builder = match &self.login {
            Some((user, password)) => {
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()))
            }
            None => builder,
        };
        Ok(builder.build())
    }

    fn parameters(&self) -> Result<TlsParameters, MailError> {
        let mut builder = TlsParameters::builder(self.host.clone());
        if let Some(pem) = &self.root {
            builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(tls)?);
        }
        builder.build().map_err(tls)
    }
}

fn tls(error: lettre::transport::smtp::Error) -> MailError {
    MailError::Tls(Box::new(error))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn address(text: &str) -> Result<Mailbox, MailError> {
    text.parse().map_err(|_| MailError::Address { text: words::safe(text) })
}

/// One recipient of e-mail.
#[derive(Debug)]
pub struct Email {
    name: String,
    host: String,
    from: Mailbox,
    to: Mailbox,
    timeout: Duration,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

#[async_trait]
impl Channel for Email {
    fn name(&self) -> &str {
        &self.name
    }

    async fn tell(&self, id: &str, message: &Message, _: Timestamp) -> Told {
        let again = Next::Retry { not_before: None };
        let mail = match self.mail(id, message) {
            Ok(mail) => mail,
            Err(error) => return Told::failed(Next::GiveUp, error_chain(&*error)),
        };
        match tokio::time::timeout(self.timeout, self.transport.send(mail)).await {
            Ok(Ok(response)) => Told::taken(response.message().collect::<Vec<_>>().join(" ")),
            Ok(Err(error)) => {
                let next = if error.is_permanent() { Next::GiveUp } else { again };
                let status = error.status().map(|code| format!("{} answered {code}: ", self.host)).unwrap_or_default();
                let why = words::safe(&error_chain(&error));
                Told { answer: why.clone(), ..Told::failed(next, format!("{status}{why}")) }
            }
            Err(_) => Told::failed(again, format!("{} did not answer within {:?}", self.host, self.timeout)),
        }
    }
}

impl Email {
    /// The mail: text first, HTML beside it. Whoever gets it twice sees one, by its id.
    fn mail(&self, id: &str, message: &Message) -> Result<lettre::Message, BoxError> {
        let (text, html) = (Text(message).render()?, Html(message).render()?);
        let domain = self.from.email.domain();
        Ok(lettre::Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(subject(message))
            .message_id(Some(format!("<{id}@{domain}>")))
            .multipart(MultiPart::alternative_plain_html(text, html))?)
    }
}

/// `[support-qa] gamma-pro is worse by 4.4 points since 9 Nov`, in one line.
fn subject(message: &Message) -> String {
    let dataset = message.dataset.as_ref().map(|dataset| format!("[{dataset}] ")).unwrap_or_default();
    let since = message.since.as_ref().filter(|_| message.tone == Tone::Bad);
    let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
    let test = if message.tone == Tone::Test { "[TEST] " } else { "" };
    eval_drift::neutral::line(&format!("{test}{dataset}{}{since}", message.headline))
}

/// The mail as text.
#[derive(Template)]
#[template(path = "alert.txt")]
struct Text<'a>(&'a Message);

/// The same in HTML: no script, no picture, nothing from elsewhere.
#[derive(Template)]
#[template(path = "alert.html")]
struct Html<'a>(&'a Message);

/// How not to be told for a while.
fn mute(message: &Message) -> String {
    let name = message.name.as_deref().map_or("MODEL".to_owned(), quoted);
    format!("evalctl alerts mute {name} --for 7d --reason 'seen'")
}
