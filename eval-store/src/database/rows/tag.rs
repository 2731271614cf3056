//! The table `run_tags`.

use diesel::prelude::*;
use eval_core::Run;

use super::Text;
use crate::database::schema::run_tags;

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = run_tags, treat_none_as_default_value = false)]
pub(crate) struct TagRow<'a> {
    pub(crate) run_id: Text<'a>,
    pub(crate) key: Text<'a>,
    pub(crate) value: Text<'a>,
}

impl<'a> TagRow<'a> {
    /// The rows of a run.
    pub(crate) fn all(run: &'a Run, id: &'a str) -> Vec<Self> {
        let row = |(key, value): (&'a String, &'a String)| Self {
            run_id: id.into(),
            key: key.as_str().into(),
            value: value.as_str().into(),
        };
        run.tags.iter().map(row).collect()
    }
}
