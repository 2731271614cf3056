//! Runs out of a store.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use eval_core::{Evaluation, EvaluationQuery, RunId, Store, StoreError};
use thiserror::Error;

use super::{write_evaluations, write_run};

/// The schema of a run as one JSON document.
pub const RUN_SCHEMA: &str = "evalctl.run/1";

/// A run could not be written out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The store could not be read.
    #[error("cannot read the run")]
    Store(#[from] StoreError),
    /// The output could not be written.
    #[error("cannot write the run")]
    Write(#[from] io::Error),
}

/// Writes a run and its evaluations as JSON lines, in the order of sample and epoch, and flushes. At most 200
/// evaluations are in memory at a time. [`import`](crate::import) takes it back.
///
/// # Errors
/// [`ExportError`] when the run is not there, the store cannot be read or the writer fails.
pub async fn export_run<W: Write>(store: &dyn Store, id: RunId, writer: &mut W) -> Result<(), ExportError> {
    write_run(writer, &store.get_run(id).await?)?;
    let mut pages = Pages::new(store, id);
    while let Some(page) = pages.next().await? {
        write_evaluations(writer, id, &page)?;
    }
    Ok(writer.flush()?)
}

/// Writes a run and its evaluations as one JSON document, and flushes:
/// `{"schema":"evalctl.run/1","run":{…},"evaluations":[…]}`. At most 200 evaluations are in memory at a time.
/// [`import`](crate::import) takes it back.
///
/// # Errors
/// [`ExportError`] when the run is not there, the store cannot be read or the writer fails.
pub async fn run_json<W: Write>(store: &dyn Store, id: RunId, writer: &mut W) -> Result<(), ExportError> {
    let run = store.get_run(id).await?;
    write!(writer, "{{\"schema\":\"{RUN_SCHEMA}\",\"run\":")?;
    serde_json::to_writer(&mut *writer, &run).map_err(io::Error::from)?;
    writer.write_all(b",\"evaluations\":[")?;
    let mut separator = "\n";
    let mut pages = Pages::new(store, id);
    while let Some(page) = pages.next().await? {
        for evaluation in &page {
            writer.write_all(separator.as_bytes())?;
            serde_json::to_writer(&mut *writer, evaluation).map_err(io::Error::from)?;
            separator = ",\n";
        }
    }
    writer.write_all(b"\n]}\n")?;
    Ok(writer.flush()?)
}

/// Writes [`run_json`] to a file. The file is there as a whole or not at all: it is written beside its place under
/// another name first, and one that was there before is replaced at the end.
///
/// # Errors
/// As [`run_json`]; the file that was there before is then untouched.
pub async fn run_json_file(store: &dyn Store, id: RunId, path: &Path) -> Result<(), ExportError> {
    let draft = Draft::beside(path)?;
    let mut writer = BufWriter::new(File::create_new(&draft.0)?);
    run_json(store, id, &mut writer).await?;
    writer.get_ref().sync_all()?;
    Ok(fs::rename(&draft.0, path)?)
}

/// A file on its way. Removed when it is dropped; after the rename there is nothing left to remove.
struct Draft(PathBuf);

impl Draft {
    fn beside(path: &Path) -> io::Result<Self> {
        let name =
            path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
        let mut draft = name.to_owned();
        draft.push(format!(".{}.tmp", RunId::new().short()));
        Ok(Self(path.with_file_name(draft)))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The evaluations of a run, page by page.
struct Pages<'a> {
    store: &'a dyn Store,
    run: RunId,
    query: EvaluationQuery,
}

impl<'a> Pages<'a> {
    fn new(store: &'a dyn Store, run: RunId) -> Self {
        Self { store, run, query: EvaluationQuery::default() }
    }

    /// The next page; `None` after the last.
    async fn next(&mut self) -> Result<Option<Vec<Evaluation>>, StoreError> {
        let page = self.store.evaluations(self.run, &self.query).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.query.after = Some((last.sample.id.clone(), last.epoch));
        Ok(Some(page))
    }
}
