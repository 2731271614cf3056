//! Labels in tables: answers out, for a person to score, and scores in.

use std::io::{self, Read, Write};

use csv::{Position, ReaderBuilder, StringRecord, Writer};
use eval_core::{Evaluation, Run, SampleId, Score};

use super::super::error::ImportError;
use super::cell::{cell, text};
use super::read::{broken, delimiter};
use super::write::failed;

const RUN: &str = "run";
const SAMPLE: &str = "sample_id";
const EPOCH: &str = "epoch";
const SCORES: [&str; 2] = ["score", "label"];
const AUTHOR: &str = "author";
const REASON: &str = "reason";
/// Words for a score of 1 and of 0.
const WORDS: [[&str; 6]; 2] =
    [["pass", "passed", "right", "correct", "yes", "true"], ["fail", "failed", "wrong", "incorrect", "no", "false"]];

/// A row of a table of labels.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LabelRow {
    /// The line, from 1.
    pub line: u64,
    /// The run, as it was named; `None` where the table names none.
    pub run: Option<String>,
    /// The question.
    pub sample: SampleId,
    /// The repeat of the data set. Default 1.
    pub epoch: u32,
    /// The score.
    pub score: Score,
    /// Who says so; `None` where the table names nobody.
    pub author: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Reads a table of labels: the columns `sample_id` and `score` (or `label`), and where there are some `run`, `epoch`,
/// `author` and `reason`; others are left alone. A score is a number from 0 to 1, or a word: `pass` and `fail`, `right` and
/// `wrong`, `yes` and `no`. A row without a score was not labelled, and is left out.
///
/// ```
/// let rows = eval_store::read_labels("sample_id,label,reason\nmath-01,pass,\nmath-02,0.5,half of it\n".as_bytes())?;
/// assert_eq!((rows.len(), rows[0].score.get(), rows[1].line), (2, 1.0, 3));
/// let error = eval_store::read_labels("sample_id,score\nmath-01,11\n".as_bytes()).unwrap_err();
/// assert!(error.to_string().starts_with("line 2, column `score`: "));
/// # Ok::<(), eval_store::ImportError>(())
/// ```
///
/// # Errors
/// [`ImportError`] with line and column for what is no label, for a column that is missing or twice, and for a table in
/// which no row has a score.
pub fn read_labels(mut reader: impl Read) -> Result<Vec<LabelRow>, ImportError> {
    let mut text = Vec::new();
    reader.read_to_end(&mut text).map_err(|source| ImportError::Read { line: 1, source })?;
    let mut table = ReaderBuilder::new().delimiter(delimiter(&text)).from_reader(text.as_slice());
    let columns = Columns::of(table.headers().map_err(|error| refused(&text, error))?)?;
    let (mut rows, mut record) = (Vec::new(), StringRecord::new());
    while table.read_record(&mut record).map_err(|error| refused(&text, error))? {
        rows.extend(columns.row(line(&text, record.position()), &record)?);
    }
    match rows.is_empty() {
        true => Err(ImportError::Unknown(format!("no row has a score: fill the column `{}`", columns.score.0))),
        false => Ok(rows),
    }
}

/// The line, from 1, of a record. The reader has not passed the second half of a line end yet when it says where the next
/// record begins.
fn line(text: &[u8], at: Option<&Position>) -> u64 {
    let byte = at.map_or(0, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX)).min(text.len());
    let ends = text[byte..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    1 + text[..byte + ends].iter().filter(|byte| **byte == b'\n').count() as u64
}

fn refused(text: &[u8], error: csv::Error) -> ImportError {
    let line = line(text, error.position());
    match broken(0, error) {
        ImportError::Row { column, message, .. } => ImportError::Row { line, column, message },
        other => other,
    }
}

