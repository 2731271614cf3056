//! Rules that bet on each stream of `QualityMonitor`.

use eval_drift::{ShiryaevRoberts, StreamKind, StreamReading};

use super::{Rule, Run};
use crate::model::CATEGORIES;

/// With fewer questions a category is too coarse for the boldest bet.
const BOLD_FROM: u32 = 20;

pub struct Monitor;

impl Rule for Monitor {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        run.reading.evidence
    }
}

pub struct MeanStream;

impl Rule for MeanStream {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        run.reading.mean().map_or(0.0, |stream| stream.evidence)
    }
}

/// Evidence whose false alarms are rare over a whole lifetime: as the e-detector, but a change from the k-th bet on has a
/// prior of `1 / (k (k + 1))` instead of 1, so that the sum stays an e-process.
#[derive(Default)]
pub struct EProcess([Bets; CATEGORIES + 2]);

#[derive(Default)]
struct Bets {
    made: f64,
    evidence: [f64; 4],
}

impl Bets {
    fn bet(&mut self, u: f64, shifts: &[f64]) -> f64 {
        self.made += 1.0;
        let prior = 1.0 / (self.made * (self.made + 1.0));
        for (evidence, shift) in self.evidence.iter_mut().zip(shifts) {
            *evidence = (*evidence + prior) * (shift * u - shift * shift / 2.0).exp();
        }
        self.evidence.iter().sum::<f64>() / shifts.len() as f64
    }
}

impl EProcess {
    fn bet(&mut self, stream: &StreamReading) -> f64 {
        let is_coarse = matches!(stream.kind, StreamKind::Category(_)) && stream.questions < BOLD_FROM;
        let shifts = &ShiryaevRoberts::SHIFTS[..if is_coarse { 3 } else { 4 }];
        stream.u.map_or(0.0, |u| stream.weight * self.0[place(stream.kind)].bet(u, shifts))
    }
}

impl Rule for EProcess {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        run.reading.streams.iter().map(|stream| self.bet(stream)).sum()
    }
}

/// The number of a stream.
pub fn place(stream: StreamKind) -> usize {
    match stream {
        StreamKind::Mean => 0,
        StreamKind::Sentinel => 1,
        StreamKind::Category(number) => 2 + number as usize,
        // Streams that are not known yet would share the mean's place.
        _ => 0,
    }
}
