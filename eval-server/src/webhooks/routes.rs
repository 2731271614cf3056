//! Receivers, and what was sent to them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use eval_core::server::{AuditEntry, Delivery, DeliveryId, DeliveryQuery, DeliveryState};
use eval_core::{RunId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::receivers::{is_address, shown};
use super::{Delivered, Next, Webhooks};
use crate::error::ApiError;
use crate::query::{EXPECTED_RUN, Parameters, PathText, cut};
use crate::{AppState, Caller};

const EXPECTED_STATE: &str = "one of pending, delivered, failed, disabled";
const EXPECTED_CURSOR: &str = "the next of the page before";
/// Of how many deliveries of a receiver the last success and the last failure are told.
const LOOKED_AT: usize = 50;

/// News of a run for one receiver.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct View {
    /// The `webhook-id`.
    id: String,
    #[schema(value_type = Uuid)]
    run: RunId,
    /// When the run ended; null when nobody wrote that down.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended: Option<Timestamp>,
    /// The name of the receiver; of a callback its host.
    receiver: String,
    /// One of pending, delivered, failed, disabled.
    state: &'static str,
    /// Attempts so far.
    attempts: u32,
    /// When it is to be sent, while it is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    next: Option<Timestamp>,
    /// The last attempt.
    #[schema(value_type = Option<String>, format = DateTime)]
    tried: Option<Timestamp>,
    /// The last status of HTTP; null when none came.
    status: Option<u16>,
    /// Why the last attempt failed.
    error: Option<String>,
}

impl From<Delivery> for View {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            run: delivery.run,
            ended: delivery.ended,
            receiver: shown(&delivery.receiver),
            state: delivery.state.name(),
            attempts: delivery.attempts,
            next: delivery.next,
            tried: delivery.tried,
            status: delivery.status,
            error: delivery.error,
        }
    }
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryPage)]
pub(crate) struct Page {
    deliveries: Vec<View>,
    /// What `after` takes for the next page; null on the last one.
    next: Option<String>,
}

/// What is told to others of runs, those of the newest runs first.
#[utoipa::path(
    get, path = "/api/v1/deliveries", tag = "webhooks",
    params(
        ("run" = Option<Uuid>, Query, description = "Only of this run"),
        ("receiver" = Option<String>, Query, description = "Only for this receiver, by its name or the whole address of a callback"),
        ("state" = Option<String>, Query, description = "Only in this state: pending, delivered, failed, disabled"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many a page holds; 50 if not given"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Page),),
)]
pub(crate) async fn deliveries(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Page>, ApiError> {
    let query = query(parameters)?;
    let mut found = state.books.deliveries(&query).await?;
    let more = cut(&mut found, query.limit - 1);
    let next = found.last().filter(|_| more).map(|last| format!("{}.{}", last.run, last.id));
    Ok(Json(Page { deliveries: found.into_iter().map(View::from).collect(), next }))
}

/// The query, which reads one more than the page holds to know whether there is a next one.
fn query(parameters: Parameters) -> Result<DeliveryQuery, ApiError> {
    let parameters = parameters.only(&["run", "receiver", "state", "limit", "after"])?;
    let mut query = DeliveryQuery::default();
    query.run = parameters.value("run", EXPECTED_RUN, |id| id.parse().ok())?;
    query.receiver = parameters.text("receiver");
    query.state = parameters.value("state", EXPECTED_STATE, DeliveryState::from_name)?;
    query.before = parameters.value("after", EXPECTED_CURSOR, cursor)?;
    query.limit = parameters.limit()? + 1;
    Ok(query)
}

fn cursor(text: &str) -> Option<(RunId, DeliveryId)> {
    let (run, id) = text.split_once('.')?;
    Some((run.parse().ok()?, delivery_id(id)?))
}

/// An id as deliveries have them.
fn delivery_id(text: &str) -> Option<DeliveryId> {
    let is_one = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_one.then(|| DeliveryId::from(text.to_owned()))
}

/// Sends a delivery again, whatever became of it, under the same `webhook-id`. A receiver that wanted no more gets what
/// came since, too.
#[utoipa::path(
    post, path = "/api/v1/deliveries/{id}/resend", tag = "webhooks",
    params(("id" = String, Path, description = "The delivery")),
    responses((status = 202, body = View),),
)]
pub(crate) async fn resend(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    PathText(id): PathText,
    parameters: Parameters,
) -> Result<(StatusCode, Json<View>), ApiError> {
    parameters.only(&[])?;
    let unknown =
        || ApiError::not_found("delivery_not_found", "there is no such delivery", "GET /api/v1/deliveries lists them");
    let id = delivery_id(&id).ok_or_else(unknown)?;
    let delivery = state.books.resend(&id, Timestamp::now()).await?.ok_or_else(unknown)?;
    state.books.record(&AuditEntry::new(caller.name, "delivery.resend", id.as_str())).await?;
    if let Some(webhooks) = &state.webhooks {
        webhooks.wake();
    }
    Ok((StatusCode::ACCEPTED, Json(delivery.into())))
}

