//! What is measured.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::fill::{Filled, MODELS};
use crate::runner::SLOW;

const SEED: u64 = 11;
const RATE: u64 = 200;
const CONNECTIONS: usize = 64;
const LISTENERS: usize = 200;

/// A server that ends with this.
struct Server {
    process: Child,
    address: String,
    token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts it, and waits until it is ready: how long that took.
    async fn start(url: &str) -> Result<(Self, Duration)> {
        let begun = Instant::now();
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = command.args(["serve", "--database", url]).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("its output")?).read_line(&mut line)?;
        let (address, token) = line.trim().split_once(' ').context("an address and a token")?;
        let server = Self { address: address.to_owned(), token: token.to_owned(), process };
        while server.client().await?.get("/readyz").await?.0 != 200 {}
        Ok((server, begun.elapsed()))
    }

    async fn client(&self) -> Result<Client> {
        Client::new(&self.address, &self.token).await
    }

    /// Resident memory in MB (1,000,000 bytes).
    fn resident(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0 / 1e6)
    }
}

pub async fn all(url: &str, filled: &Filled, seconds: u64) -> Result<()> {
    let mut starts = Vec::new();
    for _ in 0..5 {
        starts.push(Server::start(url).await?.1.as_secs_f64() * 1e3);
    }
    starts.sort_by(f64::total_cmp);
    println!("   start to ready: {:.0} ms (median of 5, {:.0} to {:.0})", starts[2], starts[0], starts[4]);
    let (server, _) = Server::start(url).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!("   memory at rest: {:.1} MB", server.resident()?);
    reads(&server, filled, seconds).await?;
    println!("   memory after reads: {:.1} MB", server.resident()?);
    healthz(&server).await?;
    listeners(&server).await
}

/// A route by its name, and the path of a request.
type Asked = (&'static str, String);

/// Every read with varied parameters; those that this server has.
fn asked(rng: &mut ChaCha8Rng, filled: &Filled) -> Vec<Asked> {
    let below = |rng: &mut ChaCha8Rng, n: usize| rng.next_u64() as usize % n;
    let (run, other) = (filled.runs[below(rng, filled.runs.len())], filled.runs[below(rng, filled.runs.len())]);
    let model = format!("model-{}", below(rng, MODELS));
    let after = format!("1:{}", filled.samples[below(rng, filled.samples.len())].id);
    vec![
        ("runs", format!("/api/v1/runs?after={run}")),
        ("runs of a model", format!("/api/v1/runs?model={model}&after={run}")),
        ("a run", format!("/api/v1/runs/{run}")),
        ("its evaluations", format!("/api/v1/runs/{run}/evaluations?after={after}")),
        ("of a category", format!("/api/v1/runs/{run}/evaluations?category=math&after={after}")),
        ("leaderboard", "/api/v1/models".to_owned()),
        ("history", format!("/api/v1/history/{model}")),
        ("drift", format!("/api/v1/drift/{model}")),
        ("compare", format!("/api/v1/compare?a={run}&b={other}")),
        ("stats", "/api/v1/stats".to_owned()),
        ("costs", "/api/v1/costs".to_owned()),
        ("jobs", "/api/v1/jobs".to_owned()),
        ("alerts", "/api/v1/alerts".to_owned()),
        ("health", "/api/v1/health".to_owned()),
        ("metrics", "/metrics".to_owned()),
    ]
}

/// Reads at a fixed rate, whether the server keeps up or not: a time counts from when the request was due.
async fn reads(server: &Server, filled: &Filled, seconds: u64) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut served = Vec::new();
    let mut client = server.client().await?;
    for (name, path) in asked(&mut rng, filled) {
        let (status, body) = client.get(&path).await?;
        match status {
            200 => served.push(name),
            _ => println!("   not measured: {name}: {status} {}", String::from_utf8_lossy(&body)),
        }
    }
    first_drift(&mut client).await?;
    let (sender, receiver) = mpsc::unbounded_channel::<(Asked, Instant)>();
    let (receiver, times) = (Arc::new(Mutex::new(receiver)), Arc::new(Mutex::new(BTreeMap::<&str, Vec<f64>>::new())));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (mut client, receiver, times) = (server.client().await?, receiver.clone(), times.clone());
        tasks.spawn(async move {
            loop {
                let next = receiver.lock().await.recv().await;
                let Some(((name, path), due)) = next else { return Ok::<_, anyhow::Error>(()) };
                let (status, _) = client.get(&path).await?;
                anyhow::ensure!(status == 200, "{path}: {status}");
                times.lock().await.entry(name).or_default().push(due.elapsed().as_secs_f64() * 1e3);
            }
        });
    }
    let mut due = tokio::time::interval(Duration::from_micros(1_000_000 / RATE));
    for at in 0..RATE * seconds {
        let when = due.tick().await;
        let all: Vec<Asked> = asked(&mut rng, filled).into_iter().filter(|(name, _)| served.contains(name)).collect();
        sender.send((all[at as usize % all.len()].clone(), when.into_std()))?;
    }
    drop(sender);
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    println!("   reads at {RATE}/s for {seconds} s, ms:    n      p50      p95      p99      max   (seed {SEED})");
    let times = std::mem::take(&mut *times.lock().await);
    let all = times.values().flatten().copied().collect();
    times.into_iter().for_each(|(name, times)| row(name, times));
    row("all", all);
    Ok(())
}

