//! The monitor of counts: errors, timeouts, refusals, answers that cannot be read.

use eval_core::Status;

use crate::MonitorSettings;
use crate::special::beta::ln_beta;

/// The rates that are bet on, as multiples of the baseline's.
const RATIOS: [f64; 3] = [2.0, 4.0, 8.0];
/// What is known before the first run: half a case in 20.5 trials.
const PRIOR_CASES: f64 = 0.5;
const PRIOR_REST: f64 = 20.0;
/// A baseline without a case expects at least so many in a run. Were it to approach 0, runs without a case would be no
/// evidence against a rise, and the evidence would grow by up to 1 with each of them.
const LEAST_EXPECTED: f64 = 0.1;
/// Runs before the first bet.
const BASELINE: u32 = 1;

/// Whether a rate of rare cases rose, by evidence that builds up from run to run.
///
/// Each run has `k` cases in `N` trials. From the `K` cases in `T` trials before it, the rate has a Beta distribution
/// of `a = K + 0.5`, `b = T - K + 20`, so without a change `k` is beta-binomial, `f0`. With a rise by a factor of `r` =
/// 2, 4 or 8 it is the same with the mean `r a / (a + b)` and the same `a + b`, `f1`. The evidence is that of the
/// [e-detector](crate::ShiryaevRoberts): `M_r <- (M_r + 1) f1(k) / f0(k)`, `M` the mean over `r` (Shin, Ramdas and
/// Rinaldo 2023, arXiv 2203.03532). From 200 on it is [`Status::Watch`], from 500 on [`Status::Worse`].
///
/// The baseline's rate is taken to be at least 0.1 cases in a run, so that a history without a case gathers no
/// evidence; a raised rate that would come too close to 1 is set halfway between the baseline's and 1. The first run
/// only makes the baseline. It assumes independent trials whose rate varies from run to run no more than the Beta
/// distribution says. In simulation a rate that rose from 1 % to 4 % was found after 6, 2 and 1 runs of 50, 200 and
/// 1,000 trials.
///
/// O(1) time and memory.
///
/// ```
/// use eval_core::Status;
/// use eval_drift::CountMonitor;
/// let mut errors = CountMonitor::default();
/// for _ in 0..20 {
///     errors.observe(2, 200).unwrap();
/// }
/// let reading = errors.observe(16, 200).unwrap();
/// assert_eq!(reading.status, Status::Worse);
/// assert_eq!((reading.rate, reading.baseline), (Some(0.08), Some(0.01)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CountMonitor {
    runs: u32,
    cases: u64,
    trials: u64,
    evidence: [f64; 3],
}

/// What a [`CountMonitor`] says of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CountReading {
    /// The finding: one of `Warming`, `Steady`, `Watch` and `Worse`.
    pub status: Status,
    /// Evidence of a rise.
    pub evidence: f64,
    /// The rate of this run; `None` without trials.
    pub rate: Option<f64>,
    /// The rate of all runs before; `None` without trials.
    pub baseline: Option<f64>,
}

impl CountMonitor {
    /// Takes a run of `cases` in `trials` in. `None` when there are more cases than trials; then nothing is taken in.
    /// A run without trials changes nothing.
    pub fn observe(&mut self, cases: u64, trials: u64) -> Option<CountReading> {
        let rest = trials.checked_sub(cases)?;
        if trials > 0 && self.runs >= BASELINE {
            self.bet(cases as f64, rest as f64);
        }
        let evidence = self.evidence();
        let status = self.status(evidence);
        let reading =
            CountReading { status, evidence, rate: rate(cases, trials), baseline: rate(self.cases, self.trials) };
        self.cases += cases;
        self.trials += trials;
        self.runs += u32::from(trials > 0);
        Some(reading)
    }

    /// The evidence of a rise so far.
    pub fn evidence(&self) -> f64 {
        self.evidence.iter().map(|evidence| evidence / RATIOS.len() as f64).sum()
    }

    fn bet(&mut self, cases: f64, rest: f64) {
        let known = self.trials as f64 + PRIOR_CASES + PRIOR_REST;
        let rate = ((self.cases as f64 + PRIOR_CASES) / known).max(LEAST_EXPECTED / (cases + rest));
        let (a, b) = (known * rate, known * (1.0 - rate));
        for (evidence, ratio) in self.evidence.iter_mut().zip(RATIOS) {
            let raised = known * (ratio * rate).min((1.0 + rate) / 2.0);
            let ratio = ln_odds(cases, rest, raised, known - raised) - ln_odds(cases, rest, a, b);
            *evidence = ((*evidence + 1.0) * ratio.exp()).min(f64::MAX);
        }
    }

    fn status(&self, evidence: f64) -> Status {
        let settings = MonitorSettings::default();
        match evidence {
            _ if self.runs < BASELINE => Status::Warming,
            evidence if evidence >= settings.alarm => Status::Worse,
            evidence if evidence >= settings.watch => Status::Watch,
            _ => Status::Steady,
        }
    }
}

fn rate(cases: u64, trials: u64) -> Option<f64> {
    (trials > 0).then(|| cases as f64 / trials as f64)
}

/// The log of the beta-binomial probability, but for the number of ways, which no rate changes.
fn ln_odds(cases: f64, rest: f64, a: f64, b: f64) -> f64 {
    ln_beta(cases + a, rest + b) - ln_beta(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_cases_than_trials_are_not_taken_in() {
        let mut monitor = CountMonitor::default();
        assert_eq!((monitor.observe(2, 1), monitor), (None, CountMonitor::default()));
        assert_eq!(monitor.observe(0, 0).unwrap().rate, None);
        assert_eq!(monitor, CountMonitor::default());
    }

    #[test]
    fn whatever_the_rate_the_evidence_is_a_number() {
        for (cases, trials) in [(0, 10), (10, 10), (1_000_000, 1_000_000), (0, 1_000_000), (999_999, 1_000_000)] {
            let mut monitor = CountMonitor::default();
            let mut evidence = (0..400).map(|_| monitor.observe(cases, trials).unwrap().evidence);
            assert!(evidence.all(f64::is_finite), "{cases} of {trials}");
        }
    }

    #[test]
    fn a_rare_rate_that_stays_raises_no_alarm() {
        for (cases, trials) in [(0, 1), (0, 10), (1, 50), (0, 1_000_000), (10_000, 1_000_000), (5, 50), (100, 1_000)] {
            let mut monitor = CountMonitor::default();
            let most = (0..400).map(|_| monitor.observe(cases, trials).unwrap().evidence).fold(0.0, f64::max);
            assert!(most < 10.0, "{cases} of {trials}: {most}");
        }
    }

    // The probabilities of all counts of a run sum up to 1 under either rate, so the expected ratio is 1.
    #[test]
    fn a_bet_is_fair() {
        let before = CountMonitor { runs: 3, cases: 4, trials: 60, evidence: [0.0; 3] };
        let mut expected = 0.0;
        for cases in 0..=20_u64 {
            let mut monitor = before;
            monitor.bet(cases as f64, 20.0 - cases as f64);
            let ways = statrs::function::factorial::ln_binomial(20, cases);
            expected += (ways + ln_odds(cases as f64, 20.0 - cases as f64, 4.5, 76.0)).exp() * monitor.evidence();
        }
        assert!((expected - 1.0).abs() < 1e-9, "{expected}");
    }
}
