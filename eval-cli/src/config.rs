//! The settings: flags over environment over `.env` over `evalctl.toml` over defaults, each with its origin.

mod alerts;
mod caps;
mod environment;
mod file;
mod schedules;
mod secret;
mod server;
mod setting;
mod webhooks;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use eval_core::Caps;
use eval_server::{AlertSettings, Alerts, Schedule, Webhooks};
use eval_store::DieselStore;
use secrecy::SecretString;
use serde_json::Value;

pub(crate) use environment::Environment;
pub(crate) use file::{ConfigFile, DEFAULT_CONFIG};
pub(crate) use server::{Jobs, Server};
pub(crate) use setting::{Origin, Setting};

use crate::args::{Asking, Caching, Endpoint, Global, Profile, RunArgs};
use crate::failure::Failure;
use crate::output::clean;
use setting::{Sources, list, number, path, text};
use webhooks::Reading;

/// Where a base URL is looked for, the first one set wins.
pub(crate) const BASE_URLS: [&str; 4] =
    ["LITELLM_BASE_URL", "LITELLM_PROXY_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE"];
/// Where a key is looked for, the first one set wins.
pub(crate) const KEYS: [&str; 3] = ["LITELLM_API_KEY", "LITELLM_PROXY_API_KEY", "OPENAI_API_KEY"];
/// The database of those who name none.
pub(crate) const DEFAULT_DATABASE: &str = "sqlite://eval.db";
/// How long questions in flight may take once a run was asked to stop, in seconds.
pub(crate) const DEFAULT_DRAIN_S: f64 = eval_core::EvaluatorBuilder::DEFAULT_DRAIN.as_secs() as f64;
/// How old an answer of the cache may be, in days.
pub(crate) const DEFAULT_CACHE_DAYS: f64 = eval_providers::Cache::DEFAULT_TTL.as_secs() as f64 / 86_400.0;
/// How long an endpoint that refuses or is in trouble is waited for, in seconds.
pub(crate) const DEFAULT_PATIENCE_S: f64 = eval_providers::AdaptiveLayer::DEFAULT_PATIENCE.as_secs() as f64;
/// The grader of those who name no judge.
pub(crate) const DEFAULT_JUDGE: &str = "gpt-4o-mini";

/// Every setting, resolved.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) dataset: Setting<Option<PathBuf>>,
    pub(crate) models: Setting<Vec<String>>,
    /// Empty: the default, which depends on the models.
    pub(crate) judges: Setting<Vec<String>>,
    pub(crate) prompt: Setting<Option<PathBuf>>,
    pub(crate) system: Setting<Option<PathBuf>>,
    pub(crate) rubric: Setting<Option<PathBuf>>,
    pub(crate) params: Setting<BTreeMap<String, Value>>,
    pub(crate) epochs: Setting<u32>,
    pub(crate) threshold: Setting<f64>,
    pub(crate) concurrency: Setting<usize>,
    pub(crate) base_url: Setting<Option<String>>,
    pub(crate) profile: Setting<Profile>,
    pub(crate) timeout_s: Setting<f64>,
    pub(crate) max_attempts: Setting<u32>,
    /// The folder of the cache of answers.
    pub(crate) cache: Setting<Option<PathBuf>>,
    pub(crate) cache_days: Setting<f64>,
    pub(crate) rpm: Setting<Option<u64>>,
    pub(crate) tpm: Setting<Option<u64>>,
    pub(crate) patience_s: Setting<f64>,
    pub(crate) database_url: Setting<String>,
    pub(crate) json_out: Setting<Option<PathBuf>>,
    pub(crate) spill: Setting<Option<PathBuf>>,
    pub(crate) drain_s: Setting<f64>,
    pub(crate) prices: Setting<Option<PathBuf>>,
    pub(crate) caps: Setting<Caps>,
    /// The frozen answers that are judged first: a run, or `newest`.
    pub(crate) anchors: Setting<Option<String>>,
    pub(crate) server: Setting<Server>,
    pub(crate) jobs: Setting<Jobs>,
    /// The key and the name of the variable it was found in.
    pub(crate) key: Option<Key>,
}

