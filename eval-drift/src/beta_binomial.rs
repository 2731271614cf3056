//! Two counts of successes in the Beta-binomial model.

use crate::special::beta::regularized_beta;

/// What two counts of successes say about their rates; see [`beta_binomial`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BetaBinomial {
    /// The probability that the second rate is lower than the first.
    pub p_second_lower: f64,
    /// The 95 % credible interval of the first rate, with 2.5 % on either side.
    pub credible: (f64, f64),
    /// The probability of as few successes as the second count has, or fewer, if its rate is that of the first.
    pub predictive_p: f64,
}

/// Two counts of successes, each `(successes, trials)`, with rates that are Beta distributed: right for small numbers, where
/// normal approximations are not.
///
/// With the prior `Beta(a, b)` a rate with `k` successes in `n` trials is `Beta(a + k, b + n - k)`. Jeffreys' prior
/// `(0.5, 0.5)` is the usual one, `(1, 1)` is flat. See Bowyer, S., Aitchison, L. and Ivanova, D. R. (2025), *Don't use the
/// CLT in LLM evals with fewer than a few hundred datapoints*, arXiv 2503.01747. The predictive probability sums the
/// Beta-binomial distribution: with it, 14 of 14 and then 0 of 1 has 0.033, 0 of 2 has 0.004.
///
/// It assumes independent trials and independent rates. The probability is integrated by the trapezoidal rule over the
/// logit of the rate, where the density falls exponentially on both sides: good to some 1e-12.
///
/// `None` when there are more successes than trials, or when the prior is not two finite numbers above 0.
/// O(n2) time for the predictive probability, O(sqrt(n1 + n2)) for the other two.
///
/// ```
/// let found = eval_drift::beta_binomial((14, 14), (0, 1), (0.5, 0.5)).unwrap();
/// assert!((found.predictive_p - 1.0 / 30.0).abs() < 1e-12);
/// assert!((found.p_second_lower - 0.9958158553235944).abs() < 1e-9);
/// ```
pub fn beta_binomial(first: (u64, u64), second: (u64, u64), prior: (f64, f64)) -> Option<BetaBinomial> {
    let (one, other) = (Posterior::new(first, prior)?, Posterior::new(second, prior)?);
    Some(BetaBinomial {
        p_second_lower: one.p_above(other),
        credible: (one.quantile(0.025), one.quantile(0.975)),
        predictive_p: one.predictive(second),
    })
}

/// A Beta distribution, seen through the logit t of its rate.
#[derive(Debug, Clone, Copy)]
struct Posterior {
    a: f64,
    b: f64,
}

impl Posterior {
    fn new((successes, trials): (u64, u64), (a, b): (f64, f64)) -> Option<Self> {
        let failures = trials.checked_sub(successes)?;
        let proper = |shape: f64| shape > 0.0 && shape.is_finite();
        (proper(a) && proper(b)).then_some(Self { a: a + successes as f64, b: b + failures as f64 })
    }

    /// The logarithm of the density of the logit, but for a constant.
    fn log_density(&self, t: f64) -> f64 {
        -self.a * softplus(-t) - self.b * softplus(t)
    }

    /// Where that density is highest.
    fn mode(&self) -> f64 {
        (self.a / self.b).ln()
    }

    /// Close to the variance of the logit.
    fn spread(&self) -> f64 {
        1.0 / self.a + 1.0 / self.b
    }

    /// The probability of a logit below t.
    fn cdf(&self, t: f64) -> f64 {
        regularized_beta(self.a, self.b, logistic(t), logistic(-t))
    }

    /// The probability of a rate above that of the other.
    fn p_above(&self, other: Self) -> f64 {
        let narrow = 1.0 / (1.0 / self.spread() + 1.0 / other.spread());
        let step = (narrow.sqrt() / 2.0).min(0.25);
        let peak = self.log_density(self.mode());
        let (mut sum, mut total) = (0.0, 0.0);
        for direction in [1.0, -1.0] {
            // The mode itself once.
            for at in (u64::from(direction < 0.0)..).map(|at| at as f64) {
                let t = self.mode() + direction * step * at;
                let density = (self.log_density(t) - peak).exp();
                if density < 1e-18 {
                    break;
                }
                total += density;
                sum += density * other.cdf(t);
            }
        }
        (sum / total).clamp(0.0, 1.0)
    }

