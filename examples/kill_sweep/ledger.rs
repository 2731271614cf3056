//! What the provider was asked and what it answered: the truth that the books of a run are held against.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What a call is for: the question, its epoch, and `answer` or `judge`.
pub type Purpose = (String, u64, String);

/// One request that arrived.
#[derive(Debug, Clone)]
pub struct Entry {
    pub purpose: Purpose,
    /// Whether an answer was sent. The client may be gone before that.
    pub answered: bool,
}

/// All requests, in the order in which they arrived.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Vec<Entry>>);

impl Ledger {
    /// Notes a request; the result is its number.
    pub fn receive(&self, purpose: Purpose) -> usize {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push(Entry { purpose, answered: false });
        entries.len() - 1
    }

    /// Notes that an answer goes out.
    pub fn answer(&self, number: usize) {
        if let Some(entry) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
            entry.answered = true;
        }
    }

    /// How many requests have arrived.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The requests from this number on.
    pub fn since(&self, number: usize) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[number..].to_vec()
    }
}

/// How often each thing was asked.
pub fn count(entries: &[Entry]) -> BTreeMap<Purpose, u64> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.purpose.clone()).or_default() += 1;
    }
    counts
}
