//! Shows: what becomes of a call when an endpoint misbehaves. Every behaviour of the chaos server is met once.
//!
//! ```sh
//! cargo run --example chaos                            # the list, with what our client makes of each
//! cargo run --example chaos -- --serve 127.0.0.1:4400  # serves until it is killed; the model's name chooses
//! curl http://127.0.0.1:4400/ledger                    # what reached it
//! ```

use std::time::{Duration, Instant};

use clap::Parser;
use eval_chaos::{BEHAVIOURS, Chaos};
use eval_core::{Message, Provider, Request, error_chain};
use eval_providers::OpenAi;

/// How much of an outcome is shown, in characters.
const SHOWN: usize = 150;

#[derive(Debug, Parser)]
struct Options {
    /// Serve at this address instead of showing the list.
    #[arg(long, value_name = "ADDRESS")]
    serve: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Options::parse().serve {
        Some(address) => serve(&address).await,
        None => show().await,
    }
}

async fn serve(address: &str) -> anyhow::Result<()> {
    let chaos = Chaos::at(address).await?;
    for (names, what) in BEHAVIOURS {
        println!("{}\n    {what}", names.join(" "));
    }
    println!("by-question\n    what the last word of the question says");
    println!("ready {}/v1", chaos.url());
    std::future::pending::<()>().await;
    Ok(())
}

async fn show() -> anyhow::Result<()> {
    let chaos = Chaos::start().await?;
    let provider =
        OpenAi::builder(chaos.url()).api_key("sk-shown-to-nobody").timeout(Duration::from_secs(1)).build()?;
    println!("{:<25} {:>8}  outcome", "behaviour", "ms");
    for name in BEHAVIOURS.iter().flat_map(|(names, _)| *names) {
        let begun = Instant::now();
        let outcome = match provider.complete(&Request::new(*name, vec![Message::user("Which capital?")])).await {
            Ok(answer) => format!("{:?}, finish {}, {:?} tokens", answer.text, answer.finish, answer.usage.total()),
            Err(error) => error_chain(&error),
        };
        let short: String = outcome.chars().take(SHOWN).collect();
        println!("{name:<25} {:>8.1}  {short}", begun.elapsed().as_secs_f64() * 1e3);
    }
    println!(
        "\n{} calls; {} connections to the host of the redirects",
        chaos.ledger().total(),
        chaos.ledger().elsewhere()
    );
    Ok(())
}