/// A key, and where it was found. The value is never shown.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) secret: SecretString,
    pub(crate) origin: Origin,
}

/// What was typed, as far as it is a setting.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    pub(crate) dataset: Option<PathBuf>,
    pub(crate) models: Vec<String>,
    pub(crate) judges: Vec<String>,
    pub(crate) asking: Asking,
    pub(crate) endpoint: Endpoint,
    pub(crate) caching: Caching,
    pub(crate) concurrency: Option<usize>,
    pub(crate) json_out: Option<PathBuf>,
    pub(crate) spill: Option<PathBuf>,
    pub(crate) drain: Option<f64>,
    pub(crate) prices: Option<PathBuf>,
    pub(crate) caps: Caps,
    pub(crate) anchors: Option<String>,
    /// The flags whose values were not typed but are those of a stored run. The endpoint is never one of them: a key
    /// goes where its owner says, and not where a stored run does.
    pub(crate) of_run: Vec<&'static str>,
}

impl From<&RunArgs> for Typed {
    fn from(args: &RunArgs) -> Self {
        Self {
            dataset: args.dataset.clone(),
            models: args.models.clone(),
            judges: args.judges.clone(),
            asking: args.asking.clone(),
            endpoint: args.endpoint.clone(),
            caching: args.caching.clone(),
            concurrency: args.concurrency,
            json_out: args.json_out.clone(),
            spill: args.spill.clone(),
            drain: args.drain,
            prices: args.costing.prices.clone(),
            caps: args.costing.caps(),
            anchors: args.anchors.clone(),
            of_run: Vec::new(),
        }
    }
}

/// Who is told what drifted, checked as far as can be without asking anybody. `public_url` is where people reach the
/// server. Without a table nobody is told.
pub(crate) fn alerts(global: &Global, store: Arc<DieselStore>, public_url: Option<&str>) -> Result<Alerts, Failure> {
    let environment = Environment::load()?;
    let file = ConfigFile::find(global.config.as_deref())?;
    if let Some((file, table)) = file.as_ref().and_then(|file| Some((file, file.values.alerts.as_ref()?))) {
        return alerts::Reading { file, environment: &environment }.alerts(table, store, public_url);
    }
    let mut settings = AlertSettings::default();
    settings.public_url = public_url.map(str::to_owned);
    Ok(Alerts::new(store.clone(), store, settings))
}

/// The environment and the files as they were when they were read: who lives on takes its settings from them.
#[derive(Debug)]
pub(crate) struct Configured {
    global: Global,
    environment: Environment,
    file: Option<ConfigFile>,
}

impl Configured {
    /// Reads the environment and the files of the working folder.
    pub(crate) fn load(global: &Global) -> Result<Self, Failure> {
        let environment = Environment::load()?;
        Ok(Self { global: global.clone(), environment, file: ConfigFile::find(global.config.as_deref())? })
    }

    /// The settings, with what was typed on top.
    pub(crate) fn settings(&self, typed: Typed) -> Result<Settings, Failure> {
        Settings::resolve(&self.global, typed, &self.environment, self.file.as_ref())
    }
}

/// The receivers of webhooks, checked as far as can be without asking anybody; `None` where the file has no table for
/// them.
pub(crate) fn webhooks(global: &Global) -> Result<Option<Webhooks>, Failure> {
    let environment = Environment::load()?;
    let Some(file) = ConfigFile::find(global.config.as_deref())? else { return Ok(None) };
    let Some(table) = &file.values.webhooks else { return Ok(None) };
    Reading { file: &file, environment: &environment }.webhooks(table).map(Some)
}

