//! How many words and phrases two texts share.

use std::collections::HashMap;

use super::tokens::treebank;

/// ROUGE-1, the F-measure of the words that both texts have, case ignored.
///
/// `P = shared / words of the answer`, `R = shared / words of the reference`, `F = 2PR / (P + R)`. C.-Y. Lin, *ROUGE: A
/// Package for Automatic Evaluation of Summaries* (2004).
pub(super) fn rouge_1(answer: &str, reference: &str) -> f64 {
    let (answer, reference) = (treebank(&answer.to_lowercase()), treebank(&reference.to_lowercase()));
    let shared = shared(&answer, &reference, 1);
    if shared == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (shared / answer.len() as f64, shared / reference.len() as f64);
    2.0 * precision * recall / (precision + recall)
}

/// BLEU of one sentence with up to four words a phrase, case ignored, words parted at spaces.
///
/// `BP · exp(mean of ln p_n)`, with `p_n` the share of the answer's phrases of `n` words that the reference has (1e-7
/// where it has none), over those `n` for which the answer has a phrase, and `BP = exp(1 - r/c)` for an answer of `c`
/// words shorter than the `r` words of the reference. K. Papineni et al., *BLEU: a Method for Automatic Evaluation of
/// Machine Translation* (2002).
pub(super) fn bleu(answer: &str, reference: &str) -> f64 {
    let words = |text: &str| text.to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (answer, reference) = (words(answer), words(reference));
    let orders: Vec<usize> = (1..=4).filter(|n| *n <= answer.len()).collect();
    if orders.is_empty() {
        return 0.0;
    }
    let precision = |n: usize| (shared(&answer, &reference, n) / (answer.len() + 1 - n) as f64).max(1e-7);
    let logs: f64 = orders.iter().map(|n| precision(*n).ln()).sum();
    let brevity = (1.0 - reference.len() as f64 / answer.len() as f64).min(0.0);
    (brevity + logs / orders.len() as f64).exp()
}

/// Phrases of `n` words that both have, each as often as both have it.
fn shared(answer: &[String], reference: &[String], n: usize) -> f64 {
    let mut left: HashMap<&[String], usize> = HashMap::new();
    for phrase in reference.windows(n) {
        *left.entry(phrase).or_default() += 1;
    }
    let mut found = 0;
    for phrase in answer.windows(n) {
        if let Some(count) = left.get_mut(phrase).filter(|count| **count > 0) {
            *count -= 1;
            found += 1;
        }
    }
    f64::from(found)
}
