//! A judge against its own weaknesses.

use eval_core::{Completion, Judge, JudgeError, Money, Sample, Score, Verdict, wilson};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::interval::{mean, of_mean};
use super::{Finding, Fitness};
use crate::settle::settle;
use crate::{OrderTally, Pairwise};

/// Answers that say nothing and have fooled judges: Y. Zhao et al., *One Token to Fool LLM-as-a-Judge* (2025),
/// arXiv:2507.08794, and blanks.
pub const MASTER_KEYS: [&str; 12] = [
    " ",
    ".",
    ",",
    ":",
    "Thought process:",
    "Let's solve this problem step by step.",
    "Solution",
    "Solution:",
    "解",
    "かいせつ",
    "Respuesta",
    "Here is the answer:",
];

/// So many equal values stand for themselves; fewer say nothing of their spread.
const SAME: usize = 10;

/// How often an answer is doubled in length to see whether padding pays.
const DOUBLINGS: u32 = 2;

/// Checks of a judge with known answers. It is fit where the whole 95 % interval is within the limit, unfit where all of it
/// is above, and else unknown: there were too few answers. Each check takes real calls when the judge does, and says what they cost.
///
/// ```
/// use eval_core::{Completion, Sample};
/// use eval_judge::{Audit, Contains, Fitness};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let samples = vec![Sample::new("1", "Capital of France?").target("Paris"); 20];
/// let found = Audit::new().master_keys(&Contains::whole(), &samples).await.unwrap();
/// assert_eq!((found.fitness, found.value), (Fitness::Fit, Some(0.0)));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Audit {
    concurrency: usize,
    master_keys: f64,
    order: f64,
    verbosity: f64,
    stability: f64,
}

impl Default for Audit {
    fn default() -> Self {
        Self { concurrency: 8, master_keys: 0.02, order: 0.25, verbosity: 0.02, stability: 0.1 }
    }
}

impl Audit {
    /// The default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls in flight at once. Default: 8.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }

    /// The greatest share of empty phrases that may pass. Default: 0.02.
    pub fn master_keys_limit(mut self, share: f64) -> Self {
        self.master_keys = share;
        self
    }

    /// The greatest share of pairs that may be judged otherwise in the other order. Default: 0.25.
    pub fn order_limit(mut self, share: f64) -> Self {
        self.order = share;
        self
    }

    /// The greatest gain in score for an answer of twice the length that says the same. Default: 0.02.
    pub fn verbosity_limit(mut self, gain: f64) -> Self {
        self.verbosity = gain;
        self
    }

    /// The greatest mean difference between two scores of the same answer. Default: 0.1.
    pub fn stability_limit(mut self, difference: f64) -> Self {
        self.stability = difference;
        self
    }

    /// Scores phrases that answer nothing, [`MASTER_KEYS`] for each of these questions. The figure is the share that
    /// passes with at least 0.5; the judge is unfit above the limit.
    ///
    /// # Errors
    /// A fatal [`JudgeError`].
    pub async fn master_keys(&self, judge: &dyn Judge, samples: &[Sample]) -> Result<Finding, JudgeError> {
        let controls = samples.iter().flat_map(|sample| MASTER_KEYS.map(|key| (sample.clone(), Completion::new(key))));
        let found = self.ask(judge, controls.collect()).await?;
        let scores: Vec<f64> = found.scores.iter().flatten().copied().collect();
        let passed: Vec<f64> = scores.iter().map(|score| f64::from(*score >= 0.5)).collect();
        let interval = wilson(passed.iter().sum(), passed.len() as u64);
        let words = |share: f64| format!("{:.1} % of answers that say nothing pass", share * 100.0);
        Ok(found.finding("master-keys", &passed, interval, self.master_keys, words))
    }

