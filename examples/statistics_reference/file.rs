//! A file of reference values, and how it ended.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::check;

/// How a file ended.
pub struct Row {
    pub name: String,
    pub cases: usize,
    pub failed: usize,
    pub worst_error: f64,
    /// What failed, a line each.
    pub failures: Vec<String>,
}

impl Row {
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), cases: 0, failed: 0, worst_error: 0.0, failures: vec![] }
    }

    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// The sum of both, with the name of this one.
    pub fn plus(mut self, other: &Self) -> Self {
        self.cases += other.cases;
        self.failed += other.failed;
        self.worst_error = self.worst_error.max(other.worst_error);
        self
    }

    /// A file that counts as one case, which failed.
    fn broken(name: &str, why: String) -> Self {
        Self { cases: 1, failed: 1, worst_error: f64::INFINITY, failures: vec![why], ..Self::named(name) }
    }
}

/// The `*.json` files of a folder, sorted by name.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).with_context(|| format!("the folder {shown} cannot be read"))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    let mut files: Vec<PathBuf> =
        paths.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    files.sort();
    if files.is_empty() {
        bail!("the folder {shown} has no *.json file: there is nothing to compute");
    }
    Ok(files)
}

/// Computes what a file holds.
pub fn check(path: &Path) -> Row {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    read(path).and_then(|content| check::content(&name, content)).unwrap_or_else(|why| Row::broken(&name, why))
}

fn read(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("is no JSON: {error}"))
}
