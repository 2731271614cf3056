//! Pages of whole questions.

use std::future::Future;

use eval_core::{EvaluationQuery, SampleId, StoreError};

/// The evaluations of some questions, each question with all of its epochs that are wanted.
pub(super) struct Page<T> {
    pub(super) rows: Vec<T>,
    /// Whether questions are left.
    pub(super) more: bool,
}

/// The next so many questions after the cursor of `query`. A question is never cut in two: the next page begins after
/// the last one.
pub(super) async fn questions<T, F>(
    query: EvaluationQuery,
    (questions, epochs): (usize, u32),
    place: impl Fn(&T) -> (SampleId, u32),
    fetch: impl Fn(EvaluationQuery) -> F,
) -> Result<Page<T>, StoreError>
where
    F: Future<Output = Result<Vec<T>, StoreError>>,
{
    let (mut rows, mut found): (Vec<T>, usize) = (Vec::new(), 0);
    let mut query = query;
    // One more than such a page can have, which tells whether there is another. A file may bring more epochs than its
    // run says: then it takes another look.
    query.limit = questions.saturating_mul(epochs.max(1) as usize).saturating_add(1);
    loop {
        let read = fetch(query.clone()).await?;
        let last = read.len() < query.limit;
        for row in read {
            let id = place(&row).0;
            if rows.last().is_none_or(|last| place(last).0 != id) {
                if found == questions {
                    return Ok(Page { rows, more: true });
                }
                found += 1;
            }
            rows.push(row);
        }
        if last {
            return Ok(Page { rows, more: false });
        }
        query.after = rows.last().map(&place);
    }
}
