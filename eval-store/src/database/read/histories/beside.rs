//! Frozen answers that the judges of runs graded anew beside them.

use std::collections::HashMap;

use diesel::prelude::*;
use eval_core::{Answered, HistoryBuilder, Run, RunKind, RunStatus};

use crate::database::connection::{Connection, on};
use crate::database::rows::Text;
use crate::database::schema::{evaluations, runs};

/// Groups that are looked up at once.
const AT_ONCE: usize = 5_000;

/// The newest finished run of anchors of each group and judges.
pub(super) struct Anchors(HashMap<(String, String), String>);

impl Anchors {
    /// Those beside these runs.
    pub(super) fn of(connection: &mut Connection, of: &[Run]) -> QueryResult<Self> {
        let groups: Vec<String> = of.iter().filter_map(|run| Some(run.group?.to_string())).collect();
        let mut found = HashMap::new();
        for groups in groups.chunks(AT_ONCE) {
            let wanted = runs::table
                .filter(runs::group_id.eq_any(groups))
                .filter(runs::kind.eq(RunKind::Anchor.name()).and(runs::status.eq(RunStatus::Finished.name())))
                .order(runs::id.asc())
                .select((runs::group_id.assume_not_null(), runs::judge_hash, runs::id));
            let rows: Vec<(String, Text<'static>, String)> = on!(connection, |c| wanted.load(c))?;
            found.extend(rows.into_iter().map(|(group, judge, id)| ((group, judge.into_owned()), id)));
        }
        Ok(Self(found))
    }

    /// Gives the window begun last, which is that of this run, its anchors.
    pub(super) fn read(&self, connection: &mut Connection, builder: &mut HistoryBuilder, run: &Run) -> QueryResult<()> {
        let key = run.group.map(|group| (group.to_string(), run.provenance.judge_hash.clone()));
        let Some(anchors) = key.and_then(|key| self.0.get(&key)) else { return Ok(()) };
        let scored = evaluations::table
            .filter(evaluations::run_id.eq(anchors))
            .filter(evaluations::score.is_not_null().and(evaluations::answer.is_not_null()))
            .order((evaluations::sample_id.asc(), evaluations::epoch.asc()))
            .select((
                evaluations::sample_id,
                evaluations::sample_hash,
                evaluations::category,
                evaluations::score.assume_not_null(),
                evaluations::answer.assume_not_null(),
            ));
        type Row = (Text<'static>, Text<'static>, Text<'static>, f64, Text<'static>);
        let rows: Vec<Row> = on!(connection, |c| scored.load(c))?;
        for (sample, content, category, score, answer) in &rows {
            builder.anchor(&Answered::scored(sample, content, category, *score), answer);
        }
        Ok(())
    }
}
