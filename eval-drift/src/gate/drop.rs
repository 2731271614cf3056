//! The checks of a drop: overall and by category.

use super::needs::{self, of_drop};
use super::report::{Bounds, Check, CheckOutcome, CheckUnit};
use super::words::{interval_of, limit, signed};
use super::{Gate, Needs};
use crate::shared_questions::{SharedQuestion, Sharing};
use crate::{PairedEffect, holm};

/// The name of the overall check.
pub(super) const OVERALL: &str = "max drop";

/// The name of the check of a category.
pub(super) fn name_in(category: &str) -> String {
    format!("{OVERALL} in {category}")
}

/// The checks of drops, overall first.
pub(super) fn checks(gate: &Gate, runs: usize, sharing: &Sharing<'_>, obstacles: &[String]) -> Vec<Check> {
    let overall = gate.margin.map(|margin| Check::new(OVERALL, CheckUnit::Points, margin));
    let named = |(name, margin): (&String, &f64)| Check::new(name_in(name), CheckUnit::Points, *margin);
    let categories = gate.categories.iter().map(named);
    if let Some(why) = obstacles.first() {
        return overall.into_iter().chain(categories).map(|check| check.not_computable(why.clone())).collect();
    }
    let overall = overall.map(|check| decide(check, gate, runs, sharing, None));
    overall.into_iter().chain(by_category(gate, runs, sharing, categories.collect())).collect()
}

/// The smallest overall drop that is found with a power of .8, in points.
pub(super) fn minimum_detectable_effect(gate: &Gate, runs: usize, sharing: &Sharing<'_>) -> Option<f64> {
    needs::minimum_detectable_effect(&effect(gate, runs, sharing)?)
}

fn effect(gate: &Gate, runs: usize, sharing: &Sharing<'_>) -> Option<PairedEffect> {
    PairedEffect::of(&sharing.differences(), gate.level(), gate.noise(runs))
}

/// Each category of the gate, failing by Holm's p over all of them.
fn by_category(gate: &Gate, runs: usize, sharing: &Sharing<'_>, checks: Vec<Check>) -> Vec<Check> {
    let parts: Vec<Sharing<'_>> = gate.categories.keys().map(|name| part(sharing, name)).collect();
    let p = parts.iter().map(|part| effect(gate, runs, part).map_or(1.0, |effect| effect.p_drop));
    let adjusted = holm(&p.collect::<Vec<_>>()).unwrap_or_else(|| vec![1.0; parts.len()]);
    let decided = checks.into_iter().zip(parts).zip(adjusted);
    decided.map(|((check, part), p)| decide(check, gate, runs, &part, Some(p))).collect()
}

fn part<'a>(sharing: &Sharing<'a>, name: &str) -> Sharing<'a> {
    let questions: Vec<SharedQuestion<'a>> =
        sharing.questions.iter().filter(|shared| &*shared.question.category == name).cloned().collect();
    Sharing { expected: questions.len(), questions }
}

/// Pass: a drop of the margin is ruled out. Fail: it is not, and a drop is shown. Else there is too little to tell.
fn decide(mut check: Check, gate: &Gate, runs: usize, sharing: &Sharing<'_>, adjusted: Option<f64>) -> Check {
    let Some(effect) = effect(gate, runs, sharing) else {
        let n = sharing.questions.len();
        return check.not_computable(format!("{n} shared questions are too few for any interval"));
    };
    check.measured = Some(effect.points);
    check.interval = Some(Bounds { low: Some(effect.low), high: Some(effect.high) });
    check.level = Some(effect.level);
    check.outcome = if effect.low > -check.limit {
        CheckOutcome::Pass
    } else if adjusted.unwrap_or(effect.p_drop) < gate.alpha_of_look() {
        CheckOutcome::Fail
    } else {
        CheckOutcome::Underpowered
    };
    if check.outcome == CheckOutcome::Underpowered {
        check.needs = of_drop(&effect, check.limit, gate.noise(runs), sharing);
    }
    check.words = words(&check, &effect, adjusted);
    check
}

fn words(check: &Check, effect: &PairedEffect, adjusted: Option<f64>) -> String {
    let margin = limit(CheckUnit::Points, check.limit);
    let holm = adjusted.map_or_else(String::new, |p| format!(" (p = {p:.4} after Holm over the gate's categories)"));
    let reading = match check.outcome {
        CheckOutcome::Pass if effect.high < 0.0 => format!("it dropped, but by less than {margin}"),
        CheckOutcome::Pass => format!("a drop of {margin} is ruled out"),
        CheckOutcome::Fail if effect.high < -check.limit => format!("lies wholly beyond -{margin}{holm}"),
        CheckOutcome::Fail => format!("lies wholly below 0: it dropped, and {margin} is not ruled out{holm}"),
        _ => {
            let needs = check.needs.unwrap_or_default();
            format!("neither a drop nor its absence is shown{holm}; {}", Needs::words(&needs))
        }
    };
    let colon = if check.outcome == CheckOutcome::Fail { "" } else { ":" };
    format!(
        "{} points, {} {} to {}{colon} {reading}",
        signed(effect.points),
        interval_of(effect.level),
        signed(effect.low),
        signed(effect.high),
    )
}
