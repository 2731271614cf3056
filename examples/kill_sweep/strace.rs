//! The kill at exactly the k-th write, where strace may trace.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::process::{Evalctl, is_killed};

/// What SQLite writes pages and log frames with.
const WRITE: &str = "pwrite64";

/// Whether a process can be traced and killed here.
pub async fn works() -> bool {
    let mut command = strace("exit_group", &["-e", "inject=exit_group:signal=KILL", "-o", "/dev/null"]);
    let status = command.arg("true").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    status.is_ok_and(is_killed)
}

/// A command that runs a program and kills all of it before a write, counted in each of its threads.
pub fn kill_at_write(program: &Path, write: u64) -> Command {
    let inject = format!("inject={WRITE}:signal=KILL:when={write}");
    let mut command = strace(WRITE, &["-e", &inject, "-o", "/dev/null"]);
    command.arg(program);
    command
}

/// How often each thread writes, in the order in which they begin to.
pub async fn count_writes(evalctl: &Evalctl, arguments: &[String]) -> Result<Vec<u64>> {
    let log = evalctl.folder.join("strace.log");
    let mut command = strace(WRITE, &["-o", log.to_str().context("a path in UTF-8")?]);
    command.arg(&evalctl.binary).args(arguments);
    let output = evalctl.isolate(&mut command).output().await?;
    ensure!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    let mut counts = Vec::<(String, u64)>::new();
    for line in std::fs::read_to_string(&log)?.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        if !call.trim_start().starts_with(&format!("{WRITE}(")) {
            continue;
        }
        match counts.iter_mut().find(|(known, _)| known == thread) {
            Some((_, count)) => *count += 1,
            None => counts.push((thread.to_owned(), 1)),
        }
    }
    Ok(counts.into_iter().map(|(_, count)| count).collect())
}

/// Without `--seccomp-bpf`: strace 6.1 loses the signals that it injects there.
fn strace(call: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qqq", "-e", &format!("trace={call}")]).args(arguments);
    command
}
