//! The table `alerts`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::server::{Ack, AckKind, Alert, AlertId, AlertLog, AlertQuery, Finding, Opened};
use eval_core::{Severity, StoreError, Timestamp, async_trait};

use super::{from_column, lock, to_column};
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, number, run_id, time, word};
use crate::database::schema::alerts;
use crate::database::store::DieselStore;

#[derive(Debug, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = alerts, treat_none_as_default_value = false, treat_none_as_null = true)]
struct AlertRow<'a> {
    id: Text<'a>,
    key: Text<'a>,
    severity: Option<Text<'a>>,
    title: Text<'a>,
    run_id: Option<Text<'a>>,
    seen: i64,
    opened_at: NaiveDateTime,
    last_seen_at: NaiveDateTime,
    notified_at: Option<NaiveDateTime>,
    ack: Option<Text<'a>>,
    ack_by: Option<Text<'a>>,
    ack_reason: Option<Text<'a>>,
    ack_at: Option<NaiveDateTime>,
    recovered_at: Option<NaiveDateTime>,
    ack_until: Option<NaiveDateTime>,
}

impl<'a> AlertRow<'a> {
    fn new(alert: &'a Alert) -> Self {
        let (finding, ack) = (&alert.finding, alert.ack.as_ref());
        Self {
            id: alert.id.to_string().into(),
            key: finding.key.as_str().into(),
            severity: finding.severity.map(|severity| severity.name().into()),
            title: finding.title.as_str().into(),
            run_id: finding.run.map(|run| run.to_string().into()),
            seen: alert.seen.into(),
            opened_at: time::to_column(alert.opened),
            last_seen_at: time::to_column(alert.last_seen),
            notified_at: to_column(alert.notified),
            ack: ack.map(|ack| ack.kind.name().into()),
            ack_by: ack.map(|ack| ack.by.as_str().into()),
            ack_reason: ack.map(|ack| ack.reason.as_str().into()),
            ack_at: to_column(ack.map(|ack| ack.at)),
            recovered_at: to_column(alert.recovered),
            ack_until: to_column(ack.and_then(|ack| ack.until)),
        }
    }

    fn into_alert(self) -> Result<Alert, Failure> {
        let ack = self.said()?;
        let mut finding = Finding::new(self.key.into_owned(), self.title.into_owned());
        finding.severity = self.severity.map(|name| word("alerts.severity", &name, Severity::from_name)).transpose()?;
        finding.run = self.run_id.map(|run| run_id("alerts.run_id", &run)).transpose()?;
        let mut alert = Alert::new(finding, time::from_column("alerts.opened_at", self.opened_at)?);
        alert.id = word("alerts.id", &self.id, |text| text.parse().ok())?;
        alert.seen = number::epoch("alerts.seen", self.seen)?;
        alert.last_seen = time::from_column("alerts.last_seen_at", self.last_seen_at)?;
        alert.notified = from_column("alerts.notified_at", self.notified_at)?;
        alert.ack = ack;
        alert.recovered = from_column("alerts.recovered_at", self.recovered_at)?;
        Ok(alert)
    }

    fn said(&self) -> Result<Option<Ack>, Failure> {
        let (Some(kind), Some(by), Some(reason), Some(at)) =
            (&self.ack, &self.ack_by, &self.ack_reason, from_column("alerts.ack_at", self.ack_at)?)
        else {
            return Ok(None);
        };
        let until = from_column("alerts.ack_until", self.ack_until)?;
        Ok(Some(Ack::new(word("alerts.ack", kind, AckKind::from_name)?, &**by, &**reason, at).until(until)))
    }
}

fn list(connection: &mut Connection, query: &AlertQuery) -> Result<Vec<Alert>, Failure> {
    let rows: Vec<AlertRow<'_>> = on!(connection, |c| {
        let mut wanted = alerts::table.select(AlertRow::as_select()).order(alerts::id.desc()).into_boxed();
        wanted = match query.open {
            Some(true) => wanted.filter(alerts::recovered_at.is_null()),
            Some(false) => wanted.filter(alerts::recovered_at.is_not_null()),
            None => wanted,
        };
        if let Some(key) = &query.key {
            wanted = wanted.filter(alerts::key.eq(Text::from(&**key)));
        }
        if let Some(before) = query.before {
            wanted = wanted.filter(alerts::id.lt(before.to_string()));
        }
        wanted.limit(i64::try_from(query.limit).unwrap_or(i64::MAX)).load(c)?
    });
    rows.into_iter().map(AlertRow::into_alert).collect()
}

