//! `evalctl judge`

mod anchors;
mod audit;
mod calibrate;

use eval_judge::Fitness;

use crate::args::{Global, JudgeVerb};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::Console;

/// Freezes answers, compares a judge with people, or puts it to the test.
pub(crate) async fn judge(console: &Console, global: &Global, verb: JudgeVerb) -> Outcome {
    match verb {
        JudgeVerb::Anchors(args) => anchors::freeze(console, global, args).await,
        JudgeVerb::Calibrate(args) => calibrate::calibrate(console, global, args).await,
        JudgeVerb::Audit(args) => audit::audit(console, global, *args).await,
    }
}

/// Unfit is a failure, and too little to say is inconclusive, as for a gate.
fn exit(fitness: Fitness) -> Exit {
    match fitness {
        Fitness::Fit => Exit::Done,
        Fitness::Unfit => Exit::Failed,
        _ => Exit::Inconclusive,
    }
}
