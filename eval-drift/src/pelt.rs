//! Segmentation of a series that is complete.

/// Where the mean of a series changed, looking back: the indices at which segments end, the last of which is the
/// length of the series.
///
/// Killick, R., Fearnhead, P. and Eckley, I. A. (2012), *Optimal detection of changepoints with a linear computational
/// cost*, Journal of the American Statistical Association 107, arXiv 1101.1438, as `ruptures.Pelt(model="l2", jump=1)`
/// has it: the segmentation that minimises the sum of squared deviations from the segments' means plus `penalty` for
/// each segment, with at least `min_size` values in each.
///
/// It is for the annotation of a chart, not for alarms: nothing bounds how often it finds a change where none is. A
/// common penalty is `2 variance ln(n)`.
///
/// `None` when `min_size` is 0 or above the number of values, when a value is not a finite number, or when the penalty
/// is not a finite number of at least 0. O(n³) time at worst, for a series without a change (each cost is computed in
/// two passes over its segment, so that ties fall as in the reference): 0.1 s for 1,000 values. O(n) memory.
///
/// ```
/// let series = [[0.8, 0.81, 0.79, 0.8], [0.6, 0.61, 0.59, 0.6]].concat();
/// assert_eq!(eval_drift::pelt(&series, 0.01, 3), Some(vec![4, 8]));
/// ```
pub fn pelt(values: &[f64], penalty: f64, min_size: usize) -> Option<Vec<usize>> {
    let sound = (0.0..f64::INFINITY).contains(&penalty) && values.iter().all(|value| value.is_finite());
    if !sound || min_size == 0 || values.len() < min_size {
        return None;
    }
    // For each end of a segment: the least cost of all before it, and where its segment starts.
    let mut best = vec![(f64::INFINITY, 0); values.len() + 1];
    best[0] = (0.0, 0);
    let mut starts = vec![];
    for end in min_size..=values.len() {
        starts.push(end - min_size);
        let cost = |start: usize| best[start].0 + (deviations(&values[start..end]) + penalty);
        let costs: Vec<(f64, usize)> = starts.iter().map(|&start| (cost(start), start)).collect();
        let least =
            costs.iter().copied().fold((f64::INFINITY, 0), |least, next| if next.0 < least.0 { next } else { least });
        best[end] = least;
        // What costs more by now than a segment more can never be the best again.
        starts = costs.iter().filter(|(cost, _)| *cost <= least.0 + penalty).map(|(_, start)| *start).collect();
    }
    Some(ends(&best))
}

/// The sum of squared deviations from the mean.
fn deviations(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n * n
}

fn ends(best: &[(f64, usize)]) -> Vec<usize> {
    let mut ends = vec![];
    let mut end = best.len() - 1;
    while end > 0 {
        ends.push(end);
        end = best[end].1;
    }
    ends.reverse();
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_cut_has_no_segments() {
        for (values, penalty, min_size) in
            [(&[][..], 1.0, 1), (&[1.0], 1.0, 2), (&[1.0], f64::NAN, 1), (&[f64::NAN], 1.0, 1), (&[1.0], 1.0, 0)]
        {
            assert_eq!(pelt(values, penalty, min_size), None);
        }
        assert_eq!(pelt(&[0.5; 3], 0.0, 3), Some(vec![3]));
    }
}
