//! `evalctl alerts`

use std::sync::Arc;
use std::time::Duration;

use eval_core::server::{Ack, AckKind, Alert, AlertId, AlertLog as _, AlertQuery, Notice, NoticeQuery, Notices as _};
use eval_core::{Store as _, Timestamp};
use eval_server::{AckError, Alerts};
use eval_store::DieselStore;
use serde_json::{Value, json};

use crate::args::{AlertsVerb, Answer, Global, Saying};
use crate::command::command;
use crate::config::{self, Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::output::{Align, Console, Table, clean, one_line};
use crate::{compose, git};

/// Lists alerts, takes what a person says of them, or tries the channels.
pub(crate) async fn alerts(console: &Console, global: &Global, verb: AlertsVerb) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = Arc::new(compose::writable_store(&settings).await?);
    let alerts = config::alerts(global, store.clone(), None)?;
    match verb {
        AlertsVerb::List { all, limit } => list(console, &store, all, limit).await,
        AlertsVerb::Ack { alert, action, saying } => answer(console, &alerts, alert, action, saying).await,
        AlertsVerb::Mute { model, time, saying } => {
            mute(console, &settings, &store, &alerts, &model, time, saying).await
        }
        AlertsVerb::Test { channel } => test(console, &alerts, channel.as_deref()).await,
    }
}

async fn list(console: &Console, store: &DieselStore, all: bool, limit: usize) -> Outcome {
    let mut query = AlertQuery::default();
    (query.open, query.limit) = ((!all).then_some(true), limit);
    let alerts = store.alerts(&query).await?;
    let notices = notices(store, &alerts).await?;
    if console.is_machine() {
        let alerts: Vec<Value> = alerts
            .iter()
            .map(|alert| json!({"alert": alert, "notices": told(alert, &notices).map(public).collect::<Vec<_>>()}))
            .collect();
        console.json(&json!({"schema": "evalctl.alerts/1", "alerts": alerts}))?;
        return Ok(Exit::Done);
    }
    if alerts.is_empty() {
        console.note(if all { "there never was an alert" } else { "no alert lasts" });
        return Ok(Exit::Done);
    }
    let heads = ["alert", "what", "since (UTC)", "seen", "told", "answer"];
    let mut table = Table::new(heads.map(|head| (head, Align::Left)));
    for alert in &alerts {
        let told: Vec<String> = told(alert, &notices).map(state).collect();
        table.row([
            alert.id.to_string(),
            one_line(&alert.finding.title),
            alert.opened.strftime("%Y-%m-%d %H:%M").to_string(),
            alert.seen.to_string(),
            if told.is_empty() { "nobody".to_owned() } else { told.join(", ") },
            answered(alert),
        ]);
    }
    console.print(table.render(console.width))?;
    Ok(Exit::Done)
}

async fn notices(store: &DieselStore, alerts: &[Alert]) -> Result<Vec<Notice>, Failure> {
    if alerts.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = NoticeQuery::default();
    (query.alerts, query.limit) = (alerts.iter().map(|alert| alert.id).collect(), usize::MAX);
    Ok(store.notices(&query).await?)
}

fn told<'a>(alert: &'a Alert, notices: &'a [Notice]) -> impl Iterator<Item = &'a Notice> {
    notices.iter().filter(|notice| notice.alerts.contains(&alert.id))
}

/// A notice without what it says, which is in the server's own form.
fn public(notice: &Notice) -> Value {
    let Notice { id, channel, kind, state, attempts, next, tried, error, .. } = notice;
    json!({"id": id, "channel": channel, "kind": kind, "state": state, "attempts": attempts, "next": next,
        "tried": tried, "error": error})
}

fn state(notice: &Notice) -> String {
    let channel = clean(&notice.channel);
    match &notice.error {
        Some(error) => format!("{channel} {} {}: {}", notice.kind.name(), notice.state.name(), one_line(error)),
        None => format!("{channel} {} {}", notice.kind.name(), notice.state.name()),
    }
}

