//! The Shiryaev-Roberts e-detector.

/// The exponent of one bet is capped here: beyond, a single run has said all that it can.
const MAX_EXPONENT: f64 = 300.0;

/// Evidence for a shift of a stream of standardised values that builds up run by run, at any time since it began.
///
/// Shin, J., Ramdas, A. and Rinaldo, A. (2023), *E-detectors: a nonparametric framework for sequential change
/// detection*, arXiv 2203.03532, after Shiryaev (1963) and Roberts (1966). For each bet `d`, a shift in standard
/// deviations, `M_d <- (M_d + 1) exp(d u - d² / 2)`; the evidence `M` is the mean of the `M_d`. A `u` above 0 is what
/// is looked for.
///
/// If each `u`, given those before, is standard normal (or its upper tail is lighter), then `M - t` is a
/// supermartingale: the mean time until `M` first reaches a threshold is at least that threshold, whatever the
/// dependence between streams. So an alarm at `M >= 500` is false at most once in 500 runs on average. No change has to
/// be assumed at a certain time, and weighted sums of several `M` keep the promise.
///
/// The exponent of one bet is capped at 300, and `M_d` at the largest number there is. A value that is not a finite
/// number is left out. O(bets) time and memory.
///
/// ```
/// use eval_drift::ShiryaevRoberts;
/// let mut detector = ShiryaevRoberts::default();
/// let quiet = detector.update(0.0);
/// let shifted = (0..5).map(|_| detector.update(2.5)).last();
/// assert!(quiet < 1.0 && shifted > Some(500.0));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ShiryaevRoberts {
    bets: Vec<Bet>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Bet {
    shift: f64,
    evidence: f64,
}

impl ShiryaevRoberts {
    /// The shifts that are bet on by default, in standard deviations.
    pub const SHIFTS: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

    /// A detector that bets on these shifts, in standard deviations; `None` without one, or when one is not a finite
    /// number.
    pub fn new(shifts: &[f64]) -> Option<Self> {
        let sound = !shifts.is_empty() && shifts.iter().all(|shift| shift.is_finite());
        sound.then(|| Self::betting_on(shifts))
    }

    fn betting_on(shifts: &[f64]) -> Self {
        Self { bets: shifts.iter().map(|&shift| Bet { shift, evidence: 0.0 }).collect() }
    }

    /// Takes the next standardised value in, and gives the evidence.
    pub fn update(&mut self, u: f64) -> f64 {
        if u.is_finite() {
            self.bets.iter_mut().for_each(|bet| bet.update(u));
        }
        self.evidence()
    }

    /// The evidence `M` so far; 0 before the first value.
    pub fn evidence(&self) -> f64 {
        let share = 1.0 / self.bets.len() as f64;
        self.bets.iter().map(|bet| bet.evidence * share).sum()
    }
}

impl Bet {
    fn update(&mut self, u: f64) {
        let exponent = (self.shift * u - self.shift * self.shift / 2.0).min(MAX_EXPONENT);
        self.evidence = ((self.evidence + 1.0) * exponent.exp()).min(f64::MAX);
    }
}

/// Bets on [`ShiryaevRoberts::SHIFTS`].
impl Default for ShiryaevRoberts {
    fn default() -> Self {
        Self::betting_on(&Self::SHIFTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_makes_it_infinite_or_undefined() {
        let mut detector = ShiryaevRoberts::default();
        for u in [1e300, 1e300, 1e300, f64::NAN, f64::INFINITY, -1e300, 0.0] {
            assert!(detector.update(u).is_finite(), "{u}");
        }
    }

    #[test]
    fn without_a_shift_there_is_no_detector() {
        assert_eq!(ShiryaevRoberts::new(&[]), None);
        assert_eq!(ShiryaevRoberts::new(&[1.0, f64::NAN]), None);
    }
}
