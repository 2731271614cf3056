//! What a process used.

use std::fmt;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// CPU and wall time in seconds, peak resident memory in MB (1,000,000 bytes).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Usage {
    pub cpu_s: f64,
    pub wall_s: f64,
    pub peak_mb: f64,
}

impl Usage {
    /// What this process has used since it began; the wall time since `begun`.
    pub fn of_this_process(begun: Instant) -> Result<Self> {
        Ok(Self { cpu_s: cpu_seconds()?, wall_s: begun.elapsed().as_secs_f64(), peak_mb: peak_mb()? })
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s CPU, {:.2} s, {:.1} MB", self.cpu_s, self.wall_s, self.peak_mb)
    }
}

/// User and system time of all threads; Linux counts them in hundredths of a second here.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(") ").context("/proc/self/stat")?.1;
    let ticks = after_name.split(' ').skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / 100.0)
}

fn peak_mb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024.0 / 1e6)
}
