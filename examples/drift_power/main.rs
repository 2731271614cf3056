//! Shows: how often each rule cries wolf, and how soon it finds a change, by simulation.
//!
//! `cargo run --release --example drift_power` (`-- --quick` for a short look; `--seed`, `--threads`). It simulates
//! histories of 90 runs over 50, 200 and 1,000 questions, lets `QualityMonitor`, the seed's rule and the classical rules
//! watch them, and prints the tables of docs/drift.md as markdown:
//!
//! 1. *as shipped*: flagged runs and histories with any flag, when nothing changes;
//! 2. *runs until found*: `QualityMonitor` with its two thresholds, for each change from the 31st run on;
//! 3. *at matched false alarms*: every rule with the threshold at which a tenth of the histories without a change has a
//!    flag, calibrated on other histories;
//! 4. judge, operational streams and gate.
//!
//! The model: the difficulty of a question is .65 Beta(20, 1) + .25 Beta(4, 2) + .10 Beta(1, 4); half of the questions
//! are right or wrong, half graded in quarters (Beta-binomial); the judge flips 3 % of the former and moves 6 % of the
//! latter a grade; each run moves all questions by N(0, .04) on the logit and each of the 7 categories by N(0, .08).
//! Drops are set on the expected mean as the judge sees it. Each history has numbers of its own, so the tables depend
//! on the seed only and not on the number of threads.

mod anchors;
mod draw;
mod gate;
mod history;
mod model;
mod more_tables;
mod operations;
mod parallel;
mod rules;
mod scenario;
mod shares;
mod study;
mod tables;
mod targets;

use std::thread::available_parallelism;
use std::time::Instant;

use clap::Parser;
use study::{Effort, Study};

/// Simulates how often rules flag a model that did not change, and how soon they find one that did.
#[derive(Parser)]
struct Arguments {
    /// A short look: few histories, wide intervals
    #[arg(long)]
    quick: bool,
    /// The seed of all histories
    #[arg(long, value_name = "N", default_value_t = 20_261_125)]
    seed: u64,
    /// Threads; as many as there are processors unless given. The tables do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl Arguments {
    fn effort(&self) -> Effort {
        let threads = self.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
        let (still, changed, gates) = match (self.quick, cfg!(debug_assertions)) {
            (false, _) => (2_000, 300, 4_000),
            (true, false) => (120, 30, 200),
            // Without optimisation a history takes some twenty times as long.
            (true, true) => (10, 3, 20),
        };
        Effort { seed: self.seed, threads, still, changed, gates }
    }
}

const SIZES: [usize; 3] = [50, 200, 1_000];

fn main() {
    let (arguments, started) = (Arguments::parse(), Instant::now());
    let effort = arguments.effort();
    let Effort { seed, threads, still, changed, gates } = effort;
    println!("Seed {seed}, {threads} threads. {still} histories without a change for each size, {still} others to");
    println!("calibrate thresholds, {changed} for each change, {gates} gates for each design and drop.");
    let studies: Vec<Study> = (0..).zip(SIZES).map(|(number, size)| Study::of(size, number, &effort)).collect();
    targets::targets(&studies);
    tables::false_alarms(&studies);
    tables::monitor_alarms(&studies);
    tables::ours(&studies);
    studies.iter().for_each(tables::matched);
    more_tables::operations(&studies, &effort);
    more_tables::judge(&effort);
    more_tables::gate(&effort);
    println!("\nTook {:.0} s.", started.elapsed().as_secs_f64());
}
