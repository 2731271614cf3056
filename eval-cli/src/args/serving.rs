//! The verb that stays.

use clap::Args;

pub(super) const SERVE_EXAMPLES: &str = "\
Examples:
  evalctl serve                          at http://127.0.0.1:8080, for this machine alone; prints a link that signs in
  evalctl serve --open                   and opens it in the browser
  evalctl serve --addr 0.0.0.0:8080      for other machines: only once a token is there (evalctl token create)

The database is made where it is missing. Settings stand in the tables [server] and [jobs] of evalctl.toml; models are
asked as `evalctl run` asks them, with the endpoint, the key, the prices and the caps of the server's own settings.
Ctrl-C or SIGTERM ends it: runs that go on are saved and go on at the next start. Once more ends it at once.";

#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen [default: 127.0.0.1:8080, or what evalctl.toml says]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) addr: Option<String>,
    /// Open the browser, signed in
    #[arg(long)]
    pub(crate) open: bool,
}
