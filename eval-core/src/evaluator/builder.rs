//! The settings of an evaluator.

use std::sync::Arc;
use std::time::Duration;

use super::Evaluator;
use super::session::Limits;
use super::task::Setup;
use crate::{
    DatasetRef, Durable, Judge, Params, PromptTemplate, Provenance, Provider, Run, RunError, RunId, RunKind, RunSpec,
    Store, Waits, short_hash,
};

/// The settings of an [`Evaluator`]; each has a default.
#[must_use]
pub struct EvaluatorBuilder {
    setup: Setup,
    limits: Limits,
    name: Option<String>,
    blank: Run,
    /// How the answers were asked for; `None` when they are asked for now.
    asked_then: Option<Provenance>,
}

impl EvaluatorBuilder {
    /// Questions in flight at once, unless said otherwise.
    pub const DEFAULT_CONCURRENCY: usize = 8;
    /// How long questions in flight may take once a run was asked to stop, unless said otherwise.
    pub const DEFAULT_DRAIN: Duration = Duration::from_secs(10);

    pub(super) fn new(provider: Arc<dyn Provider>, judge: Arc<dyn Judge>) -> Self {
        let blank = Run::new(provider.name(), DatasetRef::new("", "", 0), 0);
        let setup = Setup {
            model: blank.model.clone(),
            provider,
            judges: vec![judge],
            prompt: PromptTemplate::default(),
            params: Params::default(),
            store: None,
            durable: None,
            waits: Waits::new(),
        };
        let limits = Limits { concurrency: Self::DEFAULT_CONCURRENCY, drain: Self::DEFAULT_DRAIN };
        Self { setup, limits, name: None, blank, asked_then: None }
    }

