//! A run as one JSON document.

use std::io::{self, Write};

use eval_core::{Evaluation, Run};
use serde::{Deserialize, Serialize};

/// The schema of a run as one JSON document.
pub const RUN_SCHEMA: &str = "evalctl.run/1";

/// A document as it is read. The run in a cell of a CSV file is one too, without evaluations.
#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) schema: String,
    pub(super) run: Run,
    #[serde(default)]
    pub(super) evaluations: Vec<Evaluation>,
}

impl Document {
    /// What is wrong with the schema, if anything is.
    pub(super) fn refusal(&self) -> Option<String> {
        let found = &self.schema;
        (found != RUN_SCHEMA).then(|| format!("the schema is `{found}`, and only `{RUN_SCHEMA}` is understood"))
    }
}

#[derive(Serialize)]
struct Head<'a> {
    schema: &'static str,
    run: &'a Run,
}

/// A document without evaluations.
pub(super) fn head(run: &Run) -> serde_json::Result<String> {
    serde_json::to_string(&Head { schema: RUN_SCHEMA, run })
}

/// A document that is written piece by piece.
#[derive(Debug)]
pub(super) struct DocumentWriter<W> {
    writer: W,
    separator: &'static [u8],
}

impl<W: Write> DocumentWriter<W> {
    pub(super) fn new(mut writer: W, run: &Run) -> io::Result<Self> {
        let head = head(run)?;
        let open = head.strip_suffix('}').unwrap_or(&head);
        write!(writer, "{open},\"evaluations\":[")?;
        Ok(Self { writer, separator: b"\n" })
    }

    pub(super) fn write(&mut self, evaluation: &Evaluation) -> io::Result<()> {
        self.writer.write_all(self.separator)?;
        self.separator = b",\n";
        Ok(serde_json::to_writer(&mut self.writer, evaluation)?)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.writer.write_all(b"\n]}\n")?;
        self.writer.flush()
    }
}
