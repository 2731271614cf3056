//! Costs that are computed again.

use diesel::prelude::*;
use eval_core::{Money, Pricing, Run, SampleId, StoreError};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, price};
use crate::database::schema::{evaluations, verdicts};
use crate::database::store::DieselStore;
use crate::database::write;

/// What one evaluation costs by other prices. What is `None` or not named stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recost {
    /// The question.
    pub sample: SampleId,
    /// The repeat of the data set, from 1.
    pub epoch: u32,
    /// What the answer costs, and where that is known from.
    pub answer: Option<(Money, Pricing)>,
    /// What verdicts cost, each by its place among those of the evaluation, from 0.
    pub verdicts: Vec<(usize, Money, Pricing)>,
}

impl Recost {
    /// An evaluation of which nothing costs anything else.
    pub fn new(sample: SampleId, epoch: u32) -> Self {
        Self { sample, epoch, answer: None, verdicts: Vec::new() }
    }

    /// Whether everything stays as it is.
    pub fn is_empty(&self) -> bool {
        self.answer.is_none() && self.verdicts.is_empty()
    }
}

impl DieselStore {
    /// Stores other costs of a run's evaluations, and the run with the sums that they make, in one transaction. What the
    /// attempts cost stays what it was when they were made.
    ///
    /// # Errors
    /// [`StoreError`] when nothing was changed.
    pub async fn recost(&self, run: &Run, changes: Vec<Recost>) -> Result<(), StoreError> {
        let run = run.clone();
        self.write(move |connection| {
            changes.iter().try_for_each(|change| put(connection, &run.id.to_string(), change))?;
            write::put_run(connection, &run)
        })
        .await
    }
}

fn put(connection: &mut Connection, run: &str, change: &Recost) -> Result<(), Failure> {
    let of_evaluation = evaluations::table
        .filter(evaluations::run_id.eq(run))
        .filter(evaluations::sample_id.eq(Text::from(change.sample.as_str())))
        .filter(evaluations::epoch.eq(i64::from(change.epoch)));
    let id: Option<i64> = on!(connection, |c| of_evaluation.select(evaluations::id).first(c)).optional()?;
    let Some(id) = id else { return Ok(()) };
    if let Some((cost, pricing)) = change.answer {
        let set = (evaluations::cost_nanos.eq(cost.nanos()), evaluations::price_from.eq(price::column(Some(pricing))));
        on!(connection, |c| diesel::update(evaluations::table.find(id)).set(set).execute(c))?;
    }
    for (position, cost, pricing) in &change.verdicts {
        let position = i64::try_from(*position).unwrap_or(i64::MAX);
        let set = (verdicts::cost_nanos.eq(cost.nanos()), verdicts::price_from.eq(price::column(Some(*pricing))));
        on!(connection, |c| diesel::update(verdicts::table.find((id, position))).set(set).execute(c))?;
    }
    Ok(())
}
