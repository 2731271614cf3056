//! What is told to a collector of OpenTelemetry: with the feature `otel`, where `OTEL_*` variables name one.

#[cfg(feature = "otel")]
mod attributes;
#[cfg(feature = "otel")]
mod evaluations;
#[cfg(feature = "otel")]
mod exporter;
#[cfg(feature = "otel")]
mod traced;

#[cfg(not(feature = "otel"))]
mod nothing;

#[cfg(feature = "otel")]
pub(crate) use exporter::Telemetry;
#[cfg(not(feature = "otel"))]
pub(crate) use nothing::Telemetry;
