//! What moved in the history of a model.

use axum::Json;
use axum::extract::State;
use eval_core::{Against, DriftReport, Measure, Run, RunId, find_baseline};
use eval_drift::BestRunThreshold;
use eval_drift::findings::{self, Detector, Earlier, Findings, FindingsError, Found, Level, Shown, Watched};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;
use crate::error::{ApiError, Envelope};
use crate::openapi::{core, cores, maybe};
use crate::query::{Checked, Parameters, PathModel};
use crate::references;

/// What was found in a history.
#[derive(Serialize, ToSchema)]
pub(crate) struct Drift {
    /// The name.
    name: String,
    /// The data set.
    dataset: String,
    /// The newest run: the one that is looked at.
    #[schema(value_type = Uuid)]
    run: RunId,
    /// Whether anything is an alarm: worse, not by the judge alone, and by at least `min_drop`.
    alarm: bool,
    /// The status of the first finding: that of the quality unless other detectors were asked for.
    status: String,
    /// The same in a sentence.
    words: String,
    /// The newest run's level.
    #[schema(schema_with = maybe::<Level>)]
    latest: Option<Level>,
    /// The highest level of those shown, and the run that has it. The best of many equal runs is the luckiest one: what
    /// moved is said by the findings.
    #[schema(schema_with = maybe::<Level>)]
    best: Option<Level>,
    /// The mean score of each run, oldest first.
    #[schema(schema_with = cores::<Level>)]
    levels: Vec<Level>,
    /// The history that ended when the user changed something, where this one is too short yet.
    #[schema(schema_with = maybe::<Earlier>)]
    earlier: Option<Earlier>,
    /// What was found, by detector and measure.
    findings: Vec<Finding>,
}

/// What one detector found.
#[derive(Serialize, ToSchema)]
#[schema(as = DriftFinding)]
struct Finding {
    /// Whether it is an alarm.
    alarm: bool,
    /// The finding in a sentence.
    headline: String,
    /// What else a person should know.
    notes: Vec<String>,
    /// The finding.
    #[schema(schema_with = core::<DriftReport>)]
    report: DriftReport,
}

/// What moved in the history of a model on a data set: the findings that were stored when its newest run ended. What was not
/// computed yet is computed and stored now.
#[utoipa::path(
    get, path = "/api/v1/drift/{model}", tag = "drift",
    params(
        ("model" = String, Path, description = "The name of the model's runs"),
        ("dataset" = Option<String>, Query, description = "The data set; if not given, that of the newest whole, finished run"),
        ("detector" = Option<String>, Query, description = "Detectors by name, with commas between: quality, operations, \
            anchors, paired, distribution, cusum, ewma, page-hinkley, adwin, change-point, best-run; quality and \
            operations if not given"),
        ("threshold" = Option<f64>, Query, description = "The margin of best-run, in points; 3 if not given"),
        ("window" = Option<String>, Query, description = "How much is shown: 30 (runs) or 60d (days); 90 runs if not \
            given. It changes nothing in what is found"),
        ("min_drop" = Option<f64>, Query, minimum = 0, maximum = 100, description = "The smallest change that is an alarm, \
            in points (percent for what is watched beside the scores); 1 if not given"),
        ("baseline" = Option<String>, Query, description = "The run with which the baseline begins: a run, @baseline, \
            tag:KEY=VALUE, ref:COMMIT, branch:NAME, window:N; if not given, the start of the era"),
    ),
    responses(
        (status = 200, body = Drift),
        (status = 409, body = Envelope), (status = 422, body = Envelope),
    ),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    PathModel(name): PathModel,
    parameters: Parameters,
) -> Result<Json<Drift>, ApiError> {
    let asked =
        Asked::of(&parameters.only(&["dataset", "detector", "threshold", "window", "min_drop", "baseline"])?)?;
    let run = references::newest(&*state.store, &name, asked.dataset.as_deref()).await?;
    let from = match &asked.baseline {
        Some(reference) => Some(first(&state, &run, reference).await?),
        None => None,
    };
    let store = Findings::of(&*state.store, &*state.books, &*state.books);
    let found = store.look(vec![Watched::new(run).from(from)], &asked.detectors, asked.shown).await?;
    let found = found.into_iter().next().ok_or_else(|| references::nothing(&name, None))?;
    Ok(Json(Drift::of(found, asked.least)))
}

