//! The JSON Schema of drift reports is the one in the documentation.

use std::path::Path;

use eval_core::DriftReport;

#[test]
fn the_schema_in_the_documentation_is_that_of_the_type() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drift-report.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(DriftReport)).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &schema).expect("the schema is written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == schema, "docs/drift-report.schema.json is stale: run this test with UPDATE_SCHEMA=1");
}
