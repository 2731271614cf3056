//! `evalctl init`

use std::io::Write as _;
use std::path::Path;

use crate::args::InitArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::Console;

const CONFIG: &str = include_str!("init/evalctl.toml");
const QUESTIONS: &str = include_str!("init/questions.csv");

/// Writes a configuration and ten questions. What is there already is never touched.
pub(crate) fn init(console: &Console, args: &InitArgs) -> Outcome {
    let files = [("evalctl.toml", CONFIG), ("questions.csv", QUESTIONS)];
    for (name, _) in files {
        let path = args.dir.join(name);
        if path.exists() {
            let failure = Failure::usage(format!("{} is there already; nothing was written", path.display()));
            return Err(failure.hint("name another folder: evalctl init FOLDER"));
        }
    }
    std::fs::create_dir_all(&args.dir).map_err(|error| refuse(&args.dir, &error))?;
    for (name, text) in files {
        let path = args.dir.join(name);
        let created = std::fs::File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        created.map_err(|error| refuse(&path, &error))?;
        console.note(format!("wrote {}", path.display()));
    }
    console.note(match args.dir == Path::new(".") {
        true => "next: evalctl run".to_owned(),
        false => format!("next: cd {} && evalctl run", args.dir.display()),
    });
    Ok(Exit::Done)
}

fn refuse(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", path.display()))
}
