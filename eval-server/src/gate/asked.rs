//! What a gate is asked.

use std::collections::BTreeMap;

use eval_core::{HistoryQuery, Money, Run};
use eval_drift::{Gate, Policy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::overriding::WantedOverride;
use crate::error::ApiError;
use crate::{AppState, references};

/// Runs of a model that are looked through for a commit.
const MOST_OF_COMMIT: usize = 1_000;

/// The question: which run, held against what, by which limits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateRequest {
    /// The run: its id, its last six digits, @latest, NAME@latest, tag:KEY=VALUE, ref:COMMIT. Else the newest whole,
    /// finished run of `model`.
    #[serde(default)]
    run: Option<String>,
    /// The name of the model's runs, where no run is given.
    #[serde(default)]
    model: Option<String>,
    /// The data set, where no run is given; that of the model's newest run if not given.
    #[serde(default)]
    dataset: Option<String>,
    /// Only a run of this commit of git, by four digits or more, where no run is given.
    #[serde(default)]
    commit: Option<String>,
    /// What it is held against: @baseline, window:N (up to 30), branch:NAME, tag:KEY=VALUE, ref:COMMIT or a run;
    /// @baseline if not given.
    #[serde(default)]
    vs: Option<String>,
    /// The limits.
    #[serde(default)]
    limits: Limits,
    /// Whether it is also decided on answers that were given before, out of a cache or a cassette.
    #[serde(default)]
    pub(super) allow_cached: bool,
    /// Lets the run through whatever is decided. Needs the scope `admin`.
    #[serde(default)]
    pub(super) r#override: Option<WantedOverride>,
}

/// The limits of a gate, as `evalctl gate` has them.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = GateLimits)]
struct Limits {
    /// The drop that must be ruled out, in points; 3 if not given.
    #[schema(exclusive_minimum = 0, maximum = 100)]
    margin: Option<f64>,
    /// The drop that must be ruled out in single categories, in points.
    categories: BTreeMap<String, f64>,
    /// The lowest accuracy, in percent.
    #[schema(minimum = 0, maximum = 100)]
    min_accuracy: Option<f64>,
    /// The highest cost of the run, answers and judges together, in US dollars.
    #[schema(minimum = 0)]
    max_cost: Option<f64>,
    /// The longest 95th percentile of latency, in milliseconds.
    #[schema(exclusive_minimum = 0)]
    max_p95_ms: Option<f64>,
    /// The largest share of answers that failed, in percent; 5 if not given.
    #[schema(minimum = 0, maximum = 100)]
    max_error_share: Option<f64>,
    /// Whether questions that the model did not answer count as wrong.
    errors_as_failures: bool,
    /// What becomes of a run that is too small to be decided; `warn` lets it through.
    on_inconclusive: Undecided,
}

/// What becomes of a run that is too small to be decided.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Undecided {
    /// It may ship, and the answer says so.
    #[default]
    Warn,
    /// It may not.
    Fail,
}

impl GateRequest {
    /// What the run is held against.
    pub(super) fn vs(&self) -> &str {
        self.vs.as_deref().unwrap_or("@baseline")
    }

    /// The gate with these limits.
    pub(super) fn gate(&self) -> Result<Gate, ApiError> {
        let Limits { margin, categories, min_accuracy, max_cost, max_p95_ms, max_error_share, .. } = &self.limits;
        let default = Gate::new();
        let cost = max_cost.map(|usd| Money::from_usd(usd).filter(|_| usd >= 0.0).ok_or_else(|| bad_limit("max_cost")));
        let mut gate = Gate::new().margin(margin.or(default.margin)).min_accuracy(*min_accuracy);
        gate = gate.max_cost(cost.transpose()?).max_p95_ms(*max_p95_ms);
        gate = gate.max_error_share(max_error_share.or(default.max_error_share));
        gate = gate.errors_as_failures(self.limits.errors_as_failures);
        gate = categories.iter().fold(gate, |gate, (name, points)| gate.category(name, *points));
        gate = gate.on_inconclusive(match self.limits.on_inconclusive {
            Undecided::Warn => Policy::Warn,
            Undecided::Fail => Policy::Fail,
        });
        match gate.problem() {
            None => Ok(gate),
            Some(problem) => Err(ApiError::senseless("bad_limit", problem, "points and percent, not shares")),
        }
    }

    /// The run that is asked about.
    pub(super) async fn run(&self, state: &AppState) -> Result<Run, ApiError> {
        let store = &*state.store;
        match (&self.run, &self.model) {
            (Some(_), _) if self.model.is_some() || self.dataset.is_some() || self.commit.is_some() => {
                Err(ApiError::senseless(
                    "two_runs",
                    "a run, and how to find one",
                    "either run, or model with dataset and commit",
                ))
            }
            (Some(reference), _) => references::run(store, reference).await,
            (None, None) => Err(ApiError::senseless("no_run", "no run is named", "give run, or model")),
            (None, Some(model)) => {
                let newest = references::newest(store, model, self.dataset.as_deref()).await?;
                match &self.commit {
                    None => Ok(newest),
                    Some(commit) => of_commit(state, &newest, commit).await,
                }
            }
        }
    }

    /// What is asked beside the run, as one text: the same question has the same.
    pub(super) fn question(&self, gate: &Gate) -> String {
        let (_, limits) = gate.tag();
        format!("{} {limits}", self.vs())
    }
}

/// The newest whole, finished run of a commit.
async fn of_commit(state: &AppState, newest: &Run, commit: &str) -> Result<Run, ApiError> {
    if commit.len() < 4 {
        return Err(ApiError::senseless("bad_commit", "a commit has four digits or more", "give its first digits"));
    }
    let mut query = HistoryQuery::new(&newest.name, &newest.dataset.name);
    query.limit = MOST_OF_COMMIT;
    let is_of = |run: &Run| run.provenance.git_commit.as_deref().is_some_and(|full| full.starts_with(commit));
    state.store.history(&query).await?.into_iter().find(is_of).ok_or_else(|| {
        let message =
            format!("no whole, finished run of {:?} on {:?} is of commit {commit}", newest.name, newest.dataset.name);
        ApiError::not_found("run_not_found", message, "POST /api/v1/runs starts one")
    })
}

fn bad_limit(name: &str) -> ApiError {
    ApiError::senseless("bad_limit", format!("{name} cannot be"), "expected US dollars, 0 or more")
}
