//! What becomes of a judge that is part of another one.

use eval_core::{Completion, Judge, JudgeError, Money, Sample, Verdict, error_chain};

/// Judges, and turns an error into an unscored verdict under the judge's own name, with what is known of its cost.
///
/// # Errors
/// Those that stop a run.
pub(crate) async fn settle(judge: &dyn Judge, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
    settled(judge.name(), judge.judge(sample, completion).await)
}

/// The same of what a judge of this name has said.
///
/// # Errors
/// Those that stop a run.
pub(crate) fn settled(name: &str, result: Result<Verdict, JudgeError>) -> Result<Verdict, JudgeError> {
    match result {
        Err(error) if !error.is_fatal() => Ok(unscored(name, &error)),
        result => result,
    }
}

fn unscored(name: &str, error: &JudgeError) -> Verdict {
    let verdict = Verdict::unscored(name, error_chain(error));
    match error {
        JudgeError::Provider(error) => verdict.usage(error.usage).cost(error.cost).pricing(error.pricing),
        // Found out before anything was asked.
        JudgeError::Lacks(_) => verdict.cost(Some(Money::ZERO)),
        _ => verdict,
    }
}
