//! The table `samples`.

use diesel::prelude::*;
use eval_core::{Sample, SampleId};

use super::{Text, from_json, json};
use crate::database::error::Failure;
use crate::database::schema::samples;

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = samples, treat_none_as_default_value = false)]
pub(crate) struct SampleRow<'a> {
    pub(crate) hash: Text<'a>,
    question: Text<'a>,
    expected_output: Option<Text<'a>>,
    turns: Option<Text<'a>>,
    metadata: Option<Text<'a>>,
}

rows! {
    SampleRow in samples:
    hash, question, expected_output, turns, metadata
}

impl<'a> SampleRow<'a> {
    pub(crate) fn new(sample: &'a Sample, hash: &'a str) -> Result<Self, Failure> {
        Ok(Self {
            hash: hash.into(),
            question: sample.input.as_str().into(),
            expected_output: sample.target.as_deref().map(Into::into),
            turns: (!sample.turns.is_empty()).then(|| json(&sample.turns)).transpose()?,
            metadata: (!sample.metadata.is_empty()).then(|| json(&sample.metadata)).transpose()?,
        })
    }

    /// The sample of this row under the id and the category that a run knew it by.
    pub(crate) fn into_sample(self, id: &str, category: &str) -> Result<Sample, Failure> {
        let mut sample = Sample::new(SampleId::new(id), self.question.into_owned()).category(category);
        sample.target = self.expected_output.map(Text::into_owned);
        if let Some(turns) = self.turns {
            sample.turns = from_json("samples.turns", &turns)?;
        }
        if let Some(metadata) = self.metadata {
            sample.metadata = from_json("samples.metadata", &metadata)?;
        }
        Ok(sample)
    }
}
