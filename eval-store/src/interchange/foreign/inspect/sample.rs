//! A sample of a log as an evaluation.

use std::sync::Arc;

use eval_core::{
    Completion, Evaluation, FinishReason, Message, Money, Outcome, Sample, Served, Timestamp, Timing, Usage, Verdict,
};
use serde_json::Value;

use super::file::{self, Output, Tokens};
use super::value::verdicts;
use crate::interchange::foreign::recording::{category, error_kind, plain, texts};

impl file::Sample {
    /// The evaluation, where this scorer judges first and the run began then.
    pub(super) fn evaluation(&self, model: &str, judge: Option<&str>, run: Timestamp) -> Evaluation {
        let sample = Arc::new(self.sample());
        let started = self.started_at.unwrap_or(run);
        if let Some(error) = &self.error {
            let (kind, message) = (error_kind(&error.message), error.message.clone());
            return Evaluation::new(sample, self.epoch, Outcome::Failed { kind, message }, started);
        }
        let verdicts = self.verdicts(judge);
        Evaluation::new(sample, self.epoch, outcome(&verdicts), started)
            .completion(self.completion(model))
            .verdicts(verdicts)
    }

    fn sample(&self) -> Sample {
        let mut columns = texts(&self.metadata);
        let category = category(&mut columns);
        columns.extend(self.choices.iter().map(|choices| ("choices".into(), Value::from(choices.clone()).to_string())));
        let (turns, input) = question(&self.input);
        let mut sample = Sample::new(plain(&self.id).as_str(), input).category(category).turns(turns);
        sample.target = target(&self.target);
        sample.metadata = columns;
        sample
    }

    /// The verdicts, the run's first. A sample that the first scorer left out is unscored.
    fn verdicts(&self, judge: Option<&str>) -> Vec<Verdict> {
        let is_first = |name: &str| judge.is_none_or(|judge| judge == name);
        let (first, others): (Vec<_>, Vec<_>) = self.scores.iter().partition(|(name, _)| is_first(name));
        let mut all: Vec<_> = first.into_iter().chain(others).flat_map(|(name, score)| verdicts(name, score)).collect();
        if !self.scores.iter().any(|(name, _)| is_first(name)) {
            let why = "the scorer left this sample out";
            all.insert(0, Verdict::unscored(judge.unwrap_or(super::TOOL), why));
        }
        all
    }

    fn completion(&self, model: &str) -> Completion {
        let mut served = Served::default();
        served.model.clone_from(&self.output.model);
        let tokens = self.model_usage.get(model);
        Completion::new(self.output.text())
            .finish(self.output.finish())
            .usage(tokens.map(Tokens::usage).unwrap_or_default())
            .cost(tokens.and_then(|tokens| Money::from_usd(tokens.total_cost?)))
            .served(served)
            .timing(self.seconds().map_or_else(Timing::default, |seconds| Timing::service(seconds * 1e3)))
    }

    /// The time of the model's call; of an agent that made several, the working time, which is all that is known.
    fn seconds(&self) -> Option<f64> {
        let calls = self.messages.iter().filter(|message| message.source.as_deref() == Some("generate")).count();
        if calls > 1 { self.working_time } else { self.output.time.or(self.working_time) }
    }
}

fn outcome(verdicts: &[Verdict]) -> Outcome {
    let reason = |verdict: &Verdict| verdict.error.clone().unwrap_or_default();
    match verdicts.first().map(|verdict| verdict.score.ok_or_else(|| reason(verdict))) {
        Some(Ok(score)) => Outcome::Scored { score },
        Some(Err(reason)) => Outcome::Unscored { kind: None, reason },
        None => Outcome::Unscored { kind: None, reason: "no scorer judged this sample".to_owned() },
    }
}

/// What is asked: a text, or the last turn of a conversation and those before it.
fn question(input: &Value) -> (Vec<Message>, String) {
    let Some(messages) = input.as_array() else { return (Vec::new(), plain(input)) };
    let mut turns: Vec<_> = messages.iter().filter_map(turn).collect();
    match turns.pop() {
        Some(last) => (turns, last.content),
        None => (turns, input.to_string()),
    }
}

fn turn(message: &Value) -> Option<Message> {
    let content = text(message.get("content")?);
    match message.get("role")?.as_str()? {
        "system" => Some(Message::system(content)),
        "assistant" => Some(Message::assistant(content)),
        // What a tool said is told to the model as well.
        _ => Some(Message::user(content)),
    }
}

/// The text of a message: all of it, or its parts that are text.
fn text(content: &Value) -> String {
    let Some(parts) = content.as_array() else { return content.as_str().unwrap_or_default().to_owned() };
    parts.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join("\n")
}

fn target(target: &Value) -> Option<String> {
    match target {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(all) if all.len() == 1 => Some(plain(&all[0])),
        Value::Array(all) if all.is_empty() => None,
        other => Some(plain(other)),
    }
}

impl Output {
    fn text(&self) -> String {
        let choice = || self.choices.first().map(|choice| text(&choice.message.content));
        self.completion.clone().or_else(choice).unwrap_or_default()
    }

    fn finish(&self) -> FinishReason {
        match self.choices.first().and_then(|choice| choice.stop_reason.as_deref()) {
            Some("max_tokens" | "model_length") => FinishReason::Length,
            Some(reason) => FinishReason::from(reason),
            None => FinishReason::Unknown,
        }
    }
}

impl Tokens {
    fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        usage.prompt_tokens = self.prompt();
        usage.completion_tokens = self.output_tokens;
        usage.cached_tokens = self.input_tokens_cache_read;
        usage.reasoning_tokens = self.reasoning_tokens;
        usage
    }

    /// Some endpoints count cached tokens within the prompt, others beside it. The total tells.
    fn prompt(&self) -> Option<u64> {
        let input = self.input_tokens?;
        let cached =
            self.input_tokens_cache_read.unwrap_or(0).checked_add(self.input_tokens_cache_write.unwrap_or(0))?;
        let beside = input.checked_add(cached)?.checked_add(self.output_tokens?);
        if beside == self.total_tokens { beside?.checked_sub(self.output_tokens?) } else { Some(input) }
    }
}
