//! The questions of several runs, numbered.

use std::collections::HashMap;
use std::sync::Arc;

use eval_core::SampleKey;

/// Questions in the order in which they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    pub(crate) keys: Vec<Arc<SampleKey>>,
    places: HashMap<Arc<SampleKey>, usize>,
    /// Which question came after which: in nearly all runs it is the same one, and nothing has to be looked up.
    after: Vec<usize>,
    last: usize,
}

impl Roster {
    /// Begins a run.
    pub(crate) fn rewind(&mut self) {
        self.last = usize::MAX;
    }

    /// The number of a question; one that was never seen gets the next.
    pub(crate) fn place(&mut self, key: &Arc<SampleKey>) -> usize {
        let guess = if self.last == usize::MAX { 0 } else { self.after[self.last] };
        let is_it = |found: &Arc<SampleKey>| Arc::ptr_eq(found, key) || found == key;
        let at = match self.keys.get(guess) {
            Some(found) if is_it(found) => guess,
            _ => self.look_up(key),
        };
        if self.last != usize::MAX {
            self.after[self.last] = at;
        }
        self.last = at;
        at
    }

    fn look_up(&mut self, key: &Arc<SampleKey>) -> usize {
        let next = self.keys.len();
        let at = *self.places.entry(key.clone()).or_insert(next);
        if at == next {
            self.keys.push(key.clone());
            self.after.push(next + 1);
        }
        at
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

/// One run, by the numbers of its questions.
pub(crate) type Row = Vec<Option<f64>>;

/// The values of one run.
pub(crate) fn row<'a>(roster: &mut Roster, values: impl Iterator<Item = (&'a Arc<SampleKey>, f64)>) -> Row {
    let mut row = vec![None; roster.len()];
    roster.rewind();
    for (key, value) in values {
        let at = roster.place(key);
        if at >= row.len() {
            row.resize(roster.len(), None);
        }
        row[at] = Some(value);
    }
    row
}
