//! Which questions moved.

use std::sync::Arc;

use eval_core::{DriftReport, QuestionFinding, QuestionMean, SampleKey};

use crate::roster::Row;
use crate::{benjamini_hochberg, binary_drop, failures_needed, graded_drop};

/// The expected share of false findings in the lists.
pub(crate) const LEVEL: f64 = 0.10;
/// A mean that moves by so much is listed whatever its p: right became wrong.
const FLIPPED: f64 = 0.5;
/// A question is called lost at this p.
const LOST: f64 = 0.001;
/// The lists are not longer; the counts count all.
const MOST: usize = 50;

/// The scores of one question in several runs.
#[derive(Debug, Clone, Copy)]
struct Scores {
    n: u32,
    sum: f64,
    last: f64,
    /// Half the sum of squared differences of scores that follow each other.
    steps: f64,
    lowest: f64,
    highest: f64,
    binary: bool,
}

impl Scores {
    const NONE: Self = Self { n: 0, sum: 0.0, last: 0.0, steps: 0.0, lowest: 1.0, highest: 0.0, binary: true };

    fn take(&mut self, score: f64) {
        if self.n > 0 {
            self.steps += (score - self.last).powi(2) / 2.0;
        }
        self.n += 1;
        self.sum += score;
        self.last = score;
        self.lowest = self.lowest.min(score);
        self.highest = self.highest.max(score);
        self.binary &= score == 0.0 || score == 1.0;
    }

    fn mean(&self) -> f64 {
        self.sum / f64::from(self.n)
    }

    fn variance(&self) -> Option<f64> {
        (self.n > 1).then(|| self.steps / f64::from(self.n - 1))
    }

    fn right(&self) -> u32 {
        self.sum as u32
    }
}

/// The scores of each question in some of the runs.
fn scores(rows: &[Row], runs: impl Iterator<Item = usize>, questions: usize) -> Vec<Scores> {
    let mut all = vec![Scores::NONE; questions];
    for row in runs.filter_map(|run| rows.get(run)) {
        for (scores, score) in all.iter_mut().zip(row) {
            if let Some(score) = score {
                scores.take(*score);
            }
        }
    }
    all
}

/// A question that was scored before and now.
#[derive(Debug, Clone, Copy)]
struct Pair {
    at: usize,
    before: Scores,
    now: Scores,
}

impl Pair {
    fn change(&self) -> f64 {
        self.now.mean() - self.before.mean()
    }

    /// The probability of a drop this large, and of a rise this large.
    fn p(&self, common: f64) -> Option<(f64, f64)> {
        let Self { before, now, .. } = self;
        if before.binary && now.binary {
            let drop = binary_drop(before.right(), before.n, now.right(), now.n)?;
            return Some((drop, binary_drop(before.n - before.right(), before.n, now.n - now.right(), now.n)?));
        }
        let variance = before.variance().unwrap_or(common);
        let p = graded_drop((before.mean(), variance, before.n), (now.mean(), now.n), common)?;
        Some((p, 1.0 - p))
    }

    fn finding(&self, key: &SampleKey, category: &str, compared: usize) -> QuestionFinding {
        let Self { before, now, .. } = self;
        let mean = |scores: &Scores| QuestionMean::new(scores.mean(), scores.n);
        let mut finding = QuestionFinding::new(key.clone(), category, mean(before), mean(now));
        finding.contribution = self.change() * 100.0 / compared as f64;
        let level = before.mean();
        finding.consistent = if self.change() < 0.0 { now.highest < level } else { now.lowest > level };
        if before.binary && now.binary && self.change() < 0.0 {
            finding.failures_needed = failures_needed((before.right(), before.n), (now.right(), now.n), LOST);
        }
        finding
    }
}

/// The runs that are compared, of these rows, and what their questions are.
pub(crate) struct Questions<'a> {
    pub(crate) rows: &'a [Row],
    pub(crate) keys: &'a [Arc<SampleKey>],
    /// The name of the category of a question.
    pub(crate) category: &'a dyn Fn(usize) -> &'a str,
}

impl Questions<'_> {
    /// Puts the questions that moved from the one runs to the others into a report.
    pub(crate) fn list(
        &self,
        report: &mut DriftReport,
        baseline: impl Iterator<Item = usize>,
        current: impl Iterator<Item = usize>,
    ) {
        let n = self.keys.len();
        let pairs = scores(self.rows, baseline, n).into_iter().zip(scores(self.rows, current, n)).enumerate();
        let pairs = pairs.filter(|(_, (before, now))| before.n > 0 && now.n > 0);
        let pairs: Vec<Pair> = pairs.map(|(at, (before, now))| Pair { at, before, now }).collect();
        let variances = || pairs.iter().filter_map(|pair| pair.before.variance());
        let common = variances().sum::<f64>() / variances().count().max(1) as f64;
        let p: Vec<Option<(f64, f64)>> = pairs.iter().map(|pair| pair.p(common)).collect();
        let side = |of: fn((f64, f64)) -> f64| -> Vec<Option<f64>> { p.iter().map(|p| p.map(of)).collect() };
        let (drops, rises) = (side(|(drop, _)| drop), side(|(_, rise)| rise));
        report.regressed = self.listed(&pairs, &drops, |change| change < 0.0);
        report.improved = self.listed(&pairs, &rises, |change| change > 0.0);
        report.questions.compared = pairs.len() as u64;
        report.questions.regressed = report.regressed.len() as u64;
        report.questions.consistently = report.regressed.iter().filter(|found| found.consistent).count() as u64;
        report.questions.improved = report.improved.len() as u64;
        report.regressed.truncate(MOST);
        report.improved.truncate(MOST);
    }

    fn listed(&self, pairs: &[Pair], p: &[Option<f64>], moved: fn(f64) -> bool) -> Vec<QuestionFinding> {
        let q = corrected(p);
        let mut listed = vec![];
        for (pair, (p, q)) in pairs.iter().zip(p.iter().zip(q)) {
            let change = pair.change();
            if moved(change) && (change.abs() >= FLIPPED || q.is_some_and(|q| q <= LEVEL)) {
                let mut finding = pair.finding(&self.keys[pair.at], (self.category)(pair.at), pairs.len());
                (finding.p, finding.q) = (*p, q);
                listed.push(finding);
            }
        }
        listed.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()).then_with(|| a.key.cmp(&b.key)));
        listed
    }
}

/// Those that there are, corrected for how many they are (Benjamini and Hochberg).
pub(crate) fn corrected(p: &[Option<f64>]) -> Vec<Option<f64>> {
    correct_with(p, benjamini_hochberg)
}

/// Those that there are, corrected by this function.
pub(crate) fn correct_with(p: &[Option<f64>], correct: fn(&[f64]) -> Option<Vec<f64>>) -> Vec<Option<f64>> {
    let known: Vec<f64> = p.iter().flatten().copied().collect();
    let mut adjusted = correct(&known).unwrap_or_default().into_iter();
    p.iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}
