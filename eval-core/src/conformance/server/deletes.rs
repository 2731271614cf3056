//! Runs that are taken away.

use crate::conformance::{fixtures, must};
use crate::server::{Deletes, Deletion, Protection};
use crate::{DatasetRef, Lease, Leases, Owner, Run, RunId, RunStatus, Store, StoreError, clock};

/// A run goes with its evaluations, unless somebody works on it.
pub(super) async fn unless_protected(store: &(impl Store + Deletes + Leases)) {
    let mut run = Run::new("m", DatasetRef::new("golden", "f", 2), 2);
    must(store.put_run(&run).await, "a run is stored");
    let kept = Deletion::Kept(Protection::Unfinished);
    assert_eq!(must(store.delete(run.id).await, "a run is deleted"), kept, "it goes on");
    run.status = RunStatus::Finished;
    must(store.put_run(&run).await, "a run is stored");
    let owner = Owner::new();
    must(store.acquire(&Lease::new(run.id, owner.clone(), clock::now())).await, "a run is taken");
    assert_eq!(must(store.delete(run.id).await, "a run is deleted"), kept, "somebody works on it");
    must(store.release(run.id, &owner).await, "a run is given back");
    must(store.put_evaluations(run.id, &[fixtures::scored(run.id, "a", 1, 0.5)]).await, "an evaluation is stored");
    assert_eq!(must(store.delete(run.id).await, "a run is deleted"), Deletion::Deleted(1));
    assert!(matches!(store.get_run(run.id).await, Err(StoreError::NotFound(id)) if id == run.id));
    let unknown = RunId::new();
    assert!(matches!(store.delete(unknown).await, Err(StoreError::NotFound(id)) if id == unknown));
}
