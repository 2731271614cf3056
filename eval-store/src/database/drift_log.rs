//! The table `drift_reports`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::{DriftLog, DriftReport, RunId, StoreError, Timestamp, async_trait};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, from_json, json, time};
use crate::database::schema::{drift_reports, runs};
use crate::database::store::DieselStore;

#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = drift_reports, primary_key(run_id, method, marks_version))]
struct ReportRow<'a> {
    run_id: Text<'a>,
    method: Text<'a>,
    marks_version: i64,
    name: Text<'a>,
    dataset: Text<'a>,
    status: &'a str,
    report: Text<'a>,
    computed_at: NaiveDateTime,
}

fn version(marks_version: u64) -> i64 {
    i64::try_from(marks_version).unwrap_or(i64::MAX)
}

fn put(connection: &mut Connection, run: RunId, marks: u64, report: &DriftReport) -> Result<(), Failure> {
    let id = run.to_string();
    let wanted = runs::table.find(&id).select((runs::name, runs::dataset));
    let found: Option<(Text<'_>, Text<'_>)> = on!(connection, |c| wanted.first(c)).optional()?;
    let (name, dataset) = found.ok_or(Failure::Missing(run))?;
    let row = ReportRow {
        run_id: id.into(),
        method: report.method.to_string().into(),
        marks_version: version(marks),
        name,
        dataset,
        status: report.status.name(),
        report: json(report)?,
        computed_at: time::to_column(Timestamp::now()),
    };
    let key = (drift_reports::run_id, drift_reports::method, drift_reports::marks_version);
    let put = diesel::insert_into(drift_reports::table).values(&row).on_conflict(key).do_update().set(&row);
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

fn read(connection: &mut Connection, run: RunId, marks: u64) -> Result<Vec<DriftReport>, Failure> {
    let of_run = drift_reports::table
        .filter(drift_reports::run_id.eq(run.to_string()).and(drift_reports::marks_version.eq(version(marks))))
        .order(drift_reports::method.asc())
        .select(drift_reports::report);
    let texts: Vec<Text<'_>> = on!(connection, |c| of_run.load(c))?;
    texts.iter().map(|text| from_json("drift_reports.report", text)).collect()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl DriftLog for DieselStore {
    async fn put_report(&self, run: RunId, marks_version: u64, report: &DriftReport) -> Result<(), StoreError> {
        let report = report.clone();
        self.write(move |connection| put(connection, run, marks_version, &report)).await
    }

    async fn reports(&self, run: RunId, marks_version: u64) -> Result<Vec<DriftReport>, StoreError> {
        self.read(move |connection| read(connection, run, marks_version)).await
    }
}
