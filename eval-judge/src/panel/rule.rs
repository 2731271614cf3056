//! How the scores of several judges become one.

use eval_core::Score;

/// How a [`Panel`](crate::Panel) makes one score of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Rule {
    /// The mean of the scores.
    #[default]
    Mean,
    /// The middle score; of an even number, the mean of the two in the middle.
    Median,
    /// 1 when more judges give at least 0.5 than less, 0 when fewer do; a tie is unscored.
    Majority,
}

impl Rule {
    /// The name in records: `mean`, `median` or `majority`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Median => "median",
            Self::Majority => "majority",
        }
    }

    /// One score of several; `None` when there is none, or a tie.
    pub(super) fn apply(self, scores: &[Score]) -> Option<Score> {
        let mut scores: Vec<f64> = scores.iter().map(|score| score.get()).collect();
        scores.sort_by(f64::total_cmp);
        match self {
            _ if scores.is_empty() => None,
            Self::Mean => mean(&scores),
            Self::Median => mean(&scores[(scores.len() - 1) / 2..=scores.len() / 2]),
            Self::Majority => {
                let passes = 2 * scores.iter().filter(|score| **score >= 0.5).count();
                (passes != scores.len()).then(|| Score::from(passes > scores.len()))
            }
        }
    }
}

fn mean(scores: &[f64]) -> Option<Score> {
    // A sum of rounded numbers may end a hair above 1.
    Score::new((scores.iter().sum::<f64>() / scores.len() as f64).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_score_of_several() {
        for (rule, scores, expected) in [
            (Rule::Mean, &[0.0, 0.5, 1.0][..], Some(0.5)),
            (Rule::Mean, &[1.0; 7], Some(1.0)),
            (Rule::Median, &[0.9, 0.1, 0.2], Some(0.2)),
            (Rule::Median, &[1.0, 0.0, 0.5, 0.25], Some(0.375)),
            (Rule::Majority, &[0.5, 0.9, 0.1], Some(1.0)),
            (Rule::Majority, &[0.4, 0.9, 0.1], Some(0.0)),
            (Rule::Majority, &[1.0, 0.0], None),
            (Rule::Median, &[], None),
        ] {
            let scores: Vec<Score> = scores.iter().filter_map(|score| Score::new(*score)).collect();
            assert_eq!(rule.apply(&scores).map(Score::get), expected, "{rule:?} {scores:?}");
        }
    }
}
