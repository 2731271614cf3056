//! The pieces of a run, built from the settings. Everything that can be checked for nothing is checked here.

mod budget;
mod checked;
mod endpoint;
mod files;
mod judge;
mod judges;
mod model;
mod reading;
mod recall;
mod store;
mod stored;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum as _;
use eval_core::{
    Completion, Dataset, Evaluator, EvaluatorBuilder, Judge, Money, Params, PromptTemplate, Provider, Run, RunId,
    RunKind, RunSpec, Scripted, StoredAnswers, Waits,
};
use eval_judge::Rubric;
use eval_providers::Simulated;
use eval_store::DieselStore;

pub(crate) use budget::{Budget, DEFAULT_PRICES, price_table, prices};
pub(crate) use checked::Checked;
pub(crate) use endpoint::Endpoint;
pub(crate) use eval_store::public_url;
pub(crate) use judge::{OneJudge, one as one_judge};
pub(crate) use judges::{JudgeName, cheap_first, check_rows as check_judges, names as judge_names};
pub(crate) use model::ModelName;
pub(crate) use reading::existing as existing_store;
pub(crate) use recall::{Recalls, refuse_used};
pub(crate) use store::{
    Closed, OpenStore, close as close_store, existing as writable_store, must_exist, of_database, open as open_store,
    over as store_over, plain as plain_store,
};
pub(crate) use stored::{Again, Against, Frozen, questions};

use crate::config::Settings;
use crate::failure::Failure;
use crate::output::{Console, clean};

/// What is asked of a run besides the settings.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Every model of the endpoint.
    pub(crate) all: bool,
    /// The name in histories.
    pub(crate) name: Option<String>,
    /// Marks on the runs.
    pub(crate) tags: Vec<(String, String)>,
    /// The stored run that goes on, if one does.
    pub(crate) before: Option<Before>,
    /// Where answers that were given before come from.
    pub(crate) recalls: Recalls,
    /// The stored answers that are judged again, where no model is asked.
    pub(crate) again: Option<Again>,
    /// The set of frozen answers that is judged first.
    pub(crate) anchors: Option<Run>,
    /// The database, where it is open already.
    pub(crate) database: Option<Arc<DieselStore>>,
}

/// What a stored run says of itself. Whoever can write a file that is imported chooses it: it is compared, and not
/// believed.
#[derive(Debug)]
pub(crate) struct Before {
    /// The run, for a person.
    pub(crate) run: String,
    /// The command that goes on with it: `resume 4f3a21`.
    pub(crate) command: String,
    /// The endpoint that it asked.
    pub(crate) base_url: Option<String>,
    /// It and those that go on with it, each with its model: what they took counts.
    pub(crate) runs: Vec<(RunId, String)>,
    /// The fingerprint of its prompt; `None` when it has none that is read from files.
    pub(crate) prompt: Option<String>,
}

/// A run that can begin.
pub(crate) struct Composed {
    pub(crate) evaluators: Vec<Evaluator>,
    /// Judges the frozen answers, where there are some.
    pub(crate) anchors: Option<Evaluator>,
    pub(crate) store: OpenStore,
}

