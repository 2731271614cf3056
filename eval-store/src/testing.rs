//! Databases to test with, in trouble too (feature `testing`).
//!
//! ```no_run
//! use eval_store::testing::Postgres;
//!
//! if let Some(postgres) = Postgres::shared() {
//!     let url = postgres.database(); // empty, and nobody else's
//!     println!("{url}");
//! }
//! ```

#[cfg(feature = "sqlite")]
mod lock;
mod programs;
mod query;

use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

#[cfg(feature = "sqlite")]
pub use lock::SqliteLock;
use programs::Programs;
pub use query::query;

/// The variable that names a server which is there already.
const GIVEN: &str = "EVAL_TEST_POSTGRES_URL";

/// A Postgres server: one that was started here and ends when this is dropped or the process ends, or one that is there
/// already. All methods panic when something does not work: a test without its server shows nothing.
#[derive(Debug)]
pub struct Postgres {
    url: String,
    own: Option<Programs>,
}

impl Postgres {
    /// The server that `EVAL_TEST_POSTGRES_URL` names, else one that is started once for this process. `None`, said
    /// aloud, where there is neither.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        let given = || Some(Self { url: std::env::var(GIVEN).ok().filter(|url| !url.is_empty())?, own: None });
        SHARED.get_or_init(|| given().or_else(|| Self::start(&[]))).as_ref()
    }

    /// A server of one's own, with these settings (`max_connections=5`), to be stopped, started and frozen. `None`,
    /// said aloud, where Postgres is not installed.
    pub fn start(settings: &[&str]) -> Option<Self> {
        let Some(own) = Programs::find() else {
            say(&format!(
                "SKIPPED: a test needs Postgres; install it (Debian: apt-get install postgresql) or set {GIVEN}"
            ));
            return None;
        };
        own.initialize(settings);
        own.start();
        Some(Self { url: own.url(), own: Some(own) })
    }

    /// The URL of a database that has just been made.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("eval_{}_{}_{number}", std::process::id(), eval_core::RunId::new().short());
        query(&self.url, &format!("CREATE DATABASE {name}"));
        self.named(&name)
    }

    /// The URL of a database for a user who has just been made, and who may log in and no more.
    pub fn user(&self, database: &str) -> String {
        let name = format!("eval_{}_{}", std::process::id(), eval_core::RunId::new().short());
        query(&self.url, &format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'"));
        let (scheme, rest) = database.split_once("://").unwrap_or(("postgres", database));
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{name}:{name}@{host}")
    }

    /// The URL of a database of this name.
    fn named(&self, name: &str) -> String {
        let (base, options) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let host = base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let mark = if options.is_empty() { "" } else { "?" };
        format!("{host}/{name}{mark}{options}")
    }

    /// Ends the server at once, as a crash would: connections break, and what was committed is there after
    /// [`start_again`](Self::start_again).
    pub fn stop(&self) {
        self.own().stop();
    }

    /// Starts the server again, on the same port.
    pub fn start_again(&self) {
        self.own().start();
    }

    /// Lets the server stand still: connections stay open, and nothing answers.
    pub fn freeze(&self) {
        self.own().signal("STOP");
    }

    /// Lets the server go on.
    pub fn thaw(&self) {
        self.own().signal("CONT");
    }

    /// Lets the server encrypt, with a certificate for `localhost` that is made by the program `openssl`. The file of
    /// who signed it; `None`, said aloud, without that program.
    pub fn encrypt(&self) -> Option<PathBuf> {
        let authority = self.own().make_certificate();
        match &authority {
            Some(_) => {
                query(&self.url, "ALTER SYSTEM SET ssl = on");
                query(&self.url, "SELECT pg_reload_conf()");
            }
            None => say("SKIPPED: a test of encryption needs the program openssl"),
        }
        authority
    }

    fn own(&self) -> &Programs {
        self.own.as_ref().unwrap_or_else(|| panic!("the server of {GIVEN} is not ours to stop; use Postgres::start"))
    }
}

/// Not by a macro: the test harness would keep it to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
