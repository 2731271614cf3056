//! The tables `attempts` and `attempt_ends`.

use std::borrow::Cow;

use diesel::prelude::*;
use eval_core::{
    Attempt, AttemptEnd, AttemptId, AttemptOutcome, FinishReason, Money, Origin, Pricing, ProviderErrorKind, Purpose,
    Recall, RunId, SampleId, Served, Timing, Usage,
};
use serde::{Deserialize, Serialize};

use super::time::Stamp;
use super::{Text, finish, from_json, json, number, word};
use crate::database::error::Failure;
use crate::database::schema::{attempt_ends, attempts};

/// An intent: what is known before the call.
#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = attempts, treat_none_as_default_value = false)]
pub(crate) struct IntentRow<'a> {
    run_id: Text<'a>,
    id: i64,
    sample_id: Text<'a>,
    epoch: i64,
    purpose: Text<'a>,
    model: Text<'a>,
    begun_at: Stamp,
}

/// How an attempt ended: a row of its own, because adding one costs half of what changing one does.
#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = attempt_ends, treat_none_as_default_value = false)]
pub(crate) struct EndRow<'a> {
    run_id: Text<'a>,
    id: i64,
    ended_at: Stamp,
    outcome: Text<'a>,
    answer: Option<Text<'a>>,
    error_kind: Option<Text<'a>>,
    error: Option<Text<'a>>,
    finish_reason: Option<Text<'a>>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
    cost_nanos: Option<i64>,
    latency_ms: Option<f64>,
    details: Option<Text<'a>>,
}

rows! {
    IntentRow in attempts:
    run_id, id, sample_id, epoch, purpose, model, begun_at
}

rows! {
    EndRow in attempt_ends:
    run_id, id, ended_at, outcome, answer, error_kind, error, finish_reason, prompt_tokens, completion_tokens,
    cost_nanos, latency_ms, details
}

/// What is known of some calls only: one column for all of it, in which a field that is missing costs nothing.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<Pricing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queued_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backing_off_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_model: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_raw_model: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_family: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_model_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_fingerprint: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_fallbacks: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_cache_hit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_recalled: Option<Recall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_call_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_request_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_proxy: Option<Cow<'a, str>>,
}

impl<'a> Details<'a> {
    fn of(end: &'a AttemptEnd) -> Self {
        let said = |part: &'a Option<String>| part.as_deref().map(Cow::from);
        let waited = |ms: f64| Some(ms).filter(|ms| ms.is_finite() && *ms != 0.0);
        let served = &end.served;
        Self {
            cached_tokens: end.usage.cached_tokens,
            cache_write_tokens: end.usage.cache_write_tokens,
            reasoning_tokens: end.usage.reasoning_tokens,
            pricing: end.pricing,
            queued_ms: waited(end.timing.queued_ms),
            backing_off_ms: waited(end.timing.backing_off_ms),
            served_model: said(&served.model),
            served_raw_model: said(&served.raw_model),
            served_family: said(&served.family),
            served_model_id: said(&served.model_id),
            served_fingerprint: said(&served.fingerprint),
            served_fallbacks: served.fallbacks,
            served_retries: served.retries,
            served_cache_hit: served.cache_hit,
            served_recalled: served.recalled,
            served_call_id: said(&served.call_id),
            served_request_id: said(&served.request_id),
            served_proxy: said(&served.proxy),
        }
    }

    fn served(self) -> Served {
        let owned = |text: Option<Cow<'a, str>>| text.map(Cow::into_owned);
        let mut served = Served::default();
        served.model = owned(self.served_model);
        served.raw_model = owned(self.served_raw_model);
        served.family = owned(self.served_family);
        served.model_id = owned(self.served_model_id);
        served.fingerprint = owned(self.served_fingerprint);
        served.fallbacks = self.served_fallbacks;
        served.retries = self.served_retries;
        served.cache_hit = self.served_cache_hit;
        served.recalled = self.served_recalled;
        served.call_id = owned(self.served_call_id);
        served.request_id = owned(self.served_request_id);
        served.proxy = owned(self.served_proxy);
        served
    }
}

impl<'a> IntentRow<'a> {
    pub(crate) fn new(attempt: &'a Attempt, run: &'a str) -> Self {
        Self {
            run_id: run.into(),
            id: attempt.id.number(),
            sample_id: attempt.origin.sample.as_str().into(),
            epoch: attempt.origin.epoch.into(),
            purpose: purpose_name(attempt.origin.purpose).into(),
            model: attempt.model.as_str().into(),
            begun_at: Stamp::new(attempt.begun),
        }
    }

