//! What is printed as JSON fits the schema that is printed for it.

mod common;

use common::{evalctl, fresh};
use serde_json::Value;
use tempfile::TempDir;

const DATA: &str = "id,question,expected_output\n1,Capital of France?,Paris\n2,Two and two?,4\n";

fn json(folder: &TempDir, args: &[&str]) -> Value {
    let output = evalctl(folder).args(args).output().expect("set up");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn check(folder: &TempDir, of: &str, mut document: Value, odd: &str) {
    let validator = jsonschema::validator_for(&json(folder, &["schema", of])).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{of}: {errors:?}");
    *document.pointer_mut(odd).expect("a field") = "odd".into();
    assert!(!validator.is_valid(&document), "{of}: the schema can tell");
}

#[test]
fn runs_and_gates_fit_their_schemas() {
    let folder = fresh();
    std::fs::write(folder.path().join("facts.csv"), DATA).expect("set up");
    let run = ["run", "facts.csv", "-m", "simulated:strong", "--judge", "exact", "--json"];
    json(&folder, &run);
    check(&folder, "run", json(&folder, &run), "/runs/0/status");
    let gate = ["gate", "@latest", "--vs", "@latest~1", "--max-cost", "5", "--json"];
    check(&folder, "gate", json(&folder, &gate), "/report/decision");
}
