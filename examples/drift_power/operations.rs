//! Streams beside quality: rates of rare cases, and quantities that are ratios to what is usual.

use eval_core::Measure;
use eval_drift::{CountMonitor, RatioMonitor};

use crate::draw::Draw;
use crate::scenario::{CHANGE, RUNS};

const ALARM: f64 = 500.0;

/// What changes from the 31st run on.
#[derive(Clone, Copy, PartialEq)]
pub enum Operation {
    Nothing,
    /// 4 % instead of 1 % of the calls fail.
    Errors,
    /// 6 % instead of 1 % of the answers are refusals.
    Refusals,
    /// Answers take so many times as long.
    Latency(f64),
}

impl Operation {
    pub fn name(self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Errors => "errors 1 % → 4 %".to_owned(),
            Self::Refusals => "refusals 1 % → 6 %".to_owned(),
            Self::Latency(factor) => format!("latency +{:.0} %", (factor - 1.0) * 100.0),
        }
    }
}

/// The number of streams that have a monitor.
const STREAMS: usize = Measure::OPERATIONS.len();

/// The stream in which a change is to be found.
pub fn stream_of(operation: Operation) -> Measure {
    match operation {
        Operation::Nothing | Operation::Errors => Measure::Errors,
        Operation::Refusals => Measure::Refusals,
        Operation::Latency(_) => Measure::Latency,
    }
}

/// A stream, and what is usual in it.
pub fn name(stream: Measure) -> String {
    let usual = match stream {
        Measure::Errors | Measure::Refusals => ", 1 %",
        Measure::Timeouts => ", 0.3 %, among the errors",
        Measure::FormatFailures => ", 0.5 %",
        Measure::PromptTokens => ", always the same",
        Measure::Cost => ", by tokens",
        Measure::AnswerLength => ", by tokens, 3 %",
        _ => "",
    };
    format!("{stream}{usual}")
}

/// The evidence of a rise in each run of a history, by stream.
pub struct Streams([Vec<f64>; STREAMS]);

impl Streams {
    pub fn simulated(operation: Operation, questions: usize, draw: &mut Draw) -> Self {
        let (mut counts, mut ratios) = ([CountMonitor::default(); 4], [const { None::<RatioMonitor> }; 5]);
        let mut paths = [const { vec![] }; STREAMS];
        let answers = Answers::drawn(questions, draw);
        for at in 0..RUNS {
            let now = if at < CHANGE { Operation::Nothing } else { operation };
            let cases = cases(now, questions, draw);
            let counted = counts.iter_mut().zip(cases).map(|(monitor, cases)| {
                monitor.observe(cases, questions as u64).expect("no more cases than trials").evidence
            });
            let values = answers.run(now, draw);
            let measured =
                ratios.iter_mut().zip(&values).map(|(monitor, run)| monitor.get_or_insert_default().observe(run).rise);
            paths.iter_mut().zip(counted.chain(measured)).for_each(|(path, evidence)| path.push(evidence));
        }
        Self(paths)
    }

    /// The runs in which this stream alone is an ALARM.
    pub fn alarms(&self, stream: Measure) -> impl Iterator<Item = usize> {
        let paths = Measure::OPERATIONS.iter().zip(&self.0);
        let path = paths.filter(move |(other, _)| **other == stream).flat_map(|(_, path)| path);
        (0..).zip(path).filter(|(_, evidence)| **evidence >= ALARM).map(|(at, _)| at)
    }

    /// The runs in which the mean evidence of all streams is an ALARM, as `share_budget` has it: then the largest is one
    /// as well.
    pub fn shared_alarms(&self) -> impl Iterator<Item = usize> {
        let mean = |at: usize| self.0.iter().map(|path| path[at]).sum::<f64>() / STREAMS as f64;
        (0..RUNS).filter(move |at| mean(*at) >= ALARM)
    }
}

/// Errors, timeouts, refusals and unreadable answers of a run.
fn cases(operation: Operation, questions: usize, draw: &mut Draw) -> [u64; 4] {
    let (other_errors, refusals) = match operation {
        Operation::Errors => (0.037, 0.01),
        Operation::Refusals => (0.007, 0.06),
        _ => (0.007, 0.01),
    };
    let timeouts = draw.count(questions, 0.003);
    let errors = draw.count(questions - timeouts as usize, other_errors) + timeouts;
    [errors, timeouts, draw.count(questions, refusals), draw.count(questions, 0.005)]
}

/// What is usual for each question.
struct Answers {
    latency: Vec<f64>,
    prompts: Vec<f64>,
    tokens: Vec<f64>,
}

impl Answers {
    fn drawn(questions: usize, draw: &mut Draw) -> Self {
        let mut usual = || Quantity::latency().usual(questions, draw);
        Self { latency: usual(), prompts: usual(), tokens: usual() }
    }

    /// Latency, tokens of prompt and answer, cost and length of each answer of a run.
    fn run(&self, operation: Operation, draw: &mut Draw) -> [Vec<Option<f64>>; 5] {
        let slower = if let Operation::Latency(factor) = operation { factor } else { 1.0 };
        let latency = Quantity::latency().run(&self.latency, slower, draw);
        let tokens = Quantity::tokens().run(&self.tokens, 1.0, draw);
        let prompts: Vec<Option<f64>> = self.prompts.iter().copied().map(Some).collect();
        // A token of an answer costs four times one of a prompt.
        let cost = tokens.iter().zip(&prompts).map(|(answer, prompt)| Some(4.0 * (*answer)? + (*prompt)?)).collect();
        let length = tokens.iter().map(|answer| Some((*answer)? * draw.normal(0.03).exp())).collect();
        [latency, prompts, tokens, cost, length]
    }
}

/// A log-normal quantity: deviations of the log.
#[derive(Clone, Copy)]
pub struct Quantity {
    between_runs: f64,
    within: f64,
    spikes: f64,
}

impl Quantity {
    pub fn latency() -> Self {
        Self { between_runs: 0.10, within: 0.30, spikes: 0.02 }
    }

    fn tokens() -> Self {
        Self { between_runs: 0.01, within: 0.15, spikes: 0.0 }
    }

    /// What is usual for each question.
    pub fn usual(self, questions: usize, draw: &mut Draw) -> Vec<f64> {
        (0..questions).map(|_| draw.normal(0.5).exp()).collect()
    }

    /// The values of a run; one in so many takes five times as long.
    pub fn run(self, usual: &[f64], factor: f64, draw: &mut Draw) -> Vec<Option<f64>> {
        let whole = factor * draw.normal(self.between_runs).exp();
        let mut value = |usual: &f64| {
            let spike = if self.spikes > 0.0 && draw.uniform() < self.spikes { 5.0 } else { 1.0 };
            Some(usual * whole * spike * draw.normal(self.within).exp())
        };
        usual.iter().map(&mut value).collect()
    }
}

/// Runs flagged because the 95th percentile is more than 20 % above the best one so far.
pub fn best_p95_flags(questions: usize, draw: &mut Draw) -> usize {
    let quantity = Quantity::latency();
    let usual = quantity.usual(questions, draw);
    let mut best = f64::INFINITY;
    let mut is_flagged = |_: &usize| {
        let mut values: Vec<f64> = quantity.run(&usual, 1.0, draw).into_iter().flatten().collect();
        let at = questions * 95 / 100;
        let (_, p95, _) = values.select_nth_unstable_by(at, f64::total_cmp);
        let flagged = *p95 > 1.2 * best;
        best = best.min(*p95);
        flagged
    };
    (0..RUNS).filter(&mut is_flagged).count()
}
