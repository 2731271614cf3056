//! The data sets that runs were made over.

use axum::Json;
use axum::extract::State;
use eval_core::UsedDataset;
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::{ApiError, Envelope};
use crate::openapi::cores;
use crate::query::{Parameters, cut};

/// A page of data sets.
#[derive(Serialize, ToSchema)]
#[schema(as = DatasetPage)]
pub(crate) struct Page {
    #[schema(schema_with = cores::<UsedDataset>)]
    datasets: Vec<UsedDataset>,
    /// What `after` takes for the next page; null on the last one.
    next: Option<String>,
}

/// The data sets that runs were made over, by name: fingerprint and number of questions as the newest run found them.
#[utoipa::path(
    get, path = "/api/v1/datasets", tag = "datasets",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many a page holds; 50 if not given"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Page), (status = 400, body = Envelope)),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Page>, ApiError> {
    let parameters = parameters.only(&["limit", "after"])?;
    let (limit, after) = (parameters.limit()?, parameters.text("after").unwrap_or_default());
    let mut datasets = state.store.datasets().await?;
    datasets.retain(|found| after.is_empty() || found.dataset.name > after);
    let more = cut(&mut datasets, limit);
    let next = datasets.last().filter(|_| more).map(|found| found.dataset.name.clone());
    Ok(Json(Page { datasets, next }))
}
