//! The table `deliveries`.

use chrono::NaiveDateTime;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use eval_core::server::{Delivery, DeliveryId, DeliveryQuery, DeliveryState, Outbox, Sent, Subscription};
use eval_core::{RunId, RunStatus, StoreError, Timestamp, async_trait};

use super::{from_column, jobs, lock, to_column};
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, number, run_id, time, word};
use crate::database::schema::{deliveries, runs, subscriptions};
use crate::database::store::DieselStore;

#[derive(Debug, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false, treat_none_as_null = true)]
struct DeliveryRow<'a> {
    id: Text<'a>,
    run_id: Text<'a>,
    ended_at: Option<NaiveDateTime>,
    receiver: Text<'a>,
    state: Text<'a>,
    attempts: i64,
    next_at: Option<NaiveDateTime>,
    tried_at: Option<NaiveDateTime>,
    status: Option<i64>,
    error: Option<Text<'a>>,
}

impl<'a> DeliveryRow<'a> {
    fn new(delivery: &'a Delivery) -> Self {
        Self {
            id: delivery.id.as_str().into(),
            run_id: delivery.run.to_string().into(),
            ended_at: to_column(delivery.ended),
            receiver: delivery.receiver.as_str().into(),
            state: delivery.state.name().into(),
            attempts: delivery.attempts.into(),
            next_at: to_column(delivery.next),
            tried_at: to_column(delivery.tried),
            status: delivery.status.map(i64::from),
            error: delivery.error.as_deref().map(Text::from),
        }
    }

    fn into_delivery(self) -> Result<Delivery, Failure> {
        let run = run_id("deliveries.run_id", &self.run_id)?;
        let ended = from_column("deliveries.ended_at", self.ended_at)?;
        let mut delivery = Delivery::new(run, ended, self.receiver.into_owned(), Timestamp::UNIX_EPOCH);
        delivery.id = DeliveryId::from(self.id.into_owned());
        delivery.state = word("deliveries.state", &self.state, DeliveryState::from_name)?;
        delivery.attempts = number::epoch("deliveries.attempts", self.attempts)?;
        delivery.next = from_column("deliveries.next_at", self.next_at)?;
        delivery.tried = from_column("deliveries.tried_at", self.tried_at)?;
        delivery.status = self.status.and_then(|status| u16::try_from(status).ok());
        delivery.error = self.error.map(Text::into_owned);
        Ok(delivery)
    }
}

/// The names of the statuses with which a run has ended.
fn ends() -> impl Iterator<Item = &'static str> {
    RunStatus::ENDS.into_iter().map(RunStatus::name)
}

/// A run that has ended, and when.
type Ended = (RunId, Option<Timestamp>);

fn into_ended((id, at): (String, Option<NaiveDateTime>)) -> Result<Ended, Failure> {
    Ok((run_id("runs.id", &id)?, from_column("runs.finished_at", at)?))
}

/// The ends of runs that a subscription has not heard of.
fn unheard(connection: &mut Connection, subscription: &Subscription) -> Result<Vec<Ended>, Failure> {
    let receiver = Text::from(&*subscription.name);
    let unknown = deliveries::ended_at.is_null().and(runs::finished_at.is_null());
    let heard = deliveries::table
        .filter(deliveries::run_id.eq(runs::id).and(deliveries::receiver.eq(receiver)))
        .filter(deliveries::ended_at.eq(runs::finished_at).or(unknown));
    let unheard = runs::table
        .filter(runs::started_at.ge(time::to_column(subscription.since)))
        .filter(runs::status.eq_any(ends()).and(not(exists(heard))))
        .order(runs::id.asc())
        .select((runs::id, runs::finished_at));
    let rows: Vec<(String, Option<NaiveDateTime>)> = on!(connection, |c| unheard.load(c))?;
    rows.into_iter().map(into_ended).collect()
}

/// Those of these runs that have ended.
fn ended(connection: &mut Connection, ids: &[RunId]) -> Result<Vec<Ended>, Failure> {
    let wanted = runs::table.filter(runs::id.eq_any(ids.iter().map(RunId::to_string)));
    let ended = wanted.filter(runs::status.eq_any(ends())).select((runs::id, runs::finished_at));
    let rows: Vec<(String, Option<NaiveDateTime>)> = on!(connection, |c| ended.load(c))?;
    rows.into_iter().map(into_ended).collect()
}

fn disabled(connection: &mut Connection) -> Result<Vec<String>, Failure> {
    let disabled = deliveries::table.filter(deliveries::state.eq(DeliveryState::Disabled.name()));
    Ok(on!(connection, |c| disabled.select(deliveries::receiver).distinct().load(c))?)
}

