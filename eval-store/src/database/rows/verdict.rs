//! The table `verdicts`.

use diesel::prelude::*;
use eval_core::{Money, Score, Usage, Verdict};

use super::{Text, number, price};
use crate::database::error::Failure;
use crate::database::schema::verdicts;

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = verdicts, treat_none_as_default_value = false)]
pub(crate) struct VerdictRow<'a> {
    pub(crate) evaluation_id: i64,
    position: i64,
    judge: Text<'a>,
    score: Option<f64>,
    explanation: Option<Text<'a>>,
    error: Option<Text<'a>>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
    cached_tokens: Option<i64>,
    cache_write_tokens: Option<i64>,
    reasoning_tokens: Option<i64>,
    cost_nanos: Option<i64>,
    price_from: Option<Text<'a>>,
    latency_ms: Option<f64>,
}

rows! {
    VerdictRow in verdicts:
    evaluation_id, position, judge, score, explanation, error, prompt_tokens, completion_tokens, cached_tokens,
    cache_write_tokens, reasoning_tokens, cost_nanos, price_from, latency_ms
}

impl<'a> VerdictRow<'a> {
    pub(crate) fn new(evaluation: i64, position: i64, verdict: &'a Verdict) -> Self {
        Self {
            evaluation_id: evaluation,
            position,
            judge: verdict.judge.as_str().into(),
            score: verdict.score.map(Score::get),
            explanation: verdict.explanation.as_deref().map(Into::into),
            error: verdict.error.as_deref().map(Into::into),
            prompt_tokens: number::reported(verdict.usage.prompt_tokens),
            completion_tokens: number::reported(verdict.usage.completion_tokens),
            cached_tokens: number::reported(verdict.usage.cached_tokens),
            cache_write_tokens: number::reported(verdict.usage.cache_write_tokens),
            reasoning_tokens: number::reported(verdict.usage.reasoning_tokens),
            cost_nanos: verdict.cost.map(Money::nanos),
            price_from: price::column(verdict.pricing),
            latency_ms: number::measured(verdict.latency_ms),
        }
    }

    pub(crate) fn into_verdict(self) -> Result<Verdict, Failure> {
        let mut usage = Usage::default();
        usage.prompt_tokens = number::known("verdicts.prompt_tokens", self.prompt_tokens)?;
        usage.completion_tokens = number::known("verdicts.completion_tokens", self.completion_tokens)?;
        usage.cached_tokens = number::known("verdicts.cached_tokens", self.cached_tokens)?;
        usage.cache_write_tokens = number::known("verdicts.cache_write_tokens", self.cache_write_tokens)?;
        usage.reasoning_tokens = number::known("verdicts.reasoning_tokens", self.reasoning_tokens)?;
        let mut verdict = Verdict::unscored(self.judge.into_owned(), "");
        verdict.score = number::score("verdicts.score", self.score)?;
        verdict.explanation = self.explanation.map(Text::into_owned);
        verdict.error = self.error.map(Text::into_owned);
        verdict.usage = usage;
        verdict.pricing = price::read("verdicts.price_from", self.price_from.as_deref())?;
        verdict.cost = self.cost_nanos.map(Money::from_nanos);
        verdict.latency_ms = self.latency_ms;
        Ok(verdict)
    }
}
