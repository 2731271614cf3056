//! What really answered.

use super::{Pair, fixtures, is_missing, same};
use crate::conformance::fixtures::{failed, scored};
use crate::{Evaluation, Reports, RunId};

pub(super) async fn equal<S: Reports>(pair: &Pair<S>) {
    let run = fixtures::finished("model", 0, 0.5, 3);
    pair.put_run(&run).await;
    let answer = |id: &str, deployment: Option<&str>, odd: Option<u32>| -> Evaluation {
        let mut evaluation = scored(run.id, id, 1, 0.5);
        if let Some(completion) = &mut evaluation.completion {
            completion.served.model_id = deployment.map(Into::into);
            (completion.served.retries, completion.served.fallbacks) = (odd, odd);
            completion.served.cache_hit = odd.map(|odd| odd > 1);
        }
        evaluation
    };
    let batch = [
        answer("a", Some("one"), None),
        answer("b", Some("one"), Some(0)),
        answer("c", Some("two"), Some(1)),
        answer("d", Some("three"), Some(2)),
        answer("e", None, Some(2)),
        failed("f", 1, "timeout"),
    ];
    pair.put(run.id, &batch).await;
    let (found, expected) = (pair.store.served(run.id).await, pair.reference.served(run.id).await);
    same(found, expected, "what answered in a run");
    let unknown = RunId::new();
    assert!(is_missing(&pair.store.served(unknown).await, unknown), "nobody answered in a run that is not there");
}
