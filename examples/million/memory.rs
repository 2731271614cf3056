//! What this process holds.

use anyhow::{Context, Result};

/// Resident memory now, in MB (1,000,000 bytes).
pub fn resident() -> Result<f64> {
    field("VmRSS:")
}

/// The peak of the resident memory since [`forget`], in MB.
pub fn peak() -> Result<f64> {
    field("VmHWM:")
}

/// Forgets the peak so far.
pub fn forget() -> Result<()> {
    Ok(std::fs::write("/proc/self/clear_refs", "5")?)
}

fn field(name: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024.0 / 1e6)
}
