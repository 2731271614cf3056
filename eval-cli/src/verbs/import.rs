//! `evalctl import`

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use eval_store::Import;
use serde_json::json;

use crate::args::{Global, ImportArgs};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::output::Console;

/// Takes results into the database. What is there already is not counted twice.
pub(crate) async fn import(console: &Console, global: &Global, args: ImportArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let (name, reader) = open(&args.file)?;
    let store = compose::plain_store(&settings).await?;
    let imported = import_of(args).read(reader, &store).await;
    let imported = imported.map_err(|error| Failure::usage(format!("{name}: {}", chain(&error))))?;
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.import/1", "runs": imported.runs, "evaluations": imported.evaluations
        }))?;
    } else {
        console.print(format!("{} runs and {} evaluations from {name}", imported.runs, imported.evaluations))?;
    }
    Ok(Exit::Done)
}

fn open(path: &Path) -> Result<(String, Box<dyn BufRead>), Failure> {
    if path == Path::new("-") {
        return Ok(("stdin".to_owned(), Box::new(io::stdin().lock())));
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    Ok((name, Box::new(BufReader::new(file))))
}

fn import_of(args: ImportArgs) -> Import {
    let mut import = Import::new().tags(args.tags);
    if let Some(name) = args.name {
        import = import.name(name);
    }
    if let Some(name) = args.dataset_name {
        import = import.dataset(name);
    }
    import
}
