//! What a data set can show, and what it would take to show more.

use crate::moments::mean;
use crate::monitor::{WEIGHT_OF_MEAN, delay};
use crate::special::{normal, student};
use crate::{MonitorSettings, RunScores, ScoresError};

/// What is assumed without a history: the variance of an answer's score around its question's mean, and that of a true
/// change from question to question. Both are those of the simulated model (mean accuracy .79) on docs/drift.md.
const PRIOR: (f64, f64) = (0.06, 0.002);
/// Rounds until the number of questions and Student's quantile agree.
const ROUNDS: usize = 20;

/// The question that `evalctl power` answers: how many questions and epochs find a drop of so many points?
///
/// For one paired run against a baseline, as the [`Gate`](crate::Gate) decides: `SE² = (between + within (1/K + 1/K_b)) /
/// Q + noise² (1 + 1/K_b)` (Miller 2024, arXiv 2411.00640, with the noise of whole runs), and a drop of `(t(1 - alpha) +
/// z(power)) SE` is found with that power. For the monitor, run after run: `n = 1 + 2 ln(threshold / .7) / (drop /
/// sigma)²` runs, half as many again for a drop below one `sigma`, with `sigma² = within / (Q K) + noise²`.
///
/// ```
/// use eval_drift::{PowerPlan, PowerSource};
/// let answer = PowerPlan::new(3.0).questions(50).answer(&[])?;
/// assert_eq!(answer.source, PowerSource::Prior);
/// assert!(answer.minimum_detectable_effect > 8.0, "50 questions, once each, do not see 8 points");
/// assert!((500..800).contains(&answer.questions_needed.unwrap()));
/// # Ok::<(), eval_drift::ScoresError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PowerPlan {
    /// The drop to find, in points.
    pub drop: f64,
    /// The risk of a false finding, one-sided; default 0.05.
    pub alpha: f64,
    /// How likely the drop is to be found; default 0.8.
    pub power: f64,
    /// Epochs of a run, at least 1; default 1.
    pub epochs: u32,
    /// Runs of the baseline, of one epoch each, at least 1; default 7.
    pub baseline_runs: u32,
    /// The noise that moves all questions of a run together, as a standard deviation in points; default 0.5.
    pub run_noise: f64,
    /// Questions of the data set; default: those that the latest run scored.
    pub questions: Option<u64>,
}

/// Where the variances come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PowerSource {
    /// From stored scores of this data set.
    History {
        /// The runs.
        runs: u64,
        /// Questions that were asked at least twice.
        questions: u64,
    },
    /// No question was asked twice: from the simulated model of docs/drift.md. It may be far off.
    Prior,
}

/// What a data set can show; all changes in points.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PowerAnswer {
    /// What was asked.
    pub plan: PowerPlan,
    /// Where the variances come from.
    pub source: PowerSource,
    /// Questions at present.
    pub questions: u64,
    /// The variance of an answer's score around its question's mean, in the unit of the scores.
    pub within: f64,
    /// The variance of a true change from question to question, in the unit of the scores.
    pub between: f64,
    /// The smallest drop found with that power by one run of the present size, in points.
    pub minimum_detectable_effect: f64,
    /// Questions needed at the plan's epochs; `None` when no number is enough, as runs themselves are too noisy.
    pub questions_needed: Option<u64>,
    /// Epochs needed with the present questions; `None` when no number is enough.
    pub epochs_needed: Option<u64>,
    /// The smallest drop by questions (the present number times 1, 2, 4 and 10) and epochs (1, 3 and 5).
    pub table: Vec<PowerCell>,
    /// The standard deviation of a run's mean, in points.
    pub run_deviation: f64,
    /// Runs after which the monitor is expected to say Watch.
    pub runs_to_watch: f64,
    /// Runs after which the monitor is expected to raise an alarm.
    pub runs_to_alarm: f64,
}

/// What runs of one size can show.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PowerCell {
    /// Questions.
    pub questions: u64,
    /// Epochs.
    pub epochs: u32,
    /// The smallest drop found, in points.
    pub minimum_detectable_effect: f64,
}

impl PowerPlan {
    /// A plan to find a drop of so many points.
    pub fn new(drop: f64) -> Self {
        Self { drop, alpha: 0.05, power: 0.8, epochs: 1, baseline_runs: 7, run_noise: 0.5, questions: None }
    }

    /// The same plan with so many epochs a run.
    pub fn epochs(mut self, epochs: u32) -> Self {
        self.epochs = epochs;
        self
    }

    /// The same plan for a data set of so many questions.
    pub fn questions(mut self, questions: u64) -> Self {
        self.questions = Some(questions);
        self
    }

    /// The same plan with a baseline of so many runs.
    pub fn baseline_runs(mut self, runs: u32) -> Self {
        self.baseline_runs = runs;
        self
    }