/// A receiver, without its secrets and without the path of its URL.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookReceiver)]
pub(crate) struct ReceiverView {
    name: String,
    host: Option<String>,
    /// `active`, or `disabled` when it answered 410: then nothing is sent to it until one of its deliveries is sent again.
    state: &'static str,
    /// The last attempt that it took, among the news of the newest runs.
    last_success: Option<Attempt>,
    /// The last attempt that it did not take, among the news of the newest runs.
    last_failure: Option<Attempt>,
}

/// How an attempt ended.
#[derive(Serialize, ToSchema)]
struct Attempt {
    delivery: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    status: Option<u16>,
    error: Option<String>,
}

/// All receivers.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookReceivers)]
pub(crate) struct Receivers {
    webhooks: Vec<ReceiverView>,
    /// Whether runs may be started with a callback: only where there is a secret to sign it with.
    callbacks: bool,
}

/// The receivers that are told of each run that ends.
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "webhooks",
    responses((status = 200, body = Receivers),),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Receivers>, ApiError> {
    parameters.only(&[])?;
    let mut webhooks = Vec::new();
    for (name, receiver) in state.webhooks.iter().flat_map(|webhooks| &webhooks.receivers) {
        webhooks.push(view(&state, name, receiver.host()).await?);
    }
    let callbacks = state.webhooks.as_ref().is_some_and(Webhooks::takes_callbacks);
    Ok(Json(Receivers { webhooks, callbacks }))
}

async fn view(state: &AppState, name: &str, host: Option<String>) -> Result<ReceiverView, ApiError> {
    let mut query = DeliveryQuery::default();
    (query.receiver, query.limit) = (Some(name.to_owned()), LOOKED_AT);
    let found = state.books.deliveries(&query).await?;
    (query.state, query.limit) = (Some(DeliveryState::Disabled), 1);
    let is_disabled = !state.books.deliveries(&query).await?.is_empty();
    let last = |failed: bool| {
        let tried = found.iter().filter(|it| it.error.is_some() == failed);
        let last = tried.filter_map(|it| Some((it.tried?, it))).max_by_key(|(at, _)| *at);
        last.map(|(at, it)| Attempt { delivery: it.id.to_string(), at, status: it.status, error: it.error.clone() })
    };
    let state = if is_disabled { "disabled" } else { "active" };
    Ok(ReceiverView { name: name.to_owned(), host, state, last_success: last(false), last_failure: last(true) })
}

/// What became of a test.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookTest)]
pub(crate) struct Tried {
    /// Whether the receiver took it.
    taken: bool,
    /// The status that it answered with; null without an answer.
    status: Option<u16>,
    /// Why it did not take it.
    error: Option<String>,
    /// What it answered, at most 1,024 bytes of it.
    answer: String,
}

impl From<Delivered> for Tried {
    fn from(it: Delivered) -> Self {
        Self { taken: it.next == Next::Done, status: it.status, error: it.failure, answer: it.answer }
    }
}

/// Sends a webhook of the type `test` to a receiver, once, and tells what became of it.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{name}/test", tag = "webhooks",
    params(("name" = String, Path, description = "The receiver")),
    responses((status = 200, body = Tried),),
)]
pub(crate) async fn test(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    PathText(name): PathText,
    parameters: Parameters,
) -> Result<Json<Tried>, ApiError> {
    parameters.only(&[])?;
    let unknown =
        || ApiError::not_found("webhook_not_found", "there is no such receiver", "GET /api/v1/webhooks lists them");
    let webhooks = state.webhooks.as_ref().filter(|it| !is_address(&name) && it.receivers.contains_key(&name));
    let webhooks = webhooks.ok_or_else(unknown)?;
    state.books.record(&AuditEntry::new(caller.name, "webhook.test", &*name)).await?;
    Ok(Json(webhooks.test(&name, Timestamp::now()).await.ok_or_else(unknown)?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_that_is_offered_is_one() {
        let words: Vec<&str> = EXPECTED_STATE.trim_start_matches("one of ").split(", ").collect();
        assert!(words.len() == 4 && words.iter().all(|word| DeliveryState::from_name(word).is_some()), "{words:?}");
    }

    #[test]
    fn a_callback_shows_no_more_than_its_host() {
        assert_eq!(shown("https://user:s3cr3t@hooks.example.com/s3cr3t?k=s3cr3t"), "callback at hooks.example.com");
        assert_eq!((shown("ci").as_str(), shown("://s3cr3t").as_str()), ("ci", "callback"));
    }
}
