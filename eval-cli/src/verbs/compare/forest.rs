//! Categories as a forest: each with its interval on one common scale.

use eval_drift::CategoryChange;
use eval_drift::neutral::{cut, line};

use crate::output::{Align, Table};

/// Columns of the scale; odd, so that 0 has one of its own.
const COLUMNS: usize = 41;

/// A line a category: worse on the left, better on the right.
pub(super) fn of(categories: &[CategoryChange], unicode: bool) -> String {
    let ends =
        categories.iter().filter_map(|category| category.effect.as_ref()).flat_map(|found| [found.low, found.high]);
    let widest = ends.map(f64::abs).filter(|end| end.is_finite()).fold(1.0, f64::max);
    let mut table = Table::new([
        ("category", Align::Left),
        ("n", Align::Right),
        ("change", Align::Right),
        ("95% interval", Align::Right),
        ("worse | better", Align::Left),
        ("", Align::Left),
    ]);
    for category in categories {
        let mut cells = vec![line(&cut(&category.name, 60)), category.n.to_string()];
        match &category.effect {
            Some(effect) => cells.extend([
                format!("{:+.1}", effect.points),
                format!("{:+.1} to {:+.1}", effect.low, effect.high),
                bar([effect.low, effect.points, effect.high].map(|points| points / widest), unicode),
                if category.p_holm.is_some_and(|p| p < 0.05) { "certain" } else { "" }.to_owned(),
            ]),
            None => cells.push("–".to_owned()),
        }
        table.row(cells);
    }
    format!(
        "{}\n  scale: {widest:.1} points to either side; certain: also when all categories are considered",
        table.render(None)
    )
}

/// An interval with its middle, each from -1 to 1.
fn bar(ends: [f64; 3], unicode: bool) -> String {
    let [low, middle, high] = ends.map(place);
    let marks = if unicode { ['─', '●', '│', '·'] } else { ['-', 'o', '|', '.'] };
    let mark = |at: usize| match at {
        at if at == middle => marks[1],
        at if at == COLUMNS / 2 => marks[2],
        at if (low..=high).contains(&at) => marks[0],
        _ => marks[3],
    };
    (0..COLUMNS).map(mark).collect()
}

fn place(share: f64) -> usize {
    let half = (COLUMNS / 2) as f64;
    // A number that is none has no place, and stands at the left.
    (half + share.clamp(-1.0, 1.0) * half).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_its_middle_its_ends_and_the_zero() {
        let drawn = bar([-0.5, -0.25, 0.0], false);
        assert_eq!(drawn, "..........-----o----|....................");
        assert_eq!(bar([f64::NAN, -9.0, 9.0], false).len(), COLUMNS);
        assert_eq!(bar([0.0, 0.0, 0.0], true).chars().filter(|mark| *mark == '●').count(), 1);
    }
}
