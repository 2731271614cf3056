//! One judge, without a run.

use std::sync::Arc;

use eval_core::{Judge, Waits, short_hash};
use eval_judge::Pairwise;

use super::{Against, Endpoint, OpenStore, check, graders, judges, open_store};
use crate::config::Settings;
use crate::failure::Failure;
use crate::output::Console;

/// A judge that can be put to the test.
pub(crate) struct OneJudge {
    /// The judge, as a run of these settings has it.
    pub(crate) judge: Arc<dyn Judge>,
    /// What such a run says of its judges.
    pub(crate) hash: String,
    /// The same grader for pairs, where it is one and there are answers to compare with.
    pub(crate) pairwise: Option<Pairwise>,
    /// Where its calls are written down.
    pub(crate) store: OpenStore,
}

/// The judge of the settings: there must be one.
pub(crate) async fn one(
    console: &Console,
    settings: &Settings,
    against: Option<&Against>,
) -> Result<OneJudge, Failure> {
    if settings.judges.value.len() > 1 {
        return Err(Failure::usage("one judge is put to the test, and several are set").hint("choose one with --judge"));
    }
    let names = judges::names(settings, None, true)?;
    let rubric = judges::rubric(settings.rubric.value.as_deref())?;
    let waits = Waits::new();
    let store = open_store(settings, waits.clone()).await?;
    let graders = graders(&names, None);
    let endpoint = match graders.is_empty() {
        false => Some(Endpoint::connect(console, settings, None).await?),
        true => None,
    };
    check(console, endpoint.as_ref(), &[], &graders)?;
    let (budget, nothing) = (super::Budget::new(settings, store.clone())?, super::Recalls::default());
    let ceiling = settings.concurrency.value;
    let provider = endpoint
        .as_ref()
        .map(|endpoint| endpoint.provider(settings, store.clone(), ceiling, waits, (&budget, &nothing)));
    let bench =
        judges::Bench { column: None, provider: provider.as_ref(), repeatable: false, rubric: &rubric, against };
    let judge = bench.judges(&names)?.into_iter().next().ok_or_else(|| Failure::usage("no judge"))?;
    let pairwise = match (against, graders.first()) {
        (Some(_), Some(grader)) => Some(bench.pairwise(grader)?),
        _ => None,
    };
    Ok(OneJudge { hash: short_hash([judge.fingerprint().as_str()]), judge, pairwise, store })
}