/// The schedules, by name.
pub(crate) fn schedules(global: &Global) -> Result<Vec<Schedule>, Failure> {
    let Some(file) = ConfigFile::find(global.config.as_deref())? else { return Ok(Vec::new()) };
    file.values.schedules.as_ref().map_or(Ok(Vec::new()), |tables| schedules::schedules(tables, &file))
}

/// The parameters that bound an answer.
const BOUNDS: [&str; 3] = ["max_completion_tokens", "max_tokens", "max_output_tokens"];

impl Settings {
    /// Reads the environment and the files of the working folder, and puts the flags on top.
    pub(crate) fn load(global: &Global, typed: Typed) -> Result<Self, Failure> {
        Configured::load(global)?.settings(typed)
    }

    fn resolve(
        global: &Global,
        typed: Typed,
        environment: &Environment,
        file: Option<&ConfigFile>,
    ) -> Result<Self, Failure> {
        let sources = Sources { environment, file, of_run: &typed.of_run };
        let values = file.map(|file| file.values.clone()).unwrap_or_default();
        let (asking, endpoint) = (typed.asking, typed.endpoint);
        let params = (!asking.params.is_empty()).then(|| asking.params.into_iter().map(param).collect());
        let settings = Self {
            dataset: sources.optional("DATASET", typed.dataset, &["EVALCTL_DATASET"], path, values.dataset)?,
            models: sources.pick(
                "--model",
                some(typed.models),
                &["EVALCTL_MODELS"],
                list,
                values.models,
                Vec::new(),
            )?,
            judges: sources.pick(
                "--judge",
                some(typed.judges),
                &["EVALCTL_JUDGES"],
                list,
                values.judges,
                Vec::new(),
            )?,
            prompt: sources.optional("--prompt", asking.prompt, &["EVALCTL_PROMPT"], path, values.prompt)?,
            system: sources.optional("--system", asking.system, &["EVALCTL_SYSTEM"], path, values.system)?,
            rubric: sources.optional("--rubric", asking.rubric, &["EVALCTL_RUBRIC"], path, values.rubric)?,
            params: sources.pick("--param", params, &[], |_| Err("".into()), values.params, BTreeMap::new())?,
            epochs: sources.pick("--epochs", asking.epochs, &["EVALCTL_EPOCHS"], number, values.epochs, 1)?,
            threshold: sources.pick(
                "--threshold",
                asking.threshold,
                &["EVALCTL_THRESHOLD"],
                number,
                values.threshold,
                0.5,
            )?,
            concurrency: sources.pick(
                "--concurrency",
                typed.concurrency,
                &["EVALCTL_CONCURRENCY"],
                number,
                values.concurrency,
                eval_core::EvaluatorBuilder::DEFAULT_CONCURRENCY,
            )?,
            base_url: sources.optional("--base-url", endpoint.base_url, &BASE_URLS, text, values.base_url)?,
            profile: sources.pick(
                "--profile",
                endpoint.profile,
                &["EVALCTL_PROFILE"],
                profile,
                values.profile,
                Profile::Auto,
            )?,
            timeout_s: sources.pick(
                "--timeout",
                endpoint.timeout,
                &["EVALCTL_TIMEOUT"],
                number,
                values.timeout,
                120.0,
            )?,
            max_attempts: sources.pick(
                "--max-attempts",
                endpoint.max_attempts,
                &["EVALCTL_MAX_ATTEMPTS"],
                number,
                values.max_attempts,
                5,
            )?,
            cache: cache(&sources, &typed.caching, values.cache)?,
            cache_days: sources.pick(
                "--cache-days",
                typed.caching.cache_days,
                &["EVALCTL_CACHE_DAYS"],
                number,
                values.cache_days,
                DEFAULT_CACHE_DAYS,
            )?,
            rpm: sources.optional("--rpm", endpoint.rpm, &["EVALCTL_RPM"], number, values.rpm)?,
            tpm: sources.optional("--tpm", endpoint.tpm, &["EVALCTL_TPM"], number, values.tpm)?,
            patience_s: sources.pick(
                "--patience",
                endpoint.patience,
                &["EVALCTL_PATIENCE"],
                number,
                values.patience,
                DEFAULT_PATIENCE_S,
            )?,
            database_url: sources.pick(
                "--database-url",
                global.database_url.clone(),
                &["DATABASE_URL", "EVALCTL_DATABASE_URL"],
                text,
                values.database_url,
                DEFAULT_DATABASE.to_owned(),
            )?,
            json_out: sources.optional("--json-out", typed.json_out, &["EVALCTL_JSON_OUT"], path, values.json_out)?,
            spill: sources.optional("--spill", typed.spill, &["EVALCTL_SPILL"], path, values.spill)?,
            drain_s: sources.pick("--drain", typed.drain, &["EVALCTL_DRAIN"], number, values.drain, DEFAULT_DRAIN_S)?,
            prices: sources.optional("--prices", typed.prices, &["EVALCTL_PRICES"], path, values.prices)?,
            caps: sources.caps(typed.caps, values.caps),
            anchors: sources.optional("--anchors", typed.anchors, &["EVALCTL_ANCHORS"], text, values.anchors)?,
            server: sources.table(values.server),
            jobs: sources.table(values.jobs),
            key: environment.find(&KEYS).map(|(value, origin)| Key { secret: value.into(), origin }),
        };
        settings.check()
    }

