//! The table `labels`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::{Label, Labels, RunId, SampleId, Score, StoreError, async_trait};

use crate::database::baselines::check_run;
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, epoch, run_id, time};
use crate::database::schema::labels;
use crate::database::store::DieselStore;

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = labels)]
struct LabelRow<'a> {
    run_id: Text<'a>,
    sample_id: Text<'a>,
    epoch: i64,
    author: Text<'a>,
    score: f64,
    reason: Option<Text<'a>>,
    labelled_at: NaiveDateTime,
}

impl<'a> LabelRow<'a> {
    fn new(label: &'a Label) -> Self {
        Self {
            run_id: label.run.to_string().into(),
            sample_id: label.sample.as_str().into(),
            epoch: label.epoch.into(),
            author: label.author.as_str().into(),
            score: label.score.get(),
            reason: label.reason.as_deref().map(Into::into),
            labelled_at: time::to_column(label.at),
        }
    }

    fn is_of_same(&self, other: &Self) -> bool {
        (&*self.sample_id, self.epoch, &*self.author) == (&*other.sample_id, other.epoch, &*other.author)
    }

    fn into_label(self) -> Result<Label, Failure> {
        let run: RunId = run_id("labels.run_id", &self.run_id)?;
        let score = Score::new(self.score).ok_or_else(|| Failure::Corrupt(format!("labels.score: {}", self.score)))?;
        let (sample, epoch) = (SampleId::new(self.sample_id.into_owned()), epoch("labels.epoch", self.epoch)?);
        let mut label = Label::new(run, sample, epoch, self.author.into_owned(), score);
        label.reason = self.reason.map(Text::into_owned);
        Ok(label.at(time::from_column("labels.labelled_at", self.labelled_at)?))
    }
}

fn put(connection: &mut Connection, all: &[Label]) -> Result<(), Failure> {
    let mut runs: Vec<RunId> = all.iter().map(|label| label.run).collect();
    runs.sort_unstable();
    runs.dedup();
    for run in runs {
        check_run(connection, run)?;
    }
    for label in all {
        let put = diesel::insert_into(labels::table).values(LabelRow::new(label)).on_conflict_do_nothing();
        on!(connection, |c| put.execute(c))?;
    }
    Ok(())
}

fn read(connection: &mut Connection, run: RunId) -> Result<Vec<Label>, Failure> {
    let of_run = labels::table.filter(labels::run_id.eq(run.to_string())).order((
        labels::sample_id.asc(),
        labels::epoch.asc(),
        labels::author.asc(),
        labels::labelled_at.asc(),
    ));
    let rows: Vec<LabelRow<'_>> = on!(connection, |c| of_run.select(LabelRow::as_select()).load(c))?;
    // In this order the last one of an author on an answer is the newest.
    let mut newest: Vec<LabelRow<'_>> = Vec::new();
    for row in rows {
        match newest.last_mut().filter(|last| last.is_of_same(&row)) {
            Some(last) => *last = row,
            None => newest.push(row),
        }
    }
    newest.into_iter().map(LabelRow::into_label).collect()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Labels for DieselStore {
    async fn put_labels(&self, labels: &[Label]) -> Result<(), StoreError> {
        let labels = labels.to_vec();
        self.write(move |connection| put(connection, &labels)).await
    }

    async fn labels(&self, run: RunId) -> Result<Vec<Label>, StoreError> {
        self.read(move |connection| read(connection, run)).await
    }
}
