//! A span for each call.

use std::fmt;
use std::sync::Arc;

use eval_core::{Completion, Layer, Provider, ProviderError, Purpose, Request, async_trait};
use opentelemetry::trace::{Span as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span};

use super::attributes::{self, OPERATION};
use super::exporter::Exporter;

/// Tells each call as a span: directly on the endpoint, so that a span is one HTTP request and lasts as long. The answer
/// begins a trace, and the calls of its judges belong to it.
pub(super) struct TraceLayer {
    exporter: Arc<Exporter>,
    server: Vec<KeyValue>,
}

impl TraceLayer {
    pub(super) fn new(exporter: Arc<Exporter>, url: &str) -> Self {
        Self { exporter, server: server(url) }
    }
}

impl<P: Provider> Layer<P> for TraceLayer {
    type Provider = Traced<P>;

    fn layer(&self, inner: P) -> Traced<P> {
        let (exporter, server) = (self.exporter.clone(), self.server.clone());
        Traced { tracer: exporter.tracer(), exporter, server, inner }
    }
}

/// A provider whose calls are told.
pub(super) struct Traced<P> {
    exporter: Arc<Exporter>,
    tracer: SdkTracer,
    server: Vec<KeyValue>,
    inner: P,
}

impl<P> fmt::Debug for Traced<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traced").finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: Provider> Provider for Traced<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let mut span = self.begin(request);
        let result = self.inner.complete(request).await;
        match &result {
            Ok(completion) => {
                span.set_attributes(attributes::of_completion(completion));
                if self.exporter.content {
                    span.set_attribute(attributes::content_of_completion(completion));
                }
            }
            Err(error) => {
                span.set_attribute(attributes::of_error(error));
                span.set_status(Status::error(error.kind.name()));
            }
        }
        span.end();
        result
    }
}

impl<P: Provider> Traced<P> {
    fn begin(&self, request: &Request) -> Span {
        let mut told = attributes::of_request(request, self.inner.name());
        told.extend(self.server.iter().cloned());
        if self.exporter.content {
            told.extend(attributes::content_of_request(request));
        }
        let name = format!("{OPERATION} {}", request.model);
        let builder = SpanBuilder::from_name(name).with_kind(SpanKind::Client).with_attributes(told);
        let origin = request.origin.as_ref();
        let judged = origin.filter(|origin| origin.purpose == Purpose::Judge);
        let parent = judged.and_then(|origin| self.exporter.answer(origin));
        let parent = parent.map_or_else(Context::new, |answer| Context::new().with_remote_span_context(answer));
        let span = self.tracer.build_with_context(builder, &parent);
        if let Some(origin) = origin.filter(|origin| origin.purpose == Purpose::Answer) {
            self.exporter.note(origin, span.span_context());
        }
        span
    }
}

/// Host and port of a URL.
fn server(url: &str) -> Vec<KeyValue> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let default = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    let port = host.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<i64>().ok()?)));
    let (host, port) = port.unwrap_or((host, default));
    vec![KeyValue::new("server.address", host.to_owned()), KeyValue::new("server.port", port)]
}
