//! The conformance suite of eval-core, run by the store on SQLite and on Postgres.

use std::cell::Cell;

use eval_core::conformance;
use eval_store::DieselStore;
use eval_store::testing::Postgres;
use tempfile::TempDir;

struct Files(TempDir, Cell<u32>);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"), Cell::new(0))
    }

    async fn next(&self) -> DieselStore {
        self.1.set(self.1.get() + 1);
        let path = self.0.path().join(format!("{}.db", self.1.get()));
        DieselStore::open(&format!("sqlite:///{}", path.display())).await.expect("a database")
    }
}

async fn in_memory() -> DieselStore {
    DieselStore::open(":memory:").await.expect("a database")
}

#[tokio::test]
async fn a_file_is_a_store() {
    let files = Files::new();
    conformance::store(async || files.next().await).await;
}

#[tokio::test]
async fn a_file_keeps_attempts_and_leases() {
    let files = Files::new();
    conformance::durable(async || files.next().await).await;
}

#[tokio::test]
async fn a_file_keeps_baselines_marks_and_findings() {
    let files = Files::new();
    conformance::drift(async || files.next().await).await;
}

#[tokio::test]
async fn a_file_keeps_what_a_server_keeps() {
    let files = Files::new();
    conformance::server(async || files.next().await).await;
}

#[tokio::test]
async fn a_file_keeps_labels() {
    let files = Files::new();
    conformance::labels(async || files.next().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_makes_reports() {
    let files = Files::new();
    conformance::reports(async || files.next().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_a_store() {
    conformance::store(in_memory).await;
}

#[tokio::test]
async fn memory_keeps_attempts_and_leases() {
    conformance::durable(in_memory).await;
}

#[tokio::test]
async fn memory_keeps_baselines_marks_and_findings() {
    conformance::drift(in_memory).await;
}

#[tokio::test]
async fn memory_keeps_what_a_server_keeps() {
    conformance::server(in_memory).await;
}

#[tokio::test]
async fn memory_keeps_labels() {
    conformance::labels(in_memory).await;
}

#[tokio::test]
async fn memory_makes_reports() {
    conformance::reports(in_memory).await;
}

async fn on(postgres: &Postgres) -> DieselStore {
    DieselStore::open(&postgres.database()).await.expect("a database")
}

#[tokio::test]
async fn postgres_is_a_store() {
    let Some(postgres) = Postgres::shared() else { return };
    conformance::store(async || on(postgres).await).await;
}

#[tokio::test]
async fn postgres_keeps_attempts_and_leases() {
    let Some(postgres) = Postgres::shared() else { return };
    conformance::durable(async || on(postgres).await).await;
}

#[tokio::test]
async fn postgres_keeps_baselines_marks_and_findings() {
    let Some(postgres) = Postgres::shared() else { return };
    conformance::drift(async || on(postgres).await).await;
}

#[tokio::test]
async fn postgres_keeps_what_a_server_keeps() {
    let Some(postgres) = Postgres::shared() else { return };
    conformance::server(async || on(postgres).await).await;
}

#[tokio::test]
async fn postgres_keeps_labels() {
    let Some(postgres) = Postgres::shared() else { return };
    conformance::labels(async || on(postgres).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_makes_reports() {
    let Some(postgres) = Postgres::shared() else { return };
    conformance::reports(async || on(postgres).await).await;
}
