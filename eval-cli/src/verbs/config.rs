//! `evalctl config show`

use serde::Serialize;
use serde_json::{Value, json};

use crate::args::Global;
use crate::compose::public_url;
use crate::config::{DEFAULT_JUDGE, Setting, Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table};

/// Every setting, its value and where it comes from. A key is named, never shown.
pub(crate) fn show(console: &Console, global: &Global) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let lines = lines(&settings)?;
    if console.is_machine() {
        let settings: Vec<Value> =
            lines.iter().map(|(name, value, origin)| json!({"name": name, "value": value, "origin": origin})).collect();
        console.json(&json!({"schema": "evalctl.config/1", "settings": settings}))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new([("setting", Align::Left), ("value", Align::Left), ("from", Align::Left)]);
    for (name, value, origin) in lines {
        let shown = match value {
            Value::Null => "–".into(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        table.row([name.to_owned(), crate::output::clean(&shown), origin]);
    }
    console.print(table.render(console.width))?;
    Ok(Exit::Done)
}

type Line = (&'static str, Value, String);

fn lines(settings: &Settings) -> Result<Vec<Line>, Failure> {
    let judges = match settings.judges.value.as_slice() {
        [] => Setting { value: vec![DEFAULT_JUDGE.to_owned()], origin: settings.judges.origin.clone() },
        _ => settings.judges.clone(),
    };
    let url = &settings.database_url;
    let database_url = Setting { value: public_url(&url.value), origin: url.origin.clone() };
    let url = &settings.base_url;
    let base_url = Setting { value: url.value.as_deref().map(public_url), origin: url.origin.clone() };
    let mut lines = vec![
        line("dataset", &settings.dataset)?,
        line("models", &settings.models)?,
        line("judges", &judges)?,
        line("prompt", &settings.prompt)?,
        line("system", &settings.system)?,
        line("rubric", &settings.rubric)?,
        line("params", &settings.params)?,
        line("epochs", &settings.epochs)?,
        line("threshold", &settings.threshold)?,
        line("concurrency", &settings.concurrency)?,
        line("base_url", &base_url)?,
        line("profile", &settings.profile)?,
        line("timeout", &settings.timeout_s)?,
        line("max_attempts", &settings.max_attempts)?,
        line("rpm", &settings.rpm)?,
        line("tpm", &settings.tpm)?,
        line("patience", &settings.patience_s)?,
        line("drain", &settings.drain_s)?,
        line("cache", &settings.cache)?,
        line("cache_days", &settings.cache_days)?,
        line("anchors", &settings.anchors)?,
        line("database_url", &database_url)?,
        line("json_out", &settings.json_out)?,
        line("spill", &settings.spill)?,
        line("prices", &settings.prices)?,
        line("caps", &settings.caps)?,
        line("server", &settings.server)?,
        line("jobs", &settings.jobs)?,
    ];
    lines.push(match &settings.key {
        Some(key) => ("key", Value::from("set"), key.origin.to_string()),
        None => ("key", Value::Null, "not set".into()),
    });
    Ok(lines)
}

fn line<T: Serialize>(name: &'static str, setting: &Setting<T>) -> Result<Line, Failure> {
    Ok((name, serde_json::to_value(&setting.value)?, setting.origin.to_string()))
}
