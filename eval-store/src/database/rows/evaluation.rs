//! The table `evaluations`.

use std::borrow::Cow;
use std::sync::Arc;

use diesel::prelude::*;
use eval_core::{
    Completion, Evaluation, FinishReason, Money, Origin, Outcome, OutcomeKind, ProviderErrorKind, Recall, RunId,
    SampleId, Score, Served, Timing, Usage, Verdict,
};
use serde::{Deserialize, Serialize};

use super::time::Stamp;
use super::{SampleRow, Text, from_json, json, number, price, word};
use crate::database::error::Failure;
use crate::database::schema::evaluations;

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = evaluations, treat_none_as_default_value = false)]
pub(crate) struct EvaluationRow<'a> {
    pub(crate) id: i64,
    run_id: Text<'a>,
    sample_id: Text<'a>,
    epoch: i64,
    sample_hash: Text<'a>,
    category: Text<'a>,
    outcome: Text<'a>,
    score: Option<f64>,
    error_kind: Option<Text<'a>>,
    error: Option<Text<'a>>,
    answer: Option<Text<'a>>,
    finish_reason: Option<Text<'a>>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
    cached_tokens: Option<i64>,
    reasoning_tokens: Option<i64>,
    cost_nanos: Option<i64>,
    price_from: Option<Text<'a>>,
    queued_ms: f64,
    backing_off_ms: f64,
    latency_ms: Option<f64>,
    served_model: Option<Text<'a>>,
    served_model_id: Option<Text<'a>>,
    served_fingerprint: Option<Text<'a>>,
    served_fallbacks: Option<i64>,
    served_retries: Option<i64>,
    served_cache_hit: Option<bool>,
    served_call_id: Option<Text<'a>>,
    served_request_id: Option<Text<'a>>,
    served_proxy: Option<Text<'a>>,
    details: Option<Text<'a>>,
    started_at: Stamp,
}

/// What is known of some answers only: one column for all of it, in which a field that is missing costs nothing.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_have_cost_nanos: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_raw_model: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_family: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_recalled: Option<Recall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    books: Option<Books>,
}

impl<'a> Details<'a> {
    fn of(run: RunId, evaluation: &'a Evaluation) -> Self {
        let Some(completion) = &evaluation.completion else { return Self::default() };
        let served = &completion.served;
        Self {
            cache_write_tokens: completion.usage.cache_write_tokens,
            would_have_cost_nanos: completion.would_have_cost,
            served_raw_model: served.raw_model.as_deref().map(Cow::from),
            served_family: served.family.as_deref().map(Cow::from),
            served_recalled: served.recalled,
            books: differing(run, evaluation, completion),
        }
    }

    /// The column read back.
    fn read(column: Option<&str>) -> Result<Details<'static>, Failure> {
        column.map_or(Ok(Details::default()), |text| from_json("evaluations.details", text))
    }

    /// What it says of who answered.
    fn put_into(self, served: &mut Served) {
        served.raw_model = self.served_raw_model.map(Cow::into_owned);
        served.family = self.served_family.map(Cow::into_owned);
        served.recalled = self.served_recalled;
    }

    /// The column; `None` when it says nothing.
    fn column<'b>(&self) -> Result<Option<Text<'b>>, Failure> {
        (*self != Self::default()).then(|| json(self)).transpose()
    }
}

/// What the column `details` says of who answered.
pub(crate) fn served_details(column: Option<&str>, served: &mut Served) -> Result<(), Failure> {
    Details::read(column)?.put_into(served);
    Ok(())
}

/// What a completion says of itself. It nearly always stands in the row already.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Books {
    cost: Option<Money>,
    timing: Timing,
    origin: Option<Origin>,
}

/// The ids of an evaluation's row, and of the rows that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys<'a> {
    pub(crate) id: i64,
    pub(crate) run: RunId,
    pub(crate) run_text: &'a str,
    pub(crate) sample_hash: &'a str,
}

rows! {
    EvaluationRow in evaluations:
    id, run_id, sample_id, epoch, sample_hash, category, outcome, score, error_kind, error, answer, finish_reason,
    prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, cost_nanos, price_from, queued_ms, backing_off_ms,
    latency_ms, served_model, served_model_id, served_fingerprint, served_fallbacks, served_retries, served_cache_hit,
    served_call_id, served_request_id, served_proxy, details, started_at
}

