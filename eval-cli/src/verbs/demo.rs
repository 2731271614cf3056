//! `evalctl demo`

mod histories;

use eval_core::{Dataset, Group, Run};

use crate::args::{DemoArgs, Global};
use crate::compose::{self, Asked};
use crate::config::{Origin, Setting, Settings, Typed};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::Console;
use crate::{command, findings, progress, report, stop};

/// The file of the demo's own database: simulated figures do not belong beside measured ones.
pub(crate) const DATABASE_FILE: &str = "eval-demo.db";

const MODELS: [&str; 3] = ["strong", "quick", "flaky"];

/// Simulated models over the golden questions.
pub(crate) async fn demo(console: &Console, global: &Global, args: DemoArgs) -> Outcome {
    let settings = settings(global, args)?;
    let dataset = Dataset::golden();
    console.note(format!(
        "{} golden questions in {} categories, three simulated models, judge: the same text as expected",
        dataset.len(),
        dataset.categories().len()
    ));
    console.note("Nothing is called and nothing is paid for. The figures show the harness, not any model.\n");
    let asked = Asked { tags: vec![("demo".into(), "true".into())], ..Asked::default() };
    let composed = compose::evaluators(console, &settings, &dataset, &asked).await?;
    let open = stop::Open::default();
    let mut reporter = super::run::reporter(console, progress::display(console), &open);
    let results =
        Group::new(composed.evaluators).run_until(&dataset, &mut *reporter, stop::requested(&settings, &open)).await;
    let runs = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    findings::ended(console, &composed.store, &runs).await;
    let exit = super::run::finish(console, &settings, compose::close_store(composed.store), &runs)?;
    if exit == Exit::Done {
        let store = compose::writable_store(&settings).await?;
        histories::seed(&store, &dataset).await?;
        if !console.is_machine() {
            histories::tell(console, &store, &dataset, &settings).await?;
        }
    }
    if let (Some(run), false) = (runs.first(), console.is_machine()) {
        next(console, &settings, run);
    }
    Ok(exit)
}

/// The settings of the demo: its own models, judge and database, whatever the configuration says.
fn settings(global: &Global, args: DemoArgs) -> Result<Settings, crate::failure::Failure> {
    let typed = Typed {
        models: MODELS.iter().map(|name| format!("simulated:{name}")).collect(),
        judges: vec!["exact".into()],
        asking: crate::args::Asking { epochs: Some(args.epochs), ..Default::default() },
        ..Typed::default()
    };
    let mut settings = Settings::load(global, typed)?;
    if global.database_url.is_none() {
        let value = format!("sqlite://{DATABASE_FILE}");
        settings.database_url = Setting { value, origin: Origin::Default };
    }
    let none = || Setting { value: None, origin: Origin::Default };
    (settings.prompt, settings.system, settings.rubric) = (none(), none(), none());
    Ok(settings)
}

fn next(console: &Console, settings: &Settings, run: &Run) {
    let show = command::command(settings, &format!("show {} --max-score 0", run.id.short()));
    console.note(format!("\nThe questions that {} got wrong, with the judge's reasons:", report::label(run)));
    console.note(format!("  {show}"));
    console.note(format!(
        "The leaderboard:
  {}",
        command::command(settings, "models")
    ));
    console.note(format!(
        "What drifted, with everything that runs beside the scores:
  {}",
        command::command(settings, "drift")
    ));
    console.note("Your own questions and models:");
    console.note("  evalctl init                                             a configuration and ten questions");
    console.note("  export LITELLM_BASE_URL=http://localhost:4000 LITELLM_API_KEY=…");
    console.note("  evalctl doctor questions.csv -m gpt-4o                   checks everything, pays nothing");
    console.note("  evalctl run questions.csv -m gpt-4o -m claude-haiku-4-5");
}
