//! A run beside its baseline, in one sentence.

use eval_drift::{CategoryChange, RunComparison};

use super::verdict::named;
use crate::dashboard::figures::{count, signed, signed_range, size};

/// What became of a run against its baseline, in one sentence: the first thing on its page.
///
/// `run` is what a person calls it. What was not comparable says so and why; what luck explains is too close to call.
pub fn run_headline(run: &str, found: &RunComparison) -> String {
    if let Some(why) = found.obstacles.first() {
        return format!("Run {run} cannot be compared with {}: {why}.", found.before);
    }
    let Some(effect) = found.effect else {
        return format!("Run {run} shares too few questions with {} to be compared.", found.before);
    };
    let changes =
        format!("{} regressed, {} improved", count(found.changes.regressed, "question"), found.changes.improved);
    let by = size(effect.points);
    match (effect.low, effect.high) {
        (_, high) if high < 0.0 => format!("Run {run} is {by} points below its baseline: {changes}."),
        (low, _) if low > 0.0 => format!("Run {run} is {by} points above its baseline: {changes}."),
        (low, high) => {
            let (change, range) = (signed(effect.points), signed_range(low, high));
            format!("Run {run} is too close to call against its baseline: {change} points ({range}), {changes}.")
        }
    }
}

/// Where it changed for certain: `Certain only in Reasoning: −18.8 (−28.6 to −8.9).`
pub fn category_note(categories: &[CategoryChange]) -> String {
    let certain = categories.iter().filter(|category| category.p_holm.is_some_and(|p| p <= 0.05));
    let certain = certain.filter_map(|category| {
        let effect = category.effect?;
        let range = signed_range(effect.low, effect.high);
        Some(format!("{}: {} ({range})", category.name, signed(effect.points)))
    });
    let certain: Vec<String> = certain.collect();
    match (certain.len(), categories.len()) {
        (_, 0) => String::new(),
        (0, _) => "No category changed for certain: each is too close to call.".to_owned(),
        (some, of) if some == of => format!("Certain in {}.", named(&certain)),
        _ => format!("Certain only in {}.", named(&certain)),
    }
}
