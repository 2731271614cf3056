//! The limits by which a run was decided on, kept with the run: whoever changes them later is told so.

use std::collections::BTreeMap;

use eval_core::Run;

use super::{Gate, GateReport, Policy, SettingChange};
use crate::RunScores;

/// The tag of a run that holds the limits.
const TAG: &str = "evalctl.gate";

/// The tag, with its value.
pub(super) fn tag(gate: &Gate) -> (String, String) {
    (TAG.to_owned(), serde_json::Value::from_iter(of(gate)).to_string())
}

/// The limits by name, as people write them.
fn of(gate: &Gate) -> BTreeMap<String, String> {
    let known = [
        ("margin", gate.margin.map(|points| points.to_string())),
        ("min accuracy", gate.min_accuracy.map(|percent| format!("{percent}%"))),
        ("max cost", gate.max_cost.map(|cost| format!("${}", cost.usd()))),
        ("max p95", gate.max_p95_ms.map(|ms| format!("{ms} ms"))),
        ("max error share", gate.max_error_share.map(|percent| format!("{percent}%"))),
        ("alpha", Some(gate.alpha.to_string())),
        ("run noise", Some(gate.run_noise.to_string())),
        ("on inconclusive", Some(policy(gate.on_inconclusive).to_owned())),
        ("failed answers", Some(if gate.errors_as_failures { "count as wrong" } else { "left out" }.to_owned())),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let of_category = |(name, points): (&String, &f64)| (format!("margin in {name}"), points.to_string());
    known.chain(gate.categories.iter().map(of_category)).collect()
}

fn policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Fail => "fail",
        Policy::Rerun => "rerun",
        _ => "warn",
    }
}

/// Puts the limits by which a stored run was decided on among its settings, where they are known.
pub(super) fn recall(scores: &mut RunScores, run: &Run) {
    let Some(limits) = run.tags.get(TAG) else { return };
    let limits: BTreeMap<String, String> = serde_json::from_str(limits).unwrap_or_default();
    scores.settings.extend(limits.into_iter().map(|(name, value)| (setting(&name), value)));
}

/// Puts these limits among the settings of a run, where those of its baseline are known.
pub(super) fn beside(scores: &mut RunScores, gate: &Gate, baseline: &[RunScores]) {
    if baseline.iter().any(|run| run.settings.keys().any(|name| name.starts_with(PREFIX))) {
        scores.settings.extend(of(gate).into_iter().map(|(name, value)| (setting(&name), value)));
    }
}

/// Marks a limit among settings.
const PREFIX: &str = "gate: ";

fn setting(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// What decides and is not what it was for the baseline, a sentence each: limits first, then data set and judge.
pub(super) fn changed(report: &GateReport) -> Vec<String> {
    let limits = report.differs.iter().filter_map(|found| Some(told(found.setting.strip_prefix(PREFIX)?, found)));
    let others = ["data set", "judge", "judge hash"];
    let others = others.into_iter().filter_map(|name| report.differs.iter().find(|found| found.setting == name));
    limits.chain(others.map(|found| told(&found.setting, found))).collect()
}

fn told(name: &str, found: &SettingChange) -> String {
    // Enough of a hash to tell two apart; the whole one stands among the differences.
    let most = if name == "judge" || found.setting.starts_with(PREFIX) { usize::MAX } else { 8 };
    let value = |value: &Option<String>| {
        value.as_ref().map_or_else(|| "none".to_owned(), |text| text.chars().take(most).collect::<String>())
    };
    format!("since the baseline, {name} changed from {} to {}", value(&found.before), value(&found.now))
}
