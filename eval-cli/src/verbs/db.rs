//! `evalctl db`

mod prune;

use eval_store::DatabaseStatus;
use serde_json::json;

use crate::args::Global;
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table, clean};
pub(crate) use prune::{delete, prune};

/// Where the database is, its schema version, its size and what it holds.
pub(crate) async fn status(console: &Console, global: &Global) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    compose::must_exist(&settings)?;
    let status = read(&settings).await?;
    if console.is_machine() {
        console.json(&json!({
            "schema": "evalctl.db_status/1",
            "url": status.url,
            "backend": status.backend,
            "schema_known": status.known,
            "schema_applied": status.applied,
            "current": status.is_current(),
            "bytes": status.bytes,
            "runs": status.runs,
            "evaluations": status.evaluations,
            "attempts": status.attempts,
        }))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new([("database", Align::Left), (status.backend, Align::Left)]);
    let count = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
    for (name, value) in [
        ("url", format!("{} ({})", clean(&status.url), settings.database_url.origin)),
        ("schema", schema(&status)),
        ("size", status.bytes.map_or_else(|| "–".to_owned(), size)),
        ("runs", count(status.runs)),
        ("evaluations", count(status.evaluations)),
        ("attempts", count(status.attempts)),
    ] {
        table.row([name.to_owned(), value]);
    }
    console.print(table.render(console.width))?;
    Ok(Exit::Done)
}

/// Brings the schema up to date.
pub(crate) async fn migrate(console: &Console, global: &Global) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    // One that is not there yet is made, so that there is nothing to be said of it before.
    let before = match compose::must_exist(&settings) {
        Ok(()) => read(&settings).await?.applied,
        Err(_) => None,
    };
    drop(compose::plain_store(&settings).await?);
    let after = read(&settings).await?;
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.db_migrate/1", "before": before, "after": after.applied}))?;
        return Ok(Exit::Done);
    }
    let now = after.applied.as_deref().unwrap_or("none");
    console.print(match before {
        Some(before) if before == now => format!("{}: schema {now} is up to date", clean(&after.url)),
        Some(before) => format!("{}: schema {before} became {now}", clean(&after.url)),
        None => format!("{}: schema {now} was made", clean(&after.url)),
    })?;
    Ok(Exit::Done)
}

async fn read(settings: &Settings) -> Result<DatabaseStatus, Failure> {
    DatabaseStatus::read(&settings.database_url.value).await.map_err(|error| compose::of_database(error, settings))
}

fn schema(status: &DatabaseStatus) -> String {
    match &status.applied {
        Some(applied) if status.is_current() => format!("{applied}, up to date"),
        Some(applied) if *applied > status.known => {
            format!("{applied}, newer than {}, which this program knows; use a newer program", status.known)
        }
        Some(applied) => format!("{applied}, older than {}; `evalctl db migrate` brings it up to date", status.known),
        None => format!("none yet; `evalctl db migrate` makes {}", status.known),
    }
}

/// Bytes in the largest unit that leaves a whole number before the point.
fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let mut size = bytes as f64 / 1e3;
    let mut unit = 0;
    while size >= 999.95 && unit + 1 < units.len() {
        size /= 1e3;
        unit += 1;
    }
    format!("{size:.1} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in [(0, "0.0 kB"), (4_096, "4.1 kB"), (999_949, "999.9 kB"), (1_500_000_000, "1.5 GB")] {
            assert_eq!(size(bytes), expected);
        }
    }
}
