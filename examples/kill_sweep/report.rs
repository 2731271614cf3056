//! The table, the figures, and how to repeat what did not hold.

use crate::case::Outcome;
use crate::questions::PLANNED_CALLS;

/// What came out so far.
#[derive(Debug, Default)]
pub struct Report {
    points: u64,
    killed: u64,
    crashes: u64,
    reported: u64,
    repeated: u64,
    most_repeated: u64,
    violations: Vec<String>,
}

impl Report {
    pub fn head() {
        println!(
            "{:<12} {:<26} {:>7} {:>8} {:>5} {:>8}",
            "point", "killed at", "crashes", "reported", "calls", "repeated"
        );
    }

    /// Prints the line of a case and counts it.
    pub fn add(&mut self, name: &str, at: &str, outcome: Outcome) {
        // Where a kill came before the first call of a run, fewer calls than planned is impossible: the run is whole.
        let repeated = outcome.calls.saturating_sub(PLANNED_CALLS);
        let Outcome { crashes, reported, calls, violations, said } = outcome;
        let verdict = if violations.is_empty() { "" } else { "  FAILED" };
        println!("{name:<12} {at:<26} {crashes:>7} {reported:>8} {calls:>5} {repeated:>8}{verdict}");
        for violation in &violations {
            println!("    {violation}");
        }
        if !violations.is_empty() {
            println!("{}", said.trim_end());
            self.violations.push(name.to_owned());
        }
        self.points += 1;
        self.killed += u64::from(crashes > 0);
        self.crashes += crashes;
        self.reported += reported;
        self.repeated += repeated;
        self.most_repeated = self.most_repeated.max(repeated.div_ceil(crashes.max(1)));
    }

    /// The last lines; whether everything held.
    pub fn close(&self, repeat: impl Fn(&str) -> String) -> bool {
        let Self { points, killed, crashes, reported, repeated, most_repeated, violations } = self;
        for name in violations {
            println!("repeat with: {}", repeat(name));
        }
        println!(
            "{points} cases, {killed} of them killed, {crashes} crashes; {reported} evaluations reported before them; \
             {repeated} calls repeated, at most {most_repeated} a crash; {} cases failed",
            violations.len()
        );
        violations.is_empty() && *killed > 0
    }
}
