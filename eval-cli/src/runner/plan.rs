//! From what a caller wants to what is composed.

use std::sync::Arc;

use eval_core::server::JobRequest;
use eval_core::{Cap, Dataset, Run, RunError};
use eval_store::DieselStore;

use super::fit::fit;
use crate::args::{Asking, Taping};
use crate::compose::{Asked, Before, Recalls};
use crate::config::{Configured, Settings, Typed};
use crate::datasets::Found;

/// What is composed of a request.
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) dataset: Dataset,
    pub(super) asked: Asked,
}

impl Plan {
    /// The settings of the server, and on top what a caller may choose. Runs that have begun go on as they began.
    pub(super) fn of(
        configured: &Configured,
        request: &JobRequest,
        begun: &[Run],
        found: Found,
        database: Arc<DieselStore>,
    ) -> Result<Self, RunError> {
        let mut settings = configured.settings(typed(request, begun.first())).map_err(fit)?;
        // Of the server's cap and the caller's, the tighter one holds.
        settings.caps.value.run = tightest(settings.caps.value.run, request.spec.caps.run);
        settings.dataset.value = found.path;
        let dataset = match &request.selection {
            Some(selection) => found.dataset.select(selection.clone())?,
            None => found.dataset,
        };
        let asked = Asked {
            name: request.name.clone(),
            tags: request.tags.clone().into_iter().collect(),
            before: before(begun),
            recalls: Recalls::open(&settings, &Taping::default()).map_err(fit)?,
            database: Some(database),
            ..Asked::default()
        };
        Ok(Self { settings, dataset, asked })
    }
}

fn typed(request: &JobRequest, begun: Option<&Run>) -> Typed {
    let param = |(name, value): (&str, &serde_json::Value)| (name.to_owned(), value.to_string());
    let params = begun.map_or(&request.params, |run| &run.params);
    let judges = begun.and_then(|run| run.spec.as_ref()).map_or(&request.spec.judges, |spec| &spec.judges);
    Typed {
        models: request.models.clone(),
        judges: judges.clone(),
        asking: Asking {
            params: params.iter().map(param).collect(),
            epochs: Some(request.epochs),
            threshold: begun.map(|run| run.threshold).or(request.threshold),
            ..Asking::default()
        },
        ..Typed::default()
    }
}

/// What runs that go on say of themselves.
fn before(begun: &[Run]) -> Option<Before> {
    let first = begun.first()?;
    let asks = begun.iter().find(|run| !run.model.starts_with("column:"));
    Some(Before {
        run: first.id.short(),
        command: format!("resume {}", first.id.short()),
        base_url: first.spec.as_ref().and_then(|spec| spec.base_url.clone()),
        runs: begun.iter().map(|run| (run.id, run.model.clone())).collect(),
        prompt: asks.map(|run| run.provenance.prompt.clone()),
    })
}

fn tightest(one: Cap, other: Cap) -> Cap {
    fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
        one.into_iter().chain(other).min()
    }
    Cap::new(least(one.cost, other.cost), least(one.calls, other.calls), least(one.tokens, other.tokens))
}
