//! Known drops, injected into stored answers: what the monitor and the gate make of them.

mod resample;

use std::num::NonZero;
use std::thread;

use eval_core::DatasetRef;

use crate::gate::bad_score;
use crate::{
    Decision, Gate, MonitorSettings, Proportion, QualityMonitor, QuestionScores, RunScores, ScoresError, wilson,
};
use resample::{Dice, Pool};

/// Stored runs below which nothing is known of the luck of a single answer.
const LEAST_RUNS: usize = 3;

/// The experiment that `evalctl selftest` makes: it injects known drops into resampled histories of *this* data set, and
/// counts how often the [`QualityMonitor`] and the [`Gate`] find them, and how often they cry wolf.
///
/// # What is done
/// A simulated run draws, for each question, one of its stored scores; runs as a whole move by as much as the stored runs
/// show beyond the luck of their questions. From the run of the change on the drop is injected:
///
/// | injection | what is done to a drawn score |
/// |---|---|
/// | drop by D points | it becomes 0 with the same chance for all, so that the mean falls by D |
/// | a category falls by D | the same within the category |
/// | break of a share | that share of the questions, drawn anew for each history, gets 0 for good |
///
/// The monitor sees `before` runs without and `after` runs with the drop. The gate sees one run of `epochs` with the drop
/// against `baseline_runs` without.
///
/// # What it is worth
/// It knows no more of the luck of an answer than the stored runs show: a few runs show too little of it, and rates come
/// out too good. A real drop may look otherwise. Reproducible: the same runs and seed give the same rates on any number of
/// threads. Time: O(scenarios histories runs questions).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SelfTest {
    /// Histories for each injection, and gates too; default 200.
    pub histories: u32,
    /// Runs before the change; default 30.
    pub before: u32,
    /// Runs from the change on; default 30.
    pub after: u32,
    /// Epochs of the run at the gate; default 1.
    pub epochs: u32,
    /// Runs of the gate's baseline; default 7.
    pub baseline_runs: u32,
    /// The gate; default [`Gate::new`] without limits of its own.
    pub gate: Gate,
    /// The seed; default 1.
    pub seed: u64,
    /// What is injected; default: nothing, drops by 1, 2, 3, 5 and 10 points, the largest category down by 20 points, and
    /// a break of 3 %.
    pub injections: Option<Vec<Injection>>,
}

/// What is done to the answers.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Injection {
    /// Nothing: what is found is a false alarm.
    Nothing,
    /// The mean falls by so many points, on all questions alike.
    Drop {
        /// Points.
        points: f64,
    },
    /// The mean of one category falls.
    Category {
        /// Its name; the data set's text.
        name: String,
        /// Points, within the category.
        points: f64,
    },
    /// Some questions break for good.
    Break {
        /// The share of the questions, in percent.
        percent: f64,
    },
}

/// How often something happened, with Wilson's 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Rate {
    /// How often.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// The lower end of the interval, from 0 to 1; `None` of none.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Rate {
    fn of(happened: impl IntoIterator<Item = bool>) -> Self {
        let (mut count, mut of) = (0, 0);
        for happened in happened {
            (count, of) = (count + u64::from(happened), of + 1);
        }
        let interval = Proportion::new(count, of).and_then(|proportion| wilson(proportion, 0.95));
        Self { count, of, low: interval.map(|(low, _)| low), high: interval.map(|(_, high)| high) }
    }

    /// The rate, from 0 to 1; `None` of none.
    pub fn share(&self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }
}

/// What became of one injection.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SelfTestScenario {
    /// What was injected.
    pub injection: Injection,
    /// Histories in which the monitor raised an alarm from the change on, of those without one before. Without an
    /// injection: histories with any alarm, all false.
    pub alarms: Rate,
    /// The same, at the level of Watch or an alarm.
    pub watches: Rate,
    /// The median number of runs from the change to the alarm, the first one with the drop being 1; `None` when fewer than
    /// half of the histories had one.
    pub runs_to_alarm: Option<u32>,
    /// Runs that the gate let pass: those that are worse by the margin should not.
    pub passes: Rate,
    /// Runs that the gate failed: those without a drop should not.
    pub fails: Rate,
}

/// What [`SelfTest::run`] found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SelfTestReport {
    /// What was done.
    pub test: SelfTest,
    /// Stored runs that were resampled.
    pub runs: u64,
    /// Their questions.
    pub questions: u64,
    /// The mean of the stored scores, in percent.
    pub accuracy: f64,
    /// By how much runs move as a whole, as a standard deviation in points.
    pub run_noise: f64,
    /// The injections.
    pub scenarios: Vec<SelfTestScenario>,
    /// What weakens the rates.
    pub warnings: Vec<String>,
}

impl Default for SelfTest {
    fn default() -> Self {
        Self {
            histories: 200,
            before: 30,
            after: 30,
            epochs: 1,
            baseline_runs: 7,
            gate: Gate::new().max_error_share(None),
            seed: 1,
            injections: None,
        }
    }
}

