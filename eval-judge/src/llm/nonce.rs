//! Codes that nobody can guess.

use std::sync::{Mutex, PoisonError};

use eval_core::short_hash;
use rand::rngs::{SysError, SysRng};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::prompt::Section;

/// A source of 128-bit codes as 32 hex digits.
#[derive(Debug)]
pub(super) enum Nonces {
    /// A new one for every message.
    Random(Box<Mutex<ChaCha12Rng>>),
    /// The hash of what the message holds: nobody can write a text that contains the hash of itself.
    OfContent,
}

impl Nonces {
    /// Codes from the operating system's randomness, or the same ones for the same seed.
    pub(super) fn new(seed: Option<u64>) -> Result<Self, SysError> {
        let generator = match seed {
            Some(seed) => ChaCha12Rng::seed_from_u64(seed),
            None => ChaCha12Rng::try_from_rng(&mut SysRng)?,
        };
        Ok(Self::Random(Box::new(Mutex::new(generator))))
    }

    /// The code of a message with these sections, at the first try or at a later one.
    pub(super) fn code(&self, sections: &[Section<'_>], tried: usize) -> String {
        match self {
            Self::Random(generator) => {
                let mut generator = generator.lock().unwrap_or_else(PoisonError::into_inner);
                format!("{:016x}{:016x}", generator.next_u64(), generator.next_u64())
            }
            Self::OfContent => {
                let texts = sections.iter().flat_map(|(label, data)| [label.as_ref(), *data]);
                short_hash(texts.chain([tried.to_string().as_str()]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_do_not_repeat_and_depend_on_the_seed_alone() {
        let (one, same, other) = (Nonces::new(Some(7)), Nonces::new(Some(7)), Nonces::new(None));
        let codes =
            [one, same, other].map(|nonces| nonces.map(|nonces| [nonces.code(&[], 0), nonces.code(&[], 0)]).unwrap());
        assert_eq!(codes[0], codes[1]);
        assert_ne!(codes[0], codes[2]);
        assert_ne!(codes[0][0], codes[0][1]);
        assert!(codes.as_flattened().iter().all(|code| code.len() == 32));
    }
    #[test]
    fn codes_of_content_depend_on_all_of_it() {
        let code = |question, answer, tried| {
            Nonces::OfContent.code(&[("question".into(), question), ("answer".into(), answer)], tried)
        };
        assert_eq!(code("a", "b", 0), code("a", "b", 0));
        let others = [code("a", "b", 1), code("ab", "", 0), code("a", "c", 0)];
        assert!(others.iter().all(|other| *other != code("a", "b", 0) && other.len() == 32));
    }
}