impl<'a> EvaluationRow<'a> {
    pub(crate) fn new(keys: Keys<'a>, evaluation: &'a Evaluation) -> Result<Self, Failure> {
        let (error_kind, error) = trouble(&evaluation.outcome);
        let completion = evaluation.completion.as_ref();
        let usage = completion.map(|completion| completion.usage).unwrap_or_default();
        let served = completion.map(|completion| &completion.served);
        let said =
            |part: fn(&Served) -> &Option<String>| served.and_then(|served| part(served).as_deref()).map(Text::from);
        let timing = measured(evaluation.timing);
        Ok(Self {
            id: keys.id,
            run_id: keys.run_text.into(),
            sample_id: evaluation.sample.id.as_str().into(),
            epoch: evaluation.epoch.into(),
            sample_hash: keys.sample_hash.into(),
            category: (&*evaluation.sample.category).into(),
            outcome: evaluation.outcome.name().into(),
            score: evaluation.score().map(Score::get),
            error_kind,
            error,
            answer: completion.map(|completion| completion.text.as_str().into()),
            finish_reason: completion.map(|completion| finish(&completion.finish)),
            prompt_tokens: number::reported(usage.prompt_tokens),
            completion_tokens: number::reported(usage.completion_tokens),
            cached_tokens: number::reported(usage.cached_tokens),
            reasoning_tokens: number::reported(usage.reasoning_tokens),
            cost_nanos: evaluation.cost.map(Money::nanos),
            price_from: price::column(completion.and_then(|completion| completion.pricing)),
            queued_ms: timing.queued_ms,
            backing_off_ms: timing.backing_off_ms,
            latency_ms: timing.service_ms,
            served_model: said(|served| &served.model),
            served_model_id: said(|served| &served.model_id),
            served_fingerprint: said(|served| &served.fingerprint),
            served_fallbacks: served.and_then(|served| served.fallbacks).map(i64::from),
            served_retries: served.and_then(|served| served.retries).map(i64::from),
            served_cache_hit: served.and_then(|served| served.cache_hit),
            served_call_id: said(|served| &served.call_id),
            served_request_id: said(|served| &served.request_id),
            served_proxy: said(|served| &served.proxy),
            details: Details::of(keys.run, evaluation).column()?,
            started_at: Stamp::new(evaluation.started),
        })
    }

    /// The evaluation of this row, with what stands in the other tables.
    pub(crate) fn into_evaluation(
        self,
        run: RunId,
        sample: SampleRow<'_>,
        verdicts: Vec<Verdict>,
    ) -> Result<Evaluation, Failure> {
        let sample = sample.into_sample(&self.sample_id, &self.category)?;
        let epoch = number::epoch("evaluations.epoch", self.epoch)?;
        let started = self.started_at.read("evaluations.started_at")?;
        let outcome = self.outcome()?;
        let (cost, timing) = (self.cost_nanos.map(Money::from_nanos), self.timing());
        let completion = self.completion(run, &sample.id, epoch)?;
        let mut evaluation = Evaluation::new(Arc::new(sample), epoch, outcome, started).verdicts(verdicts);
        evaluation.completion = completion;
        evaluation.cost = cost;
        evaluation.timing = timing;
        Ok(evaluation)
    }

    fn outcome(&self) -> Result<Outcome, Failure> {
        let error = || self.error.as_deref().unwrap_or_default().to_owned();
        let kind = |kind: &str| word("evaluations.error_kind", kind, ProviderErrorKind::from_name);
        Ok(match word("evaluations.outcome", &self.outcome, OutcomeKind::from_name)? {
            OutcomeKind::Scored => Outcome::Scored {
                score: number::score("evaluations.score", self.score)?
                    .ok_or_else(|| Failure::Corrupt("evaluations.score: scored without a score".into()))?,
            },
            OutcomeKind::Unscored => {
                Outcome::Unscored { kind: self.error_kind.as_deref().map(kind).transpose()?, reason: error() }
            }
            OutcomeKind::Failed => {
                Outcome::Failed { kind: kind(self.error_kind.as_deref().unwrap_or_default())?, message: error() }
            }
        })
    }

    fn timing(&self) -> Timing {
        let mut timing = Timing::default();
        timing.queued_ms = self.queued_ms;
        timing.backing_off_ms = self.backing_off_ms;
        timing.service_ms = self.latency_ms;
        timing
    }

