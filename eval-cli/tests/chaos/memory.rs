//! Bodies without end.

use std::fs;

use eval_chaos::Chaos;

use super::{common::fresh, questions, run};
use crate::watch::Watched;

/// A few bodies of the default cap (10 MiB) at once and all else that `evalctl` is, and far less than one body of 1 GiB or
/// four of 100 MiB.
const MOST_KIB: u64 = 300 << 10;

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn f24_bodies_without_end_leave_the_memory_flat() {
    let (folder, chaos) = (fresh(), Chaos::start().await.expect("a port"));
    // The last one keeps the process alive while it is looked at.
    let behaviours = ["huge-100", "endless", "gzip-bomb"].repeat(5).into_iter().chain(["hang"]);
    fs::write(folder.path().join("q.csv"), questions(behaviours)).expect("a file");
    let mut command = run(&folder, &chaos.url());
    command.args(["--max-attempts", "1", "--concurrency", "4", "--format", "jsonl", "--drain", "1"]);
    let mut run = Watched::start(&mut command);
    run.wait_for("\"sample_finished\"", 15);
    let peak = peak_kib(run.pid());
    run.signal("INT");
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(130), "{said}");
    assert_eq!(said.matches("larger than 10485760 bytes").count(), 15, "{said}");
    println!("{peak} KiB at most");
    assert!((1..MOST_KIB).contains(&peak), "{peak} KiB at most");
}

/// The largest resident set so far.
fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
