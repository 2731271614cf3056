//! What a client may ask for. Endpoints, keys, files and folders are the host's, and no part of it.

use std::collections::{BTreeMap, BTreeSet};

use eval_core::server::JobRequest;
use eval_core::{Cap, Draw, Money, Params, RunSpec, Selection};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::refused;
use crate::error::ApiError;

const MOST_MODELS: usize = 50;
const MOST_JUDGES: usize = 10;
const MOST_ITEMS: usize = 50;
const MOST_EPOCHS: u32 = 100;
const NAME_CHARS: usize = 200;
const URL_CHARS: usize = 2_000;

/// Parameters that would send a request, with the key that belongs to it, elsewhere, or that are the request itself.
const NO_PARAMS: [&str; 12] = [
    "api_base",
    "api_key",
    "api_version",
    "base_url",
    "custom_llm_provider",
    "extra_headers",
    "headers",
    "messages",
    "model",
    "organization",
    "stream",
    "user_config",
];

/// Runs to be made: one for each model, all alike.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRuns {
    /// A single model; or `models`.
    #[serde(default)]
    #[schema(max_length = 200)]
    model: Option<String>,
    /// The models, each once.
    #[serde(default)]
    #[schema(max_items = 50)]
    models: Vec<String>,
    /// The name of the data set. Default: `golden`, the questions that come with the program.
    #[serde(default)]
    #[schema(pattern = "^[A-Za-z0-9._-]{1,100}$")]
    dataset: Option<String>,
    /// The name in histories. Default: the model's. For a single model.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    /// The judges; the first one's score is the run's. Default: the host's.
    #[serde(default)]
    #[schema(max_items = 10)]
    judges: Vec<String>,
    /// Only so many questions, from the top.
    #[serde(default)]
    #[schema(minimum = 1)]
    limit: Option<u64>,
    /// Only questions of these categories.
    #[serde(default)]
    #[schema(max_items = 50)]
    categories: Vec<String>,
    /// So many questions, drawn at random.
    #[serde(default)]
    #[schema(minimum = 1)]
    draw: Option<u64>,
    /// The seed of the draw. Default 0.
    #[serde(default)]
    seed: Option<u64>,
    /// What is sent with each request, for instance `temperature`.
    #[serde(default)]
    #[schema(value_type = Object)]
    params: Map<String, Value>,
    /// Repeats of the data set, from 1 to 100. Default 1.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    epochs: Option<u32>,
    /// The score from which an answer passes, from 0 to 1. Default: the host's.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1)]
    threshold: Option<f64>,
    /// At most so much money for each run, in dollars, answers and judging together.
    #[serde(default)]
    max_cost_usd: Option<f64>,
    /// At most so many calls for each run, failed ones included.
    #[serde(default)]
    #[schema(minimum = 1)]
    max_calls: Option<u64>,
    /// At most so many tokens for each run, prompts and answers together.
    #[serde(default)]
    #[schema(minimum = 1)]
    max_tokens: Option<u64>,
    /// Tags of each run.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// Where the end of each run is told. Also understood as `webhook_url`.
    #[serde(default, alias = "webhook_url")]
    #[schema(max_length = 2000)]
    callback_url: Option<String>,
}

impl NewRuns {
    /// What it asks for, as far as that can be told from itself.
    pub(super) fn into_request(self) -> Result<JobRequest, ApiError> {
        let models = self.checked_models()?;
        self.check_names()?;
        self.check_numbers()?;
        let selection = self.selection()?;
        let mut spec = RunSpec::new(self.checked_dataset()?);
        spec.judges = self.judges;
        let cost = self.max_cost_usd.and_then(Money::from_usd);
        spec.caps.run = Cap::new(cost, self.max_calls, self.max_tokens);
        let mut request = JobRequest::new(models, spec);
        request.name = self.name;
        request.selection = selection;
        request.params = self.params.into_iter().fold(Params::new(), |params, (name, value)| params.with(name, value));
        request.epochs = self.epochs.unwrap_or(1);
        request.threshold = self.threshold;
        request.tags = self.tags;
        request.callback = self.callback_url;
        Ok(request)
    }

