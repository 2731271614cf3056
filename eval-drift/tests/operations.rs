//! The monitors of counts and of ratios, in simulation.

use eval_core::Status;
use eval_drift::{CountMonitor, RatioMonitor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const SEED: u64 = 20_261_125;
const RUNS: usize = 60;
/// The first run with a change, where there is one.
const CHANGE: usize = 30;

/// A number from 0 to 1.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Irwin and Hall: close enough to normal.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| uniform(rng)).sum::<f64>() - 6.0
}

/// The first alarm of each of 100 histories; `observe` makes and observes a run of a history.
fn first_alarms<M: Default>(mut observe: impl FnMut(&mut M, &mut ChaCha8Rng, bool) -> Status) -> Vec<Option<usize>> {
    let mut history = |seed| {
        let (mut monitor, mut rng) = (M::default(), ChaCha8Rng::seed_from_u64(SEED + seed));
        (0..RUNS).find(|at| observe(&mut monitor, &mut rng, *at >= CHANGE) == Status::Worse)
    };
    (0..100).map(&mut history).collect()
}

/// The median of the runs until the change is found.
fn median_delay(alarms: &[Option<usize>]) -> usize {
    let mut delays: Vec<usize> = alarms.iter().flatten().filter_map(|at| (at + 1).checked_sub(CHANGE)).collect();
    delays.sort_unstable();
    assert!(delays.len() >= 90, "seed {SEED}: {alarms:?}");
    delays[delays.len() / 2]
}

fn count_alarms(trials: u64, before: f64, after: f64) -> Vec<Option<usize>> {
    first_alarms(|monitor: &mut CountMonitor, rng, is_changed| {
        let rate = if is_changed { after } else { before };
        let cases = (0..trials).filter(|_| uniform(rng) < rate).count() as u64;
        monitor.observe(cases, trials).expect("no more cases than trials").status
    })
}

#[test]
fn a_rate_that_stays_raises_few_alarms() {
    for (trials, rate) in [(50, 0.01), (200, 0.01), (1_000, 0.01), (200, 0.2), (50, 0.0)] {
        let alarms = count_alarms(trials, rate, rate).iter().flatten().count();
        assert!(alarms <= 12, "seed {SEED}: {alarms} of 100 for {rate} of {trials}");
    }
}

#[test]
fn four_times_the_errors_are_found_quickly() {
    for (trials, within) in [(50, 8), (200, 3), (1_000, 1)] {
        let median = median_delay(&count_alarms(trials, 0.01, 0.04));
        assert!(median <= within, "seed {SEED}: {median} runs of {trials}");
    }
}

/// Latencies of 50 questions: log-normal, a run deviation of 10 %, 2 % spikes.
fn latency_alarms(factor: f64) -> Vec<Option<usize>> {
    first_alarms(|monitor: &mut RatioMonitor, rng, is_changed| {
        let run = (0.1 * normal(rng)).exp() * if is_changed { factor } else { 1.0 };
        let spike = |rng: &mut ChaCha8Rng| if uniform(rng) < 0.02 { 5.0 } else { 1.0 };
        let value = |at: u32| Some(f64::from(at + 1) * run * spike(rng) * (0.3 * normal(rng)).exp());
        monitor.observe(&(0..50).map(value).collect::<Vec<_>>()).status
    })
}

#[test]
fn a_latency_that_stays_raises_few_alarms() {
    let alarms = latency_alarms(1.0).iter().flatten().count();
    assert!(alarms <= 12, "seed {SEED}: {alarms} of 100");
}

#[test]
fn a_slower_provider_is_found_quickly() {
    for (factor, within) in [(1.2, 8), (1.5, 3)] {
        let median = median_delay(&latency_alarms(factor));
        assert!(median <= within, "seed {SEED}: {median} runs for {factor}");
    }
}
