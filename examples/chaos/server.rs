//! The endpoint itself.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::asked::Asked;
use crate::behaviour::{BEHAVIOURS, BY_QUESTION, Circumstances, reply};
use crate::ledger::Ledger;
use crate::reply::Reply;

/// The first byte of a TLS connection, and the alert `handshake_failure` with which it is answered.
const TLS_HANDSHAKE: u8 = 22;
const TLS_ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// A running endpoint; it ends when it is dropped.
///
/// It listens at two addresses: its own, and another one to which it redirects and where nobody should ever come.
#[derive(Debug)]
pub struct Chaos {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: Mutex<Tasks>,
}

#[derive(Debug)]
struct Shared {
    ledger: Ledger,
    elsewhere: String,
}

#[derive(Debug)]
struct Tasks {
    serving: Option<JoinHandle<()>>,
    elsewhere: JoinHandle<()>,
}

impl Chaos {
    /// An endpoint at a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::at("127.0.0.1:0").await
    }

    /// An endpoint at this address, for instance `[::1]:0`.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn at(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let other = TcpListener::bind("127.0.0.1:0").await?;
        let elsewhere = format!("http://localhost:{}/v1/chat/completions", other.local_addr()?.port());
        let shared = Arc::new(Shared { ledger: Ledger::default(), elsewhere });
        let address = listener.local_addr()?;
        let tasks = Tasks {
            serving: Some(tokio::spawn(serve(listener, shared.clone()))),
            elsewhere: tokio::spawn(trap(other, shared.clone())),
        };
        Ok(Self { address, shared, tasks: Mutex::new(tasks) })
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What reached it.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// Goes away: nobody listens any more, and every open connection is dropped.
    pub async fn down(&self) {
        let serving = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).serving.take();
        if let Some(serving) = serving {
            serving.abort();
            // It was aborted, and that is all that is to be known.
            let _ = serving.await;
        }
    }

    /// Comes back at the same address.
    ///
    /// # Errors
    /// When the address cannot be had again.
    pub async fn up(&self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        let serving = tokio::spawn(serve(listener, self.shared.clone()));
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).serving = Some(serving);
        Ok(())
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        let tasks = self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner);
        tasks.elsewhere.abort();
        tasks.serving.iter().for_each(JoinHandle::abort);
    }
}

/// The connections end with the task that accepts them.
async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, shared.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn trap(listener: TcpListener, shared: Arc<Shared>) {
    while listener.accept().await.is_ok() {
        shared.ledger.arrived_elsewhere();
    }
}

/// A client that goes away ends its own connection only.
async fn connection(mut stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0] == TLS_HANDSHAKE {
        stream.write_all(&TLS_ALERT).await?;
        return stream.shutdown().await;
    }
    let mut buffer = Vec::new();
    while let Some(asked) = Asked::read(&mut stream, &mut buffer).await? {
        if !shared.reply(&asked).write(&mut stream).await? {
            break;
        }
    }
    Ok(())
}

impl Shared {
    fn reply(&self, asked: &Asked) -> Reply {
        self.ledger.arrived(asked);
        let path = asked.what.split('?').next().unwrap_or_default();
        if path.starts_with("POST ") {
            return self.complete(asked);
        }
        match path.rsplit('/').next() {
            Some("models") => Reply::json(200, &json!({"object": "list", "data": models()})),
            Some("ledger") => Reply::json(200, &self.ledger.document()),
            _ => Reply::json(404, &json!({"detail": "Not Found"})),
        }
    }

    fn complete(&self, asked: &Asked) -> Reply {
        let name = match asked.model.as_str() {
            BY_QUESTION => asked.question.split_whitespace().next_back().unwrap_or_default(),
            model => model,
        };
        let (of_question, of_all) = self.ledger.note(name, asked);
        let key = asked.key.as_deref().unwrap_or("nobody");
        reply(name, &Circumstances { key, elsewhere: &self.elsewhere, of_question, of_all })
    }
}

/// Every name of the list, and a wildcard for those with other numbers.
fn models() -> Vec<serde_json::Value> {
    let names = BEHAVIOURS.iter().flat_map(|(names, _)| *names).copied();
    names.chain([BY_QUESTION, "*"]).map(|id| json!({"id": id})).collect()
}