    /// The model asked for. Default: the provider's name.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.setup.model = model.into();
        self
    }

    /// The name under which the run enters a history. Default: the model. Two prompts on one model keep two histories
    /// by two names.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// One more judge, whose verdict stands beside that of the first.
    pub fn judge(mut self, judge: impl Judge) -> Self {
        self.setup.judges.push(Arc::new(judge));
        self
    }

    /// How a sample becomes messages. Default: the question, with its context before it where it has one.
    pub fn prompt(mut self, prompt: PromptTemplate) -> Self {
        self.setup.prompt = prompt;
        self
    }

    /// Sampling parameters. Default: none, so the provider's.
    pub fn params(mut self, params: Params) -> Self {
        self.setup.params = params;
        self
    }

    /// Repeats of the data set. Default 1.
    pub fn epochs(mut self, epochs: u32) -> Self {
        self.blank.epochs = epochs;
        self
    }

    /// Questions in flight at once. Default [`DEFAULT_CONCURRENCY`](Self::DEFAULT_CONCURRENCY).
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.limits.concurrency = concurrency;
        self
    }

    /// How long the run may take to end once it was asked to stop. Questions that are still in flight a second before
    /// are dropped and stay open. Default [`DEFAULT_DRAIN`](Self::DEFAULT_DRAIN), 10 s.
    pub fn drain(mut self, drain: Duration) -> Self {
        self.limits.drain = drain;
        self
    }

    /// A score of at least this passes, from 0 to 1. Default 0.5.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.blank.threshold = threshold;
        self
    }

    /// A mark of your own on the run.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.blank.tags.insert(key.into(), value.into());
        self
    }

    /// The group that the run belongs to. [`Group`](super::Group) sets it.
    pub fn group(mut self, group: RunId) -> Self {
        self.blank.group = Some(group);
        self
    }

    /// Where evaluations are kept. Default: nowhere, they are only reported.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.setup.store = Some(store);
        self
    }

    /// Where evaluations are kept by a store that keeps leases too: the run can be resumed when its process is gone, and
    /// no two processes work on it. Replaces [`store`](Self::store).
    pub fn durable(mut self, store: Arc<dyn Durable>) -> Self {
        self.setup.store = Some(store.clone());
        self.setup.durable = Some(store);
        self
    }

    /// Where the parts of the run say that they wait: a store in trouble, and then nothing new is asked, or a limit that
    /// holds calls. Default: nobody says so.
    pub fn waits(mut self, waits: Waits) -> Self {
        self.setup.waits = waits;
        self
    }

    /// How to build the evaluator again: kept with the run, for who resumes it.
    pub fn spec(mut self, spec: RunSpec) -> Self {
        self.blank.spec = Some(spec);
        self
    }

    /// The commit of the working folder, and whether it had changes.
    pub fn git(mut self, commit: Option<String>, dirty: Option<bool>) -> Self {
        self.blank.provenance.git_commit = commit;
        self.blank.provenance.git_dirty = dirty;
        self
    }

    /// The run judges the answers of another one again, as a run of this kind: its provider gives
    /// [stored answers](crate::StoredAnswers), its data set has their questions. All but the judge is that run's: name,
    /// model, parameters, epochs, threshold, prompt, provider and data set, whatever was set before.
    pub fn judging_again(mut self, kind: RunKind, of: &Run) -> Self {
        (self.blank.kind, self.blank.of) = (kind, Some(of.id));
        (self.blank.epochs, self.blank.threshold) = (of.epochs, of.threshold);
        self.blank.dataset = of.dataset.clone();
        self.blank.provenance.simulated = of.provenance.simulated;
        self.setup.model.clone_from(&of.model);
        self.setup.params = of.params.clone();
        self.setup.prompt = PromptTemplate::default();
        self.name = Some(of.name.clone());
        self.asked_then = Some(of.provenance.clone());
        self
    }

    /// Says that the answers are simulated, so that nobody takes the run for a measurement. Default false.
    pub fn simulated(mut self, simulated: bool) -> Self {
        self.blank.provenance.simulated = simulated;
        self
    }

    /// Says beforehand that nobody will be asked, because all answers come from a cassette: the run is of the kind
    /// [`Recall`](RunKind::Recall) also when it holds nothing but recorded failures. Default false.
    pub fn recalled(mut self, recalled: bool) -> Self {
        self.blank.kind = if recalled { RunKind::Recall } else { RunKind::Evaluation };
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`RunError::Config`] for no epochs, no concurrency, an empty model or a threshold that is not within 0 and 1.
    pub fn build(mut self) -> Result<Evaluator, RunError> {
        let refuse = |why: String| Err(RunError::Config(why));
        if self.setup.model.trim().is_empty() {
            return refuse("the model has no name".into());
        }
        if self.blank.epochs == 0 {
            return refuse("0 epochs ask nothing; expected at least 1".into());
        }
        if self.limits.concurrency == 0 {
            return refuse("a concurrency of 0 asks nothing; expected at least 1".into());
        }
        if !(0.0..=1.0).contains(&self.blank.threshold) {
            return refuse(format!("threshold {}: expected a score from 0 to 1", self.blank.threshold));
        }
        self.blank.provenance = self.provenance();
        self.blank.name = self.name.unwrap_or_else(|| self.setup.model.clone());
        self.blank.model.clone_from(&self.setup.model);
        self.blank.params = self.setup.params.clone();
        Ok(Evaluator { setup: Arc::new(self.setup), limits: self.limits, blank: self.blank })
    }

    fn provenance(&self) -> Provenance {
        let (judges, then) = (&self.setup.judges, self.asked_then.as_ref());
        let prints: Vec<String> = judges.iter().map(|judge| judge.fingerprint()).collect();
        Provenance {
            prompt: then.map_or_else(|| self.setup.prompt.fingerprint(), |then| then.prompt.clone()),
            judge: judges.first().map(|judge| judge.name().to_owned()).unwrap_or_default(),
            judge_hash: short_hash(prints.iter().map(String::as_str)),
            provider: then.map_or_else(|| self.setup.provider.name().to_owned(), |then| then.provider.clone()),
            harness: env!("CARGO_PKG_VERSION").to_owned(),
            ..self.blank.provenance.clone()
        }
    }
}

impl std::fmt::Debug for EvaluatorBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EvaluatorBuilder").field("model", &self.setup.model).finish_non_exhaustive()
    }
}
