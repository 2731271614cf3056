//! A judge whose calls are written down as those of an audit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use eval_core::{Completion, Evaluation, Judge, JudgeError, Origin, RunId, Sample, Verdict, async_trait};

/// Gives each answer that is judged the origin of the audit. The tests make answers up that came from nowhere, and calls
/// are told apart by their number, which stands in place of the epoch.
pub(super) struct Recorded {
    inner: Arc<dyn Judge>,
    run: RunId,
    calls: AtomicU32,
}

impl Recorded {
    pub(super) fn new(inner: Arc<dyn Judge>, run: RunId) -> Self {
        Self { inner, run, calls: AtomicU32::new(1) }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for Recorded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let origin = Origin::answer(self.run, sample.id.clone(), call);
        self.inner.judge(sample, &completion.clone().origin(Some(origin))).await
    }
}

/// Questions and answers, as those of the audit.
pub(super) fn cases(answers: &[Evaluation], run: RunId) -> Vec<(Sample, Completion)> {
    let case = |evaluation: &Evaluation| {
        let (sample, answer) = (Sample::clone(&evaluation.sample), evaluation.completion.clone()?);
        let origin = Origin::answer(run, sample.id.clone(), 1);
        Some((sample, answer.origin(Some(origin))))
    };
    answers.iter().filter_map(case).collect()
}
