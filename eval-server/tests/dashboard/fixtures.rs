//! Data like that of a good day and of a bad one.

use eval_core::Timestamp;
use eval_server::dashboard::Tone;
use eval_server::dashboard::chart::{
    Axis, ConditionMark, CostPoint, Forest, ForestRow, Frontier, Level, Limits, MarkLetter, Segment, ShownChange,
    Trend, TrendDot,
};

/// A time so many hours after the first of September.
pub(crate) fn hour(hours: i64) -> Timestamp {
    Timestamp::from_second(1_788_220_800 + hours * 3_600).expect("as the fixture has it")
}

/// Noise that is the same each time.
pub(crate) fn noise(at: usize) -> f64 {
    ((at as f64 * 12.9898).sin() * 43_758.547).rem_euclid(1.0) - 0.5
}

/// A history of so many daily runs that falls at `fall`.
pub(crate) fn history(runs: usize, fall: usize, drop: f64) -> Trend {
    let level = |at: usize| if at < fall { 0.0 } else { -drop };
    let dot = |at: usize| TrendDot {
        at: hour(24 * at as i64),
        value: level(at) + 3.0 * noise(at),
        title: format!("run {at}"),
    };
    let pooled = |at: usize| {
        let (value, reach) = (level(at) + 0.8 * noise(at / 5), if at.abs_diff(fall) < 4 { 2.4 } else { 1.3 });
        Level { at: hour(24 * at as i64), value, low: value - reach, high: value + reach }
    };
    let missing = 20..25;
    let segment = |range: std::ops::Range<usize>, tone| Segment {
        levels: range.filter(|at| !missing.contains(at)).map(pooled).collect(),
        tone,
    };
    let end = fall.min(runs);
    let tone = if drop > 0.0 { Tone::Worse } else { Tone::Better };
    let mut segments = vec![segment(0..end.min(20), Tone::Calm), segment(25.min(end)..end, Tone::Calm)];
    segments.push(segment(end..runs, tone));
    let last = hour(24 * runs.saturating_sub(1) as i64);
    let has_fallen = fall < runs;
    Trend {
        sentence: "gamma-pro: −4.4 points against its own baseline".into(),
        range: (hour(0), last),
        axis: Axis::over([-7.0, 4.0]),
        dots: (0..runs).filter(|at| !missing.contains(at)).map(dot).collect(),
        segments,
        baseline: (runs > 40).then(|| (hour(24 * 30), hour(24 * 44))),
        change: has_fallen.then(|| ShownChange {
            at: hour(24 * fall as i64),
            earliest: hour(24 * (fall as i64 - 2)),
            latest: hour(24 * (fall as i64 + 2)),
            tone,
        }),
        missing: if runs > 25 { vec![(hour(24 * 19), hour(24 * 25))] } else { vec![] },
        marks: if has_fallen {
            vec![mark(fall, MarkLetter::F), mark(fall, MarkLetter::P), mark(12, MarkLetter::J)]
        } else {
            vec![]
        },
        threshold: Some(-3.0),
    }
}

fn mark(at: usize, letter: MarkLetter) -> ConditionMark {
    ConditionMark { at: hour(24 * at as i64), letter, title: format!("{letter:?} changed") }
}

pub(crate) fn row(name: &str, n: u64, change: f64, low: f64, high: f64, distinguishable: bool) -> ForestRow {
    ForestRow { name: name.into(), n, change: Some(change), ends: Some((low, high)), distinguishable }
}

pub(crate) fn categories() -> Forest {
    let rows = vec![
        row("Reasoning", 80, -18.8, -28.6, -8.9, true),
        row("Instructions", 70, -7.1, -14.4, 0.1, false),
        row("Arithmetic", 60, -3.3, -9.8, 3.1, false),
        row("Extraction", 70, 0.0, -4.0, 4.0, false),
        row("Code", 60, -1.7, -7.3, 4.0, false),
        row("Factual", 70, 0.0, -4.0, 4.0, false),
        row("Safety and a name that is far too long for its column", 40, 0.0, -3.8, 3.8, false),
        row("Summaries", 50, 6.0, 2.0, 10.5, true),
    ];
    Forest { rows, overall: Some(row("Overall", 500, -4.6, -7.0, -2.2, true)) }
}

pub(crate) fn costs() -> Frontier {
    let point = |name: &str, cost, accuracy, low, high, dominated, chosen| CostPoint {
        name: name.into(),
        cost,
        accuracy,
        ends: Some((low, high)),
        dominated,
        chosen,
    };
    let points = vec![
        point("alpha-large", 9.80, 0.918, 0.891, 0.939, true, false),
        point("beta-4", 6.10, 0.906, 0.877, 0.929, false, false),
        point("gamma-pro", 4.40, 0.862, 0.829, 0.889, true, false),
        point("beta-4-mini", 0.74, 0.848, 0.814, 0.877, false, true),
        point("delta-70b", 1.90, 0.842, 0.807, 0.871, true, false),
        point("alpha-mini", 0.38, 0.790, 0.752, 0.823, false, false),
    ];
    Frontier { points, limits: Limits { max_cost: Some(5.0), min_accuracy: Some(0.8) } }
}
