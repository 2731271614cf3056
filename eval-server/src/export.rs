//! A run as a file.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use eval_core::server::{ExportForm, ExportPieces};
use eval_core::{BoxError, EvaluationQuery};
use futures_util::stream::unfold;

use crate::AppState;
use crate::error::{ApiError, Envelope};
use crate::query::{Parameters, PathRun};

/// Evaluations in a piece.
const PIECE: usize = 200;

/// A run with all its evaluations, as `evalctl export` writes it: no cell of a table is taken for a formula. It is sent
/// piece by piece. It is no snapshot of a run that goes on: what is evaluated meanwhile may be in it, nothing is in it
/// twice, and nothing is left out that was there when it began.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}/export", tag = "runs",
    params(
        ("id" = Uuid, Path, description = "The run"),
        ("format" = Option<String>, Query, description = "csv or json; json if not given"),
    ),
    responses(
        (status = 200, content((serde_json::Value = "application/json"), (String = "text/csv"))),
        (status = 404, body = Envelope, description = "There is no such run, or this server writes no files"),
    ),
)]
pub(crate) async fn run(
    State(state): State<AppState>,
    PathRun(id): PathRun,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let form = parameters.only(&["format"])?.value("format", "csv or json", form)?.unwrap_or(ExportForm::Json);
    let exporter = state.exporter.clone().ok_or_else(no_exporter)?;
    let run = state.store.get_run(id).await?.without_folders();
    let mut wanted = EvaluationQuery::default();
    wanted.limit = PIECE;
    let (kind, ending) = match form {
        ExportForm::Csv => ("text/csv; charset=utf-8", "csv"),
        _ => ("application/json", "json"),
    };
    let file = format!("attachment; filename=\"run-{}.{ending}\"", run.id.short());
    let pieces = exporter.begin(state.store.clone(), run, wanted, form);
    let body = Body::from_stream(unfold(Some(pieces), next));
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, &file)], body).into_response())
}

fn no_exporter() -> ApiError {
    let hint = "GET /api/v1/runs/{id}/evaluations has the same page by page";
    ApiError::not_found("no_export", "this server writes no files", hint)
}

fn form(name: &str) -> Option<ExportForm> {
    match name {
        "csv" => Some(ExportForm::Csv),
        "json" => Some(ExportForm::Json),
        _ => None,
    }
}

/// The next piece, and what comes after it; made only when the one before has gone. A store that fails cuts the answer off,
/// so that nobody takes a part for the whole.
async fn next(
    pieces: Option<Box<dyn ExportPieces>>,
) -> Option<(Result<Bytes, BoxError>, Option<Box<dyn ExportPieces>>)> {
    let mut pieces = pieces?;
    match pieces.next().await {
        Ok(piece) => Some((Ok(Bytes::from(piece?)), Some(pieces))),
        Err(error) => {
            tracing::error!(error = &*error as &dyn std::error::Error, "an export was cut off");
            Some((Err(error), None))
        }
    }
}