/// The newest alert of a key, open or not.
fn newest(connection: &mut Connection, key: &str) -> Result<Option<Alert>, Failure> {
    let mut query = AlertQuery::default();
    (query.key, query.limit) = (Some(key.to_owned()), 1);
    Ok(list(connection, &query)?.pop())
}

/// Inserts the alert or replaces the one with the same id.
fn save(connection: &mut Connection, alert: &Alert) -> Result<(), Failure> {
    let row = AlertRow::new(alert);
    let put = diesel::insert_into(alerts::table).values(&row).on_conflict(alerts::id).do_update().set(&row);
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

fn open(connection: &mut Connection, finding: &Finding, at: Timestamp) -> Result<Opened, Failure> {
    lock(connection, "alerts")?;
    let alert = match newest(connection, &finding.key)?.filter(Alert::is_open) {
        Some(mut alert) => {
            alert.see(finding.clone(), at);
            alert
        }
        None => Alert::new(finding.clone(), at),
    };
    save(connection, &alert)?;
    Ok(Opened::new(alert, at))
}

fn recover(connection: &mut Connection, key: &str, at: Timestamp) -> Result<Option<Alert>, Failure> {
    lock(connection, "alerts")?;
    let ends = |alert: &Alert| alert.is_open() || alert.recovered == Some(at);
    let Some(mut alert) = newest(connection, key)?.filter(ends) else { return Ok(None) };
    alert.recovered = Some(at);
    save(connection, &alert)?;
    Ok(Some(alert))
}

/// Writes down that people were told of these alerts; `false`, and nothing is changed, when they were told of one before.
pub(super) fn tell(connection: &mut Connection, ids: &[AlertId], at: Timestamp) -> Result<bool, Failure> {
    lock(connection, "alerts")?;
    let mut told = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(mut alert) = find(connection, *id)?.filter(|alert| alert.notified.is_none()) else { return Ok(false) };
        alert.notified = Some(at);
        told.push(alert);
    }
    told.iter().try_for_each(|alert| save(connection, alert))?;
    Ok(true)
}

fn find(connection: &mut Connection, id: AlertId) -> Result<Option<Alert>, Failure> {
    let wanted = alerts::table.find(id.to_string());
    let row: Option<AlertRow<'_>> = on!(connection, |c| wanted.select(AlertRow::as_select()).first(c)).optional()?;
    row.map(AlertRow::into_alert).transpose()
}

/// Changes an alert that is there.
fn change(connection: &mut Connection, id: AlertId, change: impl FnOnce(&mut Alert)) -> Result<Option<Alert>, Failure> {
    lock(connection, "alerts")?;
    let Some(mut alert) = find(connection, id)? else { return Ok(None) };
    change(&mut alert);
    save(connection, &alert)?;
    Ok(Some(alert))
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl AlertLog for DieselStore {
    async fn open(&self, finding: &Finding, at: Timestamp) -> Result<Opened, StoreError> {
        let finding = finding.clone();
        self.write(move |connection| open(connection, &finding, at)).await
    }

    async fn notified(&self, id: AlertId, at: Timestamp) -> Result<bool, StoreError> {
        let notified = move |connection: &mut Connection| change(connection, id, |alert| alert.notified = Some(at));
        Ok(self.write(notified).await?.is_some())
    }

    async fn acknowledge(&self, id: AlertId, ack: &Ack) -> Result<Option<Alert>, StoreError> {
        let ack = ack.clone();
        self.write(move |connection| change(connection, id, |alert| alert.ack = Some(ack.clone()))).await
    }

    async fn recover(&self, key: &str, at: Timestamp) -> Result<Option<Alert>, StoreError> {
        let key = key.to_owned();
        self.write(move |connection| recover(connection, &key, at)).await
    }

    async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        self.read(move |connection| find(connection, id)).await
    }

    async fn alerts(&self, query: &AlertQuery) -> Result<Vec<Alert>, StoreError> {
        let query = query.clone();
        self.read(move |connection| list(connection, &query)).await
    }
}
