//! The figures that the monitor is held to, beside what came out.

use crate::rules::Kind;
use crate::scenario::Scenario;
use crate::shares::{Delays, Share};
use crate::study::{Pages, Study};
use crate::tables::{sizes, table};

const WATCH: f64 = 200.0;
const ALARM: f64 = 500.0;

/// What is aimed at: histories with a false alarm, or runs until a change is found; for each size.
enum Target {
    FalseAlarms(&'static str, fn(&Pages) -> bool, [f64; 3]),
    Found(Scenario, &'static str, f64, [f64; 3]),
}

const TARGETS: [Target; 5] = [
    Target::FalseAlarms("ALARM of quality without a change, 90 runs", |page| page.quality, [0.05, 0.05, 0.08]),
    Target::FalseAlarms("all that pages: quality, or the others by their mean evidence", Pages::any_shared, [0.15; 3]),
    Target::Found(Scenario::Drop(3.0), "ALARM", ALARM, [31.0, 7.0, 3.0]),
    Target::Found(Scenario::Drop(3.0), "WATCH", WATCH, [20.0, 6.0, 2.0]),
    Target::Found(Scenario::Category(20.0), "WATCH", WATCH, [7.0, 3.0, 1.0]),
];

impl Target {
    fn name(&self) -> String {
        match self {
            Self::FalseAlarms(name, ..) => (*name).to_owned(),
            Self::Found(scenario, level, ..) => format!("{} found, {level}, median runs", scenario.name()),
        }
    }

    fn cell(&self, at: usize, study: &Study) -> String {
        match self {
            Self::FalseAlarms(_, has, aims) => {
                let share = Share::of(&study.pages, has);
                let low = share.interval().map_or(0.0, |(low, _)| low);
                format!("at most {:.0} %: {share}{}", aims[at] * 100.0, verdict(low <= aims[at]))
            }
            Self::Found(scenario, _, threshold, aims) => {
                let delays: Delays = study.delays(*scenario, Kind::Monitor, *threshold);
                format!("at most {}: {delays}{}", aims[at], verdict(delays.interval().0 <= aims[at]))
            }
        }
    }
}

/// A figure meets its target unless its whole 95 % interval lies beyond.
fn verdict(is_met: bool) -> &'static str {
    if is_met { "" } else { " **missed**" }
}

pub fn targets(studies: &[Study]) {
    let row = |target: &Target| {
        let cells = studies.iter().enumerate().map(|(at, study)| target.cell(at, study));
        std::iter::once(target.name()).chain(cells).collect::<Vec<String>>()
    };
    let rows: Vec<_> = TARGETS.iter().map(row).collect();
    table("What is aimed at, and what came out (95 %)", &sizes("figure", studies), &rows);
}
