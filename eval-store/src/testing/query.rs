//! SQL as it stands, for looks behind the store.

use tokio::runtime::Builder;
use tokio_postgres::SimpleQueryMessage;

use crate::database::postgres::{Address, connector};

/// Runs SQL and gives its rows, with `|` between columns and nothing for NULL, as `psql -At` prints them.
///
/// # Panics
/// When the server cannot be reached or says no.
pub fn query(url: &str, sql: &str) -> Vec<String> {
    // On a thread of its own, so that asynchronous tests can call this too.
    let asked = std::thread::scope(|scope| scope.spawn(|| ask(url, sql)).join());
    asked.unwrap_or_else(|_| Err("panicked".to_owned())).unwrap_or_else(|why| panic!("{sql}: {why}"))
}

fn ask(url: &str, sql: &str) -> Result<Vec<String>, String> {
    let Address { config, trust, .. } = Address::parse(url)?;
    let tls = connector(&trust)?;
    let text = |error: tokio_postgres::Error| eval_core::error_chain(&error);
    let ask = async {
        let (client, connection) = config.connect(tls).await.map_err(text)?;
        tokio::spawn(connection);
        client.simple_query(sql).await.map_err(text)
    };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    Ok(runtime.block_on(ask)?.iter().filter_map(line).collect())
}

fn line(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    let columns: Vec<_> = (0..row.len()).map(|at| row.get(at).unwrap_or_default()).collect();
    Some(columns.join("|"))
}
