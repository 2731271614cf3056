//! The limits that need no baseline.

use super::report::{Bounds, Check, CheckOutcome, CheckUnit};
use super::words::{count, interval_of, limit};
use super::{Gate, Needs};
use crate::moments::{ROUNDING, mean, standard_deviation};
use crate::paired_effect::STUDENT_FROM;
use crate::shared_questions::FailuresCount;
use crate::wilson::of_share;
use crate::{Proportion, RunScores, mean_interval, quantile, quantile_interval, wilson};

/// The percentile of latency that is limited.
const SLOW: f64 = 0.95;

/// On which side of a limit it is good to be.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    AtLeast,
    AtMost,
}

/// What is wrong with the limits of a gate.
pub(super) fn problem(gate: &Gate) -> Option<String> {
    let margins = gate.margin.iter().chain(gate.categories.values());
    if let Some(margin) = margins.copied().find(|margin| !(*margin > 0.0 && *margin <= 100.0)) {
        return Some(format!("a margin of {margin} points cannot be: expected more than 0 and at most 100"));
    }
    for (name, percent) in [("min accuracy", gate.min_accuracy), ("max error share", gate.max_error_share)] {
        if let Some(percent) = percent.filter(|percent| !(0.0..=100.0).contains(percent)) {
            return Some(format!("a {name} of {percent} percent cannot be: expected 0 to 100"));
        }
    }
    if let Some(share) = gate.min_accuracy.filter(|share| *share > 0.0 && *share <= 1.0) {
        return Some(format!("a min accuracy of {share} percent is hardly meant: {}?", share * 100.0));
    }
    if let Some(ms) = gate.max_p95_ms.filter(|ms| !(*ms > 0.0 && ms.is_finite())) {
        return Some(format!("a max p95 of {ms} ms cannot be: expected more than 0"));
    }
    let is_alpha = gate.alpha > 0.0 && gate.alpha < 0.5 && (0.0..=100.0).contains(&gate.run_noise);
    (!is_alpha).then(|| format!("alpha {} and run noise {} cannot be", gate.alpha, gate.run_noise))
}

/// The checks of all limits that the gate has.
pub(super) fn checks(gate: &Gate, run: &RunScores, obstacles: &[String]) -> Vec<Check> {
    let level = gate.level();
    let accuracy = gate.min_accuracy.map(|least| {
        let check = Check::new("min accuracy", CheckUnit::Percent, least);
        match obstacles.first() {
            Some(why) => check.not_computable(why.clone()),
            None => accuracy(check, run, FailuresCount(gate.errors_as_failures), level),
        }
    });
    let cost = gate.max_cost.map(|most| cost(Check::new("max cost", CheckUnit::Usd, most.usd()), run, most));
    let p95 = gate.max_p95_ms.map(|most| p95(Check::new("max p95", CheckUnit::Milliseconds, most), run, level));
    let errors = gate.max_error_share;
    let errors = errors.map(|most| errors_of(Check::new("max error share", CheckUnit::Percent, most), run, level));
    [accuracy, cost, p95, errors].into_iter().flatten().collect()
}

/// Wilson's interval where each question has one score of 0 or 1; Student's from 30 questions on; else Wilson's as if the
/// mean were a share of the questions, which is never too narrow.
fn accuracy(check: Check, run: &RunScores, failures: FailuresCount, level: f64) -> Check {
    let questions: Vec<Vec<f64>> = run.questions.iter().map(|question| failures.scores(question).collect()).collect();
    let is_binary = questions.iter().all(|scores| matches!(scores[..], [] | [0.0] | [1.0]));
    let means: Vec<f64> = questions.iter().filter_map(|scores| mean(scores)).collect();
    let Some(share) = mean(&means) else { return check.not_computable("nothing has a score") };
    let n = means.len();
    let spread = standard_deviation(&means, share).is_some_and(|deviation| deviation > ROUNDING);
    let student = !is_binary && spread && n >= STUDENT_FROM;
    let interval = if student {
        mean_interval(&means, level).and_then(|found| found.interval)
    } else {
        of_share(share, n as f64, level)
    };
    let Some((low, high)) = interval else { return check.not_computable("there is no interval") };
    let bounds = Bounds { low: Some(low.max(0.0) * 100.0), high: Some(high.min(1.0) * 100.0) };
    by_interval(check, share * 100.0, bounds, Side::AtLeast, level, |factor| {
        Needs::questions(Some((n as f64 * factor).ceil() as u64))
    })
}

