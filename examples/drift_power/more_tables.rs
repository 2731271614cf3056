//! The tables of everything beside quality: judge, operations, gate.

use eval_core::{Cause, Measure};

use crate::anchors::Attributed;
use crate::gate::{self, Decided, Decision, Design};
use crate::operations::{self, best_p95_flags};
use crate::scenario::Scenario;
use crate::shares::{Delays, Share};
use crate::study::{Effort, Pages, Study};
use crate::tables::{sizes, table};

const ANCHORS: [usize; 2] = [50, 200];

pub fn judge(effort: &Effort) {
    let mut rows = vec![];
    let changes = [Scenario::Judge(5.0), Scenario::Drop(5.0), Scenario::Both(5.0)];
    let cases = ANCHORS.into_iter().flat_map(|anchors| changes.map(|change| (anchors, change)));
    for (experiment, (anchors, change)) in (1_000..).zip(cases) {
        let make = |draw: &mut _| Attributed::simulated(change, 200, anchors, draw);
        let found = effort.each(experiment, effort.changed, make);
        let causes: Vec<Cause> = found.iter().filter_map(|one| one.cause).collect();
        let share = |cause: Cause| Share::of(&causes, |found| *found == cause).to_string();
        let delays = Delays::new(found.iter().map(|one| one.found.map_or(f64::INFINITY, |runs| runs as f64)).collect());
        let shares = [Cause::Judge, Cause::Model, Cause::Both, Cause::Unclear].map(share);
        let mut row = vec![change.name(), anchors.to_string(), causes.len().to_string()];
        row.extend(shares.into_iter().chain([delays.to_string()]));
        rows.push(row);
    }
    let columns = ["what moved", "anchors", "alarms", "judge", "model", "both", "unclear", "anchors' own ALARM after"];
    let title = "Whose change it was, 14 runs after it, Q = 200 (of the histories with an ALARM then)";
    table(title, &columns.map(str::to_owned), &rows);
}

pub fn operations(studies: &[Study], effort: &Effort) {
    let row = |name: &str, cell: &dyn Fn(&Study) -> String| row(name, studies, cell);
    let mut rows = vec![row("quality", &|study| Share::of(&study.pages, |page| page.quality).to_string())];
    rows.extend(Measure::OPERATIONS.map(|stream| {
        row(&operations::name(stream), &|study| {
            Share::of(&study.pages, |page| page.streams.alarms(stream).next().is_some()).to_string()
        })
    }));
    rows.extend([
        row("all streams beside quality by their mean evidence", &|study| {
            Share::of(&study.pages, |page| page.streams.shared_alarms().next().is_some()).to_string()
        }),
        row("quality, or any other stream by its own evidence", &|study| {
            Share::of(&study.pages, Pages::any).to_string()
        }),
        row("**quality, or the others by their mean evidence**", &|study| {
            Share::of(&study.pages, Pages::any_shared).to_string()
        }),
    ]);
    table("Histories of 90 runs without a change that have an ALARM", &sizes("stream", studies), &rows);
    operations_found(studies);
    let flags = effort.each(1_100, effort.changed, |draw| best_p95_flags(200, draw));
    let per_history = flags.iter().sum::<usize>() as f64 / flags.len() as f64;
    println!(
        "\n\"p95 above 1.2 times the best one so far\" flags {per_history:.0} of 90 runs without a change (Q = 200)."
    );
}

fn row(name: &str, studies: &[Study], cell: &dyn Fn(&Study) -> String) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(studies.iter().map(cell)).collect()
}

fn operations_found(studies: &[Study]) {
    let mut rows = vec![];
    for at in 0..studies.first().map_or(0, |study| study.operations.len()) {
        let name = studies[0].operations[at].operation.name();
        let cell = |delays: &Delays| format!("{delays} · {}", delays.within(14.0));
        rows.push(row(&format!("{name}: its own evidence"), studies, &|study| cell(&study.operations[at].alone)));
        rows.push(row(&format!("{name}: mean evidence"), studies, &|study| cell(&study.operations[at].shared)));
    }
    let title = "Streams beside quality, ALARM: median runs until found (95 %) · found within 14 runs (95 %)";
    table(title, &sizes("change", studies), &rows);
}

const DESIGNS: [Design; 7] =
    [(10, 1, 1), (50, 1, 7), (50, 3, 7), (200, 1, 7), (200, 3, 7), (1_000, 1, 7), (1_000, 3, 7)];
const DROPS: [f64; 4] = [0.0, 3.0, 5.0, 10.0];

/// The first experiment of gates whose judge never errs and whose runs share no luck, and of all others.
const QUIET: u32 = 3_000;
const NOISY: u32 = 2_000;

pub fn gate(effort: &Effort) {
    gates(effort, QUIET, "Gate, margin 3 points, answers only: PASS / FAIL / INCONCLUSIVE");
    gates(effort, NOISY, "Gate, margin 3 points, with a judge that errs and luck that runs share");
}

fn gates(effort: &Effort, experiment: u32, title: &str) {
    let mut rows = vec![];
    for (number, design) in (0..).zip(DESIGNS) {
        let (questions, epochs, runs) = design;
        let decided: Vec<Vec<Decided>> = (0..)
            .zip(DROPS)
            .map(|(at, points)| {
                let make = |draw: &mut _| gate::simulated(design, points, experiment == QUIET, draw);
                effort.each(experiment + 10 * number + at, effort.gates, make)
            })
            .collect();
        let mut row = vec![format!("{questions}, {epochs}, {runs}"), format!("{:.1}", detectable(&decided[0]))];
        row.extend(decided.iter().map(|decided| decisions(decided)));
        let margin = if questions == 10 { 10.0 } else { 3.0 };
        let red = |at: usize| Share::of(&decided[at], |one| one.drop > margin + 1e-7).to_string();
        row.push(format!("{} / {}", red(0), red(2)));
        rows.push(row);
    }
    let columns = ["Q, K, K_b", "MDE, points", "no change", "-3", "-5", "-10", "seed's margin red at no change / -5"];
    table(title, &columns.map(str::to_owned), &rows);
}

/// The mean of what can be detected, in points.
fn detectable(decided: &[Decided]) -> f64 {
    decided.iter().map(|one| one.detectable).sum::<f64>() / decided.len() as f64
}

fn decisions(decided: &[Decided]) -> String {
    [Decision::Pass, Decision::Fail, Decision::Inconclusive]
        .map(|decision| Share::of(decided, |one| one.decision == decision).to_string())
        .join(" / ")
}
