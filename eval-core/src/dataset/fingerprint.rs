//! What tells whether two data sets hold the same samples.

use super::Sample;
use crate::hash::short_hash;

/// A sum of row hashes: the same samples give the same fingerprint in any order, and no row has to be kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fingerprint {
    /// 256 bits, the lowest word first.
    sum: [u64; 4],
    rows: u64,
}

impl Fingerprint {
    pub(super) fn add(&mut self, sample: &Sample) {
        let digest = sample.row_digest();
        let mut carry = false;
        for (word, bytes) in self.sum.iter_mut().zip(digest.as_bytes().chunks_exact(8)) {
            let addend = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            let (sum, first) = word.overflowing_add(addend);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, first || second);
        }
        self.rows += 1;
    }

    /// 32 hex digits.
    pub(super) fn text(&self) -> String {
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