/// The cost is exact, so it needs no interval; but what is unknown is not 0.
fn cost(mut check: Check, run: &RunScores, most: eval_core::Money) -> Check {
    let known = run.cost.known;
    check.measured = known.map(eval_core::Money::usd);
    let unknown = run.cost.unknown;
    match known {
        Some(known) if known > most => {
            check.outcome = CheckOutcome::Fail;
            let least = if unknown > 0 { "at least " } else { "" };
            check.words = format!("{least}{known}");
            check
        }
        Some(known) if unknown == 0 => {
            check.outcome = CheckOutcome::Pass;
            check.words = known.to_string();
            check
        }
        Some(known) => {
            check.not_computable(format!("{known} is known, and {} cost nobody knows what", count(unknown, "call")))
        }
        None => check.not_computable("the cost is not known"),
    }
}

fn p95(check: Check, run: &RunScores, level: f64) -> Check {
    let times = &run.latencies_ms;
    let Some((measured, interval)) = quantile(times, SLOW).zip(quantile_interval(times, SLOW, level)) else {
        return check.not_computable("no latency was measured");
    };
    let bounds = Bounds { low: interval.low, high: interval.high };
    // So many answers are needed until the slowest of them is slow enough to be an upper end.
    let least = ((1.0 - level) / 2.0).ln() / SLOW.ln();
    let n = times.len() as f64;
    by_interval(check, measured, bounds, Side::AtMost, level, |factor| {
        Needs::answers(Some((n * factor).max(least).ceil() as u64))
    })
}

/// None failed: then failures flatter nothing, however few answers there are.
fn errors_of(check: Check, run: &RunScores, level: f64) -> Check {
    let counts = run.counts();
    let (failed, all) = (counts.failed, counts.total());
    let proportion = Proportion::new(failed, all);
    let Some((low, high)) = proportion.and_then(|proportion| wilson(proportion, level)) else {
        return check.not_computable("no question was asked");
    };
    let bounds = Bounds { low: Some(low * 100.0), high: Some(high * 100.0) };
    let share = 100.0 * failed as f64 / all as f64;
    let mut check = by_interval(check, share, bounds, Side::AtMost, level, |factor| {
        Needs::answers(Some((all as f64 * factor).ceil() as u64))
    });
    if failed == 0 {
        (check.outcome, check.needs) = (CheckOutcome::Pass, None);
        check.words = format!("none of {} failed", count(all, "answer"));
    }
    check
}

/// Fails only if the whole interval is beyond the limit, passes only if none of it is. `needs` makes advice of the factor
/// by which there should be more.
fn by_interval(
    mut check: Check,
    measured: f64,
    bounds: Bounds,
    side: Side,
    level: f64,
    needs: impl Fn(f64) -> Needs,
) -> Check {
    let most = check.limit;
    let (pass, fail) = match side {
        Side::AtLeast => (bounds.low.is_some_and(|low| low >= most), bounds.high.is_some_and(|high| high < most)),
        Side::AtMost => (bounds.high.is_some_and(|high| high <= most), bounds.low.is_some_and(|low| low > most)),
    };
    (check.measured, check.interval, check.level) = (Some(measured), Some(bounds), Some(level));
    check.outcome = match (pass, fail) {
        (true, _) => CheckOutcome::Pass,
        (_, true) => CheckOutcome::Fail,
        _ => CheckOutcome::Underpowered,
    };
    let reading = match check.outcome {
        CheckOutcome::Pass => "within the limit".to_owned(),
        CheckOutcome::Fail => format!("lies wholly beyond {}", limit(check.unit, most)),
        _ => {
            let advice = needs(factor(measured, bounds, most));
            check.needs = Some(advice);
            format!("the limit lies within; {}", advice.words())
        }
    };
    let colon = if check.outcome == CheckOutcome::Fail { "" } else { ":" };
    let interval = check.interval_text();
    check.words = format!("{}, {} {interval}{colon} {reading}", check.measured_text(), interval_of(level));
    check
}

/// Intervals narrow with the root of what is asked: how much more there has to be until the limit lies outside.
fn factor(measured: f64, Bounds { low, high }: Bounds, limit: f64) -> f64 {
    let end = if measured > limit { low } else { high };
    let end = end.or(low).or(high).unwrap_or(measured);
    let distance = (measured - limit).abs();
    // A limit that was hit exactly takes for ever; a thousandfold says as much.
    ((measured - end) / distance).powi(2).clamp(1.0, 1_000.0)
}
