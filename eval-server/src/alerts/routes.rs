//! Alerts over HTTP.

use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use eval_core::Timestamp;
use eval_core::server::{
    Ack, AckKind, Alert, AlertId, AlertLog, AlertQuery, Audit, AuditEntry, Notice, NoticeKind, NoticeQuery,
    NoticeState, Notices,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AckError;
use crate::body::Body;
use crate::error::{ApiError, Envelope};
use crate::openapi::core;
use crate::query::{Parameters, cut};
use crate::{AppState, Caller};

/// The most characters of a reason.
const REASON: usize = 2_000;
/// Notices of one page: each alert may have some for each channel.
const NOTICES: usize = 10_000;

/// An alert, and what channels were told of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertView {
    #[schema(schema_with = core::<Alert>)]
    alert: Alert,
    notices: Vec<NoticeView>,
}

/// What a channel was told.
#[derive(Clone, Serialize, ToSchema)]
struct NoticeView {
    id: String,
    channel: String,
    #[schema(schema_with = core::<NoticeKind>)]
    kind: NoticeKind,
    #[schema(schema_with = core::<NoticeState>)]
    state: NoticeState,
    attempts: u32,
    /// When it is tried next.
    #[schema(value_type = Option<String>, format = DateTime)]
    next: Option<Timestamp>,
    /// When it was tried last.
    #[schema(value_type = Option<String>, format = DateTime)]
    tried: Option<Timestamp>,
    /// Why the last attempt failed.
    error: Option<String>,
}

impl From<&Notice> for NoticeView {
    fn from(notice: &Notice) -> Self {
        let Notice { kind, state, attempts, next, tried, .. } = *notice;
        let (id, channel) = (notice.id.to_string(), notice.channel.clone());
        Self { id, channel, kind, state, attempts, next, tried, error: notice.error.clone() }
    }
}

/// A page of alerts.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertPage {
    alerts: Vec<AlertView>,
    /// What `after` takes for the next page; null on the last one.
    next: Option<String>,
}

/// Alerts, newest first, with what channels were told of each.
#[utoipa::path(
    get, path = "/api/v1/alerts", tag = "alerts",
    params(
        ("open" = Option<bool>, Query, description = "Only those that last (true) or are over (false)"),
        ("key" = Option<String>, Query, description = "Only those of this key"),
        ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = AlertPage),),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<AlertPage>, ApiError> {
    let parameters = parameters.only(&["open", "key", "limit", "after"])?;
    let limit = parameters.limit()?;
    let mut query = AlertQuery::default();
    query.open = parameters.value("open", "true or false", |text| text.parse().ok())?;
    query.key = parameters.text("key");
    query.before = parameters.value("after", "the id of an alert", |text| text.parse().ok())?;
    query.limit = limit + 1;
    let mut alerts = state.books.alerts(&query).await?;
    let more = cut(&mut alerts, limit);
    let next = alerts.last().filter(|_| more).map(|alert| alert.id.to_string());
    Ok(Json(AlertPage { alerts: views(&state, alerts).await?, next }))
}

/// An alert, with what channels were told of it.
#[utoipa::path(
    get, path = "/api/v1/alerts/{id}", tag = "alerts",
    params(("id" = String, Path, description = "The id of an alert")),
    responses((status = 200, body = AlertView),),
)]
pub(crate) async fn show(State(state): State<AppState>, path: RawPathParams) -> Result<Json<AlertView>, ApiError> {
    let id = alert_id(&path)?;
    let alert = state.books.alert(id).await?.ok_or_else(|| unknown(id))?;
    view(&state, alert).await
}

/// What a person says of an alert.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AckRequest {
    /// `accept`: the new level is fine, a new era begins. `fixed`: the cause is mended, a new era begins. `mute`: no more
    /// messages.
    #[schema(schema_with = core::<AckKind>)]
    action: AckKind,
    /// Why.
    reason: String,
    /// Until when it is muted; null for as long as it lasts.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Says something of an alert. `accept` and `fixed` write a mark, with which the history begins a new era, and end the