fn answered(alert: &Alert) -> String {
    match (&alert.ack, alert.recovered) {
        (Some(ack), _) => format!("{} by {}: {}", ack.kind.name(), one_line(&ack.by), one_line(&ack.reason)),
        (None, Some(at)) => format!("over {}", at.strftime("%Y-%m-%d %H:%M")),
        (None, None) => String::new(),
    }
}

fn ack(kind: AckKind, saying: Saying, now: Timestamp) -> Ack {
    Ack::new(kind, saying.by.unwrap_or_else(git::author), saying.reason, now)
}

async fn answer(console: &Console, alerts: &Alerts, id: AlertId, action: Answer, saying: Saying) -> Outcome {
    let ack = ack(action.into(), saying, Timestamp::now());
    let alert = alerts.acknowledge(id, &ack).await.map_err(refused)?;
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.alert/1", "alert": alert}))?;
        return Ok(Exit::Done);
    }
    let what = match ack.kind {
        AckKind::Mute => "is quiet as long as it lasts",
        _ => "is over: monitors begin anew",
    };
    console.print(format!("{} {what}", one_line(&alert.finding.title)))?;
    Ok(Exit::Done)
}

fn refused(error: AckError) -> Failure {
    match error {
        AckError::Store(error) => error.into(),
        error => Failure::usage(chain(&error)).hint("`evalctl alerts list` has the ids of those that last"),
    }
}

async fn mute(
    console: &Console,
    settings: &Settings,
    store: &DieselStore,
    alerts: &Alerts,
    model: &str,
    time: Duration,
    saying: Saying,
) -> Outcome {
    let now = Timestamp::now();
    let until = now.checked_add(time).map_err(|_| Failure::usage("--for leads beyond the end of time"))?;
    let ack = ack(AckKind::Mute, saying, now).until(Some(until));
    let mut query = AlertQuery::default();
    (query.open, query.limit) = (Some(true), usize::MAX);
    let mut muted = Vec::new();
    for alert in store.alerts(&query).await? {
        let Some(run) = alert.finding.run else { continue };
        if store.get_run(run).await.is_ok_and(|run| run.name == model) {
            muted.push(alerts.acknowledge(alert.id, &ack).await.map_err(refused)?);
        }
    }
    if muted.is_empty() {
        let message = format!("no alert of `{}` lasts", clean(model));
        return Err(Failure::usage(message).hint(command(settings, "alerts list")));
    }
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.alerts-muted/1", "until": until, "alerts": muted}))?;
        return Ok(Exit::Done);
    }
    for alert in muted {
        let until = until.strftime("%Y-%m-%d %H:%M UTC");
        console.print(format!("quiet until {until}: {}", one_line(&alert.finding.title)))?;
    }
    Ok(Exit::Done)
}

async fn test(console: &Console, alerts: &Alerts, channel: Option<&str>) -> Outcome {
    let tried = alerts.try_channels(channel, Timestamp::now()).await;
    if tried.is_empty() {
        let known: Vec<String> = alerts.channels().map(clean).collect();
        return Err(match channel.filter(|_| !known.is_empty()) {
            Some(channel) => Failure::usage(format!("there is no channel `{}`", clean(channel)))
                .hint(format!("the channels are {}", known.join(", "))),
            None => Failure::usage("no channel is configured")
                .hint("add [alerts.slack], [alerts.email] or [alerts.webhook] to evalctl.toml"),
        });
    }
    let failed = tried.iter().any(|(_, told)| told.failure.is_some());
    if console.is_machine() {
        let channels: Vec<Value> = tried
            .iter()
            .map(|(name, told)| {
                json!({"channel": name, "taken": told.failure.is_none(), "error": told.failure, "said": told.answer})
            })
            .collect();
        console.json(&json!({"schema": "evalctl.alerts-test/1", "channels": channels}))?;
    } else {
        for (name, told) in &tried {
            let (name, said) = (clean(name), one_line(&told.answer));
            console.print(match &told.failure {
                None if said.is_empty() => format!("ok    {name}"),
                None => format!("ok    {name}: {said}"),
                Some(why) => format!("FAIL  {name}: {}", one_line(why)),
            })?;
        }
    }
    Ok(if failed { Exit::Provider } else { Exit::Done })
}