    fn completion(self, run: RunId, sample: &SampleId, epoch: u32) -> Result<Option<Completion>, Failure> {
        if self.answer.is_none() {
            return Ok(None);
        }
        let (mut usage, timing, cost) = (self.usage()?, self.timing(), self.cost_nanos.map(Money::from_nanos));
        let mut details = Details::read(self.details.as_deref())?;
        usage.cache_write_tokens = details.cache_write_tokens;
        let pricing = price::read("evaluations.price_from", self.price_from.as_deref())?;
        let usual = || Books { cost, timing, origin: Some(Origin::answer(run, sample.clone(), epoch)) };
        let books = details.books.take().unwrap_or_else(usual);
        let finish = FinishReason::from(self.finish_reason.as_deref().unwrap_or("unknown"));
        let (text, mut served) = self.answer_and_served()?;
        let instead = details.would_have_cost_nanos;
        details.put_into(&mut served);
        let completion = Completion::new(text).finish(finish).usage(usage).served(served);
        let completion = completion.pricing(pricing).would_have_cost(instead);
        Ok(Some(completion.cost(books.cost).timing(books.timing).origin(books.origin)))
    }

    fn usage(&self) -> Result<Usage, Failure> {
        let mut usage = Usage::default();
        usage.prompt_tokens = number::known("evaluations.prompt_tokens", self.prompt_tokens)?;
        usage.completion_tokens = number::known("evaluations.completion_tokens", self.completion_tokens)?;
        usage.cached_tokens = number::known("evaluations.cached_tokens", self.cached_tokens)?;
        usage.reasoning_tokens = number::known("evaluations.reasoning_tokens", self.reasoning_tokens)?;
        Ok(usage)
    }

    fn answer_and_served(self) -> Result<(String, Served), Failure> {
        let owned = |text: Option<Text<'a>>| text.map(Text::into_owned);
        let mut served = Served::default();
        served.model = owned(self.served_model);
        served.model_id = owned(self.served_model_id);
        served.fingerprint = owned(self.served_fingerprint);
        served.fallbacks = number::small("evaluations.served_fallbacks", self.served_fallbacks)?;
        served.retries = number::small("evaluations.served_retries", self.served_retries)?;
        served.cache_hit = self.served_cache_hit;
        served.call_id = owned(self.served_call_id);
        served.request_id = owned(self.served_request_id);
        served.proxy = owned(self.served_proxy);
        Ok((owned(self.answer).unwrap_or_default(), served))
    }
}

/// The columns `error_kind` and `error`.
fn trouble(outcome: &Outcome) -> (Option<Text<'_>>, Option<Text<'_>>) {
    match outcome {
        Outcome::Unscored { kind, reason } => (kind.map(|kind| kind.name().into()), Some(reason.as_str().into())),
        Outcome::Failed { kind, message } => (Some(kind.name().into()), Some(message.as_str().into())),
        _ => (None, None),
    }
}

pub(super) fn finish(reason: &FinishReason) -> Text<'_> {
    match reason {
        FinishReason::Other(reason) => reason.as_str().into(),
        known => known.to_string().into(),
    }
}

fn measured(mut timing: Timing) -> Timing {
    timing.queued_ms = number::measured(Some(timing.queued_ms)).unwrap_or_default();
    timing.backing_off_ms = number::measured(Some(timing.backing_off_ms)).unwrap_or_default();
    timing.service_ms = number::measured(timing.service_ms);
    timing
}

/// The books of the completion, where they say anything that the row does not.
fn differing(run: RunId, evaluation: &Evaluation, completion: &Completion) -> Option<Books> {
    let usual = completion.origin.as_ref().is_some_and(|origin| is_own(origin, run, evaluation));
    if usual && completion.cost == evaluation.cost && completion.timing == evaluation.timing {
        return None;
    }
    Some(Books { cost: completion.cost, timing: measured(completion.timing), origin: completion.origin.clone() })
}

fn is_own(origin: &Origin, run: RunId, evaluation: &Evaluation) -> bool {
    origin.purpose == eval_core::Purpose::Answer
        && origin.run == run
        && origin.epoch == evaluation.epoch
        && origin.sample == evaluation.sample.id
}
