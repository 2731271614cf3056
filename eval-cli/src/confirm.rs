//! Questions before something is lost.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::args::Global;
use crate::failure::Failure;

/// Whether the user agrees. Where nobody can be asked, nothing is taken for a yes but `--yes`.
pub(crate) fn agreed(global: &Global, yes: bool, question: &str) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if global.no_input || !io::stdin().is_terminal() {
        return Err(Failure::usage("nothing was deleted: nobody can be asked here").hint("say --yes"));
    }
    write!(anstream::stderr(), "{question} [y/N] ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
