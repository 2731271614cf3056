//! What people said, beside the answers.

use eval_core::{Evaluation, Label};

use crate::output::{DIM, one_line, shorten};

/// The labels of these answers.
pub(super) fn shown(labels: Vec<Label>, evaluations: &[Evaluation]) -> Vec<Label> {
    labels.into_iter().filter(|label| evaluations.iter().any(|evaluation| is_of(label, evaluation))).collect()
}

/// A line for each label of an answer.
pub(super) fn of(labels: &[Label], evaluation: &Evaluation) -> String {
    let of_answer = labels.iter().filter(|label| is_of(label, evaluation));
    let line = |label: &Label| {
        let reason = label.reason.as_deref().map(|reason| format!(": {}", one_line(reason))).unwrap_or_default();
        let author = shorten(&one_line(&label.author), 40);
        format!("\n  {DIM}label{DIM:#}     {author} {:.2}{reason}", label.score.get())
    };
    of_answer.map(line).collect()
}

fn is_of(label: &Label, evaluation: &Evaluation) -> bool {
    label.sample == evaluation.sample.id && label.epoch == evaluation.epoch
}
