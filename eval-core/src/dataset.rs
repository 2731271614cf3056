//! Golden rows and where they come from.

mod column;
mod conversation;
mod csv;
mod diff;
mod fingerprint;
mod ids;
mod input;
mod json;
mod jsonl;
mod nearest;
mod pick;
mod row;
mod sample;
mod samples;
mod selection;
mod source;
mod survey;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub use diff::DatasetDiff;
pub(crate) use fingerprint::Fingerprint;
pub use sample::{Sample, SampleId, UNCATEGORIZED};
pub use samples::Samples;
pub use selection::{Draw, Selection};

use self::input::Format;
use self::pick::Pick;
use self::source::Source;
use self::survey::Survey;
use crate::{DatasetError, DatasetRef};

/// Golden samples, checked as a whole before the first is asked.
///
/// Opening one reads all of it once: every row, every id, the counts and the fingerprint. What stays in memory is
/// 8 bytes a row until that is done and next to nothing afterwards; [`samples`](Self::samples) reads a second time,
/// sample by sample, and notices when the file is no longer the one that was checked. Cheap to clone.
///
/// # Columns
/// | field | names |
/// |---|---|
/// | id | `id`, `question_id`; without one, each id is a hash of its row |
/// | category | `category`, `metadata.category`, `__metadata:category`; without one, [`UNCATEGORIZED`] |
/// | question | `question`, `input`, `prompt`, `vars.question` |
/// | expected output | `expected_output`, `target`, `expected`, `ideal`, `reference`, `answer`, `expectedOutput` |
/// | several turns | `messages`, a JSON array of `{"role": …, "content": …}`, in place of a question |
///
/// Case and spaces around a name do not count. All other columns are kept as [metadata](Sample::metadata).
///
/// Of promptfoo's CSV columns, `__expected` (also with a number) may stand in place of the expected output, `__prefix` and
/// `__suffix` go around what is asked, `__metadata:KEY` is kept as `KEY`, and `__description`, `__metric`, `__threshold`
/// and `__config:__expectedN:threshold` as they are. Other columns that begin with `__` are refused.
///
/// ```
/// use eval_core::Dataset;
/// let sums = Dataset::from_csv_text("sums", "id,question,expected_output\n1,What is 2 + 2?,4\n")?;
/// let first = sums.samples()?.next().unwrap()?;
/// assert_eq!(first.target.as_deref(), Some("4"));
///
/// let error = Dataset::from_csv_text("sums", "id,question,expected_output\n1,Why?\n").unwrap_err();
/// assert_eq!((error.line, error.column), (Some(2), Some(3)));
/// # Ok::<(), eval_core::DatasetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    name: String,
    label: Arc<str>,
    source: Source,
    survey: Arc<Survey>,
    selection: Selection,
    pick: Pick,
}

