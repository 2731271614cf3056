//! One row on its way from columns to a sample.

use std::collections::BTreeMap;

use super::column::Field;
use super::conversation::Conversation;
use super::input::At;
use super::{Sample, SampleId, UNCATEGORIZED};
use crate::DatasetError;

/// A checked row. `at` is where its id stands, or the row itself where it has none.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) sample: Sample,
    pub(super) at: At,
    /// Whether the id is the hash of the content, because the file has no ids.
    pub(super) hashed: bool,
}

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) at: At,
}

impl Cell {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// The values of a row, sorted by field. A field that is `None` has no column.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) at: At,
    pub(super) id: Option<Cell>,
    pub(super) category: Option<Cell>,
    pub(super) question: Option<Cell>,
    pub(super) expected: Option<Cell>,
    pub(super) messages: Option<Cell>,
    pub(super) metadata: BTreeMap<String, String>,
}

impl Draft {
    pub(super) fn new(at: At) -> Self {
        Self { at, id: None, category: None, question: None, expected: None, messages: None, metadata: BTreeMap::new() }
    }

    /// Where the value of a field goes.
    pub(super) fn field(&mut self, field: Field) -> &mut Option<Cell> {
        match field {
            Field::Id => &mut self.id,
            Field::Category => &mut self.category,
            Field::Question => &mut self.question,
            Field::Expected => &mut self.expected,
            Field::Messages => &mut self.messages,
        }
    }

    /// The row, once all is checked that can be checked in one row.
    pub(super) fn finish(mut self, file: &str) -> Result<Row, DatasetError> {
        let at = self.id.as_ref().map_or(self.at, |id| id.at);
        let conversation = self.conversation(file)?;
        self.set_system(file, &conversation)?;
        let id = self.id.take().map(|id| checked_id(file, id)).transpose()?;
        let category = self.category.take().filter(|category| !category.is_blank());
        let mut sample = Sample {
            id: SampleId::from(id.as_deref().unwrap_or_default()),
            category: category.map_or_else(|| UNCATEGORIZED.into(), |category| category.text.into()),
            input: conversation.input,
            target: self.expected.take().filter(|expected| !expected.is_blank()).map(|expected| expected.text),
            turns: conversation.turns,
            metadata: self.metadata,
        };
        if id.is_none() {
            sample.id = SampleId::from(&sample.content_hash()[..16]);
        }
        Ok(Row { sample, at, hashed: id.is_none() })
    }

    fn conversation(&mut self, file: &str) -> Result<Conversation, DatasetError> {
        let (question, messages) = (self.question.take(), self.messages.take());
        let at = question.as_ref().or(messages.as_ref()).map_or(self.at, |cell| cell.at);
        let filled = |cell: &Cell| !cell.is_blank();
        let (question, messages) = (question.filter(filled), messages.filter(filled));
        match (question, messages) {
            (Some(question), None) => Ok(Conversation::of_question(question.text)),
            (None, Some(messages)) => Conversation::parse(file, &messages.text, messages.at),
            (Some(_), Some(messages)) => Err(messages
                .at
                .error(file, "both `question` and `messages` are given")
                .expected("one of them: the last turn of `messages` is the question", "both")
                .hint("leave one of the two empty in this row")),
            (None, None) => Err(at
                .error(file, "the question is empty")
                .expected("a question", "nothing")
                .hint("write the question, or remove the row")),
        }
    }

    /// A leading system message is kept like a column `system`, so that prompts treat both alike.
    fn set_system(&mut self, file: &str, conversation: &Conversation) -> Result<(), DatasetError> {
        let Some(system) = &conversation.system else { return Ok(()) };
        match self.metadata.get("system") {
            Some(column) if !column.is_empty() => Err(self
                .at
                .error(file, "both `system` and a system message in `messages` are given")
                .expected("one of them", "both")
                .hint("leave one of the two out of this row")),
            _ => {
                self.metadata.insert("system".to_owned(), system.clone());
                Ok(())
            }
        }
    }
}

fn checked_id(file: &str, id: Cell) -> Result<String, DatasetError> {
    if id.is_blank() {
        return Err(empty_id(id.at.error(file, "the id is empty")));
    }
    Ok(id.text)
}

pub(super) fn empty_id(refused: DatasetError) -> DatasetError {
    refused
        .expected("an id", "nothing")
        .hint("give the question an id, or leave the column `id` out of the file to use hashes of the content")
}
