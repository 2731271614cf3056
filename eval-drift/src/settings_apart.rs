//! Runs that were asked or graded in different ways: their scores say as much of that as of the models.

use std::fmt;

use eval_core::{Params, Run};

/// Something that was different between two runs, beside the model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SettingApart {
    /// `dataset`, `prompt`, `parameters`, `judge` or `threshold`.
    pub what: &'static str,
    /// What it was in the run. It may quote a user's text: to be made [neutral](crate::neutral) where it is shown.
    pub run: String,
    /// What it was in the other one.
    pub other: String,
}

impl fmt::Display for SettingApart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} instead of {}", self.what, self.run, self.other)
    }
}

/// What was different between two runs: the key of a history, its name left out, and the threshold.
pub fn settings_apart(run: &Run, other: &Run) -> Vec<SettingApart> {
    let pairs = [
        ("dataset", run.dataset.name.clone(), other.dataset.name.clone()),
        ("prompt", prompt(run, other), prompt(other, run)),
        ("parameters", params(&run.params), params(&other.params)),
        ("judge", judge(run), judge(other)),
        ("threshold", run.threshold.to_string(), other.threshold.to_string()),
    ];
    let apart = pairs.into_iter().filter(|(_, run, other)| run != other);
    apart.map(|(what, run, other)| SettingApart { what, run, other }).collect()
}

/// Answers that stand in a column were prompted for elsewhere, so they differ from nobody.
fn prompt(run: &Run, other: &Run) -> String {
    let stands = |run: &Run| run.model.starts_with("column:");
    if stands(run) || stands(other) { String::new() } else { shortened(&run.provenance.prompt) }
}

/// Two judges of a name may have other settings.
fn judge(run: &Run) -> String {
    format!("{} ({})", run.provenance.judge, shortened(&run.provenance.judge_hash))
}

fn params(params: &Params) -> String {
    let words: Vec<_> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(" ") }
}

/// Enough of a hash to tell two apart.
fn shortened(hash: &str) -> String {
    hash.chars().take(8).collect()
}

/// Those of the runs, in their order, that were asked and graded as most of them were: only these can be ranked. The
/// first of as many decides.
pub(crate) fn majority<'a>(runs: &[&'a Run]) -> Vec<&'a Run> {
    let alike = |one: &&Run| runs.iter().filter(|run| settings_apart(run, one).is_empty()).copied().collect::<Vec<_>>();
    let mut most = Vec::new();
    for found in runs.iter().map(alike) {
        if found.len() > most.len() {
            most = found;
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use eval_core::DatasetRef;

    use super::*;

    fn run(judge: &str, hash: &str) -> Run {
        let mut run = Run::new("gpt-4o", DatasetRef::new("golden", "f00d", 50), 50);
        (run.provenance.judge, run.provenance.judge_hash) = (judge.into(), hash.into());
        run
    }

    fn said(run: &Run, other: &Run) -> Vec<String> {
        settings_apart(run, other).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_differs_is_named_with_both_sides() {
        let (exact, mut other) = (run("exact", "aaaaaaaaaa"), run("exact", "bbbbbbbbbb"));
        assert_eq!(said(&exact, &exact), [""; 0]);
        assert_eq!(said(&exact, &other), ["judge exact (aaaaaaaa) instead of exact (bbbbbbbb)"]);
        other = exact.clone();
        other.model = "claude".into();
        assert_eq!(said(&exact, &other), [""; 0], "the model is what is compared");
        (other.threshold, other.params) = (0.8, Params::new().with("temperature", 0.5));
        (other.provenance.prompt, other.dataset.name) = ("p".into(), "silver".into());
        assert_eq!(
            said(&other, &exact),
            [
                "dataset silver instead of golden",
                "prompt p instead of ",
                "parameters temperature=0.5 instead of none",
                "threshold 0.8 instead of 0.5",
            ]
        );
    }

    #[test]
    fn most_are_the_measure_of_the_others() {
        let (a, b, c) = (run("exact", "a"), run("contains", "b"), run("contains", "b"));
        let ids = |runs: &[&Run]| majority(runs).iter().map(|run| run.id).collect::<Vec<_>>();
        assert_eq!(ids(&[&a, &b, &c]), [b.id, c.id]);
        assert_eq!(ids(&[&a, &b]), [a.id], "the first of as many");
        assert_eq!(ids(&[]), []);
    }
}