/// alert.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/ack", tag = "alerts",
    params(("id" = String, Path, description = "The id of an alert")),
    request_body = AckRequest,
    responses(
        (status = 200, body = AlertView),
        (status = 409, body = Envelope, description = "It is over, or its run is gone"),
    ),
)]
pub(crate) async fn acknowledge(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    path: RawPathParams,
    Body(AckRequest { action, reason, until }): Body<AckRequest>,
) -> Result<Json<AlertView>, ApiError> {
    let id = alert_id(&path)?;
    let now = Timestamp::now();
    let length = reason.trim().chars().count();
    if !(1..=REASON).contains(&length) {
        return Err(ApiError::wrong_at("reason", &format!("it has {length} characters; expected 1 to {REASON}")));
    }
    if until.is_some_and(|until| action != AckKind::Mute || until <= now) {
        return Err(ApiError::wrong_at("until", "it is for mute alone, and lies in the future"));
    }
    let ack = Ack::new(action, &*caller.name, reason.trim(), now).until(until);
    let alert = state.alerts.acknowledge(id, &ack).await?;
    let entry = AuditEntry::new(caller.name, "alert.ack", id.to_string());
    state.books.record(&entry.detail("action", action.name()).detail("reason", ack.reason)).await?;
    view(&state, alert).await
}

/// Through which channel a test message goes.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TestRequest {
    /// `slack`, `webhook`, `email`, or one of the names of the channels; null for all.
    channel: Option<String>,
}

/// What became of a test message.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestAnswer {
    channel: String,
    /// Whether the receiver took it.
    taken: bool,
    /// Why not.
    error: Option<String>,
    /// What the receiver said, in its own words.
    said: String,
}

/// What became of the test messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestAnswers {
    channels: Vec<TestAnswer>,
}

/// Sends a test message through the channels, and says what each receiver answered.
#[utoipa::path(
    post, path = "/api/v1/alerts/test", tag = "alerts", request_body = TestRequest,
    responses(
        (status = 200, body = TestAnswers),
        (status = 404, body = Envelope, description = "There is no such channel"),
    ),
)]
pub(crate) async fn test(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Body(TestRequest { channel }): Body<TestRequest>,
) -> Result<Json<TestAnswers>, ApiError> {
    let tried = state.alerts.try_channels(channel.as_deref(), Timestamp::now()).await;
    if tried.is_empty() {
        return Err(no_channel(channel.as_deref(), state.alerts.channels()));
    }
    let entry = AuditEntry::new(caller.name, "alert.test", channel.unwrap_or_else(|| "all".into()));
    state.books.record(&entry).await?;
    let channels = tried.into_iter().map(|(channel, told)| TestAnswer {
        channel,
        taken: told.failure.is_none(),
        error: told.failure,
        said: told.answer,
    });
    Ok(Json(TestAnswers { channels: channels.collect() }))
}

async fn views(state: &AppState, alerts: Vec<Alert>) -> Result<Vec<AlertView>, ApiError> {
    if alerts.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = NoticeQuery::default();
    (query.alerts, query.limit) = (alerts.iter().map(|alert| alert.id).collect(), NOTICES);
    let notices = state.books.notices(&query).await?;
    let of = |id: AlertId| notices.iter().filter(move |notice| notice.alerts.contains(&id));
    let view = |alert: Alert| AlertView { notices: of(alert.id).map(NoticeView::from).collect(), alert };
    Ok(alerts.into_iter().map(view).collect())
}

async fn view(state: &AppState, alert: Alert) -> Result<Json<AlertView>, ApiError> {
    let id = alert.id;
    views(state, vec![alert]).await?.pop().map(Json).ok_or_else(|| unknown(id))
}

fn alert_id(path: &RawPathParams) -> Result<AlertId, ApiError> {
    let id = path.iter().find(|(name, _)| *name == "id").map_or("", |(_, value)| value);
    id.parse().map_err(|_| ApiError::bad_parameter("id", id, "the full id of an alert"))
}

fn unknown(id: AlertId) -> ApiError {
    let hint = "GET /api/v1/alerts lists the alerts";
    ApiError::new(StatusCode::NOT_FOUND, "alert_not_found", format!("there is no alert {id}"), hint)
}

fn no_channel<'a>(channel: Option<&str>, known: impl Iterator<Item = &'a str>) -> ApiError {
    let known: Vec<&str> = known.collect();
    let hint = match known[..] {
        [] => "no channel is configured: [alerts.slack], [alerts.email] or [alerts.webhook] in evalctl.toml".to_owned(),
        _ => format!("the channels are {}", known.join(", ")),
    };
    let message = channel.map_or("there is no channel".to_owned(), |name| format!("there is no channel {name:?}"));
    ApiError::new(StatusCode::NOT_FOUND, "channel_not_found", message, hint)
}

impl From<AckError> for ApiError {
    fn from(error: AckError) -> Self {
        let text = error.to_string();
        match error {
            AckError::Unknown(id) => unknown(id),
            AckError::Store(error) => error.into(),
            AckError::Over(_) => Self::new(StatusCode::CONFLICT, "alert_over", text, "there is nothing left to answer"),
            AckError::NoRun(_) => Self::new(StatusCode::CONFLICT, "run_gone", text, "mute it instead"),
        }
    }
}
