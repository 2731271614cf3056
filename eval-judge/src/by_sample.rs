//! Each sample names its judge.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use eval_core::{Completion, Judge, JudgeError, Sample, Verdict, short_hash};

use crate::registry::{BUILT_IN, SpecError, built_in};
use crate::settle::settle;

/// The column that names the judge of a sample.
pub const JUDGE_COLUMN: &str = "judge";

/// Lets the column `judge` of a sample choose its judge; where it is empty or missing, the run's judge grades.
///
/// The column holds a specification as [`built_in`] takes it (`exact`, `numeric:0.01`, …) or a name given by
/// [`with`](Self::with), for instance `llm`. A verdict bears the name of the judge that was chosen, while
/// [`name`](Judge::name) is that of the run's judge. A name that nobody knows makes the sample unscored:
/// [`check`](Self::check) finds it before the first call.
///
/// ```
/// use eval_core::{Completion, Judge, Sample};
/// use eval_judge::{BySample, Contains, Exact};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let judge = BySample::new(Exact::new()).with("mine", Contains::whole());
/// let sample = Sample::new("1", "2 + 2?").target("4");
/// let answer = Completion::new("It is 4.0");
/// assert_eq!(judge.judge(&sample, &answer).await.unwrap().score.unwrap().get(), 0.0);
/// let numeric = sample.metadata("judge", "numeric");
/// let verdict = judge.judge(&numeric, &answer).await.unwrap();
/// assert_eq!((verdict.judge.as_str(), verdict.score.unwrap().get()), ("numeric", 1.0));
/// assert!(judge.check("mine").is_ok() && judge.check("numerc").is_err());
/// # });
/// ```
#[derive(Clone)]
pub struct BySample {
    run: Arc<dyn Judge>,
    named: BTreeMap<String, Arc<dyn Judge>>,
}

impl BySample {
    /// A judge for the samples that name none, and the built-in ones for the others.
    pub fn new(run: impl Judge) -> Self {
        Self { run: Arc::new(run), named: BTreeMap::new() }
    }

    /// The same judge with one more name for the column. It goes before a built-in judge of that name.
    pub fn with(mut self, name: impl Into<String>, judge: impl Judge) -> Self {
        self.named.insert(name.into(), Arc::new(judge));
        self
    }

    /// Whether a value of the column can be used. An empty one can.
    ///
    /// # Errors
    /// A [`SpecError`] when no judge has the name, or when its argument does not suit it.
    pub fn check(&self, spec: &str) -> Result<(), SpecError> {
        self.choose(spec).map(drop)
    }

    fn choose(&self, spec: &str) -> Result<Arc<dyn Judge>, SpecError> {
        let spec = spec.trim();
        if spec.is_empty() {
            return Ok(Arc::clone(&self.run));
        }
        if let Some(judge) = self.named.get(spec) {
            return Ok(Arc::clone(judge));
        }
        built_in(spec).map_err(|error| match error {
            SpecError::Unknown { name, .. } => {
                SpecError::unknown(&name, BUILT_IN.iter().copied().chain(self.named.keys().map(String::as_str)))
            }
            error => error,
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Judge for BySample {
    fn name(&self) -> &str {
        self.run.name()
    }

    fn fingerprint(&self) -> String {
        let named: Vec<_> = self.named.iter().map(|(name, judge)| (name.as_str(), judge.fingerprint())).collect();
        let run = self.run.fingerprint();
        let named = named.iter().flat_map(|(name, print)| [*name, print]);
        short_hash(["by-sample 1", &run].into_iter().chain(named))
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let spec = sample.metadata.get(JUDGE_COLUMN).map_or("", String::as_str);
        let judge = self.choose(spec).map_err(|error| JudgeError::Other(error.into()))?;
        settle(&*judge, sample, completion).await
    }
}

impl fmt::Debug for BySample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<&String> = self.named.keys().collect();
        f.debug_struct("BySample").field("run", &self.run.name()).field("named", &named).finish()
    }
}
