//! The table `baselines`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::{Baseline, Baselines, RunId, StoreError, async_trait};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, run_id, time};
use crate::database::schema::{baselines, runs};
use crate::database::store::DieselStore;

#[derive(Debug, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = baselines, primary_key(name, dataset, blessed_at))]
struct BaselineRow<'a> {
    name: Text<'a>,
    dataset: Text<'a>,
    run_id: Text<'a>,
    reason: Text<'a>,
    blessed_by: Text<'a>,
    blessed_at: NaiveDateTime,
}

impl<'a> BaselineRow<'a> {
    fn new(baseline: &'a Baseline) -> Self {
        Self {
            name: baseline.name.as_str().into(),
            dataset: baseline.dataset.as_str().into(),
            run_id: baseline.run.to_string().into(),
            reason: baseline.reason.as_str().into(),
            blessed_by: baseline.author.as_str().into(),
            blessed_at: time::to_column(baseline.at),
        }
    }

    fn into_baseline(self) -> Result<Baseline, Failure> {
        let run: RunId = run_id("baselines.run_id", &self.run_id)?;
        let at = time::from_column("baselines.blessed_at", self.blessed_at)?;
        let texts = [self.name, self.dataset, self.blessed_by, self.reason].map(Text::into_owned);
        Ok(Baseline::from_parts(texts, run, at))
    }
}

/// Whether a run is there.
pub(crate) fn check_run(connection: &mut Connection, run: RunId) -> Result<(), Failure> {
    let wanted = runs::table.find(run.to_string()).select(runs::id);
    let found: Option<String> = on!(connection, |c| wanted.first(c)).optional()?;
    found.map(drop).ok_or(Failure::Missing(run))
}

fn bless(connection: &mut Connection, baseline: &Baseline) -> Result<(), Failure> {
    check_run(connection, baseline.run)?;
    let row = BaselineRow::new(baseline);
    let key = (baselines::name, baselines::dataset, baselines::blessed_at);
    let put = diesel::insert_into(baselines::table).values(&row).on_conflict(key).do_update().set(&row);
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

fn read(connection: &mut Connection, name: Option<&str>, dataset: Option<&str>) -> Result<Vec<Baseline>, Failure> {
    let rows: Vec<BaselineRow<'_>> = on!(connection, |c| {
        let newest = (baselines::blessed_at.desc(), baselines::name.desc(), baselines::dataset.desc());
        let mut wanted = baselines::table.select(BaselineRow::as_select()).order(newest).into_boxed();
        if let Some(name) = name {
            wanted = wanted.filter(baselines::name.eq(Text::from(name)));
        }
        if let Some(dataset) = dataset {
            wanted = wanted.filter(baselines::dataset.eq(Text::from(dataset)));
        }
        wanted.load(c)?
    });
    rows.into_iter().map(BaselineRow::into_baseline).collect()
}

fn clear(connection: &mut Connection, name: &str, dataset: &str) -> Result<u64, Failure> {
    let of = baselines::name.eq(Text::from(name)).and(baselines::dataset.eq(Text::from(dataset)));
    Ok(on!(connection, |c| diesel::delete(baselines::table.filter(of)).execute(c))? as u64)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Baselines for DieselStore {
    async fn bless(&self, baseline: &Baseline) -> Result<(), StoreError> {
        let baseline = baseline.clone();
        self.write(move |connection| bless(connection, &baseline)).await
    }

    async fn baselines(&self, name: Option<&str>, dataset: Option<&str>) -> Result<Vec<Baseline>, StoreError> {
        let (name, dataset) = (name.map(str::to_owned), dataset.map(str::to_owned));
        self.read(move |connection| read(connection, name.as_deref(), dataset.as_deref())).await
    }

    async fn clear_baselines(&self, name: &str, dataset: &str) -> Result<u64, StoreError> {
        let (name, dataset) = (name.to_owned(), dataset.to_owned());
        self.write(move |connection| clear(connection, &name, &dataset)).await
    }
}
