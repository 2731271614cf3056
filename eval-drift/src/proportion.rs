//! So many of so many.

/// A proportion as counted, `count` of `of`: the right answers of the questions, say, or the errors of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    count: u64,
    of: u64,
}

impl Proportion {
    /// `count` of `of`; `None` when there are more than there are. 0 of 0 is a proportion, of which nothing is known.
    pub fn new(count: u64, of: u64) -> Option<Self> {
        (count <= of).then_some(Self { count, of })
    }

    /// How many.
    pub fn count(self) -> u64 {
        self.count
    }

    /// Of how many.
    pub fn of(self) -> u64 {
        self.of
    }

    /// `count / of`, from 0 to 1; `None` of none.
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }
}
