//! Runs as files, piece by piece.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{BoxError, EvaluationQuery, Reports, Run};

/// In what form a run is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportForm {
    /// A table with a row for each evaluation.
    Csv,
    /// One JSON document.
    Json,
}

/// Writes runs out: files are somebody else's business than the store's, and a server needs neither's types.
pub trait Exporter: fmt::Debug + Send + Sync + 'static {
    /// Begins to write out a run, and those of its evaluations that are wanted; the limit of the query is that of a piece.
    fn begin(
        &self,
        store: Arc<dyn Reports>,
        run: Run,
        wanted: EvaluationQuery,
        form: ExportForm,
    ) -> Box<dyn ExportPieces>;
}

/// A run that is being written out.
#[async_trait]
pub trait ExportPieces: Send {
    /// The next bytes; `None` after the last. Never the whole of a long run at once.
    ///
    /// # Errors
    /// When the store cannot be read; then the export is cut off.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, BoxError>;
}
