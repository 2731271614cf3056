//! What was spent.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use eval_core::{CostQuery, DailyCost, Money, Timestamp, Total};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::ApiError;
use crate::openapi::{core, cores};
use crate::query::Parameters;

/// So many days are added up where nobody says since when.
const DAYS: i64 = 30;

/// What was spent, in nano-dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct Costs {
    /// Runs that began at this time or later are in it (UTC).
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// All of it.
    total: Spent,
    /// By model, by name.
    models: BTreeMap<String, Spent>,
    /// By day and model, the newest day first.
    #[schema(schema_with = cores::<DailyCost>)]
    days: Vec<DailyCost>,
}

/// What runs cost.
#[derive(Serialize, ToSchema)]
struct Spent {
    /// Runs that began.
    runs: u64,
    /// Runs of these that have not ended: their cost is not in the sums.
    open: u64,
    /// Cost of the answers, and how many calls have none that is known.
    #[schema(schema_with = core::<Total<Money>>)]
    answers: Total<Money>,
    /// Cost of the judges, and how many verdicts have none that is known.
    #[schema(schema_with = core::<Total<Money>>)]
    judges: Total<Money>,
    /// The judges' part of what is known to be spent, from 0 to 1; null when nothing is.
    judge_share: Option<f64>,
}

/// What was spent on runs that began in some time, by model and by day.
#[utoipa::path(
    get, path = "/api/v1/costs", tag = "stats",
    params(
        ("model" = Option<String>, Query, description = "Only runs of this model"),
        ("since" = Option<String>, Query, description = "Only runs that began at this time or later; 30 days ago if not given"),
        ("until" = Option<String>, Query, description = "Only runs that began before this time"),
    ),
    responses((status = 200, body = Costs),),
)]
pub(crate) async fn show(State(state): State<AppState>, parameters: Parameters) -> Result<Json<Costs>, ApiError> {
    let parameters = parameters.only(&["model", "since", "until"])?;
    let month = Timestamp::from_second(Timestamp::now().as_second() - DAYS * 86_400).unwrap_or(Timestamp::UNIX_EPOCH);
    let since = parameters.time("since")?.unwrap_or(month);
    let mut query = CostQuery::default();
    (query.model, query.since, query.until) = (parameters.text("model"), Some(since), parameters.time("until")?);
    let days = state.store.costs(&query).await?;
    let mut by_model: BTreeMap<&str, Vec<&DailyCost>> = BTreeMap::new();
    days.iter().for_each(|day| by_model.entry(&day.model).or_default().push(day));
    let models = by_model.into_iter().map(|(model, days)| (model.to_owned(), Spent::of(days))).collect();
    Ok(Json(Costs { since, total: Spent::of(&days), models, days }))
}

impl Spent {
    fn of<'a>(days: impl IntoIterator<Item = &'a DailyCost>) -> Self {
        let (answers, judges) = (Total::default(), Total::default());
        let mut sum = Self { runs: 0, open: 0, answers, judges, judge_share: None };
        for day in days {
            sum.runs += day.runs;
            sum.open += day.open;
            sum.answers += day.answers;
            sum.judges += day.judges;
        }
        let usd = |total: Total<Money>| total.known.map_or(0.0, Money::usd);
        let (judges, all) = (usd(sum.judges), usd(sum.judges) + usd(sum.answers));
        sum.judge_share = (all > 0.0).then(|| judges / all);
        sum
    }
}
