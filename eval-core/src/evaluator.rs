//! The pipeline: questions to a model, answers to judges, evaluations to a store, everything to a reporter.

mod ahead;
mod builder;
mod contain;
mod group;
mod hold;
pub(crate) mod join;
mod resume;
mod session;
mod task;
mod work;

use std::future::Future;
use std::sync::Arc;

pub use builder::EvaluatorBuilder;
pub use group::Group;
pub use work::Again;

use crate::summary::Summarizer;
use crate::{Dataset, DatasetError, Durable, Judge, Provider, Reporter, Run, RunError, RunId, RunStatus, clock};
use ahead::Ahead;
use hold::Hold;
use session::{Limits, Session};
use task::Setup;
use work::{Left, Task};

/// Asks one model the questions of a data set, has the answers judged, keeps the evaluations, reports what happens.
///
/// Questions are asked in parallel up to the concurrency. Each evaluation is committed to the store before it counts
/// as finished. A plug-in that panics fails its own question and no other. Several models at once are a [`Group`].
///
/// ```
/// use eval_core::{Dataset, Evaluator, Judge, JudgeError, Sample, Score, Scripted, Verdict, Completion, async_trait};
///
/// struct Same;
///
/// #[async_trait]
/// impl Judge for Same {
///     fn name(&self) -> &str { "same" }
///     async fn judge(&self, sample: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
///         let right = Some(&answer.text) == sample.target.as_ref();
///         Ok(Verdict::scored("same", Score::from(right), "compared letter by letter"))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let dataset = Dataset::from_samples("sums", vec![
///     Sample::new("a", "1 + 1").target("2"),
///     Sample::new("b", "2 + 2").target("4"),
/// ])?;
/// let model = Scripted::new("twos", |_| "2".to_owned());
/// let run = Evaluator::builder(model, Same).build()?.run(&dataset, &mut ()).await?;
/// assert_eq!(run.score().unwrap().mean, 0.5);
/// # Ok::<(), eval_core::RunError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Evaluator {
    setup: Arc<Setup>,
    limits: Limits,
    blank: Run,
}

impl Evaluator {
    /// The settings of an evaluator: the model's provider and the judge whose score is the run's.
    pub fn builder(provider: impl Provider, judge: impl Judge) -> EvaluatorBuilder {
        EvaluatorBuilder::new(Arc::new(provider), Arc::new(judge))
    }

    /// The name under which runs enter a history.
    pub fn name(&self) -> &str {
        &self.blank.name
    }

    /// The same evaluator, whose runs belong to this group.
    pub fn in_group(mut self, group: RunId) -> Self {
        self.blank.group = Some(group);
        self
    }

    /// Runs to the end of the data set.
    ///
    /// A run that an error of the provider ends early is returned as well: its [status](crate::RunStatus) and
    /// [stop](Run::stop) say so, and what was finished is kept.
    ///
    /// # Errors
    /// A [`RunError`] before the first call: the prompt does not fit the data set, the data set cannot be read, the
    /// store does not take the run.
    pub async fn run(&self, dataset: &Dataset, reporter: &mut dyn Reporter) -> Result<Run, RunError> {
        self.run_until(dataset, reporter, std::future::pending()).await
    }

    /// Runs until the end of the data set or until `stop` is ready: then no new question is asked, those in flight
    /// finish, and the run ends as cancelled. Dropping the future aborts at once.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_until(
        &self,
        dataset: &Dataset,
        reporter: &mut dyn Reporter,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Run, RunError> {
        self.setup.prompt.check(dataset.columns())?;
        let samples = dataset.samples()?;
        let mut run = self.blank_run(dataset);
        let hold = match &self.setup.durable {
            Some(store) => Some(Self::begin(store, &mut run).await?),
            None => None,
        };
        if let Some(store) = &self.setup.store {
            store.put_run(&run).await?;
        }
        let books = Summarizer::new(run.planned, run.epochs, run.threshold);
        let work = self.ahead(Left::all().tasks(samples, run.epochs));
        Session::new(self.setup.clone(), run, books, hold, reporter).drive(work, self.limits, stop).await
    }

