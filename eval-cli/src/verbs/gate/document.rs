//! The document that `--json` prints.

use serde_json::{Value, json};

use super::publish::Published;
use super::{Decided, Undecided};

/// One run has a document, several have one that holds theirs.
pub(super) fn document(published: &Published<'_>) -> Value {
    match (published.decided, published.undecided) {
        ([only], []) => of(only),
        (decided, undecided) => json!({
            "schema": "evalctl.gates/1",
            "exit_code": published.exit as u8,
            "decision": published.decision(),
            "gates": decided.iter().map(of).collect::<Vec<_>>(),
            "undecided": undecided.iter().map(open).collect::<Vec<_>>(),
        }),
    }
}

fn of(found: &Decided) -> Value {
    json!({
        "schema": "evalctl.gate/1", "run": found.run.id, "exit_code": found.report.exit_code(), "report": found.report,
    })
}

fn open(found: &Undecided) -> Value {
    json!({"run": found.run.id, "name": found.run.name, "exit_code": found.exit as u8, "why": found.why})
}
