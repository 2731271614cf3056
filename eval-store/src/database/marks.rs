//! The table `marks`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::{HistoryKey, Mark, MarkKind, Marks, StoreError, async_trait};

use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, json, run_id, time, word};
use crate::database::schema::marks;
use crate::database::store::DieselStore;

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = marks)]
struct MarkRow<'a> {
    id: Text<'a>,
    name: Text<'a>,
    dataset: Text<'a>,
    prompt_hash: Text<'a>,
    params: Text<'a>,
    judge_hash: Text<'a>,
    run_id: Text<'a>,
    kind: Text<'a>,
    author: Text<'a>,
    reason: Text<'a>,
    made_at: NaiveDateTime,
}

impl<'a> MarkRow<'a> {
    fn new(mark: &'a Mark) -> Result<Self, Failure> {
        let HistoryKey { name, dataset, prompt, params, judge, .. } = &mark.key;
        Ok(Self {
            id: mark.id.to_string().into(),
            name: name.as_str().into(),
            dataset: dataset.as_str().into(),
            prompt_hash: prompt.as_str().into(),
            params: json(params)?,
            judge_hash: judge.as_str().into(),
            run_id: mark.run.to_string().into(),
            kind: mark.kind.name().into(),
            author: mark.author.as_str().into(),
            reason: mark.reason.as_str().into(),
            made_at: time::to_column(mark.at),
        })
    }

    /// The mark of this row, which is one of this history.
    fn into_mark(self, key: HistoryKey) -> Result<Mark, Failure> {
        let id = word("marks.id", &self.id, |text| text.parse().ok())?;
        let run = run_id("marks.run_id", &self.run_id)?;
        let kind = word("marks.kind", &self.kind, MarkKind::from_name)?;
        let at = time::from_column("marks.made_at", self.made_at)?;
        Ok(Mark::new(key, run, kind, self.author.into_owned(), self.reason.into_owned()).made(id, at))
    }
}

fn put(connection: &mut Connection, mark: &Mark) -> Result<(), Failure> {
    let row = MarkRow::new(mark)?;
    let put = diesel::insert_into(marks::table).values(&row).on_conflict_do_nothing();
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

fn read(connection: &mut Connection, key: &HistoryKey) -> Result<Vec<Mark>, Failure> {
    let of_history = marks::table
        .filter(marks::name.eq(Text::from(&*key.name)).and(marks::dataset.eq(Text::from(&*key.dataset))))
        .filter(marks::prompt_hash.eq(Text::from(&*key.prompt)).and(marks::judge_hash.eq(Text::from(&*key.judge))))
        .filter(marks::params.eq(json(&key.params)?))
        .order(marks::id.asc());
    let rows: Vec<MarkRow<'_>> = on!(connection, |c| of_history.select(MarkRow::as_select()).load(c))?;
    rows.into_iter().map(|row| row.into_mark(key.clone())).collect()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Marks for DieselStore {
    async fn put_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let mark = mark.clone();
        self.write(move |connection| put(connection, &mark)).await
    }

    async fn marks(&self, key: &HistoryKey) -> Result<Vec<Mark>, StoreError> {
        let key = key.clone();
        self.read(move |connection| read(connection, &key)).await
    }
}
