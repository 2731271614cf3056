//! What both sides have to do.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// One load: so many models over one data set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    /// The endpoint, with `/v1`.
    pub url: String,
    /// Where databases are made.
    pub folder: PathBuf,
    /// The questions.
    pub csv: PathBuf,
    /// Names of the models; the server reads the delay out of them.
    pub models: Vec<String>,
    /// The name of the grader.
    pub grader: String,
    /// Questions in flight, for each model.
    pub concurrency: usize,
    /// Where the harness keeps its results.
    pub store: Kind,
}

/// Where results are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// In the memory of the process.
    Memory,
    /// In a file of its own.
    Sqlite,
    /// On a server, in the database of this URL.
    Postgres(String),
}

impl Load {
    pub fn new(url: &str, folder: &Path, csv: &Path, models: usize, delay_ms: u64, concurrency: usize) -> Self {
        Self {
            url: url.to_owned(),
            folder: folder.to_owned(),
            csv: csv.to_owned(),
            models: (0..models).map(|at| format!("answer-{delay_ms}-{at}")).collect(),
            grader: format!("judge-{delay_ms}"),
            concurrency,
            store: Kind::Sqlite,
        }
    }

    /// The same load, with results kept there.
    pub fn kept(&self, store: Kind) -> Self {
        Self { store, ..self.clone() }
    }

    /// A fresh database for this process.
    pub fn database(&self) -> PathBuf {
        self.folder.join(format!("{}.db", std::process::id()))
    }
}

/// Questions of about 200 characters.
pub fn write_questions(folder: &Path, n: usize) -> Result<PathBuf> {
    let mut csv = String::from("id,category,question,expected_output\n");
    for at in 0..n {
        let category = ["math", "rag", "coding"][at % 3];
        writeln!(
            csv,
            "q{at:06},{category},\"Question {at}: which of the towns named in the story of the travelling clockmaker lies \
             furthest to the north, and why does he not stay there for the winter of that year?\",Town number {at}"
        )?;
    }
    let path = folder.join(format!("questions-{n}.csv"));
    std::fs::write(&path, csv)?;
    Ok(path)
}
