//! The data sets that runs were made over, and those that a run may name.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use eval_core::{DatasetRef, RunId, Timestamp, UsedDataset};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::ApiError;
use crate::openapi::maybe;
use crate::query::{Parameters, cut};

/// A page of data sets.
#[derive(Serialize, ToSchema)]
#[schema(as = DatasetPage)]
pub(crate) struct Page {
    datasets: Vec<Listed>,
    /// What `after` takes for the next page; null on the last one.
    next: Option<String>,
}

/// A data set that was asked, or that may be.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = ListedDataset)]
pub(crate) struct Listed {
    /// The name.
    name: String,
    /// Runs over it, of any kind and status; 0 where it may be asked and never was.
    runs: u64,
    /// What the newest run over it asked: its name, fingerprint and number of questions by then.
    #[schema(schema_with = maybe::<DatasetRef>)]
    dataset: Option<DatasetRef>,
    /// The newest of the runs.
    #[schema(value_type = Option<String>, format = Uuid)]
    newest: Option<RunId>,
    /// When that one began (UTC).
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

impl From<UsedDataset> for Listed {
    fn from(used: UsedDataset) -> Self {
        let UsedDataset { dataset, runs, newest, at, .. } = used;
        Self { name: dataset.name.clone(), runs, dataset: Some(dataset), newest: Some(newest), at: Some(at) }
    }
}

/// The data sets that runs were made over and those that a run may name, by name.
#[utoipa::path(
    get, path = "/api/v1/datasets", tag = "datasets",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many a page holds; 50 if not given"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Page),),
)]
pub(crate) async fn list(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Page>, ApiError> {
    let parameters = parameters.only(&["limit", "after"])?;
    let (limit, after) = (parameters.limit()?, parameters.text("after").unwrap_or_default());
    let named = (state.dataset_names)().into_iter().map(|name| Listed { name, ..Listed::default() });
    let used = state.store.datasets().await?.into_iter().map(Listed::from);
    // Of two of one name the later stays: that which has runs.
    let all: BTreeMap<String, Listed> = named.chain(used).map(|listed| (listed.name.clone(), listed)).collect();
    let mut datasets: Vec<Listed> = all.into_values().filter(|found| found.name > after).collect();
    let more = cut(&mut datasets, limit);
    let next = datasets.last().filter(|_| more).map(|found| found.name.clone());
    Ok(Json(Page { datasets, next }))
}
