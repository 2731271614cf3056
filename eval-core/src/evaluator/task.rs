//! One question: answer, judge, commit.

use std::sync::Arc;

use tokio::time::Instant;

use super::contain::contain;
use super::join::join_all;
use super::resume::stored;
use super::work::Task;
use crate::{
    Completion, Durable, Evaluation, Judge, JudgeError, Money, Origin, Outcome, Params, PromptTemplate, Provider,
    ProviderError, ProviderErrorKind, Request, RunId, Sample, Stop, Store, StoreError, Timestamp, Timing, Verdict,
    Waits, clock, error_chain,
};

/// What every question of a run needs.
pub(super) struct Setup {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) judges: Vec<Arc<dyn Judge>>,
    pub(super) model: String,
    pub(super) prompt: PromptTemplate,
    pub(super) params: Params,
    pub(super) store: Option<Arc<dyn Store>>,
    /// The same store, where it keeps leases and attempts too.
    pub(super) durable: Option<Arc<dyn Durable>>,
    pub(super) waits: Waits,
}

/// A question that is over.
pub(super) struct Ended {
    /// `None` when the call was never made: then the question is still open.
    pub(super) evaluation: Option<Evaluation>,
    /// Why the whole run has to stop, if it has to.
    pub(super) stop: Option<Stop>,
}

impl Setup {
    /// Answers, judges, commits. Ends when the evaluation is committed.
    pub(super) async fn evaluate(self: Arc<Self>, run: RunId, task: Task) -> Ended {
        let before = if task.again { self.before(run, &task).await } else { None };
        let mut ended = match (before, task.answer) {
            (Some(before), _) => self.repeat(run, task.sample, task.epoch, before).await,
            (None, Some(answer)) => self.judge(task.sample, task.epoch, answer.completion, answer.begun).await,
            (None, None) => self.answer_and_judge(run, task.sample, task.epoch).await,
        };
        if let (Some(store), Some(evaluation)) = (&self.store, &ended.evaluation) {
            let stored = contain(store.put_evaluations(run, std::slice::from_ref(evaluation))).await;
            if let Err(problem) = flatten(stored) {
                ended.stop = Some(Stop::new(None, problem));
            }
        }
        ended
    }

    /// What is stored of a question that did not succeed. Unreadable, it is asked as if it were new.
    async fn before(&self, run: RunId, task: &Task) -> Option<Evaluation> {
        let store = self.durable.as_ref()?;
        let found = stored(store, run, &task.sample.id, task.epoch).await;
        found.inspect_err(|error| tracing::warn!(%error, "a stored evaluation cannot be read")).ok().flatten()
    }

    /// Once more: an answer that is there is only graded. What was paid before stays in the books.
    async fn repeat(&self, run: RunId, sample: Arc<Sample>, epoch: u32, before: Evaluation) -> Ended {
        let (cost, verdicts) = (before.cost, before.verdicts);
        let mut ended = match before.completion {
            Some(completion) => self.judge(sample, epoch, completion, before.started).await,
            None => {
                let mut ended = self.answer_and_judge(run, sample, epoch).await;
                if let Some(evaluation) = &mut ended.evaluation {
                    evaluation.cost = with_past(evaluation.cost, cost);
                    if let Some(completion) = &mut evaluation.completion {
                        completion.cost = evaluation.cost;
                    }
                }
                ended
            }
        };
        if let Some(evaluation) = &mut ended.evaluation {
            for (verdict, past) in evaluation.verdicts.iter_mut().zip(verdicts) {
                verdict.cost = with_past(verdict.cost, past.cost);
            }
        }
        ended
    }

