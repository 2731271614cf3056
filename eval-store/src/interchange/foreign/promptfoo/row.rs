//! A row as an evaluation.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use eval_core::{
    Completion, Evaluation, FinishReason, Money, Outcome, Sample, SampleId, Score, Served, Timestamp, Timing, Usage,
    Verdict,
};
use serde_json::Value;

use super::TOOL;
use super::file::{Response, Row, Tokens};
use crate::interchange::foreign::recording::{category, error_kind, first, plain, score, texts, verdict};

/// The names that the columns of our data sets have, and those that promptfoo's own examples use.
const INPUT: [&str; 6] = ["question", "input", "prompt", "query", "message", "user_input"];
const TARGET: [&str; 7] = ["expected_output", "target", "expected", "ideal", "reference", "answer", "expectedOutput"];
/// Assertions whose value is an expected answer.
const EXPECTING: [&str; 5] = ["equals", "icontains", "contains", "similar", "factuality"];

/// The questions of a run so far: the repeats of one are its epochs.
#[derive(Debug, Default)]
pub(super) struct Questions {
    epochs: HashMap<SampleId, (String, u32)>,
}

impl Questions {
    /// The question of a row, and which repeat of it this is.
    pub(super) fn ask(&mut self, row: &Row) -> (Sample, u32) {
        let mut sample = row.sample();
        let hash = sample.content_hash();
        let taken = self.epochs.get(&sample.id).is_some_and(|(other, _)| *other != hash);
        if sample.id.as_str().is_empty() || taken {
            sample.id = SampleId::from(&hash[..16]);
        }
        let (_, epoch) = self.epochs.entry(sample.id.clone()).or_insert((hash, 0));
        *epoch += 1;
        (sample, *epoch)
    }
}

impl Row {
    /// The test as a sample: the question and the expected answer by the usual names, all else as columns. Without an
    /// id, its own is left empty.
    fn sample(&self) -> Sample {
        let mut columns = texts(&self.vars);
        columns.extend(self.test_case.metadata.iter().flat_map(texts));
        columns.extend(self.test_case.description.iter().map(|text| ("description".to_owned(), text.clone())));
        let id = first(&mut columns, &["id", "question_id"]).unwrap_or_default();
        let category = category(&mut columns);
        let target = first(&mut columns, &TARGET).or_else(|| self.expected());
        let input = first(&mut columns, &INPUT).or_else(|| only(&mut columns, &self.vars));
        let mut sample = Sample::new(id.trim(), input.unwrap_or_else(|| self.prompt.raw.clone())).category(category);
        sample.target = target;
        if let Some(assertions) = self.test_case.assertions.as_ref().filter(|all| !all.is_empty()) {
            columns.insert("assert".to_owned(), Value::from(assertions.clone()).to_string());
        }
        sample.metadata = columns;
        sample
    }

    /// The expected answer, as far as an assertion names one.
    fn expected(&self) -> Option<String> {
        let assertions = self.test_case.assertions.iter().flatten();
        let expecting = |kind: &Value| EXPECTING.iter().any(|known| kind.as_str() == Some(known));
        let values = assertions.filter(|one| one.get("type").is_some_and(expecting)).filter_map(|one| one.get("value"));
        values.map(plain).find(|value| !value.contains("{{"))
    }

    pub(super) fn evaluation(&self, (sample, epoch): (Sample, u32), started: Timestamp) -> Evaluation {
        let timing = self.latency_ms.map_or_else(Timing::default, Timing::service);
        let mut evaluation = Evaluation::new(Arc::new(sample), epoch, self.failure(), started);
        evaluation.timing = timing;
        let Some(response) = self.response.as_ref().filter(|_| !self.has_failed()) else { return evaluation };
        let verdicts = self.verdicts();
        evaluation.outcome = outcome(&verdicts[0]);
        evaluation.completion(response.completion().timing(timing)).verdicts(verdicts)
    }

    fn has_failed(&self) -> bool {
        let error = self.response.as_ref().is_none_or(|response| response.error.is_some());
        self.failure_reason.map_or(error, |reason| reason == 2)
    }

    fn failure(&self) -> Outcome {
        let said = self.error.as_ref().or_else(|| self.response.as_ref()?.error.as_ref());
        let message = said.cloned().unwrap_or_else(|| "promptfoo has no answer".to_owned());
        Outcome::Failed { kind: error_kind(&message), message }
    }

    /// The verdict of all assertions together, and one for each named score.
    fn verdicts(&self) -> Vec<Verdict> {
        let reason = self.grading_result.as_ref().and_then(|grading| grading.reason.clone());
        let whole = verdict(TOOL, self.whole_score(), reason).cost(self.grading_cost()).usage(self.grading_usage());
        // The whole verdict carries what the judging took; its parts took nothing more.
        let part = |(name, found): (&String, &f64)| verdict(name, score(*found), None).cost(Some(Money::ZERO));
        [whole].into_iter().chain(self.named_scores.iter().map(part)).collect()
    }

    /// A row without assertions passes with 1, which says nothing of the answer.
    fn whole_score(&self) -> Result<Score, String> {
        let components = self.grading_result.as_ref().and_then(|grading| grading.component_results.as_ref());
        if components.is_none_or(Vec::is_empty) && self.named_scores.is_empty() {
            return Err("promptfoo had no assertion to judge the answer by".to_owned());
        }
        score(self.score)
    }

    fn tokens_of_grading(&self) -> Option<&Tokens> {
        self.grading_result.as_ref()?.tokens_used.as_ref()
    }

    /// Assertions that asked no model cost nothing; what others cost is not said.
    fn grading_cost(&self) -> Option<Money> {
        (self.tokens_of_grading()?.total == Some(0)).then_some(Money::ZERO)
    }

    fn grading_usage(&self) -> Usage {
        self.tokens_of_grading().map(Tokens::usage).unwrap_or_default()
    }
}

/// The only text among the variables: what is asked, whatever it is called.
fn only(columns: &mut BTreeMap<String, String>, vars: &serde_json::Map<String, Value>) -> Option<String> {
    let mut names = vars.keys().filter(|name| columns.contains_key(*name));
    match (names.next().cloned(), names.next()) {
        (Some(name), None) => columns.remove(&name),
        _ => None,
    }
}

fn outcome(first: &Verdict) -> Outcome {
    match first.score {
        Some(score) => Outcome::Scored { score },
        None => Outcome::Unscored { kind: None, reason: first.error.clone().unwrap_or_default() },
    }
}

impl Response {
    fn completion(&self) -> Completion {
        let text = self.output.as_ref().filter(|output| !output.is_null()).map(plain).unwrap_or_default();
        let mut served = Served::default();
        served.cache_hit = self.cached;
        Completion::new(text)
            .finish(self.finish_reason.as_deref().map_or(FinishReason::Unknown, FinishReason::from))
            .usage(self.token_usage.as_ref().map(Tokens::usage).unwrap_or_default())
            .cost(self.cost.and_then(Money::from_usd))
            .served(served)
    }
}

impl Tokens {
    /// All zero means that nobody counted.
    fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        if [self.total, self.prompt, self.completion].iter().any(|count| count.is_some_and(|count| count > 0)) {
            usage.prompt_tokens = self.prompt;
            usage.completion_tokens = self.completion;
            let reasoning = self.completion_details.as_ref().and_then(|details| details.reasoning);
            usage.reasoning_tokens = reasoning.filter(|count| *count > 0);
        }
        usage
    }
}
