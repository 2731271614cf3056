//! `evalctl import`

use std::fs::File;
use std::io::BufReader;

use serde_json::json;

use crate::args::{Global, ImportArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::output::Console;

/// Takes results back into the database. What is there already is not counted twice.
pub(crate) async fn import(console: &Console, global: &Global, args: ImportArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let name = args.file.display();
    let file = File::open(&args.file).map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    let store = compose::plain_store(&settings).await?;
    let imported = eval_store::import(BufReader::new(file), &store)
        .await
        .map_err(|error| Failure::usage(format!("{name}: {}", chain(&error))))?;
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.import/1", "runs": imported.runs, "evaluations": imported.evaluations
        }))?;
    } else {
        console.print(format!("{} runs and {} evaluations from {name}", imported.runs, imported.evaluations))?;
    }
    Ok(Exit::Done)
}