    /// Compares answers in both orders. The figure is the share of pairs for which the grader says another thing in the
    /// other order; the judge is unfit above the limit. `cases` are answers for whose samples the pairwise judge has others;
    /// pairs that need no grader, such as identical ones, say nothing of it and are left out.
    ///
    /// # Errors
    /// A fatal [`JudgeError`].
    pub async fn order(&self, judge: &Pairwise, cases: &[(Sample, Completion)]) -> Result<Finding, JudgeError> {
        let asked = cases.iter().filter(|(sample, answer)| judge.asks(sample, answer)).cloned();
        let found = self.ask(judge, asked.collect()).await?;
        let tally = OrderTally::of(&found.verdicts);
        let disagreed = (0..tally.pairs).map(|pair| f64::from(pair < tally.disagreed)).collect::<Vec<_>>();
        let interval = wilson(tally.disagreed as f64, tally.pairs);
        let words = |share: f64| {
            format!(
                "{:.1} % of pairs are judged otherwise in the other order ({} for the first, {} for the second)",
                share * 100.0,
                tally.first,
                tally.second
            )
        };
        Ok(found.finding("order", &disagreed, interval, self.order, words))
    }

    /// Scores answers as they are and padded with lists that repeat them, to two and four times their length. The figure
    /// is the gain in score for each doubling (the mean of the answers' slopes, by least squares over the logarithm of
    /// the length); the judge is unfit above the limit.
    ///
    /// # Errors
    /// A fatal [`JudgeError`].
    pub async fn verbosity(&self, judge: &dyn Judge, cases: &[(Sample, Completion)]) -> Result<Finding, JudgeError> {
        let of_case = |(sample, answer): &(Sample, Completion)| {
            let (sample, answer) = (sample.clone(), answer.clone());
            (0..=DOUBLINGS).map(move |doublings| (sample.clone(), padded(&answer, doublings)))
        };
        let found = self.ask(judge, cases.iter().flat_map(of_case).collect()).await?;
        let lengths: Vec<f64> = found.lengths.iter().map(|length| (*length as f64).log2()).collect();
        let steps = DOUBLINGS as usize + 1;
        let series = lengths.chunks(steps).zip(found.scores.chunks(steps));
        let slopes: Vec<f64> = series.filter_map(|(lengths, scores)| slope(lengths, scores)).collect();
        let words = |gain: f64| format!("{gain:+.3} in score for each doubling of the length");
        Ok(found.finding("verbosity", &slopes, interval_of(&slopes), self.verbosity, words))
    }

    /// Scores each answer twice. The figure is the mean difference between both scores; the judge is unfit above the limit.
    ///
    /// # Errors
    /// A fatal [`JudgeError`].
    pub async fn stability(&self, judge: &dyn Judge, cases: &[(Sample, Completion)]) -> Result<Finding, JudgeError> {
        let twice = cases.iter().flat_map(|case| [case.clone(), case.clone()]);
        let found = self.ask(judge, twice.collect()).await?;
        let pairs = found.scores.chunks(2);
        let differences: Vec<f64> = pairs.filter_map(|pair| Some((pair[0]? - pair[1]?).abs())).collect();
        let interval = interval_of(&differences).map(|(low, high)| (low.max(0.0), high.min(1.0)));
        let words = |mean: f64| format!("two scores of the same answer differ by {mean:.3} on average");
        Ok(found.finding("stability", &differences, interval, self.stability, words))
    }

    async fn ask(&self, judge: &dyn Judge, cases: Vec<(Sample, Completion)>) -> Result<Found, JudgeError> {
        let lengths = cases.iter().map(|(_, answer)| answer.text.chars().count()).collect();
        let one = |(sample, answer): (Sample, Completion)| async move { settle(judge, &sample, &answer).await };
        let verdicts: Vec<Verdict> = stream::iter(cases).map(one).buffered(self.concurrency).try_collect().await?;
        let cost = verdicts.iter().try_fold(Money::ZERO, |sum, verdict| Some(sum + verdict.cost?));
        let scores = verdicts.iter().map(|verdict| verdict.score.map(Score::get)).collect();
        Ok(Found { verdicts, scores, lengths, cost })
    }
}