    /// The attempt of this row, with its end where it has one.
    pub(crate) fn into_attempt(self, run: RunId, end: Option<EndRow<'_>>) -> Result<Attempt, Failure> {
        let epoch = number::epoch("attempts.epoch", self.epoch)?;
        let origin = Origin::answer(run, SampleId::new(&*self.sample_id), epoch);
        let origin = match word("attempts.purpose", &self.purpose, read_purpose)? {
            Purpose::Answer => origin,
            Purpose::Judge => origin.judge(),
        };
        let mut attempt = Attempt::new(origin, &*self.model);
        attempt.id = AttemptId::from_number(self.id);
        attempt.begun = self.begun_at.read("attempts.begun_at")?;
        attempt.end = end.map(EndRow::into_end).transpose()?;
        Ok(attempt)
    }
}

impl<'a> EndRow<'a> {
    /// The same end without what was said.
    pub(crate) fn without_answer(mut self) -> Self {
        self.answer = None;
        self
    }

    pub(crate) fn new(id: AttemptId, end: &'a AttemptEnd, run: &'a str) -> Result<Self, Failure> {
        let (error_kind, error) = trouble(&end.outcome);
        let details = Details::of(end);
        Ok(Self {
            run_id: run.into(),
            id: id.number(),
            ended_at: Stamp::new(end.at),
            outcome: end.outcome.name().into(),
            answer: end.text.as_deref().map(Text::from),
            error_kind,
            error,
            finish_reason: end.finish.as_ref().map(finish),
            prompt_tokens: number::reported(end.usage.prompt_tokens),
            completion_tokens: number::reported(end.usage.completion_tokens),
            cost_nanos: end.cost.map(Money::nanos),
            latency_ms: number::measured(end.timing.service_ms),
            details: (details != Details::default()).then(|| json(&details)).transpose()?,
        })
    }

    fn into_end(self) -> Result<AttemptEnd, Failure> {
        let details: Details<'_> = match self.details.as_deref() {
            Some(text) => from_json("attempt_ends.details", text)?,
            None => Details::default(),
        };
        let mut end = AttemptEnd::new(self.outcome()?);
        end.at = self.ended_at.read("attempt_ends.ended_at")?;
        end.usage = Usage::default();
        end.usage.prompt_tokens = number::known("attempt_ends.prompt_tokens", self.prompt_tokens)?;
        end.usage.completion_tokens = number::known("attempt_ends.completion_tokens", self.completion_tokens)?;
        (end.usage.cached_tokens, end.usage.reasoning_tokens) = (details.cached_tokens, details.reasoning_tokens);
        (end.usage.cache_write_tokens, end.pricing) = (details.cache_write_tokens, details.pricing);
        end.cost = self.cost_nanos.map(Money::from_nanos);
        end.timing = Timing::default();
        end.timing.service_ms = self.latency_ms;
        end.timing.queued_ms = details.queued_ms.unwrap_or_default();
        end.timing.backing_off_ms = details.backing_off_ms.unwrap_or_default();
        end.finish = self.finish_reason.as_deref().map(FinishReason::from);
        end.served = details.served();
        end.text = self.answer.map(Text::into_owned);
        Ok(end)
    }

    fn outcome(&self) -> Result<AttemptOutcome, Failure> {
        match &*self.outcome {
            "answered" => Ok(AttemptOutcome::Answered),
            "abandoned" => Ok(AttemptOutcome::Abandoned),
            "failed" => {
                let kind = self.error_kind.as_deref().unwrap_or_default();
                let kind = word("attempt_ends.error_kind", kind, ProviderErrorKind::from_name)?;
                Ok(AttemptOutcome::Failed { kind, message: self.error.as_deref().unwrap_or_default().to_owned() })
            }
            other => Err(Failure::Corrupt(format!("attempt_ends.outcome: `{other}`"))),
        }
    }
}

fn trouble(outcome: &AttemptOutcome) -> (Option<Text<'_>>, Option<Text<'_>>) {
    match outcome {
        AttemptOutcome::Failed { kind, message } => (Some(kind.name().into()), Some(message.as_str().into())),
        _ => (None, None),
    }
}

/// The word of the column `purpose`.
pub(crate) fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Answer => "answer",
        Purpose::Judge => "judge",
    }
}

fn read_purpose(name: &str) -> Option<Purpose> {
    [Purpose::Answer, Purpose::Judge].into_iter().find(|found| purpose_name(*found) == name)
}
