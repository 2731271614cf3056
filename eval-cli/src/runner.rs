//! Makes the runs of a server's jobs in this process, by the same code as `evalctl run` and `evalctl resume`.

mod fit;
mod plan;

use std::sync::Arc;

use eval_core::server::{Job, JobRequest, Runner, Stopping};
use eval_core::{Again, Group, Reporter, Run, RunError, Store as _, async_trait};
use eval_store::DieselStore;

use crate::compose::{self, Budget, Checked};
use crate::config::Configured;
use crate::datasets::Datasets;
use crate::findings;
use crate::output::Console;
use fit::{fit, refuse};
use plan::Plan;

/// Makes runs with the endpoint, the key, the prices and the caps of the server's own settings.
pub(crate) struct LocalRunner {
    console: Console,
    configured: Configured,
    datasets: Datasets,
    database: Arc<DieselStore>,
}

impl LocalRunner {
    /// Runs of these settings, which are kept in this database.
    pub(crate) fn new(
        console: &Console,
        configured: Configured,
        datasets: Datasets,
        database: Arc<DieselStore>,
    ) -> Self {
        // What a command tells its user would stand between the lines of the server's log.
        let console = Console { quiet: true, live: false, ..console.clone() };
        Self { console, configured, datasets, database }
    }

    async fn plan(&self, request: &JobRequest, begun: &[Run]) -> Result<Plan, RunError> {
        // A data set is read from a disk.
        let (datasets, name) = (self.datasets.clone(), request.spec.dataset.clone());
        let found = tokio::task::spawn_blocking(move || datasets.open(&name)).await;
        let found = found.map_err(|_| RunError::Config("the data set could not be read".into()))?;
        Plan::of(&self.configured, request, begun, found.map_err(RunError::Config)?, self.database.clone())
    }

    /// The runs of a job that have begun, in the order of its models.
    async fn begun(&self, job: &Job) -> Result<Vec<Run>, RunError> {
        let mut runs = Vec::new();
        for id in &job.runs {
            runs.push(self.database.get_run(*id).await?);
        }
        let place = |run: &Run| job.request.models.iter().position(|model| *model == run.model);
        runs.sort_by_key(place);
        Ok(runs)
    }

    /// Begins the runs of these models, or goes on with those that are given, one for each model.
    async fn make(
        &self,
        job: &Job,
        models: Vec<String>,
        begun: &[Run],
        reporter: &mut dyn Reporter,
        stop: &Stopping,
    ) -> Result<Vec<Run>, RunError> {
        if models.is_empty() {
            return Ok(Vec::new());
        }
        let mut request = job.request.clone();
        request.models = models;
        let plan = self.plan(&request, begun).await?;
        let composed =
            compose::evaluators(&self.console, &plan.settings, &plan.dataset, &plan.asked).await.map_err(fit)?;
        let group = Group::new(composed.evaluators);
        let ids: Vec<_> = begun.iter().map(|run| run.id).collect();
        let stop = stop.clone().asked();
        let results = match ids.is_empty() {
            true => group.run_until(&plan.dataset, reporter, stop).await,
            false => group.resume_until(&ids, Again::Missing, &plan.dataset, reporter, stop).await,
        };
        let runs = results.into_iter().collect::<Result<Vec<_>, _>>()?;
        if let Some(file) = composed.store.spilled() {
            tracing::error!(file = %file.display(), "not all results are in the database: import this file");
        }
        findings::ended(&self.console, &composed.store, &runs).await;
        Ok(runs)
    }
}

/// Who would have to be asked, and what to take instead.
fn no_endpoint(checked: &Checked) -> String {
    let (models, judges) = (checked.answering().join("`, `"), checked.grading().join("`, `"));
    match (models.is_empty(), judges.is_empty()) {
        (true, false) => format!(
            "this server asks no endpoint: the judge `{judges}` would be asked there; take judges that ask nobody, for \
             instance exact or contains"
        ),
        (false, _) => format!(
            "this server asks no endpoint: the model `{models}` would be asked there; take simulated:… models and judges \
             that ask nobody"
        ),
        _ => "this server asks no endpoint: take simulated:… models and judges that ask nobody".to_owned(),
    }
}

#[async_trait]
impl Runner for LocalRunner {
    async fn check(&self, request: &JobRequest) -> Result<(), RunError> {
        let plan = self.plan(request, &[]).await?;
        compose::check_judges(&plan.dataset)?;
        let checked = Checked::of(&plan.settings, &plan.dataset, &plan.asked).map_err(fit)?;
        if !checked.asks() {
            return Ok(());
        }
        if plan.settings.base_url.value.is_none() {
            return Err(refuse(&no_endpoint(&checked)));
        }
        let budget = Budget::new(&plan.settings, self.database.clone()).map_err(fit)?;
        budget.check_one(&checked.answering(), &checked.grading(), plan.settings.answer_bound()).map_err(fit)
    }

    async fn run(&self, job: &Job, mut reporter: Box<dyn Reporter>, stop: Stopping) -> Result<Vec<Run>, RunError> {
        let begun = self.begun(job).await?;
        let is_new = |model: &&String| !begun.iter().any(|run| run.model == **model);
        let new: Vec<String> = job.request.models.iter().filter(is_new).cloned().collect();
        let (open, mut ended): (Vec<Run>, Vec<Run>) = begun.into_iter().partition(Run::can_resume);
        let models = open.iter().map(|run| run.model.clone()).collect();
        ended.extend(self.make(job, models, &open, &mut *reporter, &stop).await?);
        if !stop.is_asked() {
            ended.extend(self.make(job, new, &[], &mut *reporter, &stop).await?);
        }
        ended.sort_by_key(|run| job.request.models.iter().position(|model| *model == run.model));
        Ok(ended)
    }
}
