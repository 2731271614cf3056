//! `evalctl webhooks`

use eval_core::Timestamp;
use eval_core::server::{Delivery, DeliveryId, DeliveryQuery, DeliveryState, Outbox as _};
use eval_server::{Next, WebhookSecret, Webhooks};
use eval_store::DieselStore;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::args::{Global, WebhooksVerb};
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain, did_you_mean};
use crate::output::{Align, Console, Table, clean};
use crate::{compose, config};

/// Lists receivers, tries one out, sends again, or makes a secret.
pub(crate) async fn webhooks(console: &Console, global: &Global, verb: WebhooksVerb) -> Outcome {
    match verb {
        WebhooksVerb::List => list(console, global).await,
        WebhooksVerb::Test { name } => test(console, global, &name).await,
        WebhooksVerb::Resend { id } => resend(console, global, id).await,
        WebhooksVerb::Secret => {
            let secret = WebhookSecret::generate().map_err(|error| Failure::usage(chain(&error)))?.reveal();
            match console.is_machine() {
                true => console.json(&json!({"schema": "evalctl.secret/1", "secret": secret.expose_secret()}))?,
                false => console.print(secret.expose_secret())?,
            }
            Ok(Exit::Done)
        }
    }
}

fn configured(global: &Global) -> Result<Webhooks, Failure> {
    let none = || {
        Failure::usage("there are no receivers of webhooks")
            .hint("a table [[webhooks.receivers]] of evalctl.toml is one")
    };
    config::webhooks(global)?.ok_or_else(none)
}

async fn list(console: &Console, global: &Global) -> Outcome {
    let webhooks = configured(global)?;
    let store = compose::existing_store(&Settings::load(global, Typed::default())?).await?;
    let mut rows = Vec::new();
    for (name, host) in webhooks.names() {
        rows.push((name, host, last(&store, name).await?));
    }
    if console.is_machine() {
        let one = |(name, host, last): &(&str, Option<String>, Option<Delivery>)| -> Value {
            json!({"name": name, "host": host, "last": last})
        };
        let all: Vec<Value> = rows.iter().map(one).collect();
        console.json(&json!({"schema": "evalctl.webhooks/1", "webhooks": all}))?;
        return Ok(Exit::Done);
    }
    let heads = ["receiver", "host", "last news", "attempts", "state", "error"];
    let mut table = Table::new(heads.map(|head| (head, Align::Left)));
    for (name, host, last) in &rows {
        let of = |cell: fn(&Delivery) -> String| last.as_ref().map(cell).unwrap_or_default();
        table.row([
            (*name).to_owned(),
            host.as_deref().map(clean).unwrap_or_default(),
            of(|last| last.tried.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()),
            of(|last| last.attempts.to_string()),
            of(|last| last.state.name().to_owned()),
            of(|last| last.error.as_deref().map(clean).unwrap_or_default()),
        ]);
    }
    console.print(table.render(console.width))?;
    Ok(Exit::Done)
}

/// The delivery that disabled a receiver, or else that of the newest run.
async fn last(store: &DieselStore, name: &str) -> Result<Option<Delivery>, Failure> {
    let mut query = DeliveryQuery::default();
    (query.receiver, query.state, query.limit) = (Some(name.to_owned()), Some(DeliveryState::Disabled), 1);
    let disabled = store.deliveries(&query).await?.pop();
    query.state = None;
    Ok(match disabled {
        Some(delivery) => Some(delivery),
        None => store.deliveries(&query).await?.pop(),
    })
}

async fn test(console: &Console, global: &Global, name: &str) -> Outcome {
    let webhooks = configured(global)?;
    let Some(delivered) = webhooks.test(name, Timestamp::now()).await else {
        let failure = Failure::usage(format!("there is no receiver {}", clean(name)));
        let meant =
            did_you_mean(name, webhooks.names().map(|(name, _)| name)).map(|meant| format!("did you mean {meant}?"));
        return Err(meant.into_iter().fold(failure, Failure::hint));
    };
    let is_taken = delivered.next == Next::Done;
    if console.is_machine() {
        let (status, error) = (delivered.status, &delivered.failure);
        console.json(&json!({
            "schema": "evalctl.webhook_test/1", "taken": is_taken, "status": status, "error": error,
            "answer": delivered.answer,
        }))?;
    } else if is_taken {
        console.print(format!("{name} took it: {}", delivered.status.unwrap_or_default()))?;
    } else {
        let why = delivered.failure.as_deref().unwrap_or_default();
        console.print(format!("{name} did not take it: {}", clean(why)))?;
    }
    Ok(if is_taken { Exit::Done } else { Exit::Provider })
}

async fn resend(console: &Console, global: &Global, id: String) -> Outcome {
    let store = compose::writable_store(&Settings::load(global, Typed::default())?).await?;
    let unknown = || Failure::usage(format!("there is no delivery {}", clean(&id)));
    let resent = store.resend(&DeliveryId::from(id.clone()), Timestamp::now()).await?;
    let delivery = resent.ok_or_else(unknown)?;
    match console.is_machine() {
        true => console.json(&json!({"schema": "evalctl.delivery/1", "delivery": delivery}))?,
        false => console.print(format!("a server sends {id} again within seconds"))?,
    }
    Ok(Exit::Done)
}
