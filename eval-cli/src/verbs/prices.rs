//! `evalctl prices`

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use eval_core::{Date, Timestamp};
use eval_providers::{ModelPrice, PriceTable};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::args::{Global, PricesVerb};
use crate::compose::{self, DEFAULT_PRICES};
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table, clean, counted};

/// The name of the table of this program.
const BUILT_IN: &str = "builtin";

/// Looks at prices, and makes a price file.
pub(crate) fn prices(console: &Console, global: &Global, verb: PricesVerb) -> Outcome {
    match verb {
        PricesVerb::List { model, prices } => {
            let settings = Settings::load(global, Typed { prices, ..Typed::default() })?;
            list(console, &settings, model.as_deref())
        }
        PricesVerb::Update { from, sha256, date, to } => {
            update(console, &from, sha256.as_deref(), date, to.as_deref().unwrap_or(Path::new(DEFAULT_PRICES)))
        }
        PricesVerb::Diff { old, new } => diff(console, &old, &new),
    }
}

fn list(console: &Console, settings: &Settings, model: Option<&str>) -> Outcome {
    let prices = compose::prices(settings)?;
    let mut found = Vec::new();
    for (source, table) in prices.tables() {
        let origin = json!({"from": source.name(), "date": table.date(), "source": table.source()});
        match model {
            Some(model) => found.extend(table.entry(model).map(|(name, price)| (name, price, origin))),
            None => found.extend(table.models().into_iter().map(|(name, price)| (name, price, origin.clone()))),
        }
    }
    if let (Some(model), true) = (model, found.is_empty()) {
        return Err(Failure::usage(format!("no table has a price of `{}`: its calls are unpriced", clean(model)))
            .hint(format!(
                "write it into {DEFAULT_PRICES}, or let the endpoint report it (LiteLLM does where it knows one)"
            )));
    }
    // Of one model only the price that counts.
    found.truncate(if model.is_some() { 1 } else { usize::MAX });
    if console.is_machine() {
        let models: Vec<_> = found.iter().map(|(name, price, origin)| entry(name, price, origin)).collect();
        console.json(&json!({"schema": "evalctl.prices/1", "models": models}))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new([
        ("model", Align::Left),
        ("prompt", Align::Right),
        ("cached", Align::Right),
        ("answer", Align::Right),
        ("from", Align::Left),
    ]);
    for (name, price, origin) in &found {
        let cached = price.cached_per_million().unwrap_or_else(|| "–".into());
        let day = origin["date"].as_str().map(|day| format!(" of {day}")).unwrap_or_default();
        let from = format!("{}{day}", origin["from"].as_str().unwrap_or_default());
        table.row([clean(name), price.prompt_per_million(), cached, price.answer_per_million(), from]);
    }
    console.print(table.render(console.width))?;
    console.print("  US dollars for a million tokens; --json has all fields")?;
    Ok(Exit::Done)
}

fn entry(name: &str, price: &ModelPrice, origin: &Value) -> Value {
    let fields: BTreeMap<_, _> = price.fields().collect();
    json!({"model": name, "prices": fields, "known": origin})
}

fn update(console: &Console, from: &Path, sha256: Option<&str>, date: Option<Date>, to: &Path) -> Outcome {
    let text = compose::read(from)?;
    let found = hex(&Sha256::digest(&text));
    if let Some(wanted) = sha256.filter(|wanted| !wanted.eq_ignore_ascii_case(&found)) {
        return Err(Failure::usage(format!("{}: its SHA-256 is {found}, not {}", from.display(), clean(wanted)))
            .hint("nothing was written; is it the file that you meant?"));
    }
    refuse_handwritten(to)?;
    let table = compose::price_table(from)?;
    let date = date.or(table.date()).or_else(today);
    let name = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let table = table.without_free().from(date, format!("{name}, SHA-256 {found}"));
    write(to, &table.to_json()).map_err(|error| Failure::usage(format!("cannot write {}: {error}", to.display())))?;
    let models = table.models().len() as u64;
    if console.is_machine() {
        let file = to.to_string_lossy();
        console.json(&json!({"schema": "evalctl.prices_update/1", "file": file, "models": models, "date": date, "sha256": found}))?;
    }
    let day = date.map(|day| format!(" of {day}")).unwrap_or_default();
    console.note(format!("{} have prices{day} in {}", counted(models, "model"), to.display()));
    Ok(Exit::Done)
}

/// What a person wrote is not replaced by a table of somebody else's.
fn refuse_handwritten(to: &Path) -> Result<(), Failure> {
    if !to.exists() {
        return Ok(());
    }
    let ours =
        compose::price_table(to).is_ok_and(|table| table.source().is_some_and(|source| source.contains(", SHA-256 ")));
    if ours {
        return Ok(());
    }
    let failure = format!("{} is there and was not made by `evalctl prices update`", to.display());
    Err(Failure::usage(failure).hint("write to another file with --to FILE, or move it away"))
}

/// Whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, path)).inspect_err(|_| {
        // What is left of it is nobody's.
        let _ = std::fs::remove_file(&draft);
    })
}

fn today() -> Option<Date> {
    Timestamp::now().strftime("%F").to_string().parse().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn diff(console: &Console, old: &Path, new: &Path) -> Outcome {
    let open = |path: &Path| match path.to_str() {
        Some(BUILT_IN) => Ok(PriceTable::built_in()),
        _ => compose::price_table(path).map(Arc::new),
    };
    let (old, new) = (open(old)?, open(new)?);
    let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (old.models().into_iter().collect(), new.models().into_iter().collect());
    let added: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    let removed: Vec<_> = before.keys().filter(|name| !after.contains_key(*name)).collect();
    let mut changed = Vec::new();
    for (name, price) in &after {
        let Some(was) = before.get(name).filter(|was| *was != price) else { continue };
        let (was, is): (BTreeMap<_, _>, BTreeMap<_, _>) = (was.fields().collect(), price.fields().collect());
        let names = was.keys().chain(is.keys()).collect::<std::collections::BTreeSet<_>>();
        let differ = names.into_iter().filter(|field| was.get(*field) != is.get(*field));
        changed.extend(differ.map(|field| (*name, *field, was.get(field).copied(), is.get(field).copied())));
    }
    if console.is_machine() {
        let changed: Vec<_> = (changed.iter())
            .map(|(model, field, was, is)| json!({"model": model, "field": field, "old": was, "new": is}))
            .collect();
        console.json(
            &json!({"schema": "evalctl.prices_diff/1", "added": added, "removed": removed, "changed": changed}),
        )?;
        return Ok(Exit::Done);
    }
    let price = |price: Option<&str>| price.unwrap_or("none").to_owned();
    for (model, field, was, is) in &changed {
        console.print(format!("  {}: {field} {} -> {}", clean(model), clean(&price(*was)), clean(&price(*is))))?;
    }
    for (mark, names) in [('+', &added), ('-', &removed)] {
        names.iter().try_for_each(|name| console.print(format!("{mark} {}", clean(name))))?;
    }
    console.note(format!(
        "{} added, {} removed, {} changed",
        added.len(),
        removed.len(),
        counted(changed.len() as u64, "price")
    ));
    Ok(Exit::Done)
}
