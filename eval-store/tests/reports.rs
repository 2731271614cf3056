//! Reports that look at more than the conformance suite can give to every store.

#[expect(dead_code, reason = "shared with other tests")]
mod common;

use common::open;
use eval_core::conformance::fixtures::run;
use eval_core::{Lease, Leases, Owner, Reports, RunStatus, Store, Timestamp};
use eval_store::DieselStore;
use eval_store::testing::Postgres;

#[tokio::test]
async fn a_run_whose_process_is_gone_counts_as_interrupted_on_sqlite() {
    count_interrupted(open(":memory:").await).await;
}

#[tokio::test]
async fn a_run_whose_process_is_gone_counts_as_interrupted_on_postgres() {
    let Some(postgres) = Postgres::shared() else { return };
    count_interrupted(open(&postgres.database()).await).await;
}

async fn count_interrupted(store: DieselStore) {
    let (lost, alive) = (run("gpt-4o", 0), run("gpt-4o", 1));
    let past = Timestamp::now().saturating_sub(Lease::LASTS).expect("a time");
    for (run, since) in [(&lost, past), (&alive, Timestamp::now())] {
        store.put_run(run).await.expect("it is stored");
        store.acquire(&Lease::new(run.id, Owner::new(), since)).await.expect("a free run");
    }
    let stats = store.stats().await.expect("stats");
    assert_eq!(stats.runs, [(RunStatus::Running, 1), (RunStatus::Interrupted, 1)].into());
    assert_eq!(stats.open, 2);
}