impl Dataset {
    /// Opens a file by its extension: `.csv` (also with `;` or tabs, also `.tsv`), `.jsonl`, `.ndjson`, or `.json`
    /// with one object a line. The name is the file's, without the extension.
    ///
    /// # Errors
    /// Whatever is wrong with the file, with line and column; the first that is found.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let format = Format::of(path.as_ref())?;
        Self::from_file(path.as_ref(), format)
    }

    /// Opens a CSV file, whatever its extension.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_csv(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        Self::from_file(path.as_ref(), Format::Csv)
    }

    /// Opens a JSON-lines file, whatever its extension.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_jsonl(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        Self::from_file(path.as_ref(), Format::Jsonl)
    }

    /// Reads CSV from memory.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_csv_text(name: impl Into<String>, text: impl AsRef<[u8]>) -> Result<Self, DatasetError> {
        Self::from_text(name.into(), text.as_ref(), Format::Csv)
    }

    /// Reads JSON lines from memory.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_jsonl_text(name: impl Into<String>, text: impl AsRef<[u8]>) -> Result<Self, DatasetError> {
        Self::from_text(name.into(), text.as_ref(), Format::Jsonl)
    }

    /// Takes samples from memory.
    ///
    /// # Errors
    /// No sample at all, an empty id, an id with spaces around it, or one that two samples have.
    pub fn from_samples(name: impl Into<String>, samples: Vec<Sample>) -> Result<Self, DatasetError> {
        let name = name.into();
        Self::new(name.clone(), name.into(), Source::Samples(samples.into()))
    }

    /// The golden data set of this crate: 50 questions in seven categories, named `golden`.
    ///
    /// # Panics
    /// Never: the file is part of the crate, and a test opens it.
    pub fn golden() -> Self {
        let text = include_str!("../data/golden.csv");
        Self::from_csv_text("golden", text).expect("the golden data set of this crate is checked by a test")
    }

    /// Reads every row, selected or not, and refuses the first that `check` refuses: with the column that is wrong and
    /// an error whose place is filled in here.
    ///
    /// ```
    /// use eval_core::{Dataset, DatasetError};
    /// let dataset = Dataset::from_csv_text("f.csv", "question,expected_output,unit\nHow far?,3,km\nHow long?,4,\n")?;
    /// let error = dataset.check_rows(|sample| match sample.metadata["unit"].as_str() {
    ///     "" => Err(("unit".to_owned(), DatasetError::new("", "no unit"))),
    ///     _ => Ok(()),
    /// });
    /// assert!(error.unwrap_err().to_string().starts_with("f.csv:3:3: no unit"));
    /// # Ok::<(), DatasetError>(())
    /// ```
    ///
    /// # Errors
    /// What `check` says, or that the data set cannot be read any more.
    pub fn check_rows(
        &self,
        mut check: impl FnMut(&Sample) -> Result<(), (String, DatasetError)>,
    ) -> Result<(), DatasetError> {
        let mut rows = self.source.rows(&self.label)?;
        while let Some(row) = rows.next()? {
            if let Err((column, mut refused)) = check(&row.sample) {
                refused.file = self.label.to_string();
                if let Some(at) = rows.place(&column) {
                    (refused.line, refused.column) = (Some(at.line), at.column);
                }
                return Err(refused);
            }
        }
        Ok(())
    }

    fn from_file(path: &Path, format: Format) -> Result<Self, DatasetError> {
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Self::new(name, path.to_string_lossy().into(), Source::File { path: path.to_owned(), format })
    }

    fn from_text(name: String, text: &[u8], format: Format) -> Result<Self, DatasetError> {
        Self::new(name.clone(), name.into(), Source::Text { text: text.into(), format })
    }

    fn new(name: String, label: Arc<str>, source: Source) -> Result<Self, DatasetError> {
        let survey = Arc::new(Survey::of(&label, &source)?);
        let pick = Pick::all(&survey);
        Ok(Self { name, label, source, survey, selection: Selection::all(), pick })
    }

    /// The same data set, of which only these samples are asked. A second selection replaces the first.
    ///
    /// # Errors
    /// A category that no sample has, or a selection that leaves nothing. A draw reads the file once more, and may
    /// find that it changed.
    pub fn select(mut self, selection: Selection) -> Result<Self, DatasetError> {
        self.pick = Pick::of(&selection, &self.label, &self.source, &self.survey)?;
        self.selection = Selection { exported: None, ..selection };
        Ok(self)
    }

    /// The same data set under another name. The name is part of what makes histories comparable.
    pub fn rename(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The metadata columns that every sample has, sorted: what a prompt may ask for beside the question.
    pub fn columns(&self) -> &[String] {
        &self.survey.columns
    }

    /// How many samples each category has, the selection left out.
    pub fn categories(&self) -> &BTreeMap<String, u64> {
        &self.survey.categories
    }

    /// How many samples there are, the selection left out.
    pub fn len(&self) -> u64 {
        self.survey.len
    }

    /// Whether there are no samples: never, since an empty data set is refused.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many samples the selection asks.
    pub fn selected(&self) -> u64 {
        self.pick.count
    }

    /// The selection. Default: all samples.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The content hash, 32 hex digits. The order of the rows, the format and the selection do not count.
    pub fn fingerprint(&self) -> &str {
        &self.survey.fingerprint_text
    }

    /// What a person should be told: no ids, no categories, rows without an expected output.
    pub fn notes(&self) -> &[String] {
        &self.survey.notes
    }

    /// What a run records of its data set.
    pub fn reference(&self) -> DatasetRef {
        DatasetRef::new(&self.name, self.fingerprint(), self.len()).selection(self.selection.clone())
    }

    /// The selected samples in their order, read as they are asked for.
    ///
    /// # Errors
    /// The file is gone, or is no longer the one that was checked.
    pub fn samples(&self) -> Result<Samples, DatasetError> {
        Samples::new(&self.label, &self.source, &self.survey, &self.pick)
    }

    /// What changed from this data set to another. Selections do not count.
    ///
    /// # Errors
    /// One of the two can no longer be read.
    pub fn diff(&self, other: &Self) -> Result<DatasetDiff, DatasetError> {
        DatasetDiff::between((&self.label, &self.source), (&other.label, &other.source))
    }
}
