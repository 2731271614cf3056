//! The endpoint: found, looked at, and asked which models it has.

use std::sync::Arc;
use std::time::Duration;

use eval_core::{AttemptLog, Provider, ProviderError, ProviderErrorKind, ProviderExt as _, Waits};
use eval_providers::{
    AdaptiveLayer, LedgerLayer, LimitLayer, LiteLlm, OpenAi, OutageLayer, PriceLayer, Profile as Wire, RetryLayer,
    offers,
};

use super::{Before, Budget, Recalls, public_url};
use crate::args::Profile;
use crate::command;
use crate::config::{BASE_URLS, KEYS, Origin, Settings};
use crate::failure::{Failure, did_you_mean};
use crate::output::{Console, clean, one_line, shorten};
use crate::telemetry::Telemetry;

/// So much of what a server says that is none of ours.
const SAID: usize = 160;

/// An endpoint that answered.
#[derive(Debug)]
pub(crate) struct Endpoint {
    client: OpenAi,
    url: String,
    telemetry: Telemetry,
    profile: Wire,
    /// The models it lists; `None` when it does not list any.
    pub(crate) models: Option<Vec<String>>,
}

impl Endpoint {
    /// Finds out what the endpoint is, whether it takes the key, and which models it has. Nothing is paid for.
    /// A run that goes on must have asked the same one.
    pub(crate) async fn connect(
        console: &Console,
        settings: &Settings,
        before: Option<&Before>,
    ) -> Result<Self, Failure> {
        if let Some(before) = before {
            agree(settings, before)?;
        }
        let url = url(settings)?;
        let profile = match settings.profile.value {
            Profile::Litellm => Wire::LiteLlm,
            Profile::Openai => Wire::OpenAi,
            Profile::Auto => Wire::detect(url).await.map_err(|error| unreachable(url, settings, &error))?,
        };
        let client = client(settings, url, profile)?;
        let models = list(&client, url, settings).await?;
        let endpoint = Self { models, client, url: url.to_owned(), telemetry: console.telemetry.clone(), profile };
        console.note(endpoint.describe(url, settings));
        Ok(endpoint)
    }

    fn describe(&self, url: &str, settings: &Settings) -> String {
        let key = match &settings.key {
            Some(key) => format!("key from {}", key.origin),
            None => "no key".into(),
        };
        format!("endpoint {} ({}), {}, {key}", clean(&public_url(url)), settings.base_url.origin, self.name())
    }

    /// Whether it is a LiteLLM proxy.
    pub(crate) fn is_litellm(&self) -> bool {
        self.profile == Wire::LiteLlm
    }

    /// What it is.
    pub(crate) fn name(&self) -> &'static str {
        match self.profile {
            Wire::LiteLlm => "LiteLLM",
            _ => "OpenAI-compatible",
        }
    }

    /// Whether it says itself what calls cost.
    pub(crate) fn reports_cost(&self) -> bool {
        self.profile == Wire::LiteLlm
    }

    /// The endpoint, each attempt priced, written down and allowed, waited for while it is away, limited, with retries around it.
    pub(crate) fn provider(
        &self,
        settings: &Settings,
        log: Arc<dyn AttemptLog>,
        ceiling: usize,
        waits: Waits,
        (budget, recalls): (&Budget, &Recalls),
    ) -> Arc<dyn Provider> {
        let patience = Duration::from_secs_f64(settings.patience_s.value);
        let told = self.telemetry.over(Arc::new(self.client.clone()), &self.url);
        let priced = recalls.over(told).layer(PriceLayer::new(budget.prices.clone()));
        let allowed = budget.around(priced.layer(LedgerLayer::new(log)));
        let patient = allowed.layer(OutageLayer::new(patience).waits(waits.clone()));
        let limited = patient.layer(limit(settings, ceiling).patience(patience).waits(waits));
        Arc::new(limited.layer(RetryLayer::new(settings.max_attempts.value)))
    }

    /// Refuses a model that the endpoint does not list. One that lists none is taken at its word later.
    pub(crate) fn check(&self, console: &Console, model: &str) -> Result<(), Failure> {
        let Some(models) = &self.models else {
            console.warn(format!("the endpoint lists no models, so `{}` could not be checked", clean(model)));
            return Ok(());
        };
        if offers(models, model) {
            return Ok(());
        }
        let failure = Failure::usage(format!("the endpoint has no model `{}`", clean(model)));
        Err(match did_you_mean(model, models.iter().map(String::as_str)) {
            Some(meant) => failure.hint(format!("did you mean `{}`?", clean(meant))),
            None => failure.hint(format!("it has {}", clean(&some_of(models)))),
        })
    }
}

/// As many calls as the endpoint takes, up to the ceiling, and no more a minute than the user allows.
fn limit(settings: &Settings, ceiling: usize) -> AdaptiveLayer {
    let layer = LimitLayer::adaptive(1, ceiling);
    let layer = settings.rpm.value.map_or(layer.clone(), |rpm| layer.per_minute(rpm));
    settings.tpm.value.map_or(layer.clone(), |tpm| layer.tokens_per_minute(tpm))
}

