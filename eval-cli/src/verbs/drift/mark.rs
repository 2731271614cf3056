//! `evalctl drift accept` and `evalctl drift mask`

use eval_core::{HistoryKey, Mark, MarkKind, Marks as _};
use serde_json::json;

use crate::args::{Global, MarkArgs};
use crate::command::{command, quoted};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Console, clean, one_line};
use crate::{findings, git, refs};

/// Stores what a person says about a run: monitors replay their history with it.
pub(super) async fn mark(console: &Console, global: &Global, kind: MarkKind, args: MarkArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::writable_store(&settings).await?;
    let run = refs::resolve(&store, &args.run).await?;
    if run.name != args.model {
        let message = format!("run {} is of `{}`, not of `{}`", run.id.short(), clean(&run.name), args.model);
        return Err(Failure::usage(message)
            .hint(format!("its runs: {}", command(&settings, &format!("history {}", quoted(&args.model))))));
    }
    if !run.is_comparable() {
        return Err(Failure::usage(format!("run {} is in no history: it is not whole and finished", run.id.short())));
    }
    let author = args.saying.by.unwrap_or_else(git::author);
    let mark = Mark::new(HistoryKey::of(&run), run.id, kind, author, args.saying.reason);
    store.put_mark(&mark).await?;
    findings::renew(console, &store, std::slice::from_ref(&run)).await;
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.mark/1", "mark": mark}))?;
        return Ok(Exit::Done);
    }
    let what = match kind {
        MarkKind::Masked => "masked: monitors leave it out",
        _ => "accepted: monitors begin anew with it",
    };
    let (name, dataset) = (clean(&run.name), clean(&run.dataset.name));
    console.print(format!("run {} of {name} on {dataset} is {what}", run.id.short()))?;
    console.print(format!("  by {}: {}", one_line(&mark.author), one_line(&mark.reason)))?;
    console.note(format!("next: {}", command(&settings, &format!("drift {}", quoted(&run.name)))));
    Ok(Exit::Done)
}