    /// The rate below which this share of the distribution lies, by bisection of the logit.
    fn quantile(&self, share: f64) -> f64 {
        let (mut low, mut high) = (self.mode() - 1.0, self.mode() + 1.0);
        while self.cdf(low) > share {
            low -= high - low;
        }
        while self.cdf(high) < share {
            high += high - low;
        }
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if self.cdf(middle) < share {
                low = middle;
            } else {
                high = middle;
            }
        }
        logistic(high)
    }

    /// The probability of at most so many successes in so many trials: the ratio of a part of the Beta-binomial weights to
    /// all of them, each from the one before.
    fn predictive(&self, (successes, trials): (u64, u64)) -> f64 {
        let n = trials as f64;
        let mut logs = vec![0.0];
        for k in (0..trials).map(|k| k as f64) {
            let ratio = (n - k) * (self.a + k) / ((k + 1.0) * (self.b + n - k - 1.0));
            logs.extend(logs.last().map(|last| last + ratio.ln()));
        }
        let peak = logs.iter().copied().fold(0.0, f64::max);
        let sum = |logs: &[f64]| logs.iter().map(|log| (log - peak).exp()).sum::<f64>();
        (sum(&logs[..=successes as usize]) / sum(&logs)).min(1.0)
    }
}

fn logistic(t: f64) -> f64 {
    (-softplus(-t)).exp()
}

/// `ln(1 + e^t)` without overflow.
fn softplus(t: f64) -> f64 {
    t.max(0.0) + (-t.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn one_of_two_rates_is_lower(
            (k1, n1) in (0_u64..300).prop_flat_map(|n| (0..=n, Just(n))),
            (k2, n2) in (0_u64..300).prop_flat_map(|n| (0..=n, Just(n))),
            a in 0.05..3.0,
            b in 0.05..3.0,
        ) {
            let found = beta_binomial((k1, n1), (k2, n2), (a, b)).unwrap();
            let other = beta_binomial((k2, n2), (k1, n1), (a, b)).unwrap();
            prop_assert!((found.p_second_lower + other.p_second_lower - 1.0).abs() < 1e-9, "{found:?} {other:?}");
            let (low, high) = found.credible;
            prop_assert!(0.0 <= low && low < high && high <= 1.0);
            prop_assert!((0.0..=1.0).contains(&found.predictive_p));
            // Successes and failures are interchangeable.
            let turned = beta_binomial((n1 - k1, n1), (n2 - k2, n2), (b, a)).unwrap();
            prop_assert!((turned.p_second_lower - other.p_second_lower).abs() < 1e-9);
            prop_assert!((turned.credible.0 - (1.0 - high)).abs() < 1e-9);
        }
    }

    #[test]
    fn what_is_no_count_or_prior_is_refused() {
        assert_eq!(beta_binomial((2, 1), (0, 1), (0.5, 0.5)), None);
        assert_eq!(beta_binomial((0, 1), (2, 1), (0.5, 0.5)), None);
        for prior in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert_eq!(beta_binomial((0, 1), (0, 1), prior), None);
        }
    }

    // A sum over 4,001 rates, with scipy.special.betainc.
    #[test]
    fn a_million_trials_are_as_exact_as_ten() {
        let found = beta_binomial((500_000, 1_000_000), (500_400, 1_000_000), (0.5, 0.5)).unwrap();
        assert!((found.p_second_lower - 0.285_803_812_540_77).abs() < 1e-8, "{found:?}");
    }

    #[test]
    fn nothing_seen_is_the_prior() {
        let found = beta_binomial((0, 0), (0, 0), (1.0, 1.0)).unwrap();
        assert!((found.p_second_lower - 0.5).abs() < 1e-12 && found.predictive_p == 1.0);
        assert!((found.credible.0 - 0.025).abs() < 1e-12 && (found.credible.1 - 0.975).abs() < 1e-12);
    }
}