    /// The most tokens of an answer, where a parameter bounds it.
    pub(crate) fn answer_bound(&self) -> Option<u64> {
        BOUNDS.iter().find_map(|name| self.params.value.get(*name)?.as_u64())
    }

    /// Values that can only be a mistake are refused here, where their origin is known.
    fn check(self) -> Result<Self, Failure> {
        let threshold = &self.threshold;
        if !(0.0..=1.0).contains(&threshold.value) {
            let hint = format!("a score goes from 0 to 1; did you mean {}?", threshold.value / 100.0);
            return Err(threshold.refuse("threshold", "a score from 0 to 1").hint(hint));
        }
        for name in BOUNDS {
            let Some(value) = self.params.value.get(name).filter(|value| !value.is_null()) else { continue };
            if value.as_u64().is_none_or(|tokens| tokens == 0) {
                let given = Setting { value: clean(&value.to_string()), origin: self.params.origin.clone() };
                return Err(given.refuse(name, "a whole number above 0"));
            }
        }
        if self.epochs.value == 0 {
            return Err(self.epochs.refuse("epochs", "at least 1"));
        }
        if self.concurrency.value == 0 {
            return Err(self.concurrency.refuse("concurrency", "at least 1"));
        }
        if self.max_attempts.value == 0 {
            return Err(self.max_attempts.refuse("max_attempts", "at least 1"));
        }
        for (name, rate) in [("rpm", &self.rpm), ("tpm", &self.tpm)] {
            if rate.value == Some(0) {
                return Err(Setting { value: 0, origin: rate.origin.clone() }.refuse(name, "at least 1"));
            }
        }
        if !(0.0..=86_400.0).contains(&self.patience_s.value) {
            return Err(self.patience_s.refuse("patience", "seconds, at most a day"));
        }
        if !(self.timeout_s.value > 0.0 && self.timeout_s.value <= 86_400.0) {
            return Err(self.timeout_s.refuse("timeout", "seconds, more than 0 and at most a day"));
        }
        if !(0.0..=3600.0).contains(&self.drain_s.value) {
            return Err(self.drain_s.refuse("drain", "seconds, at most an hour"));
        }
        if !(self.cache_days.value > 0.0 && self.cache_days.value <= 3650.0) {
            return Err(self.cache_days.refuse("cache_days", "days, more than 0 and at most 3650"));
        }
        Ok(self)
    }
}

/// `--no-cache` stands above every other source.
fn cache(
    sources: &Sources<'_>,
    typed: &Caching,
    filed: Option<toml::Spanned<PathBuf>>,
) -> Result<Setting<Option<PathBuf>>, Failure> {
    if typed.no_cache {
        return Ok(Setting { value: None, origin: Origin::Flag("--no-cache") });
    }
    sources.optional("--cache", typed.cache.clone(), &["EVALCTL_CACHE"], path, filed)
}

