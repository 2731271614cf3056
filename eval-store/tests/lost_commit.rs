//! A connection that breaks at COMMIT: nobody knows whether it was done.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use eval_core::conformance::fixtures::{run, scored};
use eval_core::{EvaluationQuery, Store};
use eval_store::DieselStore;
use eval_store::testing::{Postgres, query};

/// What the proxy does when it sees the next COMMIT.
const PASS: u8 = 0;
/// The server never hears of it.
const CUT_BEFORE: u8 = 1;
/// The server has done it, and nobody hears of that.
const CUT_AFTER: u8 = 2;

/// Stands between the store and the server.
struct Proxy {
    address: String,
    at_commit: Arc<AtomicU8>,
}

impl Proxy {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let at_commit = Arc::new(AtomicU8::new(PASS));
        let armed = at_commit.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, armed) = (TcpStream::connect(&server).expect("the server"), armed.clone());
                thread::spawn(move || carry(&client, &server, &armed));
            }
        });
        Self { address, at_commit }
    }

    /// The next COMMIT meets this.
    fn arm(&self, what: u8) {
        self.at_commit.store(what, Ordering::SeqCst);
    }

    fn has_cut(&self) -> bool {
        self.at_commit.load(Ordering::SeqCst) == PASS
    }
}

/// Carries bytes both ways, a question and its answer at a time, until one side is gone or the line is cut.
fn carry(mut client: &TcpStream, mut server: &TcpStream, armed: &AtomicU8) {
    let back = (server.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
    let answers = thread::spawn(move || copy(&back.0, &back.1));
    let mut buffer = [0; 1 << 16];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let said = &buffer[..read];
        // With the end of the message: a transaction begins with the words READ COMMITTED.
        let commits = said.windows(7).any(|bytes| bytes == b"COMMIT\0");
        match if commits { armed.swap(PASS, Ordering::SeqCst) } else { PASS } {
            CUT_BEFORE => break,
            CUT_AFTER => {
                // Nothing comes back any more; the server ends the connection when it has done what it was told.
                let _ = client.shutdown(Shutdown::Write);
                let _ = server.write_all(said);
                let _ = server.shutdown(Shutdown::Write);
                let _ = answers.join();
                let _ = client.shutdown(Shutdown::Both);
                return;
            }
            _ => server.write_all(said).expect("the server takes it"),
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let mut buffer = [0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(read @ 1..) => drop(to.write_all(&buffer[..read])),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => break,
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

#[tokio::test(flavor = "multi_thread")]
async fn f18_a_connection_lost_at_commit_counts_once() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let direct = postgres.database();
    let (_, rest) = direct.split_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::to(server.to_owned());
    let store = DieselStore::open(&format!("postgres://postgres@{}/{database}", proxy.address)).await.unwrap();
    let run = run("gpt-4o", 0);
    store.put_run(&run).await.unwrap();
    for (n, cut) in [CUT_BEFORE, CUT_AFTER, PASS, CUT_AFTER, CUT_BEFORE].into_iter().enumerate() {
        let batch: Vec<_> = (0..3).map(|question| scored(run.id, &format!("q{n}-{question}"), 1, 0.5)).collect();
        proxy.arm(cut);
        store.put_evaluations(run.id, &batch).await.unwrap();
        assert!(proxy.has_cut(), "the line was cut");
        let after = 3 * (n + 1);
        assert_eq!(store.evaluations(run.id, &EvaluationQuery::default()).await.unwrap().len(), after);
    }
    let counts = "SELECT (SELECT count(*) FROM evaluations), (SELECT count(*) FROM verdicts)";
    assert_eq!(query(&direct, counts), ["15|15"], "each evaluation is there once, with its verdict");
    // A repeated transaction has new ids, so these tell which of the two was done.
    let firsts = "SELECT min(id) FROM evaluations GROUP BY left(sample_id, 2) ORDER BY 1";
    assert_eq!(query(&direct, firsts), ["4", "7", "13", "16", "25"], "what was cut after COMMIT had been done");
}