fn insert(connection: &mut Connection, delivery: &Delivery) -> Result<(), Failure> {
    let row = DeliveryRow::new(delivery);
    let put = diesel::insert_into(deliveries::table).values(&row).on_conflict_do_nothing();
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

fn derive(
    connection: &mut Connection,
    now: Timestamp,
    subscriptions: &[Subscription],
    disabled: &[String],
) -> Result<(), Failure> {
    let wants = |receiver: &str| disabled.iter().all(|disabled| disabled != receiver);
    for subscription in subscriptions.iter().filter(|subscription| wants(&subscription.name)) {
        for (run, ended) in unheard(connection, subscription)? {
            insert(connection, &Delivery::new(run, ended, &*subscription.name, now))?;
        }
    }
    for job in jobs::untold(connection)? {
        let Some(callback) = job.request.callback.as_deref().filter(|callback| wants(callback)) else { continue };
        let ended = ended(connection, &job.runs)?;
        for (run, at) in &ended {
            insert(connection, &Delivery::new(*run, *at, callback, now))?;
        }
        if job.ended.is_some() && ended.len() == job.runs.len() {
            jobs::told(connection, job.id)?;
        }
    }
    Ok(())
}

fn due(
    connection: &mut Connection,
    now: Timestamp,
    subscriptions: &[Subscription],
    limit: usize,
) -> Result<Vec<Delivery>, Failure> {
    lock(connection, "jobs")?;
    lock(connection, "deliveries")?;
    let disabled = disabled(connection)?;
    derive(connection, now, subscriptions, &disabled)?;
    let due = deliveries::table
        .filter(deliveries::next_at.le(time::to_column(now)))
        .filter(deliveries::receiver.ne_all(disabled))
        .order((deliveries::next_at.asc(), deliveries::id.asc()))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows: Vec<DeliveryRow<'_>> = on!(connection, |c| due.select(DeliveryRow::as_select()).load(c))?;
    rows.into_iter().map(DeliveryRow::into_delivery).collect()
}

/// What is due, kept from others until then. A transaction that was done and is repeated finds it taken: then it is due
/// again at that time, and nothing is lost.
fn take(connection: &mut Connection, mut due: Vec<Delivery>, until: Timestamp) -> Result<Vec<Delivery>, Failure> {
    let ids = due.iter().map(|delivery| delivery.id.to_string());
    let taken = diesel::update(deliveries::table.filter(deliveries::id.eq_any(ids)))
        .set(deliveries::next_at.eq(Some(time::to_column(until))));
    on!(connection, |c| taken.execute(c))?;
    due.iter_mut().for_each(|delivery| delivery.next = Some(until));
    Ok(due)
}

fn subscribe(connection: &mut Connection, name: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let row = (subscriptions::name.eq(Text::from(name)), subscriptions::since.eq(time::to_column(now)));
    let put = diesel::insert_into(subscriptions::table).values(row).on_conflict_do_nothing();
    on!(connection, |c| put.execute(c))?;
    let since = subscriptions::table.filter(subscriptions::name.eq(Text::from(name))).select(subscriptions::since);
    let since: NaiveDateTime = on!(connection, |c| since.first(c))?;
    time::from_column("subscriptions.since", since)
}

/// Changes a delivery that is there.
fn change(
    connection: &mut Connection,
    id: &DeliveryId,
    change: impl FnOnce(&mut Delivery),
) -> Result<Option<Delivery>, Failure> {
    lock(connection, "deliveries")?;
    let wanted = deliveries::table.find(id.as_str());
    let row: Option<DeliveryRow<'_>> =
        on!(connection, |c| wanted.select(DeliveryRow::as_select()).first(c)).optional()?;
    let Some(mut delivery) = row.map(DeliveryRow::into_delivery).transpose()? else { return Ok(None) };
    change(&mut delivery);
    let row = DeliveryRow::new(&delivery);
    let save = diesel::update(deliveries::table.find(id.as_str())).set(&row);
    on!(connection, |c| save.execute(c))?;
    Ok(Some(delivery))
}

fn list(connection: &mut Connection, query: &DeliveryQuery) -> Result<Vec<Delivery>, Failure> {
    let rows: Vec<DeliveryRow<'_>> = on!(connection, |c| {
        let newest = (deliveries::run_id.desc(), deliveries::id.desc());
        let mut wanted = deliveries::table.select(DeliveryRow::as_select()).order(newest).into_boxed();
        if let Some(run) = query.run {
            wanted = wanted.filter(deliveries::run_id.eq(run.to_string()));
        }
        if let Some(receiver) = &query.receiver {
            wanted = wanted.filter(deliveries::receiver.eq(Text::from(&**receiver)));
        }
        if let Some(state) = query.state {
            wanted = wanted.filter(deliveries::state.eq(state.name()));
        }
        if let Some((run, id)) = &query.before {
            let (run, id) = (run.to_string(), id.as_str());
            let same_run = deliveries::run_id.eq(run.clone()).and(deliveries::id.lt(id));
            wanted = wanted.filter(deliveries::run_id.lt(run).or(same_run));
        }
        wanted.limit(i64::try_from(query.limit).unwrap_or(i64::MAX)).load(c)?
    });
    rows.into_iter().map(DeliveryRow::into_delivery).collect()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Outbox for DieselStore {
    async fn due(
        &self,
        now: Timestamp,
        subscriptions: &[Subscription],
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let subscriptions = subscriptions.to_vec();
        self.write(move |connection| due(connection, now, &subscriptions, limit)).await
    }

    async fn take(
        &self,
        now: Timestamp,
        until: Timestamp,
        subscriptions: &[Subscription],
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let subscriptions = subscriptions.to_vec();
        self.write(move |connection| {
            let due = due(connection, now, &subscriptions, limit)?;
            take(connection, due, until)
        })
        .await
    }

    async fn subscribe(&self, name: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        let name = name.to_owned();
        self.write(move |connection| subscribe(connection, &name, now)).await
    }

    async fn sent(&self, id: &DeliveryId, sent: &Sent) -> Result<Option<Delivery>, StoreError> {
        let (id, sent) = (id.clone(), sent.clone());
        self.write(move |connection| change(connection, &id, |delivery| delivery.tried(&sent))).await
    }

    async fn resend(&self, id: &DeliveryId, at: Timestamp) -> Result<Option<Delivery>, StoreError> {
        let id = id.clone();
        self.write(move |connection| change(connection, &id, |delivery| delivery.resend(at))).await
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        let query = query.clone();
        self.read(move |connection| list(connection, &query)).await
    }
}
