//! The answers that a simulated model has seen.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use eval_core::SampleId;

use crate::random::Random;

/// What is said when no other answer would do.
pub(super) const UNSURE: &str = "I am not sure.";

/// How many other answers are tried.
const TRIES: usize = 16;

/// What the model has seen of a question.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) category: Arc<str>,
    pub(super) target: Arc<str>,
}

/// The answers by question, and those of a category together, to take wrong ones from.
#[derive(Debug)]
pub(super) struct AnswerKey {
    known: HashMap<SampleId, Known>,
    /// Sorted, so that the order in which the key was given does not matter.
    targets: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

impl AnswerKey {
    pub(super) fn new(known: HashMap<SampleId, Known>) -> Self {
        let mut targets: BTreeMap<Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
        for Known { category, target } in known.values() {
            targets.entry(category.clone()).or_default().push(target.clone());
        }
        targets.values_mut().for_each(|targets| targets.sort_unstable());
        Self { known, targets }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn get(&self, sample: &SampleId) -> Option<&Known> {
        self.known.get(sample)
    }

    /// The answer to another question of the category: plausible, and clearly another one.
    pub(super) fn wrong(&self, known: Option<&Known>, dice: &mut Random) -> String {
        let Some(known) = known else { return UNSURE.to_owned() };
        let others = self.targets.get(&known.category).map_or(&[][..], Vec::as_slice);
        let start = dice.below(others.len());
        let mut tried = others.iter().cycle().skip(start).take(TRIES.min(others.len())).map(|other| &**other);
        let fallbacks = [UNSURE, "No answer."];
        tried.by_ref().chain(fallbacks).find(|other| differ(other, &known.target)).unwrap_or_default().to_owned()
    }
}

/// Whether no lenient judge could take one for the other: neither stands within the other.
fn differ(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim().to_lowercase(), other.trim().to_lowercase());
    !one.contains(&other) && !other.contains(&one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(targets: &[&str]) -> AnswerKey {
        let known = |target: &&str| Known { category: "c".into(), target: (*target).into() };
        AnswerKey::new(targets.iter().map(|target| (SampleId::from(*target), known(target))).collect())
    }

    #[test]
    fn a_wrong_answer_is_never_near_the_right_one() {
        let key = key(&["4", "42", "14", "Paris", "paris", "I am"]);
        for seed in 0..200 {
            for (id, known) in &key.known {
                let wrong = key.wrong(Some(known), &mut Random::seeded(seed));
                assert!(differ(&wrong, id.as_str()), "seed {seed}: {wrong:?} for {id}");
            }
        }
    }

    #[test]
    fn a_key_without_another_answer_is_unsure() {
        let key = key(&["4"]);
        assert_eq!(key.wrong(key.get(&"4".into()), &mut Random::seeded(1)), UNSURE);
        assert_eq!(key.wrong(None, &mut Random::seeded(1)), UNSURE);
    }
}
