//! Which questions are left.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::hash::digest;
use crate::{
    Attempt, Completion, DatasetError, Evaluation, Outcome, OutcomeKind, Purpose, Sample, SampleId, Timestamp,
};

/// What is asked when a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Again {
    /// What has not ended. A question that met an error which ended the run (a refused key, a spent quota, a database that
    /// is gone) has not, whether the model or the judge met it: that says nothing about the model. An answer that is
    /// there is only graded.
    Missing,
    /// What failed or could not be graded, and nothing else. An answer that is there is graded again and not asked for
    /// again.
    Errors,
}

impl Again {
    /// Whether a stored evaluation stands as it is.
    fn keeps(self, evaluation: &Evaluation) -> bool {
        match (self, &evaluation.outcome) {
            (Self::Missing, Outcome::Failed { kind, .. } | Outcome::Unscored { kind: Some(kind), .. }) => {
                !kind.is_fatal()
            }
            (Self::Missing, _) => true,
            (Self::Errors, outcome) => outcome.kind() == OutcomeKind::Scored,
        }
    }
}

/// What is left of a run: hashes of ids and epochs, 8 bytes each.
#[derive(Debug, Default)]
pub(super) struct Left {
    done: HashSet<u64>,
    repeat: HashSet<u64>,
    /// Answers whose process was lost before their verdict: at most as many as were in flight.
    answers: HashMap<u64, Answer>,
    /// Whether what is in neither set is asked.
    missing: bool,
}

/// An answer that is paid for, and when it was asked for.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) completion: Completion,
    pub(super) begun: Timestamp,
}

/// One question in one epoch.
pub(super) struct Task {
    pub(super) sample: Arc<Sample>,
    pub(super) epoch: u32,
    /// Whether an evaluation of it is stored that did not succeed.
    pub(super) again: bool,
    /// The answer, where only the verdict is missing.
    pub(super) answer: Option<Answer>,
}

impl Left {
    /// Everything.
    pub(super) fn all() -> Self {
        Self { missing: true, ..Self::default() }
    }

    /// Nothing yet: the stored evaluations are [told](Self::note) one by one.
    pub(super) fn of(again: Again) -> Self {
        Self { missing: again == Again::Missing, ..Self::default() }
    }

    /// Notes a stored evaluation, and says whether it stands as it is.
    pub(super) fn note(&mut self, again: Again, evaluation: &Evaluation) -> bool {
        let keeps = again.keeps(evaluation);
        let set = if keeps { &mut self.done } else { &mut self.repeat };
        set.insert(key(&evaluation.sample.id, evaluation.epoch));
        keeps
    }

    /// Notes a stored attempt: one that brought an answer of which no evaluation was told.
    pub(super) fn note_attempt(&mut self, attempt: &Attempt) {
        let key = key(&attempt.origin.sample, attempt.origin.epoch);
        let open = self.missing && !self.done.contains(&key) && !self.repeat.contains(&key);
        if open
            && attempt.origin.purpose == Purpose::Answer
            && let Some(completion) = attempt.completion()
        {
            self.answers.insert(key, Answer { completion, begun: attempt.begun });
        }
    }

    /// The tasks, in the order of the samples. All epochs of a sample stand together, so that only the questions in
    /// flight have open epochs.
    pub(super) fn tasks(
        self,
        samples: impl Iterator<Item = Result<Sample, DatasetError>>,
        epochs: u32,
    ) -> impl Iterator<Item = Result<Task, DatasetError>> {
        let left = Arc::new(self);
        samples.flat_map(move |sample| {
            let (sample, error) = match sample {
                Ok(sample) => (Some(Arc::new(sample)), None),
                Err(error) => (None, Some(Err(error))),
            };
            let left = left.clone();
            let repeats = sample.into_iter().flat_map(move |sample| {
                let left = left.clone();
                (1..=epochs).filter_map(move |epoch| left.task(sample.clone(), epoch)).map(Ok)
            });
            repeats.chain(error)
        })
    }

    fn task(&self, sample: Arc<Sample>, epoch: u32) -> Option<Task> {
        if self.done.is_empty() && self.repeat.is_empty() && self.answers.is_empty() {
            return self.missing.then_some(Task { sample, epoch, again: false, answer: None });
        }
        let key = key(&sample.id, epoch);
        let again = self.repeat.contains(&key);
        let wanted = again || (self.missing && !self.done.contains(&key));
        wanted.then(|| Task { sample, epoch, again, answer: self.answers.get(&key).cloned() })
    }
}

fn key(id: &SampleId, epoch: u32) -> u64 {
    let digest = digest([id.as_str(), &epoch.to_string()]);
    digest.as_bytes().iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
}
