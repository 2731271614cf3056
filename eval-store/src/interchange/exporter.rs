//! Runs for a server that sends them piece by piece.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use eval_core::server::{ExportForm, ExportPieces, Exporter};
use eval_core::{BoxError, EvaluationQuery, Reports, Run, RunId, async_trait};

use super::export::{Rows, Sheet};
use super::format::Format;

/// Writes runs out as [`export`](crate::export) does, byte by byte the same: what a server gives its routes.
///
/// Each piece goes on after the last row of the one before. So a run that is still written to gives no row twice, and what
/// was there when the export began is in it; it is no snapshot: what comes in meanwhile may be in it too.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files;

impl Exporter for Files {
    fn begin(
        &self,
        store: Arc<dyn Reports>,
        run: Run,
        wanted: EvaluationQuery,
        form: ExportForm,
    ) -> Box<dyn ExportPieces> {
        let format = match form {
            ExportForm::Csv => Format::Csv,
            _ => Format::Json,
        };
        let (id, rows) = (run.id, Rows::from(wanted));
        let run = rows.mark(run);
        Box::new(Pieces { store, id, rows, written: Written::default(), state: State::Begun(Box::new(run), format) })
    }
}

/// What was written since somebody looked.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Pieces {
    store: Arc<dyn Reports>,
    id: RunId,
    rows: Rows,
    written: Written,
    state: State,
}

enum State {
    Begun(Box<Run>, Format),
    Rows(Sheet<Written>),
    Ended,
}

#[async_trait]
impl ExportPieces for Pieces {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, BoxError> {
        let mut sheet = match mem::replace(&mut self.state, State::Ended) {
            State::Ended => return Ok(None),
            State::Begun(run, format) => Sheet::new(format, self.written.clone(), &run)?,
            State::Rows(sheet) => sheet,
        };
        match self.rows.next(&*self.store, self.id).await? {
            None => sheet.finish()?,
            Some(page) => {
                sheet.write(&page)?;
                self.state = State::Rows(sheet);
            }
        }
        Ok(Some(self.written.take()))
    }
}
