//! Runs over the same questions, side by side.

use crate::gate::{
    CategoryChange, ChangeCounts, Comparability, QuestionChange, SettingChange, bad_score, categories,
    differences_of_settings, question_changes,
};
use crate::shared_questions::{FailuresCount, SharedQuestion, Sharing};
use crate::{
    PairedEffect, QuestionScores, RunScores, ScoresError, hodges_lehmann_interval, hodges_lehmann_ratio, holm, quantile,
};

/// The confidence of all intervals.
const LEVEL: f64 = 0.95;
/// The noise that moves all questions of a run together, as a standard deviation of the mean score.
const RUN_NOISE: f64 = 0.005;

/// One run beside an earlier one.
///
/// What is not comparable (another judge, another data set, less than half of the questions shared) has `obstacles`, and
/// then no effect: differences of such runs say nothing of the model.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RunComparison {
    /// What a person calls the earlier run.
    pub before: String,
    /// What a person calls the later run.
    pub now: String,
    /// The effect with its 95 % interval, in points; `None` with obstacles and below two shared questions.
    pub effect: Option<PairedEffect>,
    /// The two-sided p of the effect by Holm over all comparisons made together.
    pub p_holm: Option<f64>,
    /// Questions with a score on both sides.
    pub shared: u64,
    /// The part of the questions that should be shared and is, from 0 to 1.
    pub coverage: Option<f64>,
    /// How many questions changed.
    pub changes: ChangeCounts,
    /// The questions that changed, the largest drop first.
    pub questions: Vec<QuestionChange>,
    /// The shared questions by category, with 95 % intervals; Holm's p and the q are two-sided.
    pub categories: Vec<CategoryChange>,
    /// How latency changed on the shared questions.
    pub latency: Option<RatioChange>,
    /// How the cost of an answer changed on the shared questions.
    pub cost: Option<RatioChange>,
    /// How the length of the answers changed on the shared questions.
    pub length: Option<RatioChange>,
    /// In which settings the runs differ.
    pub differs: Vec<SettingChange>,
    /// Why the scores cannot be compared; empty when they can.
    pub obstacles: Vec<String>,
    /// What weakens the comparison.
    pub warnings: Vec<String>,
}

/// By what factor a positive figure changed on the same questions.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RatioChange {
    /// Questions that have the figure on both sides.
    pub n: u64,
    /// The median before, in the unit of the figure.
    pub median_before: f64,
    /// The median now.
    pub median_now: f64,
    /// The typical `now / before` of a question: the Hodges-Lehmann ratio.
    pub ratio: f64,
    /// Its 95 % interval; `None` below six questions.
    pub interval: Option<(f64, f64)>,
}

/// Compares each run with the first one, question by question.
///
/// The effect is a [`PairedEffect`]; its p is corrected by Holm over the comparisons, those of categories by Holm (for
/// decisions) and by Benjamini and Hochberg (for lists) within each. Failed and ungraded questions are missing.
///
/// # Errors
/// [`ScoresError::TooFew`] below two runs; [`ScoresError::NotComparable`] when a score is not a number from 0 to 1.
///
/// ```
/// use eval_core::{DatasetRef, SampleKey};
/// use eval_drift::{QuestionScores, RunScores, compare};
/// let run = |right: usize| {
///     let question = |at| {
///         let key = SampleKey::new(format!("q{at:03}").as_str(), "f00d");
///         QuestionScores::new(key, "math", vec![f64::from(at < right)])
///     };
///     RunScores::new("gamma-pro", DatasetRef::new("golden", "9f2c", 200)).questions((0..200).map(question).collect())
/// };
/// let found = compare(&[run(180), run(150)])?;
/// assert_eq!(found[0].changes.regressed, 30);
/// assert!(found[0].effect.is_some_and(|effect| effect.points == -15.0 && effect.high < 0.0));
/// # Ok::<(), eval_drift::ScoresError>(())
/// ```
pub fn compare(runs: &[RunScores]) -> Result<Vec<RunComparison>, ScoresError> {
    let (first, others) = match runs {
        [first, others @ ..] if !others.is_empty() => (first, others),
        _ => return Err(ScoresError::TooFew { unit: "runs", found: runs.len(), needed: 2 }),
    };
    if let Some(why) = bad_score(runs) {
        return Err(ScoresError::NotComparable(why));
    }
    let mut found: Vec<RunComparison> = others.iter().map(|now| pair(first, now)).collect();
    let p: Vec<f64> = found.iter().filter_map(|pair| Some(pair.effect?.p_two)).collect();
    let adjusted = holm(&p).unwrap_or_default();
    let with_effect = found.iter_mut().filter(|pair| pair.effect.is_some());
    with_effect.zip(adjusted).for_each(|(pair, p)| pair.p_holm = Some(p));
    Ok(found)
}

fn pair(before: &RunScores, now: &RunScores) -> RunComparison {
    let baseline = std::slice::from_ref(before);
    let sharing = Sharing::of(now, baseline, FailuresCount(false));
    let Comparability { obstacles, warnings } = Comparability::of(now, baseline, &sharing);
    let is_comparable = obstacles.is_empty();
    let noise = RUN_NOISE * 2.0_f64.sqrt();
    let questions = question_changes(&sharing);
    RunComparison {
        before: before.title(),
        now: now.title(),
        effect: PairedEffect::of(&sharing.differences(), LEVEL, noise).filter(|_| is_comparable),
        p_holm: None,
        shared: sharing.questions.len() as u64,
        coverage: sharing.coverage(),
        changes: ChangeCounts::of(&questions, sharing.questions.len()),
        questions,
        categories: if is_comparable { categories(&sharing, LEVEL, noise, |effect| effect.p_two) } else { Vec::new() },
        latency: ratio(before, &sharing, |question| question.latency_ms),
        cost: ratio(before, &sharing, |question| question.cost_usd),
        length: ratio(before, &sharing, |question| question.length),
        differs: differences_of_settings(now, baseline),
        obstacles,
        warnings,
    }
}

/// How a figure changed on the shared questions; `None` when no question has it above 0 on both sides.
fn ratio(
    before: &RunScores,
    sharing: &Sharing<'_>,
    of: impl Fn(&QuestionScores) -> Option<f64>,
) -> Option<RatioChange> {
    let positive = |question: &QuestionScores| of(question).filter(|value| *value > 0.0 && value.is_finite());
    let both = |shared: &SharedQuestion<'_>| {
        let place = before.questions.binary_search_by(|question| question.key.cmp(&shared.question.key)).ok()?;
        Some((positive(&before.questions[place])?, positive(shared.question)?))
    };
    let (then, now): (Vec<f64>, Vec<f64>) = sharing.questions.iter().filter_map(both).unzip();
    let logs: Vec<f64> = then.iter().zip(&now).map(|(then, now)| (now / then).ln()).collect();
    Some(RatioChange {
        n: then.len() as u64,
        median_before: quantile(&then, 0.5)?,
        median_now: quantile(&now, 0.5)?,
        ratio: hodges_lehmann_ratio(&then, &now)?.ratio,
        interval: hodges_lehmann_interval(&logs, LEVEL).map(|(low, high)| (low.exp(), high.exp())),
    })
}
