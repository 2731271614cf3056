//! `evalctl schema`

use super::drift::Document;
use crate::args::SchemaOf;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::Console;

/// Prints the JSON Schema of a document.
pub(crate) fn schema(console: &Console, of: SchemaOf) -> Outcome {
    match of {
        SchemaOf::Drift => console.json(&schemars::schema_for!(Document<'_>))?,
    }
    Ok(Exit::Done)
}
