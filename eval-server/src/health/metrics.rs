//! Figures for Prometheus.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use eval_core::Stats;
use eval_core::server::Tally;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

use crate::AppState;
use crate::error::{ApiError, Envelope};

/// The template of the route that answered, in the extensions of the answer.
#[derive(Debug, Clone)]
pub(crate) struct Measured(pub(crate) Arc<str>);

/// What was asked, by template: a path that somebody thinks of makes no series of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// Requests and how long they took.
pub(super) struct Requests {
    count: Family<Asked, Counter>,
    times: Family<Route, Histogram, fn() -> Histogram>,
}

/// Upper bounds in seconds, from half a millisecond to ten seconds.
const BOUNDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

impl Default for Requests {
    fn default() -> Self {
        let make: fn() -> Histogram = || Histogram::new(BOUNDS);
        Self { count: Family::default(), times: Family::new_with_constructor(make) }
    }
}

/// Counts a request when its answer begins.
pub(crate) async fn measure(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (begun, method) = (Instant::now(), word(request.method()));
    let response = next.run(request).await;
    let route = response.extensions().get::<Measured>().map_or("none", |route| &*route.0).to_owned();
    let requests = &state.pulse.requests;
    requests.times.get_or_create(&Route { route: route.clone() }).observe(begun.elapsed().as_secs_f64());
    requests.count.get_or_create(&Asked { method, route, status: response.status().as_u16() }).inc();
    response
}

fn word(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// Figures of the store.
pub(super) type Stored = Arc<(Stats, Tally)>;

/// How long figures of the store hold: who scrapes more often costs the database nothing.
const HOLDS: Duration = Duration::from_secs(5);

/// Figures for Prometheus, in the text format of OpenMetrics. Those of the store are at most five seconds old, and left
/// out while it cannot be read (`eval_store_reachable` is then 0).
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, description = "The figures", body = String,
        content_type = "application/openmetrics-text"), (status = 500, body = Envelope)),
)]
pub(crate) async fn scrape(State(state): State<AppState>) -> Result<Response, ApiError> {
    let look = async || {
        let found = async { Ok::<_, eval_core::StoreError>((state.store.stats().await?, state.books.tally().await?)) };
        match found.await {
            Ok(found) => Some(Arc::new(found)),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the store has no figures");
                None
            }
        }
    };
    let stored = state.pulse.stored(HOLDS, look).await;
    let mut registry = Registry::with_prefix("eval");
    of_process(&mut registry, &state);
    of_store(&mut registry, stored.as_deref());
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|_| ApiError::internal())?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

fn of_process(registry: &mut Registry, state: &AppState) {
    let requests = &state.pulse.requests;
    registry.register("http_requests", "Requests, by the template of their route", requests.count.clone());
    let times = "Time until an answer begins";
    registry.register_with_unit("http_request_duration", times, Unit::Seconds, requests.times.clone());
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    labelled(registry, "build", "The program that runs; always 1", [(version, 1)]);
    let uptime = i64::try_from(state.pulse.uptime().as_secs()).unwrap_or(i64::MAX);
    gauge(registry, "uptime_seconds", "Seconds since the start", uptime);
    if let Some(bytes) = resident() {
        gauge(registry, "process_resident_memory_bytes", "Resident memory of the process", bytes);
    }
}

fn of_store(registry: &mut Registry, stored: Option<&(Stats, Tally)>) {
    gauge(registry, "store_reachable", "Whether the store could be read", i64::from(stored.is_some()));
    let Some((stats, tally)) = stored else { return };
    let runs = stats.runs.iter().map(|(status, n)| (vec![("status", status.name())], *n));
    labelled(registry, "runs", "Runs, by status", runs);
    let counts = &stats.evaluations;
    let outcomes = [("scored", counts.scored), ("unscored", counts.unscored), ("failed", counts.failed)];
    let outcomes = outcomes.map(|(name, n)| (vec![("outcome", name)], n));
    labelled(registry, "evaluations", "Evaluations of runs that have ended, by outcome", outcomes);
    let jobs = tally.jobs.iter().map(|(state, n)| (vec![("state", state.name())], *n));
    labelled(registry, "jobs", "Jobs, by state", jobs);
    let deliveries = tally.deliveries.iter().map(|(state, n)| (vec![("state", state.name())], *n));
    labelled(registry, "webhook_deliveries", "Deliveries of webhooks, by state", deliveries);
    gauge(registry, "alerts_open", "Alerts that are not over", whole(tally.open_alerts));
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

type Labels = Vec<(&'static str, &'static str)>;

fn labelled(registry: &mut Registry, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, u64)>) {
    let family = Family::<Labels, Gauge>::default();
    for (labels, n) in values {
        family.get_or_create(&labels).set(whole(n));
    }
    registry.register(name, help, family);
}

/// Resident memory in bytes; `None` where there is no `/proc`.
fn resident() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<i64>().ok().map(|kilobytes| kilobytes * 1024)
}
