//! The table `audit`. The database itself refuses to change or delete a row.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::server::{Audit, AuditEntry, AuditQuery};
use eval_core::{StoreError, async_trait};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, from_json, json, time, word};
use crate::database::schema::audit;
use crate::database::store::DieselStore;

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit)]
struct AuditRow<'a> {
    id: Text<'a>,
    done_at: NaiveDateTime,
    who: Text<'a>,
    what: Text<'a>,
    target: Text<'a>,
    details: Text<'a>,
}

impl<'a> AuditRow<'a> {
    fn new(entry: &'a AuditEntry) -> Result<Self, Failure> {
        Ok(Self {
            id: entry.id.to_string().into(),
            done_at: time::to_column(entry.at),
            who: entry.who.as_str().into(),
            what: entry.what.as_str().into(),
            target: entry.target.as_str().into(),
            details: json(&entry.details)?,
        })
    }

    fn into_entry(self) -> Result<AuditEntry, Failure> {
        let id = word("audit.id", &self.id, |text| text.parse().ok())?;
        let at = time::from_column("audit.done_at", self.done_at)?;
        let details = from_json("audit.details", &self.details)?;
        let [who, what, target] = [self.who, self.what, self.target].map(Text::into_owned);
        Ok(AuditEntry::new(who, what, target).made(id, at, details))
    }
}

fn record(connection: &mut Connection, entry: &AuditEntry) -> Result<(), Failure> {
    let row = AuditRow::new(entry)?;
    let put = diesel::insert_into(audit::table).values(&row).on_conflict_do_nothing();
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

fn list(connection: &mut Connection, query: &AuditQuery) -> Result<Vec<AuditEntry>, Failure> {
    let rows: Vec<AuditRow<'_>> = on!(connection, |c| {
        let mut wanted = audit::table.select(AuditRow::as_select()).order(audit::id.desc()).into_boxed();
        if let Some(target) = &query.target {
            wanted = wanted.filter(audit::target.eq(Text::from(&**target)));
        }
        if let Some(who) = &query.who {
            wanted = wanted.filter(audit::who.eq(Text::from(&**who)));
        }
        if let Some(before) = query.before {
            wanted = wanted.filter(audit::id.lt(before.to_string()));
        }
        wanted.limit(i64::try_from(query.limit).unwrap_or(i64::MAX)).load(c)?
    });
    rows.into_iter().map(AuditRow::into_entry).collect()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Audit for DieselStore {
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let entry = entry.clone();
        self.write(move |connection| record(connection, &entry)).await
    }

    async fn entries(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let query = query.clone();
        self.read(move |connection| list(connection, &query)).await
    }
}