fn some<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

/// `temperature=0` is a number, `stop=END` a text: what is JSON is taken as JSON.
fn param((key, value): (String, String)) -> (String, Value) {
    let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
    (key, value)
}

fn profile(name: &str) -> Result<Profile, String> {
    <Profile as clap::ValueEnum>::from_str(name, true).map_err(|_| "auto, litellm or openai".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        typed: Typed,
        variables: &[(&str, &str)],
        dotenv: &[(&str, &str)],
        file: &str,
    ) -> Result<Settings, Failure> {
        let environment = Environment::of(variables, dotenv);
        let file = ConfigFile::parse("evalctl.toml".into(), file.to_owned())?;
        Settings::resolve(&Global::default(), typed, &environment, Some(&file))
    }

    #[test]
    fn flags_win_over_environment_over_dotenv_over_file() {
        let file = "concurrency = 1\nepochs = 2\nmodels = ['a']\ndatabase_url = 'file.db'";
        let dotenv = [("EVALCTL_CONCURRENCY", "3"), ("EVALCTL_EPOCHS", "3"), ("DATABASE_URL", "dotenv.db")];
        let variables = [("EVALCTL_CONCURRENCY", "4")];
        let typed = || Typed { concurrency: Some(5), ..Typed::default() };
        let settings = resolve(typed(), &variables, &dotenv, file).unwrap();
        assert_eq!(
            (settings.concurrency.value, settings.concurrency.origin.to_string().as_str()),
            (5, "--concurrency")
        );
        let settings = resolve(Typed::default(), &variables, &dotenv, file).unwrap();
        assert_eq!(settings.concurrency.origin.to_string(), "EVALCTL_CONCURRENCY");
        assert_eq!((settings.epochs.value, settings.epochs.origin.to_string().as_str()), (3, "EVALCTL_EPOCHS in .env"));
        assert_eq!((settings.models.value.len(), settings.models.origin.to_string().as_str()), (1, "evalctl.toml:3"));
        assert_eq!(settings.threshold.origin.to_string(), "default");
        assert_eq!(settings.database_url.value, "dotenv.db");
    }

    #[test]
    fn base_urls_and_keys_have_an_order() {
        let variables = [("OPENAI_BASE_URL", "http://b"), ("OPENAI_API_KEY", "kb"), ("LITELLM_API_KEY", "")];
        let dotenv = [("LITELLM_BASE_URL", "http://a")];
        let settings = resolve(Typed::default(), &variables, &dotenv, "").unwrap();
        assert_eq!(settings.base_url.value.as_deref(), Some("http://b"), "the environment stands above .env");
        let key = settings.key.unwrap();
        assert_eq!(key.origin.to_string(), "OPENAI_API_KEY", "an empty variable is not set");
        assert!(!format!("{key:?}").contains("kb"));
    }

    #[test]
    fn impossible_values_are_refused_with_their_origin() {
        let error = resolve(Typed::default(), &[], &[], "threshold = 80.0").err().unwrap().to_string();
        assert!(error.contains("evalctl.toml:1") && error.contains("did you mean 0.8?"), "{error}");
        let error = resolve(Typed::default(), &[("EVALCTL_EPOCHS", "many")], &[], "").err().unwrap().to_string();
        assert!(error.contains("EVALCTL_EPOCHS") && error.contains("many"), "{error}");
    }

    #[test]
    fn parameters_are_json_where_they_can_be() {
        let pairs = [("temperature", "0"), ("stop", "END"), ("logit_bias", "{\"1\":2}")];
        let values = pairs.map(|(key, value)| param((key.into(), value.into())).1);
        assert_eq!(values, [Value::from(0), Value::from("END"), serde_json::json!({"1": 2})]);
    }
}
