//! A person lets a run through, whatever was decided.

use eval_core::server::{AuditEntry, AuditQuery};
use eval_core::{Run, Timestamp};
use eval_drift::GateReport;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::AppState;
use crate::access::Caller;
use crate::baselines::said;
use crate::error::ApiError;

/// What the audit log calls it.
const WHAT: &str = "gate.override";
/// The longest that it may hold, in days: what holds for ever is a changed limit.
const MOST_DAYS: i64 = 30;

/// An override that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOverride)]
pub(crate) struct WantedOverride {
    /// Why.
    #[schema(min_length = 1)]
    reason: String,
    /// Until when (UTC): at most 30 days from now.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// An override that is in force.
#[derive(Serialize, ToSchema)]
pub(crate) struct Override {
    /// Who did it.
    pub(super) by: String,
    /// Why.
    pub(super) reason: String,
    /// When (UTC).
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Until when (UTC).
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// What was decided when it was made, in a sentence.
    decided: String,
}

impl WantedOverride {
    /// Refuses what holds too long, or not at all.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), ApiError> {
        said(&self.reason)?;
        let most = now.as_second() + MOST_DAYS * 86_400;
        match self.until <= now || self.until.as_second() > most {
            true => Err(ApiError::senseless(
                "bad_until",
                format!("override.until is {}", self.until),
                format!("expected a time within the next {MOST_DAYS} days"),
            )),
            false => Ok(()),
        }
    }

    /// Writes it down as what it is: somebody's word against the decision.
    pub(super) async fn keep(
        &self,
        state: &AppState,
        caller: &Caller,
        (run, question): (&Run, &str),
        report: &GateReport,
        now: Timestamp,
    ) -> Result<Override, ApiError> {
        let reason = said(&self.reason)?;
        let entry = AuditEntry::new(&caller.name, WHAT, run.id.to_string());
        let entry = entry.detail("reason", reason).detail("until", self.until.to_string());
        let entry = entry.detail("question", question).detail("decided", &report.headline);
        state.books.record(&entry).await?;
        let (by, reason) = (caller.name.clone(), reason.to_owned());
        Ok(Override { by, reason, at: now, until: self.until, decided: report.headline.clone() })
    }
}

/// The newest override of the same question about a run that is in force.
pub(super) async fn in_force(
    state: &AppState,
    run: &Run,
    question: &str,
    now: Timestamp,
) -> Result<Option<Override>, ApiError> {
    let mut query = AuditQuery::default();
    query.target = Some(run.id.to_string());
    let entries = state.books.entries(&query).await?;
    let same = |entry: &&AuditEntry| entry.what == WHAT && entry.details.get("question").is_some_and(|q| q == question);
    let read = |entry: &AuditEntry| {
        let detail = |name: &str| entry.details.get(name).cloned().unwrap_or_default();
        let until = detail("until").parse().ok()?;
        let (by, reason, decided) = (entry.who.clone(), detail("reason"), detail("decided"));
        Some(Override { by, reason, at: entry.at, until, decided })
    };
    Ok(entries.iter().filter(same).filter_map(read).find(|found| found.until > now))
}