/// Where the columns stand.
struct Columns {
    run: Option<usize>,
    sample: usize,
    epoch: Option<usize>,
    score: (&'static str, usize),
    author: Option<usize>,
    reason: Option<usize>,
}

impl Columns {
    fn of(names: &StringRecord) -> Result<Self, ImportError> {
        let refuse = |message: String| Err(ImportError::Row { line: 1, column: None, message });
        let place = |wanted: &str| names.iter().position(|name| name.trim().eq_ignore_ascii_case(wanted));
        let Some(sample) = place(SAMPLE) else {
            return refuse(format!("there is no column `{SAMPLE}`"));
        };
        let scores: Vec<_> = SCORES.iter().filter_map(|name| Some((*name, place(name)?))).collect();
        let score = match scores[..] {
            [score] => score,
            [] => return refuse("there is no column `score`, nor `label`".to_owned()),
            _ => return refuse("two columns for one score: `score` and `label`".to_owned()),
        };
        let (run, epoch, author, reason) = (place(RUN), place(EPOCH), place(AUTHOR), place(REASON));
        Ok(Self { run, sample, epoch, score, author, reason })
    }

    fn row(&self, line: u64, record: &StringRecord) -> Result<Option<LabelRow>, ImportError> {
        let wrong = |column: &str, message| ImportError::Row { line, column: Some(column.to_owned()), message };
        let cell = |at: Option<usize>| at.and_then(|at| text(record.get(at)?)).filter(|text| !text.trim().is_empty());
        let Some(score) = cell(Some(self.score.1)) else { return Ok(None) };
        let score = self::score(score).map_err(|why| wrong(self.score.0, why))?;
        let sample = cell(Some(self.sample)).ok_or_else(|| wrong(SAMPLE, "no question is named".to_owned()))?;
        let epoch = match cell(self.epoch) {
            None => 1,
            Some(epoch) => (epoch.trim().parse().ok().filter(|epoch| *epoch > 0))
                .ok_or_else(|| wrong(EPOCH, format!("expected a number from 1, found `{epoch}`")))?,
        };
        let owned = |at| cell(at).map(|text| text.trim().to_owned());
        let (run, author, reason) = (owned(self.run), owned(self.author), owned(self.reason));
        Ok(Some(LabelRow { line, run, sample: sample.into(), epoch, score, author, reason }))
    }
}

/// A number, also with a decimal comma as spreadsheets write it in some countries, or a word.
fn score(cell: &str) -> Result<Score, String> {
    let word = cell.trim().to_lowercase();
    let [right, wrong] = WORDS.map(|words| words.contains(&word.as_str()));
    if right || wrong {
        return Ok(Score::from(right));
    }
    let number = word.replace(',', ".").parse().ok().and_then(Score::new);
    number.ok_or_else(|| format!("expected a score from 0 to 1, or pass or fail, found `{}`", cell.trim()))
}

/// Writes answers as a table for a person to score: question, expected output, answer, and empty cells for score, author
/// and reason. [`read_labels`] takes it back. What the judge said is left out, so that the person is not led, unless it is
/// wanted.
///
/// # Errors
/// What the writer says.
pub fn write_label_sheet(
    writer: impl Write,
    run: &Run,
    evaluations: &[Evaluation],
    with_judge: bool,
) -> io::Result<()> {
    let mut table = Writer::from_writer(writer);
    let asked = [RUN, SAMPLE, EPOCH, "category", "question", "expected_output", "answer"];
    let judged = ["judge_score", "judge_reason"].into_iter().filter(|_| with_judge);
    let names = asked.into_iter().chain(judged).chain([SCORES[0], AUTHOR, REASON]);
    table.write_record(names).map_err(failed)?;
    for evaluation in evaluations {
        let (sample, answer) = (&evaluation.sample, evaluation.completion.as_ref());
        let target = sample.target.as_deref().unwrap_or_default();
        let answer = answer.map_or("", |answer| &answer.text);
        let epoch = evaluation.epoch.to_string();
        let texts = [&run.id.to_string(), sample.id.as_str(), &epoch, &sample.category, &sample.input, target, answer];
        for text in texts {
            table.write_field(&*shown(text)).map_err(failed)?;
        }
        if with_judge {
            let reason = evaluation.verdicts.first().and_then(|verdict| verdict.explanation.as_deref());
            let score = evaluation.score().map_or_else(String::new, |score| score.get().to_string());
            table.write_field(score).map_err(failed)?;
            table.write_field(&*shown(reason.unwrap_or_default())).map_err(failed)?;
        }
        table.write_record(["", "", ""]).map_err(failed)?;
    }
    table.flush()
}

/// A text as a cell; an empty one stays empty, since it is read by a person.
fn shown(text: &str) -> std::borrow::Cow<'_, str> {
    if text.is_empty() { text.into() } else { cell(text) }
}
