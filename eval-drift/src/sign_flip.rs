//! The sign-flip permutation test.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::moments::{ROUNDING, mean};

/// Up to so many differences that are not 0, every pattern of signs is enumerated.
const EXACT_UP_TO: usize = 16;
/// Beyond, so many patterns are drawn.
const DRAWS: u64 = 9_999;

/// What the sign-flip permutation test says about differences; see [`sign_flip`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SignFlip {
    /// How many differences there are, those of 0 included.
    pub n: usize,
    /// Their mean, in the unit of the differences.
    pub mean: f64,
    /// The probability of a mean this low or lower, if the signs were chance.
    pub p_less: f64,
    /// The probability of a mean this high or higher, if the signs were chance.
    pub p_greater: f64,
    /// The probability of a mean at least this far from 0 on either side, if the signs were chance.
    pub p_two: f64,
    /// Where the probabilities come from.
    pub flips: Flips,
}

/// Which patterns of signs a [`SignFlip`] looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flips {
    /// All of them: the probabilities are exact.
    Exact {
        /// How many there are: 2 to the number of differences that are not 0.
        patterns: u64,
    },
    /// A seeded draw: the same seed and differences give the same probabilities.
    Drawn {
        /// How many were drawn.
        patterns: u64,
        /// The seed.
        seed: u64,
    },
}

/// The sign-flip permutation test of differences `d = current - baseline`, one for each question.
///
/// Fisher, R. A. (1935), *The Design of Experiments*, section 21. If nothing changed, each difference could as well
/// have had the other sign. The mean is compared with the means under other patterns of signs of the differences that
/// are not 0: under all of them for up to 16 such differences, else under 9,999 drawn with ChaCha8 from `seed`. Then `p
/// = (b + 1) / (B + 1)`, where `b` of the `B` drawn means are at least as extreme (Phipson and Smyth 2010, *Permutation
/// p-values should never be zero*). Means that differ by at most 1e-12 count as equal, and differences of at most 1e-12
/// as 0; if all are, every p is 1.
///
/// It assumes only that the differences are independent, each symmetric around 0 if nothing changed; no distribution.
/// With `k` differences that are not 0 no p is below `2^-k`.
///
/// `None` without differences, or when one of them is not a finite number. O(2^k) time and memory when exact (512 KiB
/// at most), else O(9,999 k) time, 8 signs a step, and O(k) memory.
///
/// ```
/// use eval_drift::{Flips, sign_flip};
/// let found = sign_flip(&[-1.0, -1.0, -1.0, -1.0, 0.0], 1).unwrap();
/// assert_eq!((found.p_less, found.p_two), (1.0 / 16.0, 1.0 / 8.0));
/// assert_eq!(found.flips, Flips::Exact { patterns: 16 });
/// ```
pub fn sign_flip(differences: &[f64], seed: u64) -> Option<SignFlip> {
    let mean = mean(differences)?;
    let moved: Vec<f64> = differences.iter().copied().filter(|difference| difference.abs() > ROUNDING).collect();
    let mut tails = Tails::new(moved.iter().sum(), ROUNDING * differences.len() as f64);
    let flips = if moved.len() <= EXACT_UP_TO { exact(&moved, &mut tails) } else { drawn(&moved, seed, &mut tails) };
    let [p_less, p_greater, p_two] = tails.probabilities(flips);
    Some(SignFlip { n: differences.len(), mean, p_less, p_greater, p_two, flips })
}

/// How many of the sums seen are at least as extreme as the one observed.
struct Tails {
    observed: f64,
    slack: f64,
    less: u64,
    greater: u64,
    two: u64,
}

impl Tails {
    fn new(observed: f64, slack: f64) -> Self {
        Self { observed, slack, less: 0, greater: 0, two: 0 }
    }

    fn count(&mut self, sum: f64) {
        self.less += u64::from(sum <= self.observed + self.slack);
        self.greater += u64::from(sum >= self.observed - self.slack);
        self.two += u64::from(sum.abs() >= self.observed.abs() - self.slack);
    }

    fn probabilities(&self, flips: Flips) -> [f64; 3] {
        // The observed pattern is one of all, but none of those drawn.
        let (own, patterns) = match flips {
            Flips::Exact { patterns } => (0, patterns),
            Flips::Drawn { patterns, .. } => (1, patterns),
        };
        [self.less, self.greater, self.two].map(|count| (count + own) as f64 / (patterns + own) as f64)
    }
}

