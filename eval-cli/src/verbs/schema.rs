//! `evalctl schema`

use eval_core::{Run, RunId};
use eval_drift::GateReport;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use super::drift::Document;
use crate::args::SchemaOf;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::Console;

/// Prints the JSON Schema of a document.
pub(crate) fn schema(console: &Console, of: SchemaOf) -> Outcome {
    console.json(&schema_of(of))?;
    Ok(Exit::Done)
}

fn schema_of(of: SchemaOf) -> Schema {
    match of {
        SchemaOf::Run => schema_for!(RunDocument),
        SchemaOf::Gate => schema_for!(GateDocument),
        SchemaOf::Drift => schema_for!(Document<'_>),
    }
}

/// What `evalctl run --json`, `resume --json` and `demo --json` print.
#[derive(Debug, Serialize, JsonSchema)]
struct RunDocument {
    /// `evalctl.run/1`
    schema: String,
    /// One for each model, in the order in which they were asked.
    runs: Vec<Run>,
}

/// What `evalctl gate --json` prints of one run.
#[derive(Debug, Serialize, JsonSchema)]
struct GateDocument {
    /// `evalctl.gate/1`
    schema: String,
    /// The run that was decided on.
    run: RunId,
    /// The exit code: 0, 1 or 3.
    exit_code: u8,
    /// The decision and what it rests on.
    report: GateReport,
}

#[cfg(test)]
mod tests {
    use super::*;

    // Kept in docs/, so that a change of what others read is seen when it is made.
    #[test]
    fn the_schemas_in_docs_are_those_of_the_program() {
        for (of, name) in [(SchemaOf::Run, "run"), (SchemaOf::Gate, "gate"), (SchemaOf::Drift, "drift")] {
            let path = format!("{}/../docs/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
            let schema = serde_json::to_string_pretty(&schema_of(of)).unwrap() + "\n";
            if std::env::var_os("UPDATE_SCHEMA").is_some() {
                std::fs::write(&path, &schema).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(kept == schema, "docs/{name}.schema.json is stale: run this test with UPDATE_SCHEMA=1");
        }
    }
}
