//! The server of the database is killed at random times, and so is `evalctl`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use eval_store::testing::Postgres;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Arguments;
use crate::case::Bench;
use crate::process::{Evalctl, Kill, names};
use crate::report::Report;

/// What is killed in a case.
#[derive(Debug, Clone, Copy)]
enum Victim {
    /// The server; evalctl waits and goes on.
    Server,
    /// `evalctl`, twice; the server never notices.
    Evalctl,
    /// The server, and `evalctl` while it waits for it or soon after.
    Both,
}

const VICTIMS: [(Victim, &str); 3] = [(Victim::Server, "server"), (Victim::Evalctl, "evalctl"), (Victim::Both, "both")];

/// The server is away from a time on, and for a time.
#[derive(Debug, Clone, Copy)]
struct Outage {
    begins: Duration,
    lasts: Duration,
}

/// So many random times, or the one that was asked for. Says so and does nothing where there is no Postgres.
pub async fn sweep(bench: &Bench, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let Some(server) = Postgres::start(&[]) else { return Ok(()) };
    let server = Arc::new(server);
    let took = measure(bench, &server).await?;
    println!("Postgres: a run takes {} ms", took.as_millis());
    let wanted = arguments.at.as_deref().and_then(|at| at.strip_prefix("postgres:"));
    let only: Option<u64> = wanted.map(str::parse).transpose().context("expected --at postgres:N")?;
    for time in only.map_or(0..arguments.times(), |only| only..only + 1) {
        let mut random = ChaCha8Rng::seed_from_u64(arguments.seed().wrapping_add(time));
        let (victim, name) = VICTIMS[usize::try_from(time % 3)?];
        let outage = Outage {
            begins: took.mul_f64(random.random_range(0.1..0.9)),
            lasts: Duration::from_millis(random.random_range(200..3_000)),
        };
        let mut kill = || Kill::After(took.mul_f64(random.random_range(0.05..0.95)));
        let (outage, kills) = match victim {
            Victim::Server => (Some(outage), vec![]),
            Victim::Evalctl => (None, vec![kill(), kill()]),
            Victim::Both => {
                (Some(outage), vec![Kill::After(outage.begins + outage.lasts.mul_f64(random.random_range(0.0..1.2)))])
            }
        };
        let folder = tempfile::tempdir()?;
        let evalctl = bench.evalctl(folder.path().to_owned(), &server.database())?;
        let outcome = bench.case(&evalctl, &kills, happen(server.clone(), outage)).await?;
        report.add(&format!("postgres:{time}"), &told(name, outage, &kills), outcome);
    }
    Ok(())
}

fn told(victim: &str, outage: Option<Outage>, kills: &[Kill]) -> String {
    match outage {
        Some(Outage { begins, lasts }) => {
            format!("{victim}: {}, back +{}, {}", begins.as_millis(), lasts.as_millis(), names(kills))
        }
        None => format!("{victim}: {}", names(kills)),
    }
}

/// How long a run takes that nobody disturbs.
async fn measure(bench: &Bench, server: &Postgres) -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    let evalctl = bench.evalctl(folder.path().to_owned(), &server.database())?;
    let ended = evalctl.run(&Evalctl::run_arguments(), Kill::Never).await?;
    anyhow::ensure!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    Ok(ended.took)
}

async fn happen(server: Arc<Postgres>, outage: Option<Outage>) -> Result<()> {
    let Some(Outage { begins, lasts }) = outage else { return Ok(()) };
    tokio::time::sleep(begins).await;
    let stopping = server.clone();
    tokio::task::spawn_blocking(move || stopping.stop()).await?;
    tokio::time::sleep(lasts).await;
    tokio::task::spawn_blocking(move || server.start_again()).await?;
    Ok(())
}
