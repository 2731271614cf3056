//! Several models beside each other, in sentences.

use eval_drift::{Constraint, PairedRanking, Recommendation};
use serde::Serialize;

use super::verdict::{capital, named};
use crate::dashboard::figures::{dollars, duration, listed, signed, signed_range};

/// A model as sentences speak of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// What a person calls it.
    pub name: String,
    /// What 1,000 questions cost, in US dollars.
    pub cost: Option<f64>,
    /// The 95th percentile of its latency, in ms.
    pub p95_ms: Option<f64>,
}

/// Who is best, and which to use, in one sentence. `models` are in the order in which they were ranked.
pub fn compare_headline(models: &[Compared], ranking: &PairedRanking, found: Option<&Recommendation>) -> String {
    let name = |model: usize| models.get(model).map_or("a model", |model| model.name.as_str());
    let first: Vec<&str> =
        ranking.models.iter().filter(|ranked| ranked.best == 1).map(|ranked| name(ranked.model)).collect();
    let best = match first.as_slice() {
        [] => return "No model has been compared yet.".to_owned(),
        [one] if ranking.models.len() == 1 => format!("{one} alone has a run: there is nothing to compare it with"),
        [one] => format!("{one} is best"),
        all if all.len() == ranking.models.len() => "No model stands out: all are tied".to_owned(),
        all => format!("{} are tied for best", named(all)),
    };
    let pick = found.map(|found| match (found.pick.map(name), found.second.map(name)) {
        (Some(pick), Some(second)) if !found.is_clear => format!("; for your limits {pick} or {second}"),
        (Some(pick), _) if first == [pick] => "; it is the best value for your limits too".to_owned(),
        (Some(pick), _) => format!("; {pick} is the best value for your limits"),
        (None, _) => "; none fits your limits".to_owned(),
    });
    format!("{best}{}.", pick.unwrap_or_default())
}

/// A recommendation in sentences: the answer first, then why, what more would cost, and who was ruled out.
pub fn recommendation(models: &[Compared], found: &Recommendation) -> Vec<String> {
    let name = |model: usize| models.get(model).map_or("a model", |model| model.name.as_str());
    let Some(pick) = found.pick else {
        let mut said = vec![nothing_fits(found)];
        said.extend(ruled_out(models, found));
        return said;
    };
    let share = |model: usize| format!("{:.0}%", 100.0 * found.first_in.get(model).copied().unwrap_or(0.0));
    let resamples = crate::dashboard::figures::thousands(found.resamples as u64);
    let mut said = match found.second {
        Some(second) if !found.is_clear => vec![
            format!("No clear pick: {} or {}", name(pick), name(second)),
            format!(
                "{} is first in {} of {resamples} resamples of the questions, {} in {}.",
                name(pick),
                share(pick),
                name(second),
                share(second)
            ),
        ],
        _ => vec![
            format!("Use {}", name(pick)),
            format!("It stays first in {} of {resamples} resamples of the questions.", share(pick)),
        ],
    };
    said.extend(step_up(models, found));
    said.extend(ruled_out(models, found));
    said
}

fn nothing_fits(found: &Recommendation) -> String {
    let names: Vec<&str> = found.binding.iter().map(|constraint| limit(*constraint)).collect();
    match names.as_slice() {
        [] => "No model fits your limits: more than one of them would have to give".to_owned(),
        [one] => format!("No model fits your limits: {one} is what binds"),
        _ => format!("No model fits your limits: one of {} would have to give", listed(&names)),
    }
}

fn step_up(models: &[Compared], found: &Recommendation) -> Option<String> {
    let step = found.step_up.as_ref()?;
    let model = models.get(step.model)?;
    let raised = step.beyond.iter().filter_map(|constraint| match constraint {
        Constraint::Cost => Some(format!("cost to {}", dollars(model.cost?))),
        Constraint::Latency => Some(format!("p95 to {}", duration(model.p95_ms?))),
        Constraint::Accuracy => None,
    });
    let raised: Vec<String> = raised.collect();
    let price = match (raised.is_empty(), model.cost) {
        (false, _) => format!(": raise {}", listed(&raised)),
        (true, Some(cost)) => format!(", which costs {} per 1,000", dollars(cost)),
        (true, None) => String::new(),
    };
    let (gain, range) = (signed(step.gain.points), signed_range(step.gain.low, step.gain.high));
    let (gain, range) = (gain.trim_start_matches('+').to_owned(), range.replace('+', ""));
    Some(format!("To gain {gain} points ({range}), use {}{price}.", model.name))
}

/// Who was ruled out, by which limits; who breaks the same ones stand together.
fn ruled_out(models: &[Compared], found: &Recommendation) -> Option<String> {
    let mut groups: Vec<(Vec<&str>, &[Constraint])> = Vec::new();
    for out in &found.ruled_out {
        let name = models.get(out.model)?.name.as_str();
        match groups.iter_mut().find(|(_, by)| *by == out.by.as_slice()) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], &out.by)),
        }
    }
    let group = |(names, by): &(Vec<&str>, &[Constraint])| {
        let by: Vec<&str> = by.iter().map(|constraint| limit(*constraint)).collect();
        format!("{} ({})", listed(names), by.join(", "))
    };
    let said: Vec<String> = groups.iter().map(group).collect();
    (!said.is_empty()).then(|| format!("{}: {}.", capital("ruled out"), said.join(", ")))
}

const fn limit(constraint: Constraint) -> &'static str {
    match constraint {
        Constraint::Cost => "cost",
        Constraint::Accuracy => "accuracy",
        Constraint::Latency => "p95",
    }
}