/// What is asked for.
struct Asked {
    dataset: Option<String>,
    detectors: Vec<Detector>,
    shown: Shown,
    least: f64,
    baseline: Option<String>,
}

impl Asked {
    fn of(parameters: &Checked) -> Result<Self, ApiError> {
        let points = "points from 0 to 100";
        let share = |name| {
            parameters
                .value(name, points, |text| text.parse().ok().filter(|points: &f64| (0.0..=100.0).contains(points)))
        };
        let best_run = share("threshold")?.and_then(BestRunThreshold::new).unwrap_or_default();
        let expected = format!("names with commas between: {}", findings::NAMES.join(", "));
        let detectors = parameters.value("detector", &expected, |names| findings::named(names.split(','), best_run))?;
        let shown = parameters.value("window", "30 (runs, up to 1000) or 60d (days)", shown)?;
        Ok(Self {
            dataset: parameters.text("dataset"),
            detectors: detectors.unwrap_or_else(findings::usual),
            shown: shown.unwrap_or_default(),
            least: share("min_drop")?.unwrap_or(1.0),
            baseline: parameters.text("baseline"),
        })
    }
}

fn shown(text: &str) -> Option<Shown> {
    match text.strip_suffix('d') {
        Some(days) => days.parse::<u16>().ok().filter(|days| *days > 0).map(|days| Shown::Days(days.into())),
        None => text.parse().ok().filter(|runs| (1..=1_000).contains(runs)).map(Shown::Runs),
    }
}

/// The run with which a baseline begins.
async fn first(state: &AppState, run: &Run, reference: &str) -> Result<RunId, ApiError> {
    let found = find_baseline(&*state.store, &*state.books, run, reference, &|_: &str| None).await?;
    match found {
        Against::Missing(missing) => {
            Err(ApiError::not_found("baseline_not_found", missing.to_string(), "POST /api/v1/baselines blesses a run"))
        }
        found => found.runs().first().map(|run| run.id).ok_or_else(|| references::nothing(&run.name, None)),
    }
}

impl Drift {
    fn of(found: Found, least: f64) -> Self {
        let reports = found.reports.iter();
        let first = reports.clone().find(|report| report.measure == Measure::Quality).or(found.reports.first());
        let best = found.levels.iter().filter(|level| level.percent.is_some());
        let best = best.max_by(|a, b| a.percent.unwrap_or_default().total_cmp(&b.percent.unwrap_or_default()));
        Self {
            alarm: reports.clone().any(|report| report.pages(least)),
            status: first.map(|report| report.status.name().to_owned()).unwrap_or_default(),
            words: first.map(DriftReport::headline).unwrap_or_default(),
            latest: found.levels.last().cloned(),
            best: best.cloned(),
            findings: reports
                .map(|report| Finding {
                    alarm: report.pages(least),
                    headline: report.headline(),
                    notes: report.notes(),
                    report: report.clone(),
                })
                .collect(),
            name: found.run.name,
            dataset: found.run.dataset.name,
            run: found.run.id,
            levels: found.levels,
            earlier: found.earlier,
        }
    }
}

impl From<FindingsError> for ApiError {
    fn from(error: FindingsError) -> Self {
        match error {
            FindingsError::Store(error) => error.into(),
            FindingsError::Unknown { name, .. } => references::nothing(&name, None),
            FindingsError::Nothing => Self::not_found(
                "model_not_found",
                "there is no whole, finished run yet",
                "POST /api/v1/runs starts one",
            ),
            FindingsError::NotInHistory { run, name } => Self::conflict(
                "not_in_history",
                format!("run {run} is not in the history of {name:?} that is looked at"),
                "it was made otherwise (prompt, parameters, judge, data set): GET /api/v1/compare puts two runs beside each other",
            ),
        }
    }
}
