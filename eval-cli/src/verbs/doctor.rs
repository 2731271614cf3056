//! `evalctl doctor`

mod identity;

use std::sync::Arc;
use std::time::Instant;

use eval_core::{Dataset, Message, Params, Provider, Request};
use eval_store::DieselStore;
use serde_json::json;

use super::run::dataset as open_dataset;
use crate::args::{DoctorArgs, Global, Selecting};
use crate::compose::{self, Asked, Endpoint, ModelName};
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::mount;
use crate::output::{Console, Mark, clean, counted, latency, money};

/// One thing that was looked at.
struct Check {
    what: &'static str,
    result: Result<String, Failure>,
    /// What works and is risky all the same.
    caution: Option<String>,
    /// What was seen, for a program.
    seen: Option<serde_json::Value>,
}

impl Check {
    fn new(what: &'static str, result: Result<String, Failure>) -> Self {
        Self { what, result, caution: None, seen: None }
    }
}

/// Looks at everything that a run needs; goes on after a failure, so that one look shows all that is wrong.
pub(crate) async fn doctor(console: &Console, global: &Global, args: DoctorArgs) -> Outcome {
    let typed = Typed {
        dataset: args.dataset.clone(),
        models: args.models.clone(),
        judges: args.judges.clone(),
        endpoint: args.endpoint.clone(),
        ..Typed::default()
    };
    let settings = Settings::load(global, typed)?;
    let mut checks = vec![Check::new("configuration", Ok(configuration(&settings)))];
    let dataset = match settings.dataset.value.is_some() {
        true => Some(look_at_dataset(&settings, &mut checks)),
        false => None,
    };
    checks.push(look_at_database(&settings).await);
    look_at_models(console, &settings, dataset.flatten().as_ref(), &args, &mut checks).await;
    tell(console, &checks)?;
    let worst = checks.iter().filter_map(|check| Some(check.result.as_ref().err()?.exit)).next();
    Ok(worst.unwrap_or(Exit::Done))
}

fn configuration(settings: &Settings) -> String {
    let models = counted(settings.models.value.len() as u64, "model");
    format!("{models} ({}), concurrency {}", settings.models.origin, settings.concurrency.value)
}

fn look_at_dataset(settings: &Settings, checks: &mut Vec<Check>) -> Option<Dataset> {
    let opened = open_dataset(settings, &Selecting::default());
    let opened = opened.and_then(|dataset| {
        compose::check_judges(&dataset)?;
        Ok(dataset)
    });
    let (dataset, result) = match opened {
        Ok(dataset) => {
            let categories = counted(dataset.categories().len() as u64, "category");
            let found = format!("{}, {categories}", counted(dataset.len(), "question"));
            (Some(dataset), Ok(found))
        }
        Err(failure) => (None, Err(failure)),
    };
    checks.push(Check::new("data set", result));
    dataset
}

/// Opens the database and so proves that a run could be stored there. One that is not there is made, which it says; it
/// says too when its place is a risky one.
async fn look_at_database(settings: &Settings) -> Check {
    let url = &settings.database_url;
    let made = if compose::must_exist(settings).is_err() { ", made just now" } else { "" };
    let opened = compose::open_store(settings, eval_core::Waits::new()).await;
    let found = opened.map(|_| format!("{} ({}){made}", compose::public_url(&url.value), url.origin));
    let caution = DieselStore::file(&url.value).and_then(|file| mount::caution(&file));
    Check { caution, ..Check::new("database", found) }
}

