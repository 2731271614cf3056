//! Prompt tokens of the same questions: who counts them is seen in them.

use std::cmp::Ordering;

use eval_core::{Condition, ConditionChange, PromptTokens, SampleMeasures, Window};

/// The runs among these, counted from the second, whose questions have other numbers of prompt tokens than in the run
/// before: another tokenizer, a hidden system prompt, a wrapper. Only questions that both runs asked word for word count,
/// so neither the data set nor the prompt can bring it about. O(questions) a run.
pub(crate) fn changes(windows: &[&Window]) -> Vec<ConditionChange> {
    windows.windows(2).filter_map(|pair| change(pair[0], pair[1])).collect()
}

fn change(before: &Window, after: &Window) -> Option<ConditionChange> {
    let shared = shared(&before.measures, &after.measures);
    let changed = shared.iter().filter(|(before, after)| before != after).count();
    let found = PromptTokens::new(changed as u64, shared.len() as u64);
    let share = found.share().filter(|share| *share > PromptTokens::TOLD_ABOVE)?;
    let mean = |tokens: fn(&(f64, f64)) -> f64| shared.iter().map(tokens).sum::<f64>() / shared.len() as f64;
    let was = format!("mean {:.1}", mean(|(before, _)| *before));
    let is =
        format!("mean {:.1}, other numbers for {:.0} % of the questions", mean(|(_, after)| *after), 100.0 * share);
    Some(ConditionChange::new(Condition::PromptTokens, vec![was], vec![is], after.run, after.at))
}

/// The prompt tokens of the questions that both runs know them of; both lists are sorted by question.
fn shared(before: &[SampleMeasures], after: &[SampleMeasures]) -> Vec<(f64, f64)> {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    let mut found = Vec::new();
    while let (Some(a), Some(b)) = (before.peek(), after.peek()) {
        match a.key.cmp(&b.key) {
            Ordering::Less => drop(before.next()),
            Ordering::Greater => drop(after.next()),
            Ordering::Equal => {
                let known = |tokens: Option<f64>| tokens.filter(|tokens| *tokens > 0.0);
                found.extend(known(a.prompt_tokens).zip(known(b.prompt_tokens)));
                before.next();
                after.next();
            }
        }
    }
    found
}
