//! What is to be stored.

use std::io;

use eval_core::{Evaluation, Run, RunId, Store, StoreError};

use crate::interchange::{write_evaluations, write_run};

/// One call that has to reach the database.
#[derive(Debug, Clone, Copy)]
pub(super) enum Write<'a> {
    Run(&'a Run),
    Evaluations(RunId, &'a [Evaluation]),
}

impl Write<'_> {
    pub(super) async fn to(self, store: &impl Store) -> Result<(), StoreError> {
        match self {
            Self::Run(run) => store.put_run(run).await,
            Self::Evaluations(run, batch) => store.put_evaluations(run, batch).await,
        }
    }

    pub(super) fn run(self) -> RunId {
        match self {
            Self::Run(run) => run.id,
            Self::Evaluations(run, _) => run,
        }
    }

    /// Its lines in a file, without the run that they belong to.
    pub(super) fn lines(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Run(_) => Ok(Vec::new()),
            Self::Evaluations(run, batch) => encode(|lines| write_evaluations(lines, run, batch)),
        }
    }
}

/// The line of a run.
pub(super) fn head(run: &Run) -> io::Result<Vec<u8>> {
    encode(|line| write_run(line, run))
}

fn encode(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    write(&mut text)?;
    Ok(text)
}
