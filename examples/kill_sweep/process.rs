//! The real `evalctl`, started, watched and killed.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::questions::{GRADER, MODEL};
use crate::strace;

/// Questions in flight in every run.
pub const CONCURRENCY: u64 = 4;
/// Nothing here takes long. Whoever is not done by then hangs, and that is a finding.
const PATIENCE: Duration = Duration::from_secs(120);

/// `evalctl` with all that its processes have in common.
#[derive(Debug, Clone)]
pub struct Evalctl {
    pub binary: PathBuf,
    /// The working folder, with the data set.
    pub folder: PathBuf,
    pub database: String,
    pub endpoint: String,
}

/// When a process is killed with SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kill {
    Never,
    /// Before the write of this number of any of its threads, from 1.
    AtWrite(u64),
    /// After this time, unless it has ended by itself.
    After(Duration),
}

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = diesel::sql_types::Text)]
    integrity_check: String,
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub events: Vec<Value>,
    pub stderr: String,
    pub took: Duration,
}

/// Whether a process was killed; strace ends as the process did that it traced.
pub fn is_killed(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(9) || status.code() == Some(128 + 9)
}

impl std::fmt::Display for Kill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Never => f.write_str("-"),
            Self::AtWrite(write) => write!(f, "{write}"),
            Self::After(time) => write!(f, "{}ms", time.as_millis()),
        }
    }
}

/// Several kills, as the table names them.
pub fn names(kills: &[Kill]) -> String {
    match kills {
        [] => "-".to_owned(),
        [_, _, _, _, ..] => format!("{} times", kills.len()),
        _ => kills.iter().map(Kill::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// Builds `evalctl` in the profile of this program, as far as it is not there yet, and gives its path.
pub fn build() -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.args(["build", "--quiet", "--package", "eval-cli", "--bin", "evalctl"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let status = command.current_dir(env!("CARGO_MANIFEST_DIR")).status().context("cannot start cargo")?;
    ensure!(status.success(), "cargo could not build evalctl");
    // This program is target/PROFILE/examples/kill_sweep.
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::parent).context("a program below the target folder")?;
    Ok(folder.join("evalctl"))
}

impl Evalctl {
    /// The arguments of the run that all others are compared with.
    pub fn run_arguments() -> Vec<String> {
        let concurrency = CONCURRENCY.to_string();
        ["run", "questions.csv", "-m", MODEL, "--judge", GRADER, "--profile", "litellm", "--concurrency", &concurrency]
            .iter()
            .chain(&["--format", "jsonl", "--quiet"])
            .map(|&argument| argument.to_owned())
            .collect()
    }

    pub fn resume_arguments() -> Vec<String> {
        ["resume", "--format", "jsonl", "--quiet"].map(str::to_owned).to_vec()
    }

    /// The file of the database; `None` for Postgres.
    pub fn file(&self) -> Option<PathBuf> {
        Some(self.folder.join(self.database.strip_prefix("sqlite://")?))
    }

    /// The database for who does not work in the folder.
    pub fn url(&self) -> String {
        self.file().map_or_else(|| self.database.clone(), |file| format!("sqlite:///{}", file.display()))
    }

    /// What SQLite itself finds wrong with its file.
    pub fn integrity(&self) -> Result<Vec<String>> {
        let Some(file) = self.file().filter(|file| file.exists()) else { return Ok(Vec::new()) };
        let mut connection = SqliteConnection::establish(file.to_str().context("a path in UTF-8")?)?;
        let found: Vec<String> = diesel::sql_query("PRAGMA integrity_check")
            .load::<Finding>(&mut connection)?
            .into_iter()
            .map(|f| f.integrity_check)
            .collect();
        Ok(if found == ["ok"] { Vec::new() } else { found })
    }

    /// Runs to its end or to the kill.
    pub async fn run(&self, arguments: &[String], kill: Kill) -> Result<Ended> {
        let mut command = match kill {
            Kill::AtWrite(write) => strace::kill_at_write(&self.binary, write),
            _ => Command::new(&self.binary),
        };
        let begun = Instant::now();
        let mut child = self.isolate(&mut command).args(arguments).spawn().context("cannot start evalctl")?;
        let reading = tokio::spawn(read(child.stdout.take(), child.stderr.take()));
        if let Kill::After(time) = kill
            && tokio::time::timeout(time, child.wait()).await.is_err()
        {
            child.start_kill()?;
        }
        let status = self.wait(&mut child, arguments).await?;
        let took = begun.elapsed();
        let (events, stderr) = reading.await??;
        Ok(Ended { status, events, stderr, took })
    }

    /// One JSON document of a verb that only reads.
    pub async fn json(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.binary);
        let output = self.isolate(&mut command).args(arguments).arg("--json").output().await?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "evalctl {} ended with {}: {stderr}", arguments.join(" "), output.status);
        serde_json::from_slice(&output.stdout).with_context(|| format!("evalctl {}: no JSON", arguments.join(" ")))
    }

    /// Nothing of whoever runs this program reaches the process; a group of its own can be killed as a whole.
    pub fn isolate<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env_clear().current_dir(&self.folder).process_group(0).kill_on_drop(true);
        command.envs(["PATH", "TMPDIR"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command
            .env("HOME", &self.folder)
            .env("DATABASE_URL", &self.database)
            .env("LITELLM_BASE_URL", &self.endpoint)
            .env("LITELLM_API_KEY", "sk-none")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
    }

    async fn wait(&self, child: &mut Child, arguments: &[String]) -> Result<ExitStatus> {
        match tokio::time::timeout(PATIENCE, child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => {
                let group = child.id().map(|id| format!("kill -KILL -- -{id}")).unwrap_or_default();
                std::process::Command::new("sh").args(["-c", &group]).status()?;
                bail!("evalctl {} did not end within {} s", arguments.join(" "), PATIENCE.as_secs())
            }
        }
    }
}

/// Events of whole lines: the one that the kill cut is none.
async fn read(
    stdout: Option<tokio::process::ChildStdout>,
    stderr: Option<tokio::process::ChildStderr>,
) -> Result<(Vec<Value>, String)> {
    let (stdout, mut stderr) = (stdout.context("no stdout")?, stderr.context("no stderr")?);
    let mut told = String::new();
    let events = async {
        let (mut lines, mut events) = (BufReader::new(stdout).lines(), Vec::new());
        while let Some(line) = lines.next_line().await? {
            events.extend(serde_json::from_str::<Value>(&line));
        }
        anyhow::Ok(events)
    };
    let (events, text) = tokio::join!(events, stderr.read_to_string(&mut told));
    text?;
    Ok((events?, told))
}