    /// Answers from the stored runs of this data set, oldest first; there need not be any.
    ///
    /// # Errors
    /// [`ScoresError::TooFew`] when neither the plan nor a run says how many questions there are (at least 2);
    /// [`ScoresError::NotComparable`] when the plan makes no sense or a score is no number from 0 to 1.
    pub fn answer(&self, history: &[RunScores]) -> Result<PowerAnswer, ScoresError> {
        self.check(history)?;
        let latest =
            history.last().map(|run| run.questions.iter().filter(|found| !found.scores.is_empty()).count() as u64);
        let questions = self.questions.or(latest).unwrap_or(0);
        if questions < 2 {
            return Err(ScoresError::TooFew { unit: "questions", found: questions as usize, needed: 2 });
        }
        let (source, within, between) = variances(history);
        let figures = Figures { plan: *self, within, between };
        let deviation = figures.run_deviation(questions);
        let drop = self.drop / 100.0 / deviation;
        let cell = |questions: u64, epochs: u32| PowerCell {
            questions,
            epochs,
            minimum_detectable_effect: figures.detectable(questions, epochs) * 100.0,
        };
        let sizes = [1, 2, 4, 10].map(|times| questions.saturating_mul(times));
        let monitor = MonitorSettings::default();
        let runs_to = |threshold| delay(drop, threshold, WEIGHT_OF_MEAN).unwrap_or(f64::INFINITY);
        Ok(PowerAnswer {
            plan: *self,
            source,
            questions,
            within,
            between,
            minimum_detectable_effect: figures.detectable(questions, self.epochs) * 100.0,
            questions_needed: figures.questions_needed(),
            epochs_needed: figures.epochs_needed(questions),
            table: sizes.into_iter().flat_map(|size| [1, 3, 5].map(|epochs| cell(size, epochs))).collect(),
            run_deviation: deviation * 100.0,
            runs_to_watch: runs_to(monitor.watch),
            runs_to_alarm: runs_to(monitor.alarm),
        })
    }

    fn check(&self, history: &[RunScores]) -> Result<(), ScoresError> {
        let sound = self.drop > 0.0
            && self.drop <= 100.0
            && (0.0..0.5).contains(&self.alpha)
            && self.alpha > 0.0
            && (0.5..1.0).contains(&self.power)
            && self.epochs > 0
            && self.baseline_runs > 0
            && (0.0..=100.0).contains(&self.run_noise);
        let problem =
            (!sound).then(|| "the plan needs a drop of 0 to 100 points, alpha below .5, power from .5".to_owned());
        problem.or_else(|| crate::gate::bad_score(history)).map_or(Ok(()), |why| Err(ScoresError::NotComparable(why)))
    }
}

/// The variances within and between questions, and where they come from.
///
/// Within: pooled over what one run says of one question in several epochs, else half the squared steps from run to run,
/// which a change in between disturbs only once. Between: what steps from run to run have beyond that.
fn variances(history: &[RunScores]) -> (PowerSource, f64, f64) {
    let (mut repeats, mut steps, mut asked_twice) = (Vec::new(), Vec::new(), std::collections::BTreeSet::new());
    let mut last = std::collections::BTreeMap::new();
    for question in history.iter().flat_map(|run| &run.questions) {
        let Some(now) = question.mean() else { continue };
        let n = question.scores.len() as f64;
        if n > 1.0 {
            let squares: f64 = question.scores.iter().map(|score| (score - now).powi(2)).sum();
            repeats.push(squares / (n - 1.0));
            asked_twice.insert(&question.key);
        }
        if let Some((before, times)) = last.insert(&question.key, (now, n)) {
            let step: f64 = now - before;
            steps.push((step * step, 1.0 / n + 1.0_f64 / times));
            asked_twice.insert(&question.key);
        }
    }
    let squares: f64 = steps.iter().map(|(square, _)| square).sum();
    let shares: f64 = steps.iter().map(|(_, share)| share).sum();
    let Some(within) = mean(&repeats).or_else(|| (shares > 0.0).then(|| squares / shares)) else {
        return (PowerSource::Prior, PRIOR.0, PRIOR.1);
    };
    // A history without a change cannot show how unevenly a change would fall.
    let beyond = if steps.is_empty() { 0.0 } else { (squares - within * shares) / steps.len() as f64 };
    let source = PowerSource::History { runs: history.len() as u64, questions: asked_twice.len() as u64 };
    (source, within, beyond.max(PRIOR.1))
}

struct Figures {
    plan: PowerPlan,
    within: f64,
    between: f64,
}

impl Figures {
    /// The variance that the runs themselves bring to a difference.
    fn noise(&self) -> f64 {
        (self.plan.run_noise / 100.0).powi(2) * (1.0 + 1.0 / f64::from(self.plan.baseline_runs))
    }

    /// The variance of a question's difference.
    fn variance(&self, epochs: u32) -> f64 {
        self.between + self.within * (1.0 / f64::from(epochs) + 1.0 / f64::from(self.plan.baseline_runs))
    }

    /// How many standard errors a drop must be.
    fn reach(&self, questions: u64) -> f64 {
        student::quantile(1.0 - self.plan.alpha, (questions.max(2) - 1) as f64) + normal::quantile(self.plan.power)
    }

    fn detectable(&self, questions: u64, epochs: u32) -> f64 {
        self.reach(questions) * (self.variance(epochs) / questions as f64 + self.noise()).sqrt()
    }

    /// What is left for the questions when the drop shall be so many standard errors.
    fn room(&self, questions: u64) -> f64 {
        (self.plan.drop / 100.0 / self.reach(questions)).powi(2) - self.noise()
    }

    fn questions_needed(&self) -> Option<u64> {
        let variance = self.variance(self.plan.epochs);
        let mut questions = 1_000;
        for _ in 0..ROUNDS {
            let room = self.room(questions);
            let next = if room > 0.0 { (variance / room).ceil() } else { return None };
            if next as u64 == questions {
                break;
            }
            questions = (next as u64).max(2);
        }
        Some(questions)
    }

    fn epochs_needed(&self, questions: u64) -> Option<u64> {
        let before = self.within / f64::from(self.plan.baseline_runs);
        let left = self.room(questions) * questions as f64 - self.between - before;
        (left > 0.0).then(|| (self.within / left).ceil().max(1.0) as u64)
    }

    /// The standard deviation of a run's mean.
    fn run_deviation(&self, questions: u64) -> f64 {
        let answers = questions as f64 * f64::from(self.plan.epochs);
        (self.within / answers + (self.plan.run_noise / 100.0).powi(2)).sqrt()
    }
}
