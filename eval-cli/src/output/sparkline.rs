//! A history on one line.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ',', '-', '~', '=', '+', '#'];
/// So many runs fit beside their figures.
const MOST: usize = 60;

/// The levels of the newest runs, oldest first, from the lowest of them to the highest; a bar stands before the run at
/// which something changed, and a blank where a run has no level.
pub(crate) fn sparkline(levels: &[Option<f64>], change: Option<usize>, unicode: bool) -> String {
    let skipped = levels.len().saturating_sub(MOST);
    let shown = &levels[skipped..];
    let known = || shown.iter().flatten().copied().filter(|level| level.is_finite());
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let marks = if unicode { BLOCKS } else { ASCII };
    let mut line = String::new();
    for (at, level) in shown.iter().enumerate() {
        if change == Some(at + skipped) && at > 0 {
            line.push('|');
        }
        line.push(level.map_or(' ', |level| marks[place(level, low, high)]));
    }
    line
}

/// Of eight steps; the middle one where all levels are the same.
fn place(level: f64, low: f64, high: f64) -> usize {
    let share = if high > low { (level - low) / (high - low) } else { 0.5 };
    (share * 7.0).round().clamp(0.0, 7.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_become_marks() {
        assert_eq!(sparkline(&[Some(0.0), None, Some(1.0)], None, true), "▁ █");
        assert_eq!(sparkline(&[Some(0.9), Some(0.9), Some(0.8)], Some(2), false), "##|_");
        assert_eq!(sparkline(&[Some(0.5); 3], Some(0), true), "▅▅▅");
        assert_eq!(sparkline(&[], None, true), "");
        assert_eq!(sparkline(&[Some(f64::NAN)], None, false), "~");
        assert_eq!(sparkline(&[Some(1.0); 100], Some(99), false).len(), MOST + 1);
    }
}
