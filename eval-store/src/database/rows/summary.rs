//! The tables `run_summaries` and `run_categories`.

use diesel::prelude::*;
use eval_core::{CategorySummary, Counts, Estimate, Interval, IntervalMethod, Latency, Money, Run, Summary, Total};

use super::{Text, number, word};
use crate::database::error::Failure;
use crate::database::schema::{run_categories, run_summaries};

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = run_summaries, treat_none_as_default_value = false)]
pub(crate) struct SummaryRow<'a> {
    run_id: Text<'a>,
    scored: i64,
    unscored: i64,
    failed: i64,
    accuracy: Option<f64>,
    accuracy_n: Option<i64>,
    accuracy_se: Option<f64>,
    accuracy_low: Option<f64>,
    accuracy_high: Option<f64>,
    accuracy_method: Option<Text<'a>>,
    pass_rate: Option<f64>,
    pass_rate_n: Option<i64>,
    pass_rate_se: Option<f64>,
    pass_rate_low: Option<f64>,
    pass_rate_high: Option<f64>,
    pass_rate_method: Option<Text<'a>>,
    latency_n: Option<i64>,
    latency_mean_ms: Option<f64>,
    latency_p50_ms: Option<f64>,
    latency_p95_ms: Option<f64>,
    prompt_tokens: Option<i64>,
    prompt_tokens_unknown: i64,
    completion_tokens: Option<i64>,
    completion_tokens_unknown: i64,
    cost_nanos: Option<i64>,
    cost_unknown: i64,
    judge_cost_nanos: Option<i64>,
    judge_cost_unknown: i64,
    wall_ms: Option<i64>,
}

impl<'a> SummaryRow<'a> {
    /// The row of a run that has a summary.
    pub(crate) fn new(run: &Run, id: &'a str) -> Option<Self> {
        let summary = run.summary.as_ref()?;
        let (score, passes) = (Columns::of(summary.score.as_ref()), Columns::of(summary.pass_rate.as_ref()));
        let latency = summary.latency.as_ref();
        Some(Self {
            run_id: id.into(),
            scored: number::count(summary.counts.scored),
            unscored: number::count(summary.counts.unscored),
            failed: number::count(summary.counts.failed),
            accuracy: score.mean,
            accuracy_n: score.n,
            accuracy_se: score.se,
            accuracy_low: score.low,
            accuracy_high: score.high,
            accuracy_method: score.method,
            pass_rate: passes.mean,
            pass_rate_n: passes.n,
            pass_rate_se: passes.se,
            pass_rate_low: passes.low,
            pass_rate_high: passes.high,
            pass_rate_method: passes.method,
            latency_n: latency.map(|latency| number::count(latency.n)),
            latency_mean_ms: latency.map(|latency| latency.mean_ms),
            latency_p50_ms: latency.map(|latency| latency.p50_ms),
            latency_p95_ms: latency.map(|latency| latency.p95_ms),
            prompt_tokens: number::reported(summary.prompt_tokens.known),
            prompt_tokens_unknown: number::count(summary.prompt_tokens.unknown),
            completion_tokens: number::reported(summary.completion_tokens.known),
            completion_tokens_unknown: number::count(summary.completion_tokens.unknown),
            cost_nanos: summary.cost.known.map(Money::nanos),
            cost_unknown: number::count(summary.cost.unknown),
            judge_cost_nanos: summary.judge_cost.known.map(Money::nanos),
            judge_cost_unknown: number::count(summary.judge_cost.unknown),
            wall_ms: run.wall_ms(),
        })
    }

    /// The summary of this row, still without its categories.
    pub(crate) fn into_summary(self) -> Result<Summary, Failure> {
        let mut summary = Summary::default();
        summary.counts = counts(self.scored, self.unscored, self.failed)?;
        summary.latency = self.latency()?;
        summary.prompt_tokens = tokens(self.prompt_tokens, self.prompt_tokens_unknown)?;
        summary.completion_tokens = tokens(self.completion_tokens, self.completion_tokens_unknown)?;
        summary.cost = money(self.cost_nanos, self.cost_unknown)?;
        summary.judge_cost = money(self.judge_cost_nanos, self.judge_cost_unknown)?;
        summary.score = Columns {
            mean: self.accuracy,
            n: self.accuracy_n,
            se: self.accuracy_se,
            low: self.accuracy_low,
            high: self.accuracy_high,
            method: self.accuracy_method,
        }
        .estimate()?;
        summary.pass_rate = Columns {
            mean: self.pass_rate,
            n: self.pass_rate_n,
            se: self.pass_rate_se,
            low: self.pass_rate_low,
            high: self.pass_rate_high,
            method: self.pass_rate_method,
        }
        .estimate()?;
        Ok(summary)
    }

