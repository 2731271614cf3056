//! Streams beside quality: rates of rare cases, and quantities that are ratios to what is usual.

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

/// A stream that has a monitor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Errors,
    Refusals,
    Unreadable,
    Latency,
    Tokens,
}

impl Stream {
    pub const ALL: [Self; 5] = [Self::Errors, Self::Refusals, Self::Unreadable, Self::Latency, Self::Tokens];

    pub fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors, 1 %",
            Self::Refusals => "refusals, 1 %",
            Self::Unreadable => "unreadable answers, 0.5 %",
            Self::Latency => "latency",
            Self::Tokens => "tokens (and with them cost and length)",
        }
    }

    /// The stream in which the change is to be found.
    pub fn of(operation: Operation) -> Self {
        match operation {
            Operation::Nothing | Operation::Errors => Self::Errors,
            Operation::Refusals => Self::Refusals,
            Operation::Latency(_) => Self::Latency,
        }
    }

    /// The evidence of a rise in each run.
    fn evidence(self, operation: Operation, questions: usize, draw: &mut Draw) -> Vec<f64> {
        match self {
            Self::Errors | Self::Refusals | Self::Unreadable => self.counted(operation, questions, draw),
            Self::Latency => measured(Quantity::latency(), operation, questions, draw),
            Self::Tokens => measured(Quantity::tokens(), Operation::Nothing, questions, draw),
        }
    }

    fn counted(self, operation: Operation, questions: usize, draw: &mut Draw) -> Vec<f64> {
        let usual = if self == Self::Unreadable { 0.005 } else { 0.01 };
        let raised = match (self, operation) {
            (Self::Errors, Operation::Errors) => 0.04,
            (Self::Refusals, Operation::Refusals) => 0.06,
            _ => usual,
        };
        let mut monitor = CountMonitor::default();
        let observe = |at: usize| {
            let cases = draw.count(questions, if at < CHANGE { usual } else { raised });
            monitor.observe(cases, questions as u64).expect("no more cases than trials").evidence
        };
        (0..RUNS).map(observe).collect()
    }
}

fn measured(quantity: Quantity, operation: Operation, questions: usize, draw: &mut Draw) -> Vec<f64> {
    let changed = if let Operation::Latency(factor) = operation { factor } else { 1.0 };
    let usual = quantity.usual(questions, draw);
    let mut monitor = RatioMonitor::default();
    let observe =
        |at: usize| monitor.observe(&quantity.run(&usual, if at < CHANGE { 1.0 } else { changed }, draw)).rise;
    (0..RUNS).map(observe).collect()
}

/// The evidence of all streams in a history.
pub struct Streams([Vec<f64>; Stream::ALL.len()]);

impl Streams {
    pub fn simulated(operation: Operation, questions: usize, draw: &mut Draw) -> Self {
        Self(Stream::ALL.map(|stream| stream.evidence(operation, questions, draw)))
    }

    /// The runs in which this stream alone is an ALARM.
    pub fn alarms(&self, stream: Stream) -> impl Iterator<Item = usize> {
        let path =
            Stream::ALL.iter().zip(&self.0).find(|(other, _)| **other == stream).map_or(&[][..], |(_, path)| path);
        (0..).zip(path).filter(|(_, evidence)| **evidence >= ALARM).map(|(at, _)| at)
    }

    /// The runs in which the mean evidence of all streams is an ALARM: one budget of false alarms for all of them.
    pub fn shared_alarms(&self) -> impl Iterator<Item = usize> {
        let mean = |at: usize| self.0.iter().map(|path| path[at]).sum::<f64>() / self.0.len() as f64;
        (0..RUNS).filter(move |at| mean(*at) >= ALARM)
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