/// Builds one evaluator per model: first what costs nothing to check, then the database, last the endpoint.
pub(crate) async fn evaluators(
    console: &Console,
    settings: &Settings,
    dataset: &Dataset,
    asked: &Asked,
) -> Result<Composed, Failure> {
    let checked = Checked::of(settings, dataset, asked)?;
    let asks = checked.asks();
    let Checked { models, names, prompt, rubric, column, .. } = checked;
    let before = asked.before.as_ref();
    let against = asked.again.as_ref().and_then(|again| again.against.as_ref());
    let waits = Waits::new();
    let store = match &asked.database {
        Some(database) => store_over(database.clone(), settings, waits.clone()),
        None => open_store(settings, waits.clone()).await?,
    };

    let graders = graders(&names, column.as_deref());
    let endpoint = match asks && !asked.recalls.is_replay() {
        true => Some(Endpoint::connect(console, settings, before).await?),
        false => None,
    };
    let models = if asked.all { all_models(endpoint.as_ref())? } else { models };
    check(console, endpoint.as_ref(), &models, &graders)?;
    let budget = Budget::new(settings, store.clone())?;
    if let Some(endpoint) = &endpoint {
        let asked = models.iter().filter_map(ModelName::endpoint).chain(graders.iter().copied());
        budget.check(endpoint.reports_cost(), asked)?;
        if before.is_none() {
            let models: Vec<_> = models.iter().filter_map(ModelName::endpoint).collect();
            budget.check_one(&models, &graders, settings.answer_bound())?;
        }
    }
    let runs = before.map_or(&[][..], |before| &before.runs);
    budget.recall(&*store, runs, &graders).await?;
    let connections = models.len() * graders.len().max(1);
    let concurrency = match &endpoint {
        Some(_) => files::affordable(console, settings.concurrency.value, connections),
        None => settings.concurrency.value,
    };
    // All runs ask at the same time, and all may be judged by one model.
    let ceiling = concurrency * models.len().max(1);
    let recalls = &asked.recalls;
    recalls.check(models.iter().filter_map(ModelName::endpoint).chain(graders.iter().copied()))?;
    let asking = |endpoint: &Endpoint| {
        let provider = endpoint.provider(settings, store.clone(), ceiling, waits.clone(), (&budget, recalls));
        recalls.cached(provider, settings)
    };
    let provider = recalls.replayed(store.clone()).or(endpoint.as_ref().map(asking));
    let (column, repeatable) = (column.as_deref(), recalls.needs_repeatable());
    let bench = judges::Bench { column, provider: provider.as_ref(), repeatable, rubric: &rubric, against };
    let judges = bench.judges(&names)?;
    let parts = Parts {
        concurrency,
        settings,
        dataset,
        asked,
        prompt,
        judges,
        provider,
        store: store.clone(),
        waits,
        spec: spec(settings, asked),
        git: crate::git::provenance(),
    };
    let evaluators = models.iter().map(|model| parts.evaluator(model)).collect::<Result<_, _>>()?;
    let anchors = asked.anchors.as_ref().map(|set| parts.again(RunKind::Anchor, set)).transpose()?;
    Ok(Composed { evaluators, anchors, store })
}

/// The models that were named.
pub(crate) fn models(settings: &Settings, dataset: &Dataset, asked: &Asked) -> Result<Vec<ModelName>, Failure> {
    if let Some(again) = &asked.again {
        return Ok(vec![ModelName::Stored(Box::new(again.run.clone()), again.kind)]);
    }
    let names = &settings.models.value;
    if names.is_empty() && !asked.all {
        return Err(Failure::usage("no model")
            .hint("name one with -m: a model of the endpoint, simulated:strong, or column:NAME; or --all-models"));
    }
    if asked.name.is_some() && (names.len() > 1 || asked.all) {
        return Err(Failure::usage("--as names one history, and several models are asked").hint("run them one by one"));
    }
    if let Some(at) = (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
        return Err(Failure::usage(format!("the model `{}` is named twice", clean(&names[at]))));
    }
    names.iter().map(|name| ModelName::parse(name, dataset)).collect()
}

fn all_models(endpoint: Option<&Endpoint>) -> Result<Vec<ModelName>, Failure> {
    let listed = endpoint.and_then(|endpoint| endpoint.models.as_deref()).unwrap_or_default();
    let named: Vec<_> = listed.iter().filter(|name| !name.contains('*')).cloned().map(ModelName::Endpoint).collect();
    if named.is_empty() { Err(Failure::provider("the endpoint lists no models")) } else { Ok(named) }
}

/// The models that grade.
pub(crate) fn graders<'a>(names: &'a [JudgeName], column: Option<&'a str>) -> Vec<&'a str> {
    let mut graders: Vec<&str> = names.iter().flat_map(JudgeName::graders).chain(column).collect();
    graders.dedup();
    graders
}

