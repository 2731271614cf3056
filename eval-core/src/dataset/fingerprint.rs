//! What tells whether two data sets hold the same samples.

use super::Sample;
use crate::hash::short_hash;

/// A sum of row hashes: the same samples give the same fingerprint in any order, and no row has to be kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// 256 bits, the lowest word first.
    sum: [u64; 4],
    rows: u64,
}

impl Fingerprint {
    pub(super) fn add(&mut self, sample: &Sample) {
        self.add_digest(&sample.row_digest());
    }

    /// Adds a row by its digest.
    pub(crate) fn add_digest(&mut self, digest: &blake3::Hash) {
        self.carry(digest, u64::overflowing_add);
        self.rows += 1;
    }

    /// Takes a row out that was added.
    pub(crate) fn remove_digest(&mut self, digest: &blake3::Hash) {
        self.carry(digest, u64::overflowing_sub);
        self.rows = self.rows.saturating_sub(1);
    }

    /// Adds or subtracts word by word.
    fn carry(&mut self, digest: &blake3::Hash, step: fn(u64, u64) -> (u64, bool)) {
        let mut carry = false;
        for (word, bytes) in self.sum.iter_mut().zip(digest.as_bytes().chunks_exact(8)) {
            let operand = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            let (result, first) = step(*word, operand);
            let (result, second) = step(result, u64::from(carry));
            (*word, carry) = (result, first || second);
        }
    }

    /// How many rows were added.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// 32 hex digits.
    pub(crate) fn text(&self) -> String {
        let [a, b, c, d] = self.sum;
        short_hash([format!("{a:016x}{b:016x}{c:016x}{d:016x}").as_str(), &self.rows.to_string()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[&Sample]) -> String {
        let mut fingerprint = Fingerprint::default();
        samples.iter().for_each(|sample| fingerprint.add(sample));
        fingerprint.text()
    }

    #[test]
    fn order_is_nothing_and_content_everything() {
        let (one, two) = (Sample::new("1", "a"), Sample::new("2", "b"));
        assert_eq!(of(&[&one, &two]), of(&[&two, &one]));
        assert_ne!(of(&[&one, &two]), of(&[&one, &two, &two]));
        assert_ne!(of(&[&one]), of(&[&two]));
        assert_ne!(of(&[&one]), of(&[&one.clone().target("")]));
        assert_eq!(of(&[&one]).len(), 32);
    }

    #[test]
    fn what_is_taken_out_was_never_there() {
        let samples: Vec<_> = (0..40).map(|at| Sample::new("id", at.to_string())).collect();
        let [mut all, mut half] = [Fingerprint::default(); 2];
        samples.iter().for_each(|sample| all.add(sample));
        samples[..20].iter().for_each(|sample| half.add(sample));
        samples[20..].iter().for_each(|sample| all.remove_digest(&sample.row_digest()));
        assert_eq!((all, all.rows()), (half, 20));
    }

    #[test]
    fn the_carry_reaches_the_next_word() {
        let mut fingerprint = Fingerprint { sum: [u64::MAX, u64::MAX, 0, 0], rows: 0 };
        fingerprint.add(&Sample::new("1", "a"));
        let mut plain = Fingerprint::default();
        plain.add(&Sample::new("1", "a"));
        // Adding 2^128 - 1 is adding 2^128 and taking one away.
        assert_eq!(fingerprint.sum[0], plain.sum[0].wrapping_sub(1));
        assert_eq!(fingerprint.sum[2], plain.sum[2].wrapping_add(1));
    }
}
