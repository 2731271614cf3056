//! `evalctl schedules`

use eval_core::Timestamp;
use eval_server::Schedule;
use serde_json::{Value, json};

use crate::args::Global;
use crate::config;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::{Align, Console, Table, clean};

/// The schedules, with the time that comes next.
pub(crate) fn schedules(console: &Console, global: &Global) -> Outcome {
    let (schedules, now) = (config::schedules(global)?, Timestamp::now());
    if console.is_machine() {
        let all: Vec<Value> = schedules.iter().map(|schedule| document(schedule, now)).collect();
        console.json(&json!({"schema": "evalctl.schedules/1", "schedules": all}))?;
        return Ok(Exit::Done);
    }
    if schedules.is_empty() {
        console.note("no schedules; a table [schedules.NAME] of evalctl.toml is one");
        return Ok(Exit::Done);
    }
    let heads = ["schedule", "cron", "zone", "next (UTC)", "dataset", "models"];
    let mut table = Table::new(heads.map(|head| (head, Align::Left)));
    for schedule in &schedules {
        let next = schedule.cron.next(now).map(|next| next.strftime("%Y-%m-%d %H:%M").to_string());
        table.row([
            schedule.name.clone(),
            clean(schedule.cron.expression()),
            clean(schedule.cron.zone()),
            next.unwrap_or_default(),
            clean(&schedule.request.spec.dataset),
            clean(&schedule.request.models.join(", ")),
        ]);
    }
    console.print(table.render(console.width))?;
    console.note("`evalctl serve` runs them");
    Ok(Exit::Done)
}

fn document(schedule: &Schedule, now: Timestamp) -> Value {
    json!({
        "name": schedule.name,
        "cron": schedule.cron.expression(),
        "zone": schedule.cron.zone(),
        "next": schedule.cron.next(now),
        "missed": schedule.missed.name(),
        "request": schedule.request,
    })
}
