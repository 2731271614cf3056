//! The exporter, set up by the variables of OpenTelemetry itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eval_core::{Origin, Provider, ProviderExt as _, Reporter, RunId, SampleId};
use opentelemetry::trace::{SpanContext, TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, LogExporter, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use super::evaluations::Evaluations;
use super::traced::TraceLayer;
use crate::output::{Console, clean};

/// Who tells of what: the name of the instrumentation.
pub(super) const SCOPE: &str = "evalctl";

/// Any of these names a collector. Nobody is told where none does.
const ENDPOINTS: [&str; 3] =
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"];

/// Says that questions, answers and reasons may be told too, by the name that other instrumentations of GenAI have for it.
const CONTENT: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

/// How long the end of the program waits for the collector.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The collector, if there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Telemetry(Option<Arc<Exporter>>);

/// Where spans and events go.
#[derive(Debug)]
pub(super) struct Exporter {
    pub(super) traces: SdkTracerProvider,
    pub(super) logs: SdkLoggerProvider,
    /// Whether questions, answers and reasons are told.
    pub(super) content: bool,
    /// The spans of answers whose verdicts have not been told.
    answers: Mutex<HashMap<Question, SpanContext>>,
}

/// One question in one epoch of a run.
pub(super) type Question = (RunId, SampleId, u32);

impl Telemetry {
    /// Sets the exporter up. It has threads of its own, and is made outside of any runtime. Where that does not work, the
    /// program does its work all the same.
    pub(crate) fn from_env(console: &Console) -> Self {
        if is_true("OTEL_SDK_DISABLED") || !ENDPOINTS.into_iter().any(is_set) {
            return Self(None);
        }
        match Exporter::new() {
            Ok(exporter) => Self(Some(Arc::new(exporter))),
            Err(error) => {
                console.warn(format!("OpenTelemetry is told nothing: {}", clean(&error.to_string())));
                Self(None)
            }
        }
    }

    /// A provider each of whose calls is told as a span. `url` is where it calls.
    pub(crate) fn over(&self, provider: Arc<dyn Provider>, url: &str) -> Arc<dyn Provider> {
        match &self.0 {
            Some(exporter) => Arc::new(provider.layer(TraceLayer::new(exporter.clone(), url))),
            None => provider,
        }
    }

    /// Tells verdicts as events.
    pub(crate) fn reporter(&self) -> impl Reporter + 'static {
        Evaluations::new(self.0.clone())
    }

    /// Sends what was not sent yet. Called outside of any runtime.
    pub(crate) fn close(&self, console: &Console) {
        let Some(exporter) = &self.0 else { return };
        let ends = [exporter.traces.shutdown_with_timeout(LAST_WORDS), exporter.logs.shutdown_with_timeout(LAST_WORDS)];
        for error in ends.into_iter().filter_map(Result::err) {
            console.warn(format!("not everything was told to OpenTelemetry: {}", clean(&error.to_string())));
        }
    }
}

impl Exporter {
    fn new() -> Result<Self, ExporterBuildError> {
        let (mut spans, mut events) = (SpanExporter::builder().with_http(), LogExporter::builder().with_http());
        // What the specification says where nobody says otherwise.
        if !is_set("OTEL_EXPORTER_OTLP_PROTOCOL") && !is_set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") {
            spans = spans.with_protocol(Protocol::HttpBinary);
        }
        if !is_set("OTEL_EXPORTER_OTLP_PROTOCOL") && !is_set("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL") {
            events = events.with_protocol(Protocol::HttpBinary);
        }
        let traces = SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(spans.build()?);
        let logs = SdkLoggerProvider::builder().with_resource(resource()).with_batch_exporter(events.build()?);
        let answers = Mutex::default();
        Ok(Self { traces: traces.build(), logs: logs.build(), content: is_true(CONTENT), answers })
    }

    pub(super) fn tracer(&self) -> SdkTracer {
        self.traces.tracer(SCOPE)
    }

    pub(super) fn note(&self, origin: &Origin, span: &SpanContext) {
        self.answers().insert(question(origin), span.clone());
    }

    pub(super) fn answer(&self, origin: &Origin) -> Option<SpanContext> {
        self.answers().get(&question(origin)).cloned()
    }

    pub(super) fn take(&self, question: &Question) -> Option<SpanContext> {
        self.answers().remove(question)
    }

    /// Questions of a run that has ended and that never got a verdict.
    pub(super) fn forget(&self, run: RunId) {
        self.answers().retain(|question, _| question.0 != run);
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<Question, SpanContext>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn question(origin: &Origin) -> Question {
    (origin.run, origin.sample.clone(), origin.epoch)
}

/// `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` stand above our own name.
fn resource() -> Resource {
    let named = std::env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|attributes| attributes.contains("service.name="));
    let resource = Resource::builder();
    match named || std::env::var_os("OTEL_SERVICE_NAME").is_some() {
        true => resource.build(),
        false => resource.with_service_name(SCOPE).build(),
    }
}

fn is_set(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !value.trim().is_empty())
}

fn is_true(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| value.trim().eq_ignore_ascii_case("true"))
}
