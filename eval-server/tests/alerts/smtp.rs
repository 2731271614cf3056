//! A mail server on loopback that does as it is told.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;

/// What a mail server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Offers STARTTLS and takes every mail after it.
    StartTls,
    /// Offers no STARTTLS and takes every mail.
    Clear,
    /// Refuses every recipient for good (550).
    Refuses,
    /// Is busy (451).
    Busy,
    /// Says nothing, for ever.
    Hangs,
}

/// What reached the server.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    /// Whether it came through TLS.
    pub(crate) tls: bool,
    /// AUTH as it came.
    pub(crate) login: Option<String>,
    pub(crate) recipients: Vec<String>,
    pub(crate) data: String,
}

pub(crate) struct Smtp {
    pub(crate) address: SocketAddr,
    /// The certificate, as PEM.
    pub(crate) certificate: String,
    pub(crate) mails: UnboundedReceiver<Mail>,
    /// A sign for each connection.
    pub(crate) connections: UnboundedReceiver<()>,
}

impl Smtp {
    pub(crate) async fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("protocols").with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
        let ((told, mails), (met, connections)) = (unbounded_channel(), unbounded_channel());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = met.send(());
                tokio::spawn(serve(stream, kind, acceptor.clone(), told.clone()));
            }
        });
        Self { address, certificate: cert.pem(), mails, connections }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

async fn serve(mut stream: TcpStream, kind: Kind, acceptor: TlsAcceptor, told: UnboundedSender<Mail>) {
    if kind == Kind::Hangs {
        std::future::pending::<()>().await;
    }
    if stream.write_all(b"220 test ESMTP\r\n").await.is_err() {
        return;
    }
    let mut mail = Mail::default();
    if session(&mut stream, kind, &mut mail, &told).await == End::StartTls
        && let Ok(mut stream) = acceptor.accept(stream).await
    {
        mail.tls = true;
        session(&mut stream, kind, &mut mail, &told).await;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    StartTls,
    Over,
}

async fn session(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    kind: Kind,
    mail: &mut Mail,
    told: &UnboundedSender<Mail>,
) -> End {
    let mut stream = BufReader::new(stream);
    loop {
        let Some(line) = line(&mut stream).await else { return End::Over };
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match (verb.as_str(), kind) {
            ("EHLO", Kind::Clear) => "250-test\r\n250 AUTH PLAIN",
            ("EHLO", _) if mail.tls => "250-test\r\n250 AUTH PLAIN",
            ("EHLO", _) => "250-test\r\n250 STARTTLS",
            ("STARTTLS", _) => "220 go on",
            ("AUTH", _) => {
                mail.login = Some(line.clone());
                "235 welcome"
            }
            ("RCPT", Kind::Refuses) => "550 5.1.1 no such user <!channel>",
            ("RCPT", Kind::Busy) => "451 4.3.0 later",
            ("RCPT", _) => {
                mail.recipients.push(line.clone());
                "250 ok"
            }
            ("DATA", _) => "354 go on",
            ("QUIT", _) => "221 bye",
            _ => "250 ok",
        };
        if stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return End::Over;
        }
        match verb.as_str() {
            "STARTTLS" => return End::StartTls,
            "DATA" => {
                while let Some(line) = self::line(&mut stream).await.filter(|line| line != ".") {
                    mail.data += line.strip_prefix('.').unwrap_or(&line);
                    mail.data += "\n";
                }
                let _ = told.send(mail.clone());
                (mail.data, mail.recipients) = Default::default();
                let _ = stream.get_mut().write_all(b"250 2.0.0 queued as 42\r\n").await;
            }
            _ => {}
        }
    }
}

/// A line without its end; `None` when there is no more.
async fn line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}