/// What was found in a history is kept, and this one was never looked at: the runs came in past the workers. So the first
/// look at each history takes longer than any later one.
async fn first_drift(client: &mut Client) -> Result<()> {
    let mut times = Vec::new();
    for model in 0..MODELS {
        let begun = Instant::now();
        client.get(&format!("/api/v1/drift/model-{model}")).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("   the first look at a history of 100 runs: {:.0} to {:.0} ms", times[0], times[MODELS - 1]);
    Ok(())
}

fn row(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).ceil() as usize];
    let n = times.len();
    println!("      {name:22} {n:8} {:8.2} {:8.2} {:8.2} {:8.2}", at(0.5), at(0.95), at(0.99), at(1.0));
}

/// As often as it answers, on 16 connections.
async fn healthz(server: &Server) -> Result<()> {
    let (mut tasks, seconds) = (JoinSet::new(), 5);
    let end = Instant::now() + Duration::from_secs(seconds);
    for _ in 0..16 {
        let mut client = server.client().await?;
        tasks.spawn(async move {
            let mut n = 0_u64;
            while Instant::now() < end {
                client.get("/healthz").await?;
                n += 1;
            }
            Ok::<_, anyhow::Error>(n)
        });
    }
    let mut all = 0;
    while let Some(n) = tasks.join_next().await {
        all += n??;
    }
    println!("   /healthz: {} requests/s, with the client on the same cores", all / seconds);
    Ok(())
}

/// 200 listeners on one live run, from its beginning to its end.
async fn listeners(server: &Server) -> Result<()> {
    let mut client = server.client().await?;
    let (status, body) = client.send("POST", "/api/v1/runs", &format!("{{\"model\":\"{SLOW}\"}}")).await?;
    anyhow::ensure!(status == 202, "{status} {}", String::from_utf8_lossy(&body));
    let run = loop {
        let jobs: serde_json::Value = serde_json::from_slice(&client.get("/api/v1/jobs?limit=1").await?.1)?;
        if let Some(run) = jobs["jobs"][0]["runs"][0].as_str() {
            break run.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let before = server.resident()?;
    let mut tasks = JoinSet::new();
    for _ in 0..LISTENERS {
        tasks.spawn(server.client().await?.listen(format!("/api/v1/runs/{run}/events")));
    }
    let mut seen = Vec::new();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        seen.push(format!("{:.1}", server.resident()?));
    }
    let mut bytes = Vec::new();
    while let Some(read) = tasks.join_next().await {
        bytes.push(read??);
    }
    bytes.sort_unstable();
    let each = format!("{} to {} bytes each", bytes[0], bytes[bytes.len() - 1]);
    println!(
        "   {LISTENERS} listeners: memory {before:.1} MB before, each 2 s {}, {:.1} at the end; {each}",
        seen.join(" "),
        server.resident()?
    );
    Ok(())
}
