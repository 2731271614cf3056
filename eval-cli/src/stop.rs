//! Ctrl-C and SIGTERM.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use eval_core::{BoxError, Event, EventKind, Reporter, RunId, RunStatus, async_trait};

use crate::command;
use crate::config::Settings;
use crate::exit::Exit;
use crate::output::WARN;

/// The runs that are open in this process: what is said of them when it ends at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Open(Arc<Mutex<Vec<RunId>>>);

#[async_trait]
impl Reporter for Open {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.kind {
            EventKind::RunStarted { .. } => open.push(event.run),
            EventKind::RunFinished { run } if run.status == RunStatus::Finished => open.retain(|id| *id != run.id),
            _ => {}
        }
        Ok(())
    }
}

/// The command that goes on with these runs: with one by its name, with several of a group together. `raised` is the
/// [option](crate::raise::option) without which they would reach their cap again.
pub(crate) fn resume(settings: &Settings, runs: &[RunId], raised: &str) -> String {
    let command = match runs {
        [run] => command::asking(settings, &format!("resume {}{raised}", run.short())),
        _ => command::asking(settings, &format!("resume{raised}")),
    };
    match command::beside(settings) {
        Some(beside) => format!("{command} ({beside})"),
        None => command,
    }
}

/// Ready when the user asks to stop. A second request ends the process at once: everything that has finished is
/// committed already.
pub(crate) async fn requested(settings: &Settings, open: &Open) {
    signal().await;
    let _ = writeln!(
        anstream::stderr(),
        "\n{WARN}stopping:{WARN:#} no new questions; those in flight have {} s to finish and be saved. Once more stops \
         at once.",
        settings.drain_s.value,
    );
    let command = resume(settings, &open.0.lock().unwrap_or_else(PoisonError::into_inner), "");
    tokio::spawn(async move {
        signal().await;
        let _ = writeln!(anstream::stderr(), "stopped at once; to go on: {command}");
        std::process::exit(Exit::Interrupted as i32);
    });
}

/// Ready at Ctrl-C or SIGTERM.
#[cfg(unix)]
pub(crate) async fn signal() {
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

/// Ready at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn signal() {
    drop(tokio::signal::ctrl_c().await);
}
