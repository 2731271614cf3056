//! Ctrl-C and SIGTERM.

use std::io::Write as _;

use crate::exit::Exit;
use crate::output::WARN;

/// Ready when the user asks to stop. A second request ends the process at once: everything that has finished is
/// committed already.
pub(crate) async fn requested(drain_s: f64) {
    signal().await;
    let _ = writeln!(
        anstream::stderr(),
        "\n{WARN}stopping:{WARN:#} no new questions; those in flight have {drain_s} s to finish and be saved. Once more stops \
         at once.",
    );
    tokio::spawn(async {
        signal().await;
        let _ = writeln!(anstream::stderr(), "stopped at once; to go on: evalctl resume");
        std::process::exit(Exit::Interrupted as i32);
    });
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signal() {
    drop(tokio::signal::ctrl_c().await);
}