    fn checked_models(&self) -> Result<Vec<String>, ApiError> {
        let models: Vec<String> = self.model.iter().chain(&self.models).cloned().collect();
        let distinct: BTreeSet<&String> = models.iter().collect();
        match models.len() {
            0 => Err(refused("no model is named", "\"models\": [\"gpt-4o-mini\"]")),
            _ if self.model.is_some() && !self.models.is_empty() => {
                Err(refused("both model and models are given", "give one"))
            }
            n if n > MOST_MODELS => Err(refused(format!("{n} models are named"), format!("at most {MOST_MODELS}"))),
            n if distinct.len() < n => Err(refused("a model is named more than once", "name each once")),
            n if n > 1 && self.name.is_some() => {
                Err(refused("a name for several models", "one history has one name: leave name out"))
            }
            _ => Ok(models),
        }
    }

    fn checked_dataset(&self) -> Result<String, ApiError> {
        let name = self.dataset.as_deref().unwrap_or("golden");
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        match (1..=100).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('.') {
            true => Ok(name.to_owned()),
            false => Err(refused(
                "that is no name of a data set",
                "1 to 100 letters, digits, dots, dashes; GET /api/v1/datasets lists them",
            )),
        }
    }

    fn check_names(&self) -> Result<(), ApiError> {
        let few = |field: &str, n: usize, most: usize| match n <= most {
            true => Ok(()),
            false => Err(refused(format!("{field} has {n} entries"), format!("at most {most}"))),
        };
        few("judges", self.judges.len(), MOST_JUDGES)?;
        few("categories", self.categories.len(), MOST_ITEMS)?;
        few("tags", self.tags.len(), MOST_ITEMS)?;
        few("params", self.params.len(), MOST_ITEMS)?;
        let models = self.model.iter().chain(&self.models).map(|text| ("model", text));
        let others = self.name.iter().map(|text| ("name", text));
        let judges = self.judges.iter().map(|text| ("judges", text));
        let categories = self.categories.iter().map(|text| ("categories", text));
        let tags = self.tags.iter().flat_map(|(key, value)| [("tags", key), ("tags", value)]);
        for (field, text) in models.chain(others).chain(judges).chain(categories).chain(tags) {
            short(field, text, NAME_CHARS)?;
        }
        self.callback_url.as_ref().map_or(Ok(()), |url| short("callback_url", url, URL_CHARS))?;
        match self.params.keys().find(|name| NO_PARAMS.contains(&name.to_ascii_lowercase().as_str())) {
            Some(name) => {
                Err(refused(format!("params.{name} may not be set here"), "the host chooses endpoint and key"))
            }
            None => self.params.keys().try_for_each(|name| short("params", name, NAME_CHARS)),
        }
    }

    fn check_numbers(&self) -> Result<(), ApiError> {
        let within = |fits: bool, field: &str, range: &str| match fits {
            true => Ok(()),
            false => Err(refused(format!("{field} is out of its range"), format!("{field} is {range}"))),
        };
        let positive =
            |number: Option<u64>| number.is_none_or(|number| (1..=i64::MAX.unsigned_abs()).contains(&number));
        within(self.epochs.is_none_or(|epochs| (1..=MOST_EPOCHS).contains(&epochs)), "epochs", "from 1 to 100")?;
        within(self.threshold.is_none_or(|score| (0.0..=1.0).contains(&score)), "threshold", "from 0 to 1")?;
        let money = |usd: f64| usd > 0.0 && Money::from_usd(usd).is_some();
        within(self.max_cost_usd.is_none_or(money), "max_cost_usd", "more than 0")?;
        for (field, number) in
            [("limit", self.limit), ("draw", self.draw), ("max_calls", self.max_calls), ("max_tokens", self.max_tokens)]
        {
            within(positive(number), field, "a whole number from 1 on")?;
        }
        Ok(())
    }

    fn selection(&self) -> Result<Option<Selection>, ApiError> {
        if self.seed.is_some() && self.draw.is_none() {
            return Err(refused("a seed without a draw", "draw says how many questions are drawn"));
        }
        let mut selection = Selection::default();
        selection.categories = self.categories.clone();
        selection.limit = self.limit;
        selection.draw = self.draw.map(|size| Draw { size, seed: self.seed.unwrap_or(0) });
        Ok((!selection.is_all()).then_some(selection))
    }
}

/// A text that fits into one line of a page, and into every database.
fn short(field: &str, text: &str, most: usize) -> Result<(), ApiError> {
    let is_short = (1..=most).contains(&text.chars().count());
    match is_short && !text.trim().is_empty() && !text.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(refused(
            format!("{field} holds a text that cannot be one"),
            format!("1 to {most} characters in one line"),
        )),
    }
}