    /// Goes on with a stored run to the end of the data set, as [`resume_until`](Self::resume_until).
    ///
    /// # Errors
    /// As [`resume_until`](Self::resume_until).
    pub async fn resume(
        &self,
        run: RunId,
        again: Again,
        dataset: &Dataset,
        reporter: &mut dyn Reporter,
    ) -> Result<Run, RunError> {
        self.resume_until(run, again, dataset, reporter, std::future::pending()).await
    }

    /// Goes on with a stored run until the end of the data set or until `stop` is ready: asks what is left of it and
    /// repeats nothing that stands. Attempts that a lost process left open are marked as abandoned; an answer that it
    /// wrote down (`LedgerLayer` of eval-providers) and did not live to see judged is judged now, not asked for again.
    ///
    /// # Errors
    /// A [`RunError`] before the first call: there is no such run or no [durable](EvaluatorBuilder::durable) store,
    /// [another process](crate::StoreError::Held) works on the run, or model, prompt, parameters, judge or data set
    /// [differ](RunError::Differs) from what they were.
    pub async fn resume_until(
        &self,
        run: RunId,
        again: Again,
        dataset: &Dataset,
        reporter: &mut dyn Reporter,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Run, RunError> {
        let store = self.durable()?;
        let mut run = store.get_run(run).await?;
        resume::refuse_differences(&**store, &run, &self.blank_run(dataset), dataset).await?;
        let samples = dataset.samples()?;
        let hold = Hold::take(store.clone(), run.id).await?;
        let abandoned = store.abandon(run.id).await?;
        tracing::info!(run = %run.id, abandoned, "the run goes on");
        let (books, left) = resume::take_stock(&**store, &run, again).await?;
        run.status = RunStatus::Running;
        (run.finished, run.stop, run.summary) = (None, None, None);
        if let (Some(spec), Some(now)) = (&mut run.spec, &self.blank.spec) {
            // Raised caps hold from here on, the next time too.
            spec.caps = now.caps;
        }
        store.put_run(&run).await?;
        let work = self.ahead(left.tasks(samples, run.epochs));
        Session::new(self.setup.clone(), run, books, Some(hold), reporter).drive(work, self.limits, stop).await
    }

    /// The work, whose samples the store is told of before they are asked.
    fn ahead(
        &self,
        work: impl Iterator<Item = Result<Task, DatasetError>>,
    ) -> impl Iterator<Item = Result<Task, DatasetError>> {
        let store = self.setup.durable.clone();
        Ahead::new(work, store.map(|store| move |samples| store.announce(samples)))
    }

    /// Takes a run that begins. Lost between its row and its lease, it must not count as running for ever.
    async fn begin(store: &Arc<dyn Durable>, run: &mut Run) -> Result<Hold, RunError> {
        run.status = RunStatus::Interrupted;
        store.put_run(run).await?;
        let hold = Hold::take(store.clone(), run.id).await?;
        run.status = RunStatus::Running;
        Ok(hold)
    }

    fn durable(&self) -> Result<&Arc<dyn Durable>, RunError> {
        let missing = || RunError::Config("only a run in a durable store can go on".into());
        self.setup.durable.as_ref().ok_or_else(missing)
    }

    fn blank_run(&self, dataset: &Dataset) -> Run {
        // Answers that are judged again belong to the data set that they were asked from, whatever part of it is here.
        let of_another = self.blank.of.map(|_| self.blank.dataset.clone());
        Run {
            id: Default::default(),
            dataset: of_another.unwrap_or_else(|| dataset.reference()),
            planned: dataset.selected() * u64::from(self.blank.epochs),
            started: clock::now(),
            ..self.blank.clone()
        }
    }
}

impl std::fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evaluator")
            .field("name", &self.blank.name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The run future can be spawned: a host may evaluate in the background.
const _: fn() = || {
    fn is_send<T: Send>(_: T) {}
    fn run(evaluator: &Evaluator, dataset: &Dataset, reporter: &mut dyn Reporter) {
        is_send(evaluator.run(dataset, reporter));
    }
    let _ = run;
};
