//! One mean, two proportions, pairs: intervals, tests and power.

mod means;
mod pairs;
mod proportions;
mod samples;
mod scores;

use serde_json::Value;

/// The figures of a statistic of this family; `None` when it is none of them.
pub(super) fn compute(statistic: &str, input: &Value) -> Option<Result<Value, String>> {
    let figures = match statistic {
        "chi2" => proportions::chi2,
        "clustered_se" => means::clustered_se,
        "mann_whitney" => samples::mann_whitney,
        "mcnemar" => proportions::mcnemar,
        "mean_se_ci" => means::mean_se_ci,
        "normal_scores" => scores::normal_scores,
        "paired_binary_diff_ci" => proportions::paired_binary_diff_ci,
        "paired_t" => pairs::paired_t,
        "power_mde" => means::power_mde,
        "proportion_ci" => proportions::proportion_ci,
        "quantiles_latency" => samples::quantiles_latency,
        "sign_flip_exact" => pairs::sign_flip_exact,
        "special_functions" => scores::special_functions,
        "tost_noninferiority" => pairs::tost_noninferiority,
        "two_proportions" => proportions::two_proportions,
        "wilcoxon_signed_rank" => pairs::wilcoxon_signed_rank,
        _ => return None,
    };
    Some(figures(input))
}