    async fn answer_and_judge(&self, run: RunId, sample: Arc<Sample>, epoch: u32) -> Ended {
        let started = clock::now();
        match self.answer(run, &sample, epoch).await {
            Err(error) => {
                let stop = error.is_fatal().then(|| Stop::new(Some(error.kind), error_chain(&error)));
                let open = unmade(error.kind) || (error.unsent && error.is_fatal());
                Ended { evaluation: (!open).then(|| failed(sample, epoch, &error, started)), stop }
            }
            Ok(completion) => self.judge(sample, epoch, completion, started).await,
        }
    }

    async fn judge(&self, sample: Arc<Sample>, epoch: u32, completion: Completion, started: Timestamp) -> Ended {
        let graded = self.grade(&sample, &completion).await;
        let stop = graded.iter().find_map(|graded| graded.stop.clone());
        let outcome = outcome(&graded);
        let verdicts = graded.into_iter().map(|graded| graded.verdict).collect();
        let evaluation = Evaluation::new(sample, epoch, outcome, started);
        Ended { evaluation: Some(evaluation.completion(completion).verdicts(verdicts)), stop }
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
            // How fast a file was read says nothing of a model.
            Ok(Ok(completion)) if completion.served.recalled.is_some() => Ok(completion.origin(Some(origin))),
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
    async fn grade(&self, sample: &Sample, completion: &Completion) -> Vec<Graded> {
        join_all(self.judges.iter().map(|judge| verdict(judge.as_ref(), sample, completion))).await
    }
}

/// What one judge said.
struct Graded {
    verdict: Verdict,
    /// What kept its grader from answering.
    kind: Option<ProviderErrorKind>,
    /// Why the whole run has to stop, if it has to.
    stop: Option<Stop>,
}

async fn verdict(judge: &dyn Judge, sample: &Sample, completion: &Completion) -> Graded {
    let begun = Instant::now();
    let mut graded = match contain(judge.judge(sample, completion)).await {
        Ok(Ok(verdict)) => Graded { verdict, kind: None, stop: None },
        Ok(Err(error)) => unscored(judge, &error),
        Err(panic) => {
            let verdict = Verdict::unscored(judge.name(), format!("the judge {panic}"));
            Graded { verdict, kind: None, stop: None }
        }
    };
    graded.verdict.latency_ms.get_or_insert_with(|| ms_since(begun));
    graded
}

fn unscored(judge: &dyn Judge, error: &JudgeError) -> Graded {
    let verdict = Verdict::unscored(judge.name(), error_chain(error));
    match error {
        JudgeError::Provider(cause) => {
            let stop = cause.is_fatal().then(|| Stop::new(Some(cause.kind), error_chain(error)));
            let verdict = verdict.usage(cause.usage).cost(cause.cost).pricing(cause.pricing);
            Graded { verdict, kind: Some(cause.kind), stop }
        }
        _ => Graded { verdict, kind: None, stop: None },
    }
}

/// Whether the call was never made, so that its question is still open.
fn unmade(kind: ProviderErrorKind) -> bool {
    matches!(kind, ProviderErrorKind::Unrecorded | ProviderErrorKind::Capped)
}

/// The first judge's. One whose call was never made may still be asked: then nothing is decided yet.
fn outcome(graded: &[Graded]) -> Outcome {
    let unasked = |graded: &&Graded| graded.kind.is_some_and(unmade);
    let Some(Graded { verdict, kind, .. }) = graded.iter().find(unasked).or(graded.first()) else {
        return Outcome::Unscored { kind: None, reason: "no judge".into() };
    };
    let reason = || verdict.error.clone().unwrap_or_else(|| "the judge gave no score".into());
    match verdict.score {
        Some(score) => Outcome::Scored { score },
        None => Outcome::Unscored { kind: *kind, reason: reason() },
    }
}

/// What the last try cost and, when that is known, what is known of those before.
fn with_past(last: Option<Money>, past: Option<Money>) -> Option<Money> {
    last.map(|last| last + past.unwrap_or_default())
}

fn failed(sample: Arc<Sample>, epoch: u32, error: &ProviderError, started: Timestamp) -> Evaluation {
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