fn check(
    console: &Console,
    endpoint: Option<&Endpoint>,
    models: &[ModelName],
    graders: &[&str],
) -> Result<(), Failure> {
    let Some(endpoint) = endpoint else { return Ok(()) };
    for model in models.iter().filter_map(ModelName::endpoint).chain(graders.iter().copied()) {
        endpoint.check(console, model)?;
    }
    for grader in graders.iter().filter(|grader| !is_dated(grader)) {
        console.note(format!(
            "note: `{}` is an alias: what grades may change under it; name a dated model to pin it",
            clean(grader)
        ));
    }
    for model in models.iter().filter_map(ModelName::who_answers) {
        if graders.contains(&model) {
            console.warn(format!("`{}` grades its own answers", clean(model)));
        }
        let others = graders.iter().filter(|grader| **grader != model);
        for grader in others {
            if let Some(family) = eval_judge::relatives(model, &format!("llm:{grader}")) {
                let (model, grader) = (clean(model), clean(grader));
                console.warn(format!(
                    "`{grader}` grades `{model}` of its own family ({family}): such a judge tends to prefer its own kind; \
                     a grader of another family, or labels of people, can tell"
                ));
            }
        }
    }
    Ok(())
}

/// Whether a name carries a date or a version that pins it: at least four digits in a row.
fn is_dated(name: &str) -> bool {
    name.as_bytes().windows(4).any(|window| window.iter().all(u8::is_ascii_digit))
}

/// The prompt, checked against the data set. One that is not what a stored run had is refused later, with all else that
/// differs.
fn prompt(settings: &Settings, dataset: &Dataset, before: Option<&Before>) -> Result<PromptTemplate, Failure> {
    let prompt = read_prompt(settings).map_err(|failure| hide(failure, before, "prompt"))?;
    if before.is_none_or(|before| before.prompt.as_ref() == Some(&prompt.fingerprint())) {
        prompt.check(dataset.columns())?;
    }
    Ok(prompt)
}

/// What is sent beside the questions: the prompt and the rubric.
pub(crate) fn texts(settings: &Settings, dataset: &Dataset) -> Result<(PromptTemplate, Rubric), Failure> {
    Ok((prompt(settings, dataset, None)?, judges::rubric(settings.rubric.value.as_deref())?))
}

/// A stored run can name any file: of one that is not what it was, nothing is shown.
fn hide(failure: Failure, before: Option<&Before>, what: &str) -> Failure {
    match before {
        None => failure,
        Some(before) => Failure::usage(format!("the {what} of run {} is no longer what it was", before.run))
            .hint("put its files back as they were, or start a new run"),
    }
}

fn read_prompt(settings: &Settings) -> Result<PromptTemplate, Failure> {
    let template = match &settings.prompt.value {
        None => PromptTemplate::default(),
        Some(path) => PromptTemplate::parse(&read(path)?)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
    };
    match &settings.system.value {
        None => Ok(template),
        Some(path) => Ok(template.system(read(path)?.trim_end())),
    }
}

/// The text of a file that the user named.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

/// What all models of a run share.
struct Parts<'a> {
    concurrency: usize,
    settings: &'a Settings,
    dataset: &'a Dataset,
    asked: &'a Asked,
    prompt: PromptTemplate,
    judges: Vec<Arc<dyn Judge>>,
    provider: Option<Arc<dyn Provider>>,
    store: OpenStore,
    waits: Waits,
    spec: RunSpec,
    git: (Option<String>, Option<bool>),
}

