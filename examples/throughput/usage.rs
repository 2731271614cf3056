//! What a process used.

use std::fmt;
use std::time::Instant;

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};
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
        Ok(Self { cpu_s: cpu_seconds(), wall_s: begun.elapsed().as_secs_f64(), peak_mb: peak_mb()? })
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s CPU, {:.2} s, {:.1} MB", self.cpu_s, self.wall_s, self.peak_mb)
    }
}

/// User and system time of all threads. `/proc/self/stat` counts in hundredths of a second: too coarse.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn peak_mb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024.0 / 1e6)
}
