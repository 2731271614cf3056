//! Kills at every k-th write of a run on SQLite: while the database is made, in the run, and again in the resume.

use std::time::Duration;

use anyhow::{Context, Result};
use eval_store::DieselStore;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Arguments;
use crate::case::{Bench, Outcome};
use crate::process::{Evalctl, Kill, names};
use crate::report::Report;
use crate::strace;

const DATABASE: &str = "sqlite://eval.db";
/// The making of a database writes little, and each write matters: one point in so many is spent on it.
const OPENING: u64 = 8;
/// Kills of one and the same run, at the end of the sweep.
const IN_ONE_RUN: usize = 20;

/// What is killed, and how many writes (without strace: milliseconds) it has.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// The making of a database and what follows.
    Open(u64),
    /// A run in a database that is there.
    Run(u64),
}

/// One point of the sweep.
#[derive(Debug, Clone, Copy)]
struct Point {
    stage: Stage,
    at: u64,
}

#[derive(Debug)]
struct Sweep<'a> {
    bench: &'a Bench,
    seed: u64,
    traced: bool,
}

/// All points, or the one that was asked for.
pub async fn sweep(bench: &Bench, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let sweep = Sweep { bench, seed: arguments.seed(), traced: strace::works().await };
    let [open, run] = sweep.measure().await?;
    let unit = if sweep.traced { "writes" } else { "ms (strace may not trace here: random times instead)" };
    println!("SQLite: making the database takes {open} {unit}, a run {run}");
    let stages = [Stage::Open(open), Stage::Run(run)];
    let points = match arguments.at.as_deref() {
        Some("many") => Vec::new(),
        Some(at) => vec![Point::parse(at, stages)?],
        None => stages.iter().flat_map(|stage| stage.points(arguments)).collect(),
    };
    for point in points {
        let kills = sweep.kills(point);
        report.add(&point.name(), &names(&kills), sweep.case(point.stage, &kills).await?);
    }
    if arguments.at.as_deref().is_none_or(|at| at == "many") {
        let kills = sweep.many_kills(run);
        report.add("many", &names(&kills), sweep.case(Stage::Run(run), &kills).await?);
    }
    Ok(())
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Run(_) => "run",
        }
    }

    fn length(self) -> u64 {
        match self {
            Self::Open(length) | Self::Run(length) => length,
        }
    }

    /// Spread over the whole stage, the first and the last write included.
    fn points(self, arguments: &Arguments) -> Vec<Point> {
        let length = self.length();
        let share = match self {
            Self::Open(_) => arguments.points().div_ceil(OPENING),
            Self::Run(_) => arguments.points() - arguments.points().div_ceil(OPENING),
        };
        let at: Vec<u64> = match arguments.every {
            Some(every) => (1..=length).step_by(every.max(1)).collect(),
            None => (0..share).map(|part| 1 + part * (length - 1) / (share - 1).max(1)).collect(),
        };
        at.into_iter().map(|at| Point { stage: self, at }).collect()
    }
}

impl Point {
    fn name(self) -> String {
        format!("{}:{}", self.stage.name(), self.at)
    }

    fn parse(text: &str, stages: [Stage; 2]) -> Result<Self> {
        let (name, at) = text.split_once(':').context("expected --at open:K or --at run:K")?;
        let stage = stages.into_iter().find(|stage| stage.name() == name).context("a stage is `open` or `run`")?;
        Ok(Self { stage, at: at.parse().context("expected the number of a write")? })
    }
}

impl Sweep<'_> {
    /// How long the two stages are.
    async fn measure(&self) -> Result<[u64; 2]> {
        let (fresh, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let fresh = self.bench.evalctl(fresh.path().to_owned(), DATABASE)?;
        let there = self.bench.evalctl(there.path().to_owned(), DATABASE)?;
        DieselStore::open(&there.url()).await?;
        let run = Evalctl::run_arguments();
        if self.traced {
            let open = strace::count_writes(&fresh, &run).await?.first().copied();
            let run = strace::count_writes(&there, &run).await?.into_iter().max();
            return Ok([open.context("nothing was written")?, run.context("nothing was written")?]);
        }
        let mut lengths = [0; 2];
        for (evalctl, length) in [&fresh, &there].into_iter().zip(&mut lengths) {
            *length = u64::try_from(evalctl.run(&run, Kill::Never).await?.took.as_millis())?;
        }
        Ok(lengths)
    }

    /// The kill of the point, and for some points more kills while it is resumed. The same for the same seed.
    fn kills(&self, point: Point) -> Vec<Kill> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed.wrapping_add(point.at));
        let more = [0, 0, 1, 0, 0, 2][usize::try_from(point.at % 6).unwrap_or(0)];
        let again = (0..more).map(|_| self.kill(random.random_range(1..=point.stage.length().div_ceil(2))));
        std::iter::once(self.kill(point.at)).chain(again).collect()
    }

    fn many_kills(&self, length: u64) -> Vec<Kill> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let share = length.div_ceil(IN_ONE_RUN as u64 / 2);
        (0..IN_ONE_RUN).map(|_| self.kill(random.random_range(1..=share))).collect()
    }

    fn kill(&self, at: u64) -> Kill {
        if self.traced { Kill::AtWrite(at) } else { Kill::After(Duration::from_millis(at)) }
    }

    async fn case(&self, stage: Stage, kills: &[Kill]) -> Result<Outcome> {
        let folder = tempfile::tempdir()?;
        let evalctl = self.bench.evalctl(folder.path().to_owned(), DATABASE)?;
        if let Stage::Run(_) = stage {
            DieselStore::open(&evalctl.url()).await?;
        }
        self.bench.case(&evalctl, kills, async { Ok(()) }).await
    }
}
