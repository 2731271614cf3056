//! What to say where there are no scores.

use eval_core::Reports;

use crate::failure::{Failure, did_you_mean};

/// What to say where there is no whole run of a name on a data set.
pub(crate) async fn nothing(
    store: &dyn Reports,
    name: Option<&str>,
    dataset: Option<&str>,
) -> Result<Failure, Failure> {
    let of = name.map(|name| format!(" of `{name}`")).unwrap_or_default();
    let on = dataset.map(|dataset| format!(" on `{dataset}`")).unwrap_or_default();
    let failure = Failure::usage(format!("there is no whole, finished run{of}{on}"));
    let known = store.leaderboard(None).await?;
    let names = known.iter().map(|entry| entry.run.name.as_str());
    let datasets = known.iter().map(|entry| entry.run.dataset.name.as_str());
    let meant = name.and_then(|name| did_you_mean(name, names.filter(|known| *known != name)));
    let meant = meant.or_else(|| dataset.and_then(|set| did_you_mean(set, datasets.filter(|known| *known != set))));
    Ok(match meant {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint("`evalctl runs` lists them; runs over a part (--limit, --category) do not count"),
    })
}
