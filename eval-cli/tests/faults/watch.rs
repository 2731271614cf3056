//! A process that is watched while it runs: what it says decides what happens next, never a clock.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Far more than anything here takes: who is not done by then hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process. Killed when it is dropped.
pub(crate) struct Watched {
    child: Child,
    lines: Receiver<String>,
    said: String,
}

impl Watched {
    /// Starts it; its lines on stdout and stderr are heard in the order in which they come.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the process starts");
        let (sender, lines) = channel();
        listen(child.stdout.take().expect("piped"), sender.clone());
        listen(child.stderr.take().expect("piped"), sender);
        Self { child, lines, said: String::new() }
    }

    /// Waits until it has said this so many times since the last wait.
    pub(crate) fn wait_for(&mut self, what: &str, times: usize) -> String {
        let (deadline, mut seen) = (Instant::now() + PATIENCE, 0);
        while seen < times {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    seen += usize::from(line.contains(what));
                    self.said.push_str(&line);
                    self.said.push('\n');
                    if seen == times {
                        return line;
                    }
                }
                Err(why) => panic!("{why}; `{what}` was said {seen} of {times} times:\n{}", self.said),
            }
        }
        String::new()
    }

    /// Sends a signal: INT, TERM, KILL, STOP, CONT.
    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &line]).status().expect("sh");
        assert!(status.success(), "{line}");
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end: how it ended, and all that it said.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        // Both streams end with the process.
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.said),
            }
        }
        let status = self.child.wait().expect("the process is ours");
        (status, std::mem::take(&mut self.said))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stream: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
}
