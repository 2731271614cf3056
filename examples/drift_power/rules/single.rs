//! Rules that look at one run beside others, without pairing questions.

use super::{BASELINE, Rule, Run, SILENT, moments};

/// Points under the best run ever: what `BestRunThreshold` of eval-drift flags, computed run by run.
#[derive(Default)]
pub struct BestRun(Option<f64>);

impl Rule for BestRun {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        let points = run.mean * 100.0;
        let below = self.0.map_or(SILENT, |best| best - points);
        self.0 = Some(self.0.map_or(points, |best| best.max(points)));
        below
    }
}

/// The means of two runs as if they asked different questions.
#[derive(Default)]
pub struct TwoProportion(Option<(f64, f64)>);

impl Rule for TwoProportion {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        let (mean, deviation) = moments(run.scores, 1.0);
        let before = self.0.replace((mean, deviation));
        before.map_or(SILENT, |(last, other)| {
            (last - mean) / ((deviation.powi(2) + other.powi(2)) / run.scores.len() as f64).sqrt()
        })
    }
}

/// The largest distance between the distribution of a run's scores and that of the first 14 runs.
#[derive(Default)]
pub struct KolmogorovSmirnov([usize; GRADES]);

const GRADES: usize = 5;

impl Rule for KolmogorovSmirnov {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        let mut grades = [0; GRADES];
        for score in run.scores {
            grades[(score * (GRADES - 1) as f64).round() as usize] += 1;
        }
        if run.at < BASELINE {
            self.0.iter_mut().zip(grades).for_each(|(sum, count)| *sum += count);
            return SILENT;
        }
        let questions = run.scores.len() as f64;
        let (mut below, mut largest) = (0.0, 0.0_f64);
        for (count, sum) in grades.into_iter().zip(self.0) {
            below += count as f64 / questions - sum as f64 / (questions * BASELINE as f64);
            largest = largest.max(below.abs());
        }
        largest
    }
}

/// Standard deviations of the means of the first 14 runs below their mean, as NannyML counts them.
#[derive(Default)]
pub struct ThreeDeviations(Vec<f64>);

impl Rule for ThreeDeviations {
    fn statistic(&mut self, run: &Run<'_>) -> f64 {
        if run.at < BASELINE {
            self.0.push(run.mean);
            return SILENT;
        }
        let (mean, deviation) = moments(&self.0, 0.0);
        (mean - run.mean) / deviation.max(1e-9)
    }
}
