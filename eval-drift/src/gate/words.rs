//! Figures in words.

use super::CheckUnit;

/// A change in points with its sign, `-4.6`; never `-0.0`.
pub(crate) fn signed(points: f64) -> String {
    let text = format!("{points:+.1}");
    if text == "-0.0" { "+0.0".to_owned() } else { text }
}

/// A figure in its unit as people write it: `86.2%`, `3.6 s`, `$4.40`, `-4.6`.
pub(crate) fn figure(unit: CheckUnit, value: f64) -> String {
    match unit {
        CheckUnit::Points => signed(value),
        CheckUnit::Percent => format!("{value:.1}%"),
        CheckUnit::Milliseconds if value.abs() < 1_000.0 => format!("{value:.0} ms"),
        CheckUnit::Milliseconds => format!("{:.1} s", value / 1_000.0),
        CheckUnit::Usd => format!("${}", decimals(value, 2, 6)),
    }
}

/// A limit as its user wrote it: with as many decimals as it has.
pub(crate) fn limit(unit: CheckUnit, value: f64) -> String {
    match unit {
        CheckUnit::Points => decimals(value, 1, 3),
        CheckUnit::Percent => format!("{}%", decimals(value, 0, 3)),
        CheckUnit::Milliseconds if value.abs() < 1_000.0 => format!("{} ms", decimals(value, 0, 3)),
        CheckUnit::Milliseconds => format!("{} s", decimals(value / 1_000.0, 1, 3)),
        CheckUnit::Usd => format!("${}", decimals(value, 2, 6)),
    }
}

/// A number with at least and at most so many decimals.
fn decimals(value: f64, least: usize, most: usize) -> String {
    let text = format!("{value:.most$}");
    let Some(point) = text.find('.') else { return text };
    let kept = text.trim_end_matches('0').len().max(point + 1 + least);
    text[..kept].trim_end_matches('.').to_owned()
}

/// A count with its noun: `1 question`, `2 questions`.
pub(crate) fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// A level as people write it: `90% interval`.
pub(crate) fn interval_of(level: f64) -> String {
    format!("{}% interval", decimals(100.0 * level, 0, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!([signed(-0.04), signed(-4.64), signed(2.0)], ["+0.0", "-4.6", "+2.0"]);
        assert_eq!([limit(CheckUnit::Points, 2.0), limit(CheckUnit::Points, 2.25)], ["2.0", "2.25"]);
        assert_eq!([limit(CheckUnit::Percent, 80.0), limit(CheckUnit::Percent, 87.5)], ["80%", "87.5%"]);
        assert_eq!(
            [limit(CheckUnit::Milliseconds, 3_000.0), limit(CheckUnit::Milliseconds, 850.0)],
            ["3.0 s", "850 ms"]
        );
        assert_eq!([figure(CheckUnit::Usd, 4.4), figure(CheckUnit::Usd, 0.000_85)], ["$4.40", "$0.00085"]);
        assert_eq!([interval_of(0.9), interval_of(1.0 - 0.1 / 3.0)], ["90% interval", "96.7% interval"]);
        assert_eq!([count(1, "question"), count(0, "epoch")], ["1 question", "0 epochs"]);
    }
}