/// What a judge said of all the answers of a check, in their order.
struct Found {
    verdicts: Vec<Verdict>,
    scores: Vec<Option<f64>>,
    lengths: Vec<usize>,
    cost: Option<Money>,
}

impl Found {
    fn finding(
        &self,
        check: &'static str,
        values: &[f64],
        interval: Option<(f64, f64)>,
        limit: f64,
        words: impl Fn(f64) -> String,
    ) -> Finding {
        let value = mean(values);
        let unscored = self.scores.iter().filter(|score| score.is_none()).count();
        // Whoever grades less than half of what it is given shows too little of itself.
        let fitness = if 2 * unscored > self.scores.len() { Fitness::Unknown } else { held_against(interval, limit) };
        Finding {
            check,
            fitness,
            value,
            interval,
            limit,
            n: values.len() as u64,
            unscored: unscored as u64,
            cost: self.cost,
            words: match value {
                None => "nothing could be measured".to_owned(),
                Some(value) if held_against(interval, limit) == Fitness::Unknown => {
                    format!("{}; {}", words(value), too_few(value, interval, limit, values.len()))
                }
                Some(value) => words(value),
            },
        }
    }
}

/// The whole interval lies on one side of the limit, or nothing follows.
fn held_against(interval: Option<(f64, f64)>, limit: f64) -> Fitness {
    match interval {
        Some((_, high)) if high <= limit => Fitness::Fit,
        Some((low, _)) if low > limit => Fitness::Unfit,
        _ => Fitness::Unknown,
    }
}

/// How many would do, were the figure to stay: an interval shrinks with the root of n, and that of a share of 0 with n.
fn too_few(value: f64, interval: Option<(f64, f64)>, limit: f64, n: usize) -> String {
    let needed = interval.map_or(SAME as f64, |(low, high)| {
        let reach = if value > limit { value - low } else { high - value };
        let ratio = reach / (value - limit).abs();
        n as f64 * if value == 0.0 { ratio } else { ratio.powi(2) }
    });
    match needed.is_finite() {
        true => format!("too few answers ({n}): it needs about {:.0}", needed.ceil().max(n as f64 + 1.0)),
        false => format!("it is the limit itself, and {n} answers do not decide"),
    }
}

/// The interval of a mean. Where at least [`SAME`] values are all the same it is that value; fewer carry none.
fn interval_of(values: &[f64]) -> Option<(f64, f64)> {
    let first = *values.first()?;
    let is_constant = values.iter().all(|value| *value == first);
    if is_constant { (values.len() >= SAME).then_some((first, first)) } else { of_mean(values) }
}

/// The answer with a list of what it said already, until it is as long as asked for.
fn padded(answer: &Completion, doublings: u32) -> Completion {
    let text = &answer.text;
    let wanted = text.chars().count().saturating_mul(1 << doublings);
    let mut long = text.clone();
    let mut length = text.chars().count();
    while doublings > 0 && length < wanted {
        let more = format!("\n- {text}");
        length += more.chars().count();
        long.push_str(&more);
    }
    let mut padded = answer.clone();
    padded.text = long;
    padded
}

/// The slope of the scores over the lengths by least squares; `None` when a score is missing or all lengths are the same.
fn slope(lengths: &[f64], scores: &[Option<f64>]) -> Option<f64> {
    let scores: Vec<f64> = scores.iter().copied().collect::<Option<_>>()?;
    let (center, level) = (mean(lengths)?, mean(&scores)?);
    let spread: f64 = lengths.iter().map(|length| (length - center).powi(2)).sum();
    let product: f64 = lengths.iter().zip(&scores).map(|(length, score)| (length - center) * (score - level)).sum();
    (spread > 0.0).then(|| product / spread)
}