/// What became of one simulated history and of one gate.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    alarm: Option<u32>,
    watch: Option<u32>,
    decision: Decision,
}

impl SelfTest {
    /// The default experiment.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with so many histories for each injection.
    pub fn histories(mut self, histories: u32) -> Self {
        self.histories = histories;
        self
    }

    /// The same with another seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same with this gate.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// The same with these injections.
    pub fn injections(mut self, injections: Vec<Injection>) -> Self {
        self.injections = Some(injections);
        self
    }

    /// Makes the experiment on the stored runs of a data set, on all cores.
    ///
    /// # Errors
    /// [`ScoresError::TooFew`] below three runs or two questions with scores in all of them; [`ScoresError::NotComparable`]
    /// when a score is not a number from 0 to 1.
    pub fn run(&self, history: &[RunScores]) -> Result<SelfTestReport, ScoresError> {
        self.run_on(history, thread::available_parallelism().map_or(1, NonZero::get))
    }

    fn run_on(&self, history: &[RunScores], threads: usize) -> Result<SelfTestReport, ScoresError> {
        if history.len() < LEAST_RUNS {
            return Err(ScoresError::TooFew { unit: "runs", found: history.len(), needed: LEAST_RUNS });
        }
        if let Some(why) = bad_score(history) {
            return Err(ScoresError::NotComparable(why));
        }
        let pool = Pool::of(history);
        if pool.questions.len() < 2 {
            return Err(ScoresError::TooFew {
                unit: "questions in three runs",
                found: pool.questions.len(),
                needed: 2,
            });
        }
        let injections = self.injections.clone().unwrap_or_else(|| pool.injections());
        let scenario = |(at, injection): (usize, &Injection)| self.scenario(&pool, at as u64, injection, threads);
        let few = (history.len() < 10).then(|| {
            format!("{} stored runs show little of the luck of an answer: the rates are too good", history.len())
        });
        Ok(SelfTestReport {
            test: self.clone(),
            runs: history.len() as u64,
            questions: pool.questions.len() as u64,
            accuracy: pool.mean * 100.0,
            run_noise: pool.run_noise * 100.0,
            scenarios: injections.iter().enumerate().map(scenario).collect(),
            warnings: few.into_iter().collect(),
        })
    }

    fn scenario(&self, pool: &Pool, at: u64, injection: &Injection, threads: usize) -> SelfTestScenario {
        let seen = self.on_threads(threads, |history| {
            // Each history has its own stream of random numbers, whichever thread draws them.
            let mut dice = Dice::new(self.seed, at << 32 | u64::from(history));
            let (alarm, watch) = self.monitor(pool, injection, &mut dice);
            Seen { alarm, watch, decision: self.decide(pool, injection, &mut dice) }
        });
        let start = if *injection == Injection::Nothing { 0 } else { self.before };
        let quiet = |at: &Option<u32>| at.is_none_or(|at| at >= start);
        let rate = |of: fn(&Seen) -> Option<u32>| Rate::of(seen.iter().map(of).filter(quiet).map(|at| at.is_some()));
        let delays = seen.iter().map(|seen| seen.alarm).filter(quiet);
        SelfTestScenario {
            injection: injection.clone(),
            alarms: rate(|seen| seen.alarm),
            watches: rate(|seen| seen.watch),
            runs_to_alarm: median(delays.map(|at| at.map(|at| at - start + 1)).collect()),
            passes: Rate::of(seen.iter().map(|seen| seen.decision == Decision::Pass)),
            fails: Rate::of(seen.iter().map(|seen| seen.decision == Decision::Fail)),
        }
    }

