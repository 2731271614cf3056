//! The current run and its baseline, question by question.

use std::collections::BTreeMap;

use eval_core::{DriftError, History, SampleKey, SampleScore, Window};

/// Questions that must be shared before anything is compared.
const MIN_SHARED: usize = 5;
/// The part of the baseline's questions that must be shared, in percent.
const MIN_COVERAGE: usize = 80;

/// The current run minus its baseline, for each shared question. An edited question is not shared.
#[derive(Debug)]
pub(crate) struct Pairs {
    /// Current score minus baseline score, from -1 to 1, sorted by question id.
    pub(crate) differences: Vec<f64>,
    /// Questions that the baseline has.
    pub(crate) baseline: usize,
    /// Questions that the current run has.
    pub(crate) current: usize,
    /// Runs in the baseline.
    pub(crate) runs: usize,
}

impl Pairs {
    /// Pairs the last window with the mean of each question over all earlier ones.
    pub(crate) fn of(history: &History) -> Result<Self, DriftError> {
        let (current, earlier) = split(history)?;
        let baseline = question_means(earlier);
        let difference = |found: &SampleScore| Some(found.score - baseline.get(&*found.key)?);
        let differences: Vec<f64> = current.scores.iter().filter_map(difference).collect();
        check_coverage(differences.len(), baseline.len())?;
        Ok(Self { differences, baseline: baseline.len(), current: current.scores.len(), runs: earlier.len() })
    }
}

/// The current window and the earlier ones, of which there is at least one.
pub(crate) fn split(history: &History) -> Result<(&Window, &[Window]), DriftError> {
    history.windows.iter().try_for_each(check_scores)?;
    match history.windows.split_last() {
        Some((current, earlier)) if !earlier.is_empty() => Ok((current, earlier)),
        _ => Err(DriftError::TooFew { unit: "runs", found: history.windows.len(), needed: 2 }),
    }
}

fn check_scores(window: &Window) -> Result<(), DriftError> {
    match window.scores.iter().find(|found| !(0.0..=1.0).contains(&found.score)) {
        None => Ok(()),
        Some(SampleScore { key, score, .. }) => Err(DriftError::NotComparable(format!(
            "run {} has the score {score} for question {}, expected a number from 0 to 1",
            window.run, key.id
        ))),
    }
}

fn question_means(windows: &[Window]) -> BTreeMap<&SampleKey, f64> {
    let mut sums = BTreeMap::new();
    for found in windows.iter().flat_map(|window| &window.scores) {
        let (sum, n) = sums.entry(&*found.key).or_insert((0.0, 0_u32));
        *sum += found.score;
        *n += 1;
    }
    sums.into_iter().map(|(key, (sum, n))| (key, sum / f64::from(n))).collect()
}

fn check_coverage(shared: usize, baseline: usize) -> Result<(), DriftError> {
    // In integers, so that exactly 80 % is enough.
    if shared * 100 < baseline * MIN_COVERAGE {
        let percent = shared * 100 / baseline;
        return Err(DriftError::NotComparable(format!(
            "the current run scored {shared} of the baseline's {baseline} questions ({percent} %), \
             {MIN_COVERAGE} % needed"
        )));
    }
    if shared < MIN_SHARED {
        return Err(DriftError::TooFew { unit: "shared questions", found: shared, needed: MIN_SHARED });
    }
    Ok(())
}