/// A key goes where its owner says, and never where only a stored run says: where the two differ, somebody has to name
/// the endpoint.
fn agree(settings: &Settings, before: &Before) -> Result<(), Failure> {
    let Some(stored) = &before.base_url else { return Ok(()) };
    let now = &settings.base_url;
    let asked = format!("run {} asked {}", before.run, clean(&host(stored)));
    let failure = match &now.value {
        _ if matches!(now.origin, Origin::Flag(_)) => return Ok(()),
        Some(url) if host(url) == host(stored) => return Ok(()),
        Some(url) => Failure::usage(format!("{asked}, and {} names {}", now.origin, clean(&host(url)))),
        None => Failure::usage(format!("{asked}, which only the run says: no setting names an endpoint")),
    };
    let key =
        settings.key.as_ref().map_or_else(String::new, |key| format!(", which then gets the key of {}", key.origin));
    let choice = |url: &str, key: &str| {
        let command =
            command::command(settings, &format!("{} --base-url {}", before.command, command::quoted(&public_url(url))));
        format!("at {}{key}: {command}", clean(&host(url)))
    };
    let choices = now.value.iter().map(|url| choice(url, "")).chain([choice(stored, &key)]);
    Err(failure.hint(format!("say where to go on; {}", choices.collect::<Vec<_>>().join("; "))))
}

/// Host and port of a URL.
fn host(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_lowercase();
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    match scheme.eq_ignore_ascii_case("https") {
        _ if has_port => host,
        true => format!("{host}:443"),
        false => format!("{host}:80"),
    }
}

/// The URL, or what to do to have one.
fn url(settings: &Settings) -> Result<&str, Failure> {
    settings.base_url.value.as_deref().ok_or_else(|| {
        Failure::usage("no endpoint: nobody says where the models are").hint(format!(
            "set {} or --base-url; without any endpoint try `evalctl demo` or -m simulated:strong --judge exact",
            BASE_URLS[0]
        ))
    })
}

fn client(settings: &Settings, url: &str, profile: Wire) -> Result<OpenAi, Failure> {
    let builder = match profile {
        Wire::LiteLlm => LiteLlm::builder(url),
        _ => OpenAi::builder(url),
    };
    let builder = builder.timeout(Duration::from_secs_f64(settings.timeout_s.value));
    let builder = match &settings.key {
        Some(key) => builder.api_key(key.secret.clone()),
        None => builder,
    };
    builder.build().map_err(|error| Failure::usage(format!("{error} ({})", settings.base_url.origin)))
}

async fn list(client: &OpenAi, url: &str, settings: &Settings) -> Result<Option<Vec<String>>, Failure> {
    match client.models().await {
        Ok(models) => Ok(Some(models)),
        Err(error) => match error.kind {
            ProviderErrorKind::Auth | ProviderErrorKind::Quota => Err(refused_key(settings, &error)),
            ProviderErrorKind::Network | ProviderErrorKind::Timeout => Err(unreachable(url, settings, &error)),
            ProviderErrorKind::Config => Err(no_endpoint(url, settings, &error)),
            _ => Ok(None),
        },
    }
}

fn no_endpoint(url: &str, settings: &Settings, error: &ProviderError) -> Failure {
    let said = shorten(&one_line(&crate::failure::chain(error)), SAID);
    Failure::provider(format!(
        "there is no endpoint at {} ({}): {said}",
        clean(&public_url(url)),
        settings.base_url.origin
    ))
    .hint("a base URL ends before /chat/completions, for instance http://localhost:4000 or https://api.openai.com/v1")
}

fn refused_key(settings: &Settings, error: &ProviderError) -> Failure {
    match &settings.key {
        Some(key) => {
            Failure::provider(format!("the endpoint refused the key of {}: {}", key.origin, clean(&error.message)))
                .hint(format!("keys are looked for in {}, in this order", KEYS.join(", ")))
        }
        None => Failure::provider(format!("the endpoint wants a key, and none is set: {}", clean(&error.message)))
            .hint(format!("set one of {}, in the environment or in .env", KEYS.join(", "))),
    }
}

fn unreachable(url: &str, settings: &Settings, error: &ProviderError) -> Failure {
    if error.kind == ProviderErrorKind::Config {
        return Failure::usage(format!(
            "{}: {} ({})",
            clean(&public_url(url)),
            clean(&error.message),
            settings.base_url.origin
        ));
    }
    let reason = clean(&crate::failure::chain(error));
    Failure::provider(format!("cannot reach {} ({}): {reason}", clean(&public_url(url)), settings.base_url.origin))
        .hint("is it running, and is this its address? `evalctl doctor` checks without paying")
}

/// The first of many names.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let first = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => first,
        Some(more) => format!("{first} and {more} more"),
    }
}
