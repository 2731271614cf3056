//! All questions in one bar.

use serde::Serialize;

use super::label::Labels;
use super::svg::{Anchor, Pen, Svg};
use crate::dashboard::figures;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 82.0;
const GAP: f64 = 1.5;

/// What became of the questions that two runs share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Stack {
    /// Right before and now.
    pub right: u64,
    /// Right before and wrong now.
    pub regressed: u64,
    /// Wrong before and right now.
    pub improved: u64,
    /// Wrong before and now.
    pub wrong: u64,
}

/// Draws all questions as one bar, 640 by 82 px, each part as wide as its count.
pub fn stack(shown: &Stack) -> Svg {
    let parts = [
        ("f0", "t2", shown.right, "right in both"),
        ("f1", "f-worse", shown.regressed, "regressed"),
        ("f2", "f-better", shown.improved, "improved"),
        ("f3", "t2", shown.wrong, "wrong in both"),
    ];
    let total: u64 = parts.iter().map(|(_, _, n, _)| n).sum();
    let (mut pen, mut labels) = (Pen::new("sk", WIDTH, HEIGHT), Labels::new(WIDTH, HEIGHT, 11.0));
    if total == 0 {
        pen.rect("f0", (0.0, 10.0), (WIDTH, 16.0), "no shared question");
        labels.put(&mut pen, "t2", "no question is shared by the two runs", &[(0.0, 46.0, Anchor::Start)]);
    }
    let mut left = 0.0;
    let mut shown = Vec::new();
    for (fill, class, n, what) in parts.into_iter().filter(|(_, _, n, _)| *n > 0) {
        let (width, text) = (WIDTH * n as f64 / total as f64, format!("{} {what}", figures::thousands(n)));
        // Even one question of many is to be seen.
        let x = (left + GAP / 2.0).min(WIDTH - 1.0);
        pen.rect(fill, (x, 10.0), ((width - GAP).max(1.0), 16.0), &text);
        shown.push((left, left + width, class, text));
        left += width;
    }
    // The widest first: the narrow ones find a place below.
    shown.sort_by(|a, b| (b.1 - b.0).total_cmp(&(a.1 - a.0)));
    for (left, right, class, text) in shown {
        let places = [46.0, 61.0, 76.0].into_iter().flat_map(|y| {
            let middle = f64::midpoint(left, right);
            [
                (left, Anchor::Start),
                (right, Anchor::End),
                (left, Anchor::End),
                (middle, Anchor::Middle),
                (WIDTH, Anchor::End),
            ]
            .map(|(x, anchor)| (x, y, anchor))
        });
        labels.put(&mut pen, class, &text, &places.collect::<Vec<_>>());
    }
    let said = parts.map(|(_, _, n, what)| format!("{} {what}", figures::thousands(n)));
    pen.finish(&format!("All {}: {}", figures::count(total, "question"), said.join(", ")))
}
