//! Confidence sequences for the mean of scores by betting against it.

/// Steps of the grid of means that are bet against.
const STEPS: u32 = 1_000;
/// The largest bet, as a part of what would risk everything.
const BOLDNESS: f64 = 0.5;
/// The largest bet of the empirical Bernstein sequence.
const MAX_BET: f64 = 0.5;

/// The hedged capital confidence sequence: for each time the interval of means that betting has not refuted. The true
/// mean is ever outside with probability at most `alpha`, however often one looks.
///
/// Waudby-Smith, I. and Ramdas, A. (2024), *Estimating means of bounded random variables by betting*, Journal of the
/// Royal Statistical Society B 86, arXiv 2010.09686, theorem 3. Against each mean `m` one gambler bets `l_t` that
/// scores lie above it and one that they lie below: `K+ = prod(1 + min(l_t, 1/(2m)) (x_t - m))`, `K- = prod(1 -
/// min(l_t, 1/(2(1-m))) (x_t - m))`; `m` is refuted while `max(K+, K-) / 2 > 1 / alpha`. The bets are `l_t = sqrt(2
/// ln(2/alpha) / (t ln(1 + t) s²_(t-1)))`, `s²` the variance so far with one added score of mean 1/2 and variance 1/4.
/// The means are a grid of steps of 0.001, and one step is added to either side; when none is left, the interval is 0
/// to 1.
///
/// It assumes only that scores lie between 0 and 1 with the same mean given those before. `None` without scores, when
/// one is not between 0 and 1, or unless `alpha` is above 0 and below 1. O(1,000 n) time, O(n) memory.
///
/// ```
/// let intervals = eval_drift::betting_cs(&[0.0; 40], 0.05).unwrap();
/// let (low, high) = intervals[39];
/// assert!(low == 0.0 && (high - 0.162).abs() < 0.0011);
/// ```
pub fn betting_cs(scores: &[f64], alpha: f64) -> Option<Vec<(f64, f64)>> {
    check(scores, alpha)?;
    let bets = Bets::new(alpha / 2.0).over(scores);
    let mut kept: Vec<Option<(u32, u32)>> = vec![None; scores.len()];
    for step in 0..=STEPS {
        let mean = f64::from(step) / f64::from(STEPS);
        let mut capital = Capital { above: 1.0, below: 1.0 };
        for ((score, bet), kept) in scores.iter().zip(&bets).zip(&mut kept) {
            if capital.play(*score, *bet, mean) <= 1.0 / alpha {
                *kept = Some((kept.map_or(step, |(first, _)| first), step));
            }
        }
    }
    Some(kept.into_iter().map(widened).collect())
}

/// The predictable-mixture empirical Bernstein confidence sequence: an interval of the mean for each time, all of which
/// hold at once with probability at least `1 - alpha`.
///
/// Waudby-Smith and Ramdas (2024), theorem 2, each side at `alpha / 2`. With the bets `l_t` of [`betting_cs`], at most
/// 1/2 each: `sum(l x) / sum(l) ± (ln(2/alpha) + sum((x - m_(t-1))² (-ln(1 - l) - l))) / sum(l)`, `m` the mean so far
/// (0 before the first score; the upper end takes `1 - x`), clipped to 0 and 1. It is wider than [`betting_cs`] and
/// needs no grid.
///
/// Assumptions and degenerate cases are those of [`betting_cs`]. O(n) time and memory.
///
/// ```
/// let intervals = eval_drift::empirical_bernstein_cs(&[1.0; 40], 0.05).unwrap();
/// assert_eq!(intervals[0], (0.0, 1.0));
/// assert!(intervals[39].0 > 0.8);
/// ```
pub fn empirical_bernstein_cs(scores: &[f64], alpha: f64) -> Option<Vec<(f64, f64)>> {
    check(scores, alpha)?;
    let mirrored: Vec<f64> = scores.iter().map(|score| 1.0 - score).collect();
    let lows = bernstein_lows(scores, alpha / 2.0);
    let highs = bernstein_lows(&mirrored, alpha / 2.0);
    Some(lows.zip(highs).map(|(low, high)| (low.clamp(0.0, 1.0), (1.0 - high).clamp(0.0, 1.0))).collect())
}

fn check(scores: &[f64], alpha: f64) -> Option<()> {
    let sound = !scores.is_empty() && scores.iter().all(|score| (0.0..=1.0).contains(score));
    (sound && alpha > 0.0 && alpha < 1.0).then_some(())
}

/// A step more on either side: the truth may lie between two means of the grid.
fn widened(kept: Option<(u32, u32)>) -> (f64, f64) {
    let share = |step: u32| f64::from(step) / f64::from(STEPS);
    kept.map_or((0.0, 1.0), |(first, last)| (share(first.saturating_sub(1)), share((last + 1).min(STEPS))))
}

/// What two gamblers own.
struct Capital {
    above: f64,
    below: f64,
}

impl Capital {
    /// Plays one round against `mean`, and gives what the luckier one owns of the half that each began with.
    fn play(&mut self, score: f64, bet: f64, mean: f64) -> f64 {
        self.above *= 1.0 + bet.min(BOLDNESS / mean) * (score - mean);
        self.below *= 1.0 - bet.min(BOLDNESS / (1.0 - mean)) * (score - mean);
        self.above.max(self.below) / 2.0
    }
}

/// The bets of the predictable mixture: each is made before its score is seen.
struct Bets {
    log: f64,
    n: f64,
    sum: f64,
    squares: f64,
}

impl Bets {
    fn new(alpha: f64) -> Self {
        Self { log: -2.0 * alpha.ln(), n: 1.0, sum: 0.5, squares: 0.25 }
    }

    fn over(mut self, scores: &[f64]) -> Vec<f64> {
        scores.iter().map(|score| self.next(*score)).collect()
    }

    fn next(&mut self, score: f64) -> f64 {
        let bet = (self.log / (self.n * self.n.ln_1p() * (self.squares / self.n))).sqrt();
        self.n += 1.0;
        self.sum += score;
        self.squares += (score - self.sum / self.n).powi(2);
        bet
    }
}

fn bernstein_lows(scores: &[f64], alpha: f64) -> impl Iterator<Item = f64> {
    let bets = Bets::new(alpha).over(scores);
    let (mut weight, mut weighted, mut margin) = (0.0, 0.0, -alpha.ln());
    let (mut n, mut sum) = (0.0, 0.0);
    scores.iter().zip(bets).map(move |(score, bet)| {
        let bet: f64 = bet.min(MAX_BET);
        let before = if n > 0.0 { sum / n } else { 0.0 };
        (weight, weighted) = (weight + bet, weighted + bet * score);
        margin += (score - before).powi(2) * (-(-bet).ln_1p() - bet);
        (n, sum) = (n + 1.0, sum + score);
        (weighted - margin) / weight
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_score_and_no_level_has_no_interval() {
        for (scores, alpha) in [(&[][..], 0.05), (&[1.5], 0.05), (&[f64::NAN], 0.05), (&[0.5], 0.0), (&[0.5], 1.0)] {
            assert_eq!(
                (betting_cs(scores, alpha), empirical_bernstein_cs(scores, alpha)),
                (None, None),
                "{scores:?} {alpha}"
            );
        }
    }
}
