//! Runs out of a store.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use eval_core::{Changes, ComparisonQuery, Evaluation, EvaluationQuery, Reports, Run, RunId, StoreError};
use thiserror::Error;

use super::csv::CsvWriter;
use super::document::DocumentWriter;
use super::draft::Draft;
use super::format::Format;
use super::lines::{write_evaluations, write_run};

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

/// Writes a run and those of its evaluations that are wanted, in the order of sample and epoch, and flushes.
/// [`import`](crate::import) takes it back. Returns how many evaluations were written.
///
/// Where not all rows are wanted, the run in the file says which ones: its
/// [`Selection::exported`](eval_core::Selection::exported). The summary in the file is still that of the whole run.
///
/// Rows are read page by page, so that a long run needs little memory; the limit of the query is that of a page. Each
/// page goes on after the last row of the one before, so that a run that is still written to gives no row twice and
/// leaves none out that was there when the export began.
///
/// # Errors
/// [`ExportError`] when the run is not there, the store cannot be read or the writer fails.
pub async fn export<W: Write>(
    store: &dyn Reports,
    run: RunId,
    rows: impl Into<Rows>,
    format: Format,
    writer: W,
) -> Result<u64, ExportError> {
    let (mut rows, mut count) = (rows.into(), 0);
    let mut sheet = Sheet::new(format, writer, &rows.mark(store.get_run(run).await?))?;
    while let Some(page) = rows.next(store, run).await? {
        count += page.len() as u64;
        sheet.write(&page)?;
    }
    sheet.finish()?;
    Ok(count)
}

/// Writes [`export`] to a file. The file is there as a whole or not at all: it is written beside its place under
/// another name first, and one that was there before is replaced at the end. What is no regular file, a pipe or a
/// device, is written to as it is.
///
/// # Errors
/// As [`export`]; the file that was there before is then untouched.
pub async fn export_file(
    store: &dyn Reports,
    run: RunId,
    rows: impl Into<Rows>,
    format: Format,
    path: &Path,
) -> Result<u64, ExportError> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let writer = BufWriter::new(fs::OpenOptions::new().write(true).open(path)?);
        return export(store, run, rows, format, writer).await;
    }
    let (draft, file) = Draft::of(path)?;
    let count = export(store, run, rows, format, BufWriter::new(&file)).await?;
    draft.publish(&file)?;
    Ok(count)
}

/// Which evaluations of a run are exported.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Rows {
    /// Those that a query wants.
    Wanted(EvaluationQuery),
    /// Those that changed against another run.
    Changed(ComparisonQuery),
}

impl From<EvaluationQuery> for Rows {
    fn from(query: EvaluationQuery) -> Self {
        Self::Wanted(query)
    }
}

impl From<ComparisonQuery> for Rows {
    fn from(query: ComparisonQuery) -> Self {
        Self::Changed(query)
    }
}

impl Rows {
    /// The run as its file tells it: where evaluations may be left out, it says which ones it has.
    pub(super) fn mark(&self, mut run: Run) -> Run {
        if let Some(words) = self.words() {
            let exported = &mut run.dataset.selection.exported;
            *exported = Some(exported.take().map_or_else(|| words.clone(), |earlier| format!("{earlier}, {words}")));
        }
        run
    }

    /// The filters in words; `None` when there are none.
    fn words(&self) -> Option<String> {
        let (query, changes) = match self {
            Self::Wanted(query) => (query, None),
            Self::Changed(ComparisonQuery { changes: Changes::All, evaluations, .. }) => (evaluations, None),
            Self::Changed(query) => {
                let word = format!("{:?}", query.changes).to_lowercase();
                (&query.evaluations, Some(format!("{word} against run {}", query.against.short())))
            }
        };
        let words: Vec<_> = filters(query).into_iter().chain([changes]).flatten().collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// The next page; `None` after the last.
    pub(super) async fn next(
        &mut self,
        store: &dyn Reports,
        run: RunId,
    ) -> Result<Option<Vec<Evaluation>>, StoreError> {
        let page = match &*self {
            Self::Wanted(query) => store.evaluations(run, query).await?,
            Self::Changed(query) => store.compared(run, query).await?.into_iter().map(|found| found.current).collect(),
        };
        let Some(last) = page.last() else { return Ok(None) };
        let (Self::Wanted(query) | Self::Changed(ComparisonQuery { evaluations: query, .. })) = self;
        query.after = Some((last.sample.id.clone(), last.epoch));
        Ok(Some(page))
    }
}

fn filters(query: &EvaluationQuery) -> [Option<String>; 6] {
    [
        query.category.as_ref().map(|category| format!("category {category}")),
        query.outcome.map(|outcome| format!("outcome {outcome}")),
        query.min_score.map(|score| format!("score of at least {score}")),
        query.max_score.map(|score| format!("score of at most {score}")),
        query.text.as_ref().map(|text| format!("text `{text}`")),
        query.after.as_ref().map(|(id, _)| format!("after question {id}")),
    ]
}

/// A file in one of the formats.
pub(super) enum Sheet<W: Write> {
    Csv(Box<CsvWriter<W>>),
    Json(DocumentWriter<W>),
    Jsonl(W, RunId),
}

impl<W: Write> Sheet<W> {
    pub(super) fn new(format: Format, mut writer: W, run: &Run) -> io::Result<Self> {
        match format {
            Format::Csv => Ok(Self::Csv(Box::new(CsvWriter::new(writer, run)?))),
            Format::Json => Ok(Self::Json(DocumentWriter::new(writer, run)?)),
            Format::Jsonl => {
                write_run(&mut writer, run)?;
                Ok(Self::Jsonl(writer, run.id))
            }
        }
    }

    pub(super) fn write(&mut self, page: &[Evaluation]) -> io::Result<()> {
        match self {
            Self::Csv(sheet) => page.iter().try_for_each(|evaluation| sheet.write(evaluation)),
            Self::Json(sheet) => page.iter().try_for_each(|evaluation| sheet.write(evaluation)),
            Self::Jsonl(writer, run) => write_evaluations(writer, *run, page),
        }
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Csv(sheet) => sheet.finish(),
            Self::Json(sheet) => sheet.finish(),
            Self::Jsonl(mut writer, _) => writer.flush(),
        }
    }
}
