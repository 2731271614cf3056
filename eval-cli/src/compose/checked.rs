//! What of a run can be checked for nothing.

use eval_core::{Dataset, PromptTemplate};
use eval_judge::Rubric;

use super::{Asked, JudgeName, ModelName, graders, hide, judges, models, prompt};
use crate::config::Settings;
use crate::failure::Failure;

/// A run that could begin, as far as the settings and the data set say. Nobody was asked.
pub(crate) struct Checked {
    pub(super) models: Vec<ModelName>,
    pub(super) names: Vec<JudgeName>,
    pub(super) prompt: PromptTemplate,
    pub(super) rubric: Rubric,
    /// The grader of the samples that ask for one.
    pub(super) column: Option<String>,
    all: bool,
}

impl Checked {
    /// Reads models, judges, prompt and rubric, and holds them to each other and to the data set.
    pub(crate) fn of(settings: &Settings, dataset: &Dataset, asked: &Asked) -> Result<Self, Failure> {
        let models = models(settings, dataset, asked)?;
        let needs = asked.all || models.iter().any(|model| model.endpoint().is_some());
        let names = judges::names(settings, Some(dataset), needs)?;
        let before = asked.before.as_ref();
        judges::check_pairs(&names, asked.again.as_ref().and_then(|again| again.against.as_ref()))?;
        let prompt = match asked.again {
            Some(_) => PromptTemplate::default(),
            None => prompt(settings, dataset, before)?,
        };
        let rubric = judges::rubric(settings.rubric.value.as_deref());
        let rubric = rubric.map_err(|failure| hide(failure, before, "rubric"))?;
        let column = judges::asks_llm(dataset, &names)?.then(|| judges::grader_of_column(&names));
        Ok(Self { models, names, prompt, rubric, column, all: asked.all })
    }

    /// The models of the endpoint that answer.
    pub(crate) fn answering(&self) -> Vec<&str> {
        self.models.iter().filter_map(ModelName::endpoint).collect()
    }

    /// The models of the endpoint that grade.
    pub(crate) fn grading(&self) -> Vec<&str> {
        graders(&self.names, self.column.as_deref())
    }

    /// Whether the endpoint is asked at all.
    pub(crate) fn asks(&self) -> bool {
        self.all || !self.answering().is_empty() || !self.grading().is_empty()
    }
}
