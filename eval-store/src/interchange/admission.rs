//! Which form of a run stands when a file tells of one.

use eval_core::{Run, RunSpec, RunStatus, Stop};

/// Whether the run that is here stays as it is, whatever a file tells of it: it ended later, it is whole and the file a
/// filtered export, or the file is from the middle of it.
pub(super) fn outranks(own: &Run, told: &Run) -> bool {
    let filtered = |run: &Run| run.dataset.selection.exported.is_some();
    own.finished > told.finished
        || filtered(told) && !filtered(own)
        || !has_ended(told) && own.status != RunStatus::Interrupted
}

fn has_ended(run: &Run) -> bool {
    !matches!(run.status, RunStatus::Queued | RunStatus::Running | RunStatus::Paused)
}

/// The run as a file may bring it. Nobody works on it here. It names no endpoint, to which a key would be sent, and no
/// file of prompts, which would be read: only the run that is here already keeps its own.
pub(super) fn admitted(mut run: Run, own: Option<&Run>) -> Run {
    if !has_ended(&run) {
        run.status = RunStatus::Interrupted;
    }
    run.spec = match own {
        Some(own) => own.spec.clone(),
        None => run.spec.map(without_places),
    };
    let words = own.and_then(|own| own.dataset.selection.exported.as_deref());
    if let (Some(own), Some(told)) = (words, &mut run.dataset.selection.exported) {
        *told = if own.contains(&**told) { own.to_owned() } else { format!("{own}; {told}") };
    }
    run
}

fn without_places(mut spec: RunSpec) -> RunSpec {
    (spec.base_url, spec.prompt, spec.system, spec.rubric) = (None, None, None, None);
    spec
}

/// The run as one that was left in the middle.
pub(super) fn unfinished(run: &Run, why: &str) -> Run {
    let mut run = run.clone();
    (run.status, run.finished, run.summary) = (RunStatus::Interrupted, None, None);
    run.stop = Some(Stop::new(None, why));
    run
}
