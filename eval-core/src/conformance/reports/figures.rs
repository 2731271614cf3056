//! Stats, data sets and costs.

use super::{Pair, fixtures, same};
use crate::{CostQuery, Money, Reports, Run, RunStatus, Summary, Total};

const DAY: i64 = 86_400;

pub(super) async fn equal<S: Reports>(pair: &Pair<S>) {
    check(pair, "of an empty store").await;
    for run in runs() {
        pair.put_run(&run).await;
        check(pair, "while runs come in").await;
    }
}

async fn check<S: Reports>(pair: &Pair<S>, when: &str) {
    same(pair.store.stats().await, pair.reference.stats().await, &format!("stats {when}"));
    same(pair.store.datasets().await, pair.reference.datasets().await, &format!("data sets {when}"));
    for query in queries() {
        let (found, expected) = (pair.store.costs(&query).await, pair.reference.costs(&query).await);
        same(found, expected, &format!("costs by {query:?} {when}"));
    }
}

fn queries() -> Vec<CostQuery> {
    let model = |model: &str| CostQuery { model: Some(model.into()), ..CostQuery::default() };
    let (since, until) = (Some(fixtures::time(DAY)), Some(fixtures::time(2 * DAY)));
    vec![
        CostQuery::default(),
        model("a"),
        model(fixtures::TEXTS[6]),
        model("' OR 1=1 --"),
        CostQuery { since, ..CostQuery::default() },
        CostQuery { until, ..CostQuery::default() },
        CostQuery { since, until, ..model("a") },
        CostQuery { since: until, until: since, ..CostQuery::default() },
    ]
}

/// Runs around midnight, with known, partly known and unknown costs, without a summary, of every status, of models
/// that share a name, and with more money than a column holds.
fn runs() -> Vec<Run> {
    let cost = |nanos: Option<i64>, unknown| Total::new(nanos.map(Money::from_nanos), unknown);
    let costs = [
        (cost(Some(5), 0), cost(Some(0), 0)),
        (cost(None, 7), cost(Some(3), 1)),
        (cost(Some(i64::MAX), 1), cost(None, 0)),
        (cost(None, 0), cost(None, 50)),
    ];
    let mut runs = Vec::new();
    for (at, status) in (0..).zip(RunStatus::ALL) {
        // The fixtures' day begins 0.123457 s before second 0.
        let seconds = [0, -1, DAY - 1, DAY, 2 * DAY + 7][at % 5];
        let mut run = fixtures::finished(["a", "b", fixtures::TEXTS[6]][at % 3], seconds, 0.5, 3);
        let (cost, judge_cost) = costs[at % 4];
        let summary = run.summary.take().map(|summary| Summary { cost, judge_cost, ..summary });
        run.summary = summary.filter(|_| at % 3 != 2);
        run.dataset.name = ["golden", "other"][at % 2].into();
        run.name = "a".into();
        runs.push(Run { status, ..run });
    }
    runs.push(fixtures::rich_run());
    runs
}
