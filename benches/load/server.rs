//! A server as a process of its own.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Result;
use eval_core::server::{Scope, Token, Tokens as _};
use eval_server::{AppState, ServeOptions, Workers, bind, router};
use eval_store::DieselStore;

use crate::fill;
use crate::runner::Simulations;

/// Serves a database until the process is ended. The line that it prints is `ADDRESS TOKEN`.
pub async fn serve(url: &str, runs: usize) -> Result<()> {
    let store = Arc::new(DieselStore::open(url).await?);
    if runs > 0 {
        fill::fill(&store, runs).await?;
    }
    let (token, secret) = Token::issue("load", Scope::Admin).map_err(anyhow::Error::from_boxed)?;
    store.put_token(&token).await?;
    let bound = bind("127.0.0.1:0", &*store).await?;
    let runner = Arc::new(Simulations(store.clone()));
    let access = eval_server::AccessOptions::default().per_second(1_000_000).strangers_per_second(1_000_000);
    let state = AppState::new(store).access(access).runner(runner.clone());
    let _workers = Workers::builder(&state, runner).start();
    println!("{} {}", bound.address, secret.reveal());
    std::io::stdout().flush()?;
    eval_server::serve(bound.listener, router(state), ServeOptions::default(), std::future::pending()).await?;
    Ok(())
}