    fn on_threads(&self, threads: usize, of: impl Fn(u32) -> Seen + Sync) -> Vec<Seen> {
        let each = (self.histories as usize).div_ceil(threads.max(1)).max(1);
        let all: Vec<u32> = (0..self.histories).collect();
        let of = &of;
        thread::scope(|scope| {
            let share = |share: &[u32]| share.iter().map(|history| of(*history)).collect::<Vec<Seen>>();
            let parts: Vec<_> = all.chunks(each).map(|part| scope.spawn(move || share(part))).collect();
            // A thread that panicked has nothing to give; the panic is a defect of ours and goes on.
            parts
                .into_iter()
                .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    /// The first run with an alarm, and the first to be watched at least.
    fn monitor(&self, pool: &Pool, injection: &Injection, dice: &mut Dice) -> (Option<u32>, Option<u32>) {
        let mut monitor = QualityMonitor::new(pool.questions.iter().map(|question| question.category));
        let settings = MonitorSettings::default();
        let change = pool.change(injection, dice);
        let (mut alarm, mut watch) = (None, None);
        for run in 0..self.before + self.after {
            let drawn = pool.draw(if run < self.before { None } else { Some(&change) }, dice);
            let scores: Vec<Option<f64>> = drawn.into_iter().map(Some).collect();
            // Drawn scores are always scores, so there is always a reading.
            let evidence = monitor.observe(&scores).map_or(0.0, |reading| reading.evidence);
            if evidence >= settings.watch {
                watch = watch.or(Some(run));
            }
            if evidence >= settings.alarm {
                alarm = Some(run);
                break;
            }
        }
        (alarm, watch)
    }

    fn decide(&self, pool: &Pool, injection: &Injection, dice: &mut Dice) -> Decision {
        let change = pool.change(injection, dice);
        let runs: Vec<RunScores> =
            (0..self.baseline_runs.max(1)).map(|_| run_of(pool, &[pool.draw(None, dice)])).collect();
        // One run: its epochs share what moves the run as a whole.
        let whole = pool.whole(dice);
        let epochs: Vec<_> = (0..self.epochs.max(1)).map(|_| pool.draw_in(whole, Some(&change), dice)).collect();
        self.gate.decide(&run_of(pool, &epochs), &runs).decision
    }
}

fn run_of(pool: &Pool, epochs: &[Vec<f64>]) -> RunScores {
    let question = |(at, question): (usize, &resample::Stored)| {
        let scores = epochs.iter().map(|scores| scores[at]).collect();
        QuestionScores::new(question.key.clone(), question.name.clone(), scores)
    };
    let questions = pool.questions.iter().enumerate().map(question).collect();
    RunScores::new("", DatasetRef::new("", "", pool.questions.len() as u64)).questions(questions)
}

/// The median of what may never have happened.
fn median(mut runs: Vec<Option<u32>>) -> Option<u32> {
    runs.sort_by_key(|run| run.unwrap_or(u32::MAX));
    runs.get((runs.len().max(1) - 1) / 2).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eval_core::SampleKey;

    fn history(runs: usize, questions: usize) -> Vec<RunScores> {
        let mut dice = Dice::new(7, 0);
        let run = |dice: &mut Dice| {
            let question = |at: usize| {
                let chance = [0.99, 0.95, 0.8, 0.4][at % 4];
                let key = SampleKey::new(format!("q{at:04}").as_str(), "f00d");
                QuestionScores::new(key, format!("c{}", at % 3), vec![f64::from(dice.chance(chance))])
            };
            RunScores::new("m", DatasetRef::new("golden", "9f2c", questions as u64))
                .questions((0..questions).map(question).collect())
        };
        (0..runs).map(|_| run(&mut dice)).collect()
    }

    #[test]
    fn any_number_of_threads_finds_the_same_and_another_seed_does_not() {
        let (stored, test) = (history(12, 60), SelfTest::new().histories(9));
        let found = test.run_on(&stored, 1).unwrap();
        for threads in [2, 3, 20] {
            assert_eq!(found, test.run_on(&stored, threads).unwrap());
        }
        assert_ne!(found.scenarios, test.seed(2).run_on(&stored, 1).unwrap().scenarios);
    }

    #[test]
    fn large_drops_are_found_and_no_drop_is_not() {
        let test = SelfTest::new().histories(60).injections(vec![
            Injection::Nothing,
            Injection::Drop { points: 10.0 },
            Injection::Category { name: "c1".to_owned(), points: 20.0 },
            Injection::Break { percent: 3.0 },
        ]);
        let report = test.run(&history(15, 200)).unwrap();
        let [nothing, drop, category, broken] = &report.scenarios[..] else { panic!("four scenarios") };
        println!("{:#?}", report.scenarios);
        assert!(nothing.alarms.share() < Some(0.1) && nothing.fails.share() < Some(0.17), "{nothing:?}");
        assert!(drop.alarms.share() > Some(0.95) && drop.runs_to_alarm <= Some(4), "{drop:?}");
        assert!(drop.fails.share() > Some(0.9) && drop.passes.count == 0, "{drop:?}");
        assert!(category.alarms.share() > Some(0.9) && broken.watches.share() > Some(0.6), "{category:?} {broken:?}");
        assert!(drop.alarms.low < drop.alarms.share() && drop.alarms.of == 60);
    }

    #[test]
    fn the_default_injects_what_is_promised() {
        let report = SelfTest::new().histories(1).run(&history(4, 30)).unwrap();
        let injected: Vec<&Injection> = report.scenarios.iter().map(|scenario| &scenario.injection).collect();
        assert_eq!(injected.len(), 8);
        assert_eq!(injected[6], &Injection::Category { name: "c0".to_owned(), points: 20.0 });
        assert_eq!(report.warnings.len(), 1, "four runs are few");
    }

    #[test]
    fn what_is_too_little_or_no_score_is_refused() {
        assert!(matches!(SelfTest::new().run(&history(2, 30)), Err(ScoresError::TooFew { found: 2, .. })));
        assert!(matches!(SelfTest::new().run(&history(3, 1)), Err(ScoresError::TooFew { found: 1, .. })));
        let mut broken = history(3, 30);
        broken[0].questions[0].scores = vec![f64::NAN];
        assert!(matches!(SelfTest::new().run(&broken), Err(ScoresError::NotComparable(_))));
    }
}
