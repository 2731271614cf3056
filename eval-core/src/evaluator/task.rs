//! One question: answer, judge, commit.

use std::sync::Arc;

use tokio::time::Instant;

use super::contain::contain;
use super::join::join_all;
use crate::{
    Completion, Evaluation, Judge, JudgeError, Origin, Outcome, Params, PromptTemplate, Provider, ProviderError,
    ProviderErrorKind, Request, RunId, Sample, Stop, Store, StoreError, Timing, Verdict, clock, error_chain,
};

/// What every question of a run needs.
pub(super) struct Setup {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) judges: Vec<Arc<dyn Judge>>,
    pub(super) model: String,
    pub(super) prompt: PromptTemplate,
    pub(super) params: Params,
    pub(super) store: Option<Arc<dyn Store>>,
}

/// A question that is over.
pub(super) struct Ended {
    pub(super) evaluation: Evaluation,
    /// Why the whole run has to stop, if it has to.
    pub(super) stop: Option<Stop>,
}

impl Setup {
    /// Answers, judges, commits. Ends when the evaluation is committed.
    pub(super) async fn evaluate(self: Arc<Self>, run: RunId, sample: Arc<Sample>, epoch: u32) -> Ended {
        let mut ended = self.answer_and_judge(run, sample, epoch).await;
        if let Some(store) = &self.store {
            let stored = contain(store.put_evaluations(run, std::slice::from_ref(&ended.evaluation))).await;
            if let Err(problem) = flatten(stored) {
                ended.stop = Some(Stop::new(None, problem));
            }
        }
        ended
    }

    async fn answer_and_judge(&self, run: RunId, sample: Arc<Sample>, epoch: u32) -> Ended {
        let started = clock::now();
        match self.answer(run, &sample, epoch).await {
            Err(error) => {
                let stop = error.is_fatal().then(|| Stop::new(Some(error.kind), error_chain(&error)));
                Ended { evaluation: failed(sample, epoch, &error, started), stop }
            }
            Ok(completion) => {
                let (verdicts, stop) = self.grade(&sample, &completion).await;
                let outcome = outcome(&verdicts);
                let evaluation = Evaluation::new(sample, epoch, outcome, started);
                Ended { evaluation: evaluation.completion(completion).verdicts(verdicts), stop }
            }
        }
    }

    async fn answer(&self, run: RunId, sample: &Sample, epoch: u32) -> Result<Completion, ProviderError> {
        let messages = (self.prompt.render(sample))
            .map_err(|error| ProviderError::new(ProviderErrorKind::Rejected, error.to_string()))?;
        let origin = Origin::answer(run, sample.id.clone(), epoch);
        let request = Request::new(&self.model, messages).params(self.params.clone()).origin(Some(origin.clone()));
        let begun = Instant::now();
        let result = contain(self.provider.complete(&request)).await;
        let elapsed = ms_since(begun);
        match result {
            Ok(Ok(completion)) => {
                let timing = measured(completion.timing, elapsed);
                Ok(completion.timing(timing).origin(Some(origin)))
            }
            Ok(Err(error)) => {
                let timing = measured(error.timing, elapsed);
                Err(error.with_timing(timing))
            }
            Err(panic) => {
                Err(ProviderError::new(ProviderErrorKind::Panicked, panic).with_timing(Timing::service(elapsed)))
            }
        }
    }

    /// All judges at once: none has to wait for another's grader.
    async fn grade(&self, sample: &Sample, completion: &Completion) -> (Vec<Verdict>, Option<Stop>) {
        let graded = join_all(self.judges.iter().map(|judge| verdict(judge.as_ref(), sample, completion))).await;
        let (verdicts, stops): (Vec<_>, Vec<_>) = graded.into_iter().unzip();
        (verdicts, stops.into_iter().flatten().next())
    }
}

async fn verdict(judge: &dyn Judge, sample: &Sample, completion: &Completion) -> (Verdict, Option<Stop>) {
    let begun = Instant::now();
    let (mut verdict, stop) = match contain(judge.judge(sample, completion)).await {
        Ok(Ok(verdict)) => (verdict, None),
        Ok(Err(error)) => unscored(judge, &error),
        Err(panic) => (Verdict::unscored(judge.name(), format!("the judge {panic}")), None),
    };
    verdict.latency_ms.get_or_insert_with(|| ms_since(begun));
    (verdict, stop)
}

fn unscored(judge: &dyn Judge, error: &JudgeError) -> (Verdict, Option<Stop>) {
    let verdict = Verdict::unscored(judge.name(), error_chain(error));
    match error {
        JudgeError::Provider(cause) => {
            let stop = cause.is_fatal().then(|| Stop::new(Some(cause.kind), error_chain(error)));
            (verdict.usage(cause.usage).cost(cause.cost), stop)
        }
        _ => (verdict, None),
    }
}

fn outcome(verdicts: &[Verdict]) -> Outcome {
    let Some(first) = verdicts.first() else {
        return Outcome::Unscored { reason: "no judge".into() };
    };
    match first.score {
        Some(score) => Outcome::Scored { score },
        None => Outcome::Unscored { reason: first.error.clone().unwrap_or_else(|| "the judge gave no score".into()) },
    }
}

fn failed(sample: Arc<Sample>, epoch: u32, error: &ProviderError, started: crate::Timestamp) -> Evaluation {
    let mut message = error.message.clone();
    if let Some(source) = std::error::Error::source(error) {
        message = format!("{message}: {}", error_chain(source));
    }
    let outcome = Outcome::Failed { kind: error.kind, message };
    let mut evaluation = Evaluation::new(sample, epoch, outcome, started);
    evaluation.timing = error.timing;
    evaluation.cost = error.cost;
    evaluation
}

/// Fills in the service time of providers that do not measure it: what is left after the waiting.
fn measured(mut timing: Timing, elapsed_ms: f64) -> Timing {
    let waited = timing.queued_ms + timing.backing_off_ms;
    timing.service_ms.get_or_insert((elapsed_ms - waited).max(0.0));
    timing
}

fn ms_since(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

fn flatten(stored: Result<Result<(), StoreError>, String>) -> Result<(), String> {
    stored
        .and_then(|stored| stored.map_err(|error| error_chain(&error)))
        .map_err(|why| format!("cannot store results: {why}"))
}
