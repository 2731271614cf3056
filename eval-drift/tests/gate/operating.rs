//! How often the gate is wrong, and how often it is right, by simulation.

use std::fmt;
use std::thread;

use eval_drift::{Decision, Gate, RunScores};

use crate::model::{Model, run_of};

/// How often each decision was made, of `of` gates.
#[derive(Debug, Clone, Copy, Default)]
struct Rates {
    pass: usize,
    fail: usize,
    of: usize,
}

impl Rates {
    /// The most that a share of `nominal` would show with a probability of .999.
    fn most(&self, nominal: f64) -> f64 {
        nominal + 3.1 * (nominal * (1.0 - nominal) / self.of as f64).sqrt()
    }

    fn shares(&self) -> (f64, f64) {
        (self.pass as f64 / self.of as f64, self.fail as f64 / self.of as f64)
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pass, fail) = self.shares();
        write!(f, "{pass:.3} / {fail:.3} / {:.3}", 1.0 - pass - fail)
    }
}

fn decision(questions: usize, epochs: usize, baseline_runs: usize, drop: f64, seed: u64) -> Decision {
    let mut model = Model::new(questions, seed);
    let logits = model.logits_for(drop);
    let before: RunScores = run_of(model.baseline(baseline_runs));
    let now = run_of(model.run(epochs, if drop == 0.0 { 0.0 } else { logits }));
    // The runs of the baseline stand in one, so the gate would take their noise for that of one run.
    let mut gate = Gate::new().max_error_share(None);
    gate.run_noise = 0.5 * ((1.0 + 1.0 / baseline_runs as f64) / 2.0).sqrt();
    gate.decide(&now, &[before]).decision
}

fn simulate(questions: usize, epochs: usize, baseline_runs: usize, drop: f64, of: usize) -> Rates {
    let threads = 2;
    let rates = |thread: usize| {
        let seeds = (0..of).filter(|at| at % threads == thread);
        let decisions = seeds.map(|at| decision(questions, epochs, baseline_runs, drop, 1_000 + at as u64));
        decisions.fold(Rates::default(), |rates, decision| Rates {
            pass: rates.pass + usize::from(decision == Decision::Pass),
            fail: rates.fail + usize::from(decision == Decision::Fail),
            of: rates.of + 1,
        })
    };
    thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || rates(thread))).collect();
        parts.into_iter().map(|part| part.join().expect("a thread")).fold(Rates::default(), |sum, part| Rates {
            pass: sum.pass + part.pass,
            fail: sum.fail + part.fail,
            of: sum.of + part.of,
        })
    })
}

/// In 4,000 gates a cell (1,000 at 1,000 questions), margin 3, against 7 runs: pass / fail / inconclusive.
///
/// | Q, K | no change | -3 | -5 | -10 |
/// |---|---|---|---|---|
/// | 10, 1 | .00 / .00 / 1.0 | .00 / .00 / 1.0 | .00 / .01 / .99 | .00 / .02 / .98 |
/// | 10, 3 | .00 / .00 / 1.0 | .00 / .00 / 1.0 | .00 / .00 / 1.0 | .00 / .00 / 1.0 |
/// | 50, 1 | .20 / .04 / .76 | .07 / .15 / .78 | .02 / .29 / .68 | .00 / .72 / .28 |
/// | 50, 3 | .33 / .04 / .63 | .06 / .31 / .64 | .02 / .58 / .40 | .00 / .96 / .04 |
/// | 200, 1 | .44 / .04 / .53 | .05 / .42 / .53 | .01 / .77 / .22 | .00 / 1.0 / .00 |
/// | 200, 3 | .71 / .04 / .24 | .05 / .71 / .24 | .00 / .99 / .01 | .00 / 1.0 / .00 |
/// | 1000, 1 | .91 / .04 / .05 | .04 / .90 / .06 | .00 / 1.0 / .00 | .00 / 1.0 / .00 |
/// | 1000, 3 | .99 / .01 / .00 | .04 / .96 / .00 | .00 / 1.0 / .00 | .00 / 1.0 / .00 |
///
/// A plain t interval, without the widening for skewness, passes .080 at -3 with 50 questions asked once.
///
/// A size, and the least shares that it must show: passes at no change, fails at a drop of 5 and of 10 points.
struct Size {
    questions: usize,
    epochs: usize,
    passes: f64,
    fails: [f64; 2],
    of: usize,
}

impl Size {
    const fn new(questions: usize, epochs: usize, of: usize, passes: f64, fails: [f64; 2]) -> Self {
        Self { questions, epochs, passes, fails, of }
    }
}

const SIZES: [Size; 8] = [
    Size::new(10, 1, 200, 0.0, [0.0, 0.0]),
    Size::new(10, 3, 200, 0.0, [0.0, 0.0]),
    Size::new(50, 1, 400, 0.15, [0.15, 0.55]),
    Size::new(50, 3, 400, 0.25, [0.40, 0.85]),
    Size::new(200, 1, 200, 0.33, [0.60, 0.97]),
    Size::new(200, 3, 200, 0.60, [0.90, 0.98]),
    Size::new(1_000, 1, 100, 0.82, [0.97, 0.98]),
    Size::new(1_000, 3, 100, 0.94, [0.97, 0.98]),
];

#[test]
fn wrong_passes_and_wrong_fails_stay_within_alpha_and_power_grows_with_size() {
    println!("pass / fail / inconclusive, margin 3, baseline of 7 runs");
    for size in &SIZES {
        let rates = |drop: f64, of: usize| simulate(size.questions, size.epochs, 7, drop, of);
        let (same, margin) = (rates(0.0, size.of), rates(3.0, size.of));
        let [five, ten] = [5.0, 10.0].map(|drop| rates(drop, 60));
        println!("Q={} K={}: same {same}; -3 {margin}; -5 {five}; -10 {ten}", size.questions, size.epochs);
        assert!(same.shares().1 <= same.most(0.05), "wrong fails {same} at Q={} K={}", size.questions, size.epochs);
        assert!(
            margin.shares().0 <= margin.most(0.05),
            "wrong passes {margin} at Q={} K={}",
            size.questions,
            size.epochs
        );
        assert!(same.shares().0 >= size.passes, "passes {same} at Q={} K={}", size.questions, size.epochs);
        for (found, least) in [five, ten].iter().zip(size.fails) {
            assert!(found.shares().1 >= least, "fails {found} at Q={} K={}", size.questions, size.epochs);
        }
    }
}

#[test]
fn against_a_single_run_wrong_fails_stay_within_alpha_too() {
    for (questions, epochs) in [(50, 1), (200, 1), (50, 3)] {
        let same = simulate(questions, epochs, 1, 0.0, 300);
        println!("Q={questions} K={epochs} against one run: same {same}");
        assert!(same.shares().1 <= same.most(0.05), "{same}");
    }
}
