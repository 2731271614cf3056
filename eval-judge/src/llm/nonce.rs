//! Codes that nobody can guess.

use std::sync::{Mutex, PoisonError};

use rand::rngs::{SysError, SysRng};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of 128-bit codes as 32 hex digits.
#[derive(Debug)]
pub(super) struct Nonces(Mutex<ChaCha12Rng>);

impl Nonces {
    /// Codes from the operating system's randomness, or the same ones for the same seed.
    pub(super) fn new(seed: Option<u64>) -> Result<Self, SysError> {
        let generator = match seed {
            Some(seed) => ChaCha12Rng::seed_from_u64(seed),
            None => ChaCha12Rng::try_from_rng(&mut SysRng)?,
        };
        Ok(Self(Mutex::new(generator)))
    }

    pub(super) fn next(&self) -> String {
        let mut generator = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{:016x}{:016x}", generator.next_u64(), generator.next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_do_not_repeat_and_depend_on_the_seed_alone() {
        let (one, same, other) = (Nonces::new(Some(7)), Nonces::new(Some(7)), Nonces::new(None));
        let codes = [one, same, other].map(|nonces| nonces.map(|nonces| [nonces.next(), nonces.next()]).unwrap());
        assert_eq!(codes[0], codes[1]);
        assert_ne!(codes[0], codes[2]);
        assert_ne!(codes[0][0], codes[0][1]);
        assert!(codes.as_flattened().iter().all(|code| code.len() == 32));
    }
}
