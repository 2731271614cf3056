//! Shows: how much of what an endpoint takes is used, and how much it has to refuse.
//!
//! `cargo run --example storm` takes 71 seconds (add `-- --quick` for a look of 15). Needs nothing: six small servers in
//! this program admit 60, 600 and 6,000 requests a minute by a token bucket that keeps a second's worth. Three say what is
//! left with each answer (`x-ratelimit-*`), three only how long to wait with each refusal (`Retry-After`, in whole
//! seconds). 256 callers ask each of them over HTTP, as fast as the layers let them; an answer takes 200 ms. What happens
//! in the first ten seconds (five of the quick look) does not count.

mod server;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use eval_core::{Message, Provider, ProviderExt as _, Request};
use eval_providers::{LimitLayer, OpenAi, RetryLayer};
use server::{Says, Server};
use tokio::time::{Instant, sleep_until, timeout_at};

const CALLERS: usize = 256;
const RATES: [u32; 3] = [60, 600, 6_000];

#[tokio::main]
async fn main() -> Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (from, to) = if quick { (5, 15) } else { (10, 70) };
    let mut servers = Vec::new();
    for says in [Says::Headers, Says::RetryAfter] {
        for per_minute in RATES {
            servers.push(Arc::new(Server::start(says, per_minute).await?));
        }
    }
    let begun = Instant::now();
    let end = begun + Duration::from_secs(to + 1);
    for server in &servers {
        ask(server, end)?;
    }
    sleep_until(end).await;

    println!("{:<14} {:>10} {:>9} {:>8} {:>9}", "it says", "a minute", "admitted", "used", "refused");
    for server in &servers {
        let (admitted, refused) = server.between(begun, from, to);
        let takes = f64::from(server.per_minute) * (to - from) as f64 / 60.0;
        let used = 100.0 * admitted as f64 / takes;
        let share = 100.0 * refused as f64 / (admitted + refused).max(1) as f64;
        println!("{:<14} {:>10} {admitted:>9} {used:>6.1} % {share:>7.1} %", server.says.name(), server.per_minute);
    }
    Ok(())
}

/// So many callers, each of whom asks again and again until the end.
fn ask(server: &Server, end: Instant) -> Result<()> {
    let endpoint = OpenAi::builder(&server.url).build()?;
    let provider = Arc::new(endpoint.layer(LimitLayer::adaptive(1, CALLERS)).layer(RetryLayer::new(5)));
    for _ in 0..CALLERS {
        let provider = provider.clone();
        tokio::spawn(async move {
            let request = Request::new("m", vec![Message::user("What is 2 + 2?")]);
            while timeout_at(end, provider.complete(&request)).await.is_ok() {}
        });
    }
    Ok(())
}
