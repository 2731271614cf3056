//! Faults that the system itself reports, where strace may trace.

use std::io::Write as _;
use std::process::Command;

/// A command that runs `evalctl` with a fault in its system calls: `connect:error=EADDRNOTAVAIL:when=2..5`. Its
/// arguments follow. `None`, said aloud, where strace is missing or may not trace.
pub(crate) fn evalctl_with(fault: &str) -> Option<Command> {
    let traced = Command::new("strace").args(["-qqq", "-o", "/dev/null", "true"]).output();
    if !traced.is_ok_and(|output| output.status.success()) {
        // Not by a macro: the test harness would keep it to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {fault} needs strace, and that it may trace");
        return None;
    }
    let call = fault.split(':').next().unwrap_or_default();
    let mut command = Command::new("strace");
    command.args(["-f", "-qqq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &format!("inject={fault}")]);
    command.arg(env!("CARGO_BIN_EXE_evalctl"));
    Some(command)
}