impl Parts<'_> {
    fn evaluator(&self, model: &ModelName) -> Result<Evaluator, Failure> {
        let prompt = self.prompt.clone();
        let builder = match model {
            ModelName::Endpoint(name) => {
                let provider = self.provider.clone().ok_or_else(|| Failure::usage("no endpoint"))?;
                let recalled = self.asked.recalls.is_replay();
                self.builder(provider)?.model(name).prompt(prompt).recalled(recalled)
            }
            ModelName::Simulated(name) => {
                let model = simulated(name, self.dataset)?;
                self.builder(Arc::new(model))?.model(format!("simulated:{name}")).prompt(prompt).simulated(true)
            }
            ModelName::Column(name) => {
                let prompt = PromptTemplate::column(name);
                self.builder(Arc::new(repeat()))?.model(format!("column:{name}")).prompt(prompt)
            }
            ModelName::Stored(run, kind) => return self.again(*kind, run),
        };
        Ok(builder.build()?)
    }

    /// What judges the answers of a stored run again.
    fn again(&self, kind: RunKind, run: &Run) -> Result<Evaluator, Failure> {
        let answers = StoredAnswers::new(self.store.clone(), run.id);
        let mut spec = self.spec.clone();
        (spec.dataset, spec.prompt, spec.system) = (String::new(), None, None);
        Ok(self.builder(Arc::new(answers))?.spec(spec).judging_again(kind, run).build()?)
    }

    fn builder(&self, provider: Arc<dyn Provider>) -> Result<EvaluatorBuilder, Failure> {
        let settings = self.settings;
        let mut judges = self.judges.iter();
        let first = judges.next().ok_or_else(|| Failure::usage("no judge"))?;
        let mut builder = Evaluator::builder(provider, first.clone())
            .params(params(settings))
            .epochs(settings.epochs.value)
            .threshold(settings.threshold.value)
            .concurrency(self.concurrency)
            .git(self.git.0.clone(), self.git.1)
            .drain(Duration::from_secs_f64(settings.drain_s.value))
            .spec(self.spec.clone())
            .waits(self.waits.clone())
            .durable(self.store.clone());
        for judge in judges {
            builder = builder.judge(judge.clone());
        }
        for (key, value) in &self.asked.tags {
            builder = builder.tag(key, value);
        }
        Ok(match &self.asked.name {
            Some(name) => builder.name(name),
            None => builder,
        })
    }
}

/// How the run was set up, for who resumes it.
fn spec(settings: &Settings, asked: &Asked) -> RunSpec {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let mut spec = RunSpec::new(path(&settings.dataset.value).unwrap_or_default());
    spec.folder = std::env::current_dir().ok().map(|folder| folder.to_string_lossy().into_owned());
    spec.judges.clone_from(&settings.judges.value);
    spec.prompt = path(&settings.prompt.value);
    spec.system = path(&settings.system.value);
    spec.rubric = path(&settings.rubric.value);
    let base_url = settings.base_url.value.as_deref().filter(|_| !asked.recalls.is_replay());
    spec.base_url = base_url.map(public_url);
    spec.against = asked.again.as_ref().and_then(|again| Some(again.against.as_ref()?.run));
    spec.profile = settings.profile.value.to_possible_value().map(|value| value.get_name().to_owned());
    spec.timeout_s = Some(settings.timeout_s.value);
    spec.max_attempts = Some(settings.max_attempts.value);
    (spec.rpm, spec.tpm) = (settings.rpm.value, settings.tpm.value);
    spec.patience_s = Some(settings.patience_s.value);
    spec.concurrency = Some(settings.concurrency.value);
    spec.caps = settings.caps.value;
    spec
}

fn params(settings: &Settings) -> Params {
    settings.params.value.iter().fold(Params::new(), |params, (name, value)| params.with(name, value.clone()))
}

/// A simulated model that has seen the answers of the data set.
pub(crate) fn simulated(name: &str, dataset: &Dataset) -> Result<Simulated, Failure> {
    let builder =
        Simulated::named(name).ok_or_else(|| Failure::usage(format!("there is no simulated model `{name}`")))?;
    let mut key = Vec::new();
    for sample in dataset.samples()? {
        let sample = sample?;
        let target = sample.target.clone().or_else(|| eval_judge::Assertions::reference(&sample));
        key.extend(target.map(|target| (sample.id, sample.category, target)));
    }
    Ok(builder.answers(key).build())
}

/// Answers with what it is asked: the answers of `column:NAME` cost nothing, because nobody is called.
fn repeat() -> Scripted {
    Scripted::fallible("column", |request| Ok(Completion::new(request.last()).cost(Some(Money::ZERO))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_versions_pin_a_model() {
        assert!(is_dated("gpt-4o-mini-2024-07-18") && is_dated("claude-haiku-4-5-20251001"));
        assert!(!is_dated("gpt-4o-mini") && !is_dated("claude-sonnet-4-5"));
    }
}