fn exact(moved: &[f64], tails: &mut Tails) -> Flips {
    let mut sums = vec![0.0];
    for difference in moved {
        sums = sums.into_iter().flat_map(|sum| [sum + difference, sum - difference]).collect();
    }
    sums.iter().for_each(|sum| tails.count(*sum));
    Flips::Exact { patterns: sums.len() as u64 }
}

/// Goes through blocks of 64 differences, and in each through all draws: so the tables of a block stay in the fastest
/// memory, and the bits of a draw need not be kept.
fn drawn(moved: &[f64], seed: u64, tails: &mut Tails) -> Flips {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut sums = vec![0.0; DRAWS as usize];
    for block in moved.chunks(64) {
        let flipped = FlippedSums::of(block);
        sums.iter_mut().for_each(|sum| *sum += flipped.at(rng.next_u64()));
    }
    sums.iter().for_each(|sum| tails.count(*sum));
    Flips::Drawn { patterns: DRAWS, seed }
}

/// The sums of up to 64 differences under all signs, as eight tables of eight differences each: adding eight
/// entries up is several times as fast as turning 64 signs.
struct FlippedSums([[f64; 256]; 8]);

impl FlippedSums {
    fn of(block: &[f64]) -> Self {
        let mut tables = [[0.0; 256]; 8];
        for (table, differences) in tables.iter_mut().zip(block.chunks(8)) {
            table[0] = differences.iter().sum();
            // A bit without a difference turns nothing.
            for bit in 0..8 {
                let difference = differences.get(bit).copied().unwrap_or(0.0);
                let (plain, flipped) = table[..2 << bit].split_at_mut(1 << bit);
                flipped.iter_mut().zip(plain).for_each(|(flipped, plain)| *flipped = *plain - 2.0 * difference);
            }
        }
        Self(tables)
    }

    /// The sum in which each difference has the sign turned where its bit is set, the lowest bit being that of the
    /// first.
    fn at(&self, bits: u64) -> f64 {
        self.0.iter().zip(bits.to_le_bytes()).map(|(table, byte)| table[usize::from(byte)]).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_numbers_there_is_no_test() {
        assert_eq!(sign_flip(&[], 1), None);
        assert_eq!(sign_flip(&[0.5, f64::NAN], 1), None);
    }

    #[test]
    fn a_bit_turns_one_sign() {
        let block: Vec<f64> = (0..20).map(|at| f64::from(1 << at)).collect();
        let (flipped, all) = (FlippedSums::of(&block), f64::from((1 << 20) - 1));
        assert_eq!(flipped.at(0), all);
        assert_eq!(flipped.at(0b11), all - 6.0);
        assert_eq!(flipped.at(1 << 19), all - f64::from(2 << 19));
        assert_eq!(flipped.at(u64::MAX), -all);
    }

    // The sum of k random signs is binomial: of 20, at most 5 are -1 with P = 21700 / 2^20.
    #[test]
    fn a_draw_comes_close_to_what_is_exact() {
        let mut differences = vec![1.0; 15];
        differences.extend([-1.0; 5]);
        let expected = 21_700.0 / 1_048_576.0;
        let error = (expected * (1.0 - expected) / 1e4_f64).sqrt();
        for seed in 0..20 {
            let found = sign_flip(&differences, seed).unwrap();
            assert!((found.p_greater - expected).abs() < 5.0 * error, "seed {seed}: {found:?}");
            assert_eq!(found.flips, Flips::Drawn { patterns: 9_999, seed });
        }
    }

    #[test]
    fn a_seed_repeats_a_draw_and_the_other_sign_mirrors_it() {
        let differences: Vec<f64> = (0..40).map(|at| f64::from(at % 7) / 7.0 - 0.4).collect();
        let mirrored: Vec<f64> = differences.iter().map(|difference| -difference).collect();
        let (found, other) = (sign_flip(&differences, 3).unwrap(), sign_flip(&mirrored, 3).unwrap());
        assert_eq!(Some(found), sign_flip(&differences, 3));
        assert_eq!((found.p_less, found.p_two), (other.p_greater, other.p_two));
        assert_ne!(found.p_two, sign_flip(&differences, 4).unwrap().p_two);
    }

    #[test]
    fn no_p_is_ever_zero() {
        let found = sign_flip(&[-1.0; 200], 1).unwrap();
        assert_eq!((found.p_less, found.p_greater), (1e-4, 1.0));
    }
}
