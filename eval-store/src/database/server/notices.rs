//! The tables `notices` and `notice_alerts`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::server::{AlertId, Attempted, Notice, NoticeId, NoticeKind, NoticeQuery, NoticeState, Notices};
use eval_core::{StoreError, Timestamp, async_trait};

use super::{alerts, from_column, lock, to_column};
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, from_json, json, number, time, word};
use crate::database::schema::{notice_alerts, notices};
use crate::database::store::DieselStore;

#[derive(Debug, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = notices, treat_none_as_default_value = false, treat_none_as_null = true)]
struct NoticeRow<'a> {
    id: Text<'a>,
    alerts: Text<'a>,
    channel: Text<'a>,
    kind: Text<'a>,
    body: Text<'a>,
    state: Text<'a>,
    attempts: i64,
    next_at: Option<NaiveDateTime>,
    tried_at: Option<NaiveDateTime>,
    error: Option<Text<'a>>,
}

impl<'a> NoticeRow<'a> {
    fn new(notice: &'a Notice) -> Result<Self, Failure> {
        Ok(Self {
            id: notice.id.as_str().into(),
            alerts: json(&notice.alerts)?,
            channel: notice.channel.as_str().into(),
            kind: notice.kind.name().into(),
            body: notice.body.as_str().into(),
            state: notice.state.name().into(),
            attempts: notice.attempts.into(),
            next_at: to_column(notice.next),
            tried_at: to_column(notice.tried),
            error: notice.error.as_deref().map(Text::from),
        })
    }

    fn into_notice(self) -> Result<Notice, Failure> {
        let alerts: Vec<AlertId> = from_json("notices.alerts", &self.alerts)?;
        let kind = word("notices.kind", &self.kind, NoticeKind::from_name)?;
        let (channel, body) = (self.channel.into_owned(), self.body.into_owned());
        let mut notice = Notice::new(alerts, channel, kind, body, Timestamp::UNIX_EPOCH);
        notice.id = NoticeId::from(self.id.into_owned());
        notice.state = word("notices.state", &self.state, NoticeState::from_name)?;
        notice.attempts = number::epoch("notices.attempts", self.attempts)?;
        notice.next = from_column("notices.next_at", self.next_at)?;
        notice.tried = from_column("notices.tried_at", self.tried_at)?;
        notice.error = self.error.map(Text::into_owned);
        Ok(notice)
    }
}

#[derive(Debug, Insertable)]
#[diesel(table_name = notice_alerts)]
struct NoticeAlertRow<'a> {
    alert_id: String,
    notice_id: Text<'a>,
}

fn insert(connection: &mut Connection, notice: &Notice) -> Result<(), Failure> {
    let row = NoticeRow::new(notice)?;
    let put = diesel::insert_into(notices::table).values(&row).on_conflict_do_nothing();
    if on!(connection, |c| put.execute(c))? == 0 {
        return Ok(());
    }
    for alert in &notice.alerts {
        let row = NoticeAlertRow { alert_id: alert.to_string(), notice_id: notice.id.as_str().into() };
        let put = diesel::insert_into(notice_alerts::table).values(&row).on_conflict_do_nothing();
        on!(connection, |c| put.execute(c))?;
    }
    Ok(())
}

fn save(connection: &mut Connection, notice: &Notice) -> Result<(), Failure> {
    let row = NoticeRow::new(notice)?;
    let put = diesel::update(notices::table.find(notice.id.as_str())).set(&row);
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

fn announce(connection: &mut Connection, first: &[AlertId], told: &[Notice], at: Timestamp) -> Result<bool, Failure> {
    if !alerts::tell(connection, first, at)? {
        return Ok(false);
    }
    told.iter().try_for_each(|notice| insert(connection, notice))?;
    Ok(true)
}

fn take(
    connection: &mut Connection,
    channel: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Notice>, Failure> {
    lock(connection, "notices")?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows: Vec<NoticeRow<'_>> = on!(connection, |c| {
        let due = notices::table
            .filter(notices::channel.eq(Text::from(channel)).and(notices::next_at.le(time::to_column(now))));
        due.order((notices::next_at.asc(), notices::id.asc())).limit(limit).select(NoticeRow::as_select()).load(c)?
    });
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        let mut notice = row.into_notice()?;
        notice.next = Some(until);
        save(connection, &notice)?;
        taken.push(notice);
    }
    Ok(taken)
}

fn attempted(connection: &mut Connection, id: &NoticeId, end: &Attempted) -> Result<Option<Notice>, Failure> {
    lock(connection, "notices")?;
    let wanted = notices::table.find(id.as_str());
    let row: Option<NoticeRow<'_>> = on!(connection, |c| wanted.select(NoticeRow::as_select()).first(c)).optional()?;
    let Some(mut notice) = row.map(NoticeRow::into_notice).transpose()? else { return Ok(None) };
    notice.attempted(end);
    save(connection, &notice)?;
    Ok(Some(notice))
}

fn list(connection: &mut Connection, query: &NoticeQuery) -> Result<Vec<Notice>, Failure> {
    let rows: Vec<NoticeRow<'_>> = on!(connection, |c| {
        let order = (notices::channel.asc(), notices::id.asc());
        let mut wanted = notices::table.select(NoticeRow::as_select()).order(order).into_boxed();
        if !query.alerts.is_empty() {
            let ids: Vec<String> = query.alerts.iter().map(AlertId::to_string).collect();
            let of = notice_alerts::table.filter(notice_alerts::alert_id.eq_any(ids)).select(notice_alerts::notice_id);
            wanted = wanted.filter(notices::id.eq_any(of));
        }
        if let Some(state) = query.state {
            wanted = wanted.filter(notices::state.eq(state.name()));
        }
        wanted.limit(i64::try_from(query.limit).unwrap_or(i64::MAX)).load(c)?
    });
    rows.into_iter().map(NoticeRow::into_notice).collect()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Notices for DieselStore {
    async fn announce(&self, first: &[AlertId], notices: &[Notice], at: Timestamp) -> Result<bool, StoreError> {
        let (first, notices) = (first.to_vec(), notices.to_vec());
        self.write(move |connection| announce(connection, &first, &notices, at)).await
    }

    async fn take_notices(
        &self,
        channel: &str,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        let channel = channel.to_owned();
        self.write(move |connection| take(connection, &channel, now, until, limit)).await
    }

    async fn attempted(&self, id: &NoticeId, end: &Attempted) -> Result<Option<Notice>, StoreError> {
        let (id, end) = (id.clone(), end.clone());
        self.write(move |connection| attempted(connection, &id, &end)).await
    }

    async fn notices(&self, query: &NoticeQuery) -> Result<Vec<Notice>, StoreError> {
        let query = query.clone();
        self.read(move |connection| list(connection, &query)).await
    }
}
