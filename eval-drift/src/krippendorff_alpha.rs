//! Krippendorff's alpha.

/// What a difference between two ratings means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// Ratings are names: they are the same or not.
    Nominal,
    /// Ratings have an order: they differ by how many ratings lie between them.
    Ordinal,
    /// Ratings are numbers: they differ by their difference.
    Interval,
}

/// Krippendorff's alpha: how far raters agree beyond chance, with ratings missing; 1 for full agreement, 0 for what chance
/// gives.
///
/// Krippendorff, K. (2011), *Computing Krippendorff's alpha-reliability*: `alpha = 1 - D_o / D_e`, the mean squared
/// difference of two ratings of one unit over that of any two ratings. A unit with `m` ratings counts `m` times, one with
/// less than two not at all. `raters` has the ratings of each rater, one for each unit, `None` where it is missing.
///
/// `None` when raters have different numbers of units, when a rating is not a finite number, when no unit has two ratings, or
/// when all ratings that can be compared are the same: then there is nothing to tell agreement from. O(units raters²) time, and
/// O(v²) time and memory for v distinct ratings.
///
/// ```
/// use eval_drift::{Level, krippendorff_alpha};
/// let (judge, human) = ([Some(0.0), Some(1.0), Some(1.0), None], [Some(0.0), Some(1.0), Some(0.0), Some(1.0)]);
/// let alpha = krippendorff_alpha(&[&judge, &human], Level::Nominal).unwrap();
/// assert!((alpha - 4.0 / 9.0).abs() < 1e-12);
/// ```
pub fn krippendorff_alpha(raters: &[&[Option<f64>]], level: Level) -> Option<f64> {
    let units = raters.first()?.len();
    let ratings = || raters.iter().flat_map(|rater| rater.iter().flatten().copied());
    if raters.iter().any(|rater| rater.len() != units) || !ratings().all(f64::is_finite) {
        return None;
    }
    let mut values: Vec<f64> = ratings().collect();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    let coincidences = coincidences(raters, units, &values);
    let counts: Vec<f64> = coincidences.iter().map(|row| row.iter().sum()).collect();
    let differences = differences(&values, &counts, level);
    let total: f64 = counts.iter().sum();
    let (mut observed, mut expected) = (0.0, 0.0);
    for (i, row) in coincidences.iter().enumerate() {
        for (j, pairs) in row.iter().enumerate() {
            observed += pairs * differences[i][j];
            expected += counts[i] * counts[j] * differences[i][j];
        }
    }
    Some(1.0 - (total - 1.0) * observed / expected).filter(|alpha: &f64| alpha.is_finite())
}

/// How often which two values met in a unit, each unit weighing as many as it has ratings.
fn coincidences(raters: &[&[Option<f64>]], units: usize, values: &[f64]) -> Vec<Vec<f64>> {
    let mut coincidences = vec![vec![0.0; values.len()]; values.len()];
    for unit in 0..units {
        let ratings = raters.iter().filter_map(|rater| rater[unit]);
        let places: Vec<usize> = ratings.map(|rating| values.partition_point(|value| *value < rating)).collect();
        for (at, first) in places.iter().enumerate() {
            for second in places[..at].iter().chain(&places[at + 1..]) {
                coincidences[*first][*second] += 1.0 / (places.len() - 1) as f64;
            }
        }
    }
    coincidences
}

/// The squared difference of any two values, whose ratings are counted in `counts`.
fn differences(values: &[f64], counts: &[f64], level: Level) -> Vec<Vec<f64>> {
    let between = |low: usize, high: usize| counts[low..=high].iter().sum::<f64>() - (counts[low] + counts[high]) / 2.0;
    let difference = |i: usize, j: usize| match level {
        Level::Nominal => f64::from(u8::from(i != j)),
        Level::Ordinal => between(i.min(j), i.max(j)).powi(2),
        Level::Interval => (values[i] - values[j]).powi(2),
    };
    (0..values.len()).map(|i| (0..values.len()).map(|j| difference(i, j)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LEVELS: [Level; 3] = [Level::Nominal, Level::Ordinal, Level::Interval];

    proptest! {
        #[test]
        fn raters_are_interchangeable_and_alpha_is_at_most_one(
            units in prop::collection::vec(prop::array::uniform3(prop::option::of((0_i8..5).prop_map(f64::from))), 0..20),
        ) {
            let rater = |at: usize| units.iter().map(|unit| unit[at]).collect::<Vec<_>>();
            let (a, b, c) = (rater(0), rater(1), rater(2));
            for level in LEVELS {
                let found = krippendorff_alpha(&[&a, &b, &c], level);
                let other = krippendorff_alpha(&[&c, &a, &b], level);
                prop_assert_eq!(found.is_some(), other.is_some());
                prop_assert!(found.zip(other).is_none_or(|(found, other)| (found - other).abs() < 1e-9));
                prop_assert!(found.is_none_or(|found| found <= 1.0));
            }
        }
    }

    // The four raters and twelve units of Krippendorff (2011), section C.
    #[test]
    fn the_published_example() {
        let rater = |text: &str| text.chars().map(|rating| rating.to_digit(10).map(f64::from)).collect::<Vec<_>>();
        let raters = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."].map(rater);
        let raters: Vec<&[Option<f64>]> = raters.iter().map(Vec::as_slice).collect();
        for (level, expected) in LEVELS.into_iter().zip([0.743, 0.815, 0.849]) {
            let found = krippendorff_alpha(&raters, level).unwrap();
            assert!((found - expected).abs() < 0.0006, "{level:?}: {found}");
        }
    }

    #[test]
    fn what_cannot_be_compared_has_no_alpha() {
        for level in LEVELS {
            assert_eq!(krippendorff_alpha(&[], level), None);
            assert_eq!(krippendorff_alpha(&[&[Some(1.0)]], level), None);
            assert_eq!(krippendorff_alpha(&[&[Some(1.0)], &[]], level), None);
            assert_eq!(krippendorff_alpha(&[&[Some(1.0)], &[Some(f64::NAN)]], level), None);
            assert_eq!(krippendorff_alpha(&[&[Some(1.0), Some(2.0)], &[Some(1.0), None]], level), None);
        }
    }
}