async fn look_at_models(
    console: &Console,
    settings: &Settings,
    dataset: Option<&Dataset>,
    args: &DoctorArgs,
    checks: &mut Vec<Check>,
) {
    let quiet = Console { quiet: true, ..console.clone() };
    let wanted = match wanted(settings, dataset) {
        Ok(wanted) => wanted,
        Err(failure) => {
            checks.push(Check::new("models", Err(failure)));
            return;
        }
    };
    if wanted.is_empty() && settings.base_url.value.is_none() {
        return;
    }
    let endpoint = match Endpoint::connect(&quiet, settings, None).await {
        Ok(endpoint) => endpoint,
        Err(failure) => {
            checks.push(Check::new("endpoint", Err(failure)));
            return;
        }
    };
    let url = clean(&compose::public_url(settings.base_url.value.as_deref().unwrap_or_default()));
    let found = format!("{url} ({}), {}", settings.base_url.origin, endpoint.name());
    checks.push(Check::new("endpoint", Ok(found)));
    let key =
        settings.key.as_ref().map_or_else(|| "none needed".into(), |key| format!("accepted, from {}", key.origin));
    checks.push(Check::new("key", Ok(key)));
    let log = Arc::new(eval_core::InMemory::new());
    let budget = match compose::Budget::new(settings, log.clone()) {
        Ok(budget) => budget,
        Err(failure) => {
            checks.push(Check::new("prices", Err(failure)));
            return;
        }
    };
    let provider =
        endpoint.provider(settings, log, 1, eval_core::Waits::new(), (&budget, &compose::Recalls::default()));
    for model in wanted {
        let listed = endpoint.check(&quiet, &model);
        let result = match (listed, args.ask) {
            (Err(failure), _) => Err(failure),
            (Ok(()), false) => Ok(format!("{} is there", clean(&model))),
            (Ok(()), true) => one_question(provider.as_ref(), &model).await,
        };
        let is_there = result.is_ok();
        checks.push(Check::new("model", result));
        if args.identity && is_there {
            checks.push(who_is(provider.as_ref(), &model, endpoint.is_litellm()).await);
        }
    }
}

/// The models of the endpoint that a run would ask, graders included.
fn wanted(settings: &Settings, dataset: Option<&Dataset>) -> Result<Vec<String>, Failure> {
    let empty;
    let dataset = match dataset {
        Some(dataset) => dataset,
        None => {
            empty = Dataset::golden();
            &empty
        }
    };
    let asked = Asked { all: settings.models.value.is_empty(), ..Asked::default() };
    let models = compose::models(settings, dataset, &asked)?;
    let mut wanted: Vec<String> = models.iter().filter_map(ModelName::endpoint).map(str::to_owned).collect();
    let names = compose::judge_names(settings, Some(dataset), !wanted.is_empty())?;
    wanted.extend(compose::graders(&names, None).into_iter().map(str::to_owned));
    wanted.dedup();
    Ok(wanted)
}

/// A connection test: a word from the model, its time and its price.
async fn one_question(provider: &dyn Provider, model: &str) -> Result<String, Failure> {
    let request = Request::new(model, vec![Message::user("Reply with the word ok.")])
        .params(Params::new().with("max_completion_tokens", 16));
    let begun = Instant::now();
    let answer = provider.complete(&request).await.map_err(Failure::from)?;
    let took = latency(Some(begun.elapsed().as_secs_f64() * 1e3));
    let cost = answer.cost.map_or_else(|| "cost unknown".into(), |cost| money(Some(cost)));
    let served = answer.served.model_id.or(answer.served.model).map(|id| format!(", served by {}", clean(&id)));
    Ok(format!("{} answered in {took}, {cost}{}", clean(model), served.unwrap_or_default()))
}

async fn who_is(provider: &dyn Provider, model: &str, is_litellm: bool) -> Check {
    match identity::ask(provider, model, is_litellm).await {
        Ok(identity) => Check { seen: Some(identity.document()), ..Check::new("identity", Ok(identity.words(model))) },
        Err(failure) => Check::new("identity", Err(failure)),
    }
}

/// So that further lines stand below the first.
const INDENT: &str = "\n                  ";

fn tell(console: &Console, checks: &[Check]) -> Result<(), Failure> {
    if console.is_machine() {
        let checks: Vec<_> = (checks.iter())
            .map(|check| {
                let (ok, text) = match &check.result {
                    Ok(found) => (true, found.clone()),
                    Err(failure) => (false, failure.to_string()),
                };
                json!({"check": check.what, "ok": ok, "result": text, "caution": check.caution, "seen": check.seen})
            })
            .collect();
        return console.json(&json!({"schema": "evalctl.doctor/1", "checks": checks}));
    }
    for check in checks {
        let (mark, text) = match &check.result {
            Ok(found) => (Mark::Good, found.replace('\n', INDENT)),
            Err(failure) => (Mark::Bad, failure.to_string().replace('\n', INDENT)),
        };
        console.print(format!("{:>2} {:14} {text}", console.mark(mark), check.what))?;
        if let Some(caution) = &check.caution {
            console.warn(format!("{}: {}", check.what, clean(caution)));
        }
    }
    Ok(())
}