    fn latency(&self) -> Result<Option<Latency>, Failure> {
        let columns = (self.latency_n, self.latency_mean_ms, self.latency_p50_ms, self.latency_p95_ms);
        let (Some(n), Some(mean), Some(p50), Some(p95)) = columns else { return Ok(None) };
        Ok(Some(Latency::new(number::counted("run_summaries.latency_n", n)?, mean, p50, p95)))
    }
}

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = run_categories, treat_none_as_default_value = false)]
pub(crate) struct CategoryRow<'a> {
    pub(crate) run_id: Text<'a>,
    category: Text<'a>,
    scored: i64,
    unscored: i64,
    failed: i64,
    accuracy: Option<f64>,
    accuracy_n: Option<i64>,
    accuracy_se: Option<f64>,
    accuracy_low: Option<f64>,
    accuracy_high: Option<f64>,
    accuracy_method: Option<Text<'a>>,
}

impl<'a> CategoryRow<'a> {
    /// The rows of a run; none before it has a summary.
    pub(crate) fn all(run: &'a Run, id: &'a str) -> Vec<Self> {
        let categories = run.summary.iter().flat_map(|summary| &summary.categories);
        categories.map(|(name, found)| Self::new(id, name, found)).collect()
    }

    fn new(id: &'a str, name: &'a str, found: &CategorySummary) -> Self {
        let score = Columns::of(found.score.as_ref());
        Self {
            run_id: id.into(),
            category: name.into(),
            scored: number::count(found.counts.scored),
            unscored: number::count(found.counts.unscored),
            failed: number::count(found.counts.failed),
            accuracy: score.mean,
            accuracy_n: score.n,
            accuracy_se: score.se,
            accuracy_low: score.low,
            accuracy_high: score.high,
            accuracy_method: score.method,
        }
    }

    /// The name of the category and what stands in its row.
    pub(crate) fn into_category(self) -> Result<(String, CategorySummary), Failure> {
        let counts = counts(self.scored, self.unscored, self.failed)?;
        let score = Columns {
            mean: self.accuracy,
            n: self.accuracy_n,
            se: self.accuracy_se,
            low: self.accuracy_low,
            high: self.accuracy_high,
            method: self.accuracy_method,
        };
        Ok((self.category.into_owned(), CategorySummary::new(counts, score.estimate()?)))
    }
}

/// An estimate as it stands in six columns.
#[derive(Default)]
struct Columns<'a> {
    mean: Option<f64>,
    n: Option<i64>,
    se: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    method: Option<Text<'a>>,
}

impl Columns<'_> {
    fn of(estimate: Option<&Estimate>) -> Self {
        let Some(estimate) = estimate else { return Self::default() };
        let interval = estimate.interval.as_ref();
        Self {
            mean: Some(estimate.mean),
            n: Some(number::count(estimate.n)),
            se: estimate.standard_error,
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            method: interval.map(|interval| interval.method.name().into()),
        }
    }

    fn estimate(self) -> Result<Option<Estimate>, Failure> {
        let (Some(mean), Some(n)) = (self.mean, self.n) else { return Ok(None) };
        let interval = match (self.low, self.high, &self.method) {
            (Some(low), Some(high), Some(method)) => {
                Some(Interval::new(low, high, word("the method of an interval", method, IntervalMethod::from_name)?))
            }
            _ => None,
        };
        Ok(Some(Estimate::new(mean, number::counted("the n of an estimate", n)?, self.se, interval)))
    }
}

/// The counts of a run.
pub(crate) fn counts(scored: i64, unscored: i64, failed: i64) -> Result<Counts, Failure> {
    let counted = |n| number::counted("the counts of a run", n);
    Ok(Counts::new(counted(scored)?, counted(unscored)?, counted(failed)?))
}

fn tokens(known: Option<i64>, unknown: i64) -> Result<Total<u64>, Failure> {
    let known = number::known("the tokens of a run", known)?;
    Ok(Total::new(known, number::counted("calls without tokens", unknown)?))
}

/// A sum of money of which parts may be unknown.
pub(crate) fn money(known: Option<i64>, unknown: i64) -> Result<Total<Money>, Failure> {
    Ok(Total::new(known.map(Money::from_nanos), number::counted("calls without a cost", unknown)?))
}
