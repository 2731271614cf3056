//! What really answered.

use super::{Pair, fixtures, is_missing, same};
use crate::conformance::fixtures::{failed, scored};
use crate::{Evaluation, PromptTokens, Recall, Reports, RunId};

pub(super) async fn equal<S: Reports>(pair: &Pair<S>) {
    let run = fixtures::finished("model", 0, 0.5, 3);
    pair.put_run(&run).await;
    let answer = |id: &str, deployment: Option<&str>, odd: Option<u32>| -> Evaluation {
        let mut evaluation = scored(run.id, id, 1, 0.5);
        if let Some(completion) = &mut evaluation.completion {
            completion.served.model_id = deployment.map(Into::into);
            (completion.served.retries, completion.served.fallbacks) = (odd, odd);
            completion.served.cache_hit = odd.map(|odd| odd > 1);
            completion.served.family = odd.map(|odd| format!("family {odd}"));
            completion.served.raw_model = odd.map(|_| "raw".into());
            completion.served.recalled = odd.map(|_| Recall::Cache);
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

pub(super) async fn prompt_tokens_equal<S: Reports>(pair: &Pair<S>) {
    let [earlier, run] = [0, 1].map(|at| fixtures::finished("model", at, 0.5, 0));
    let answer = |run: RunId, id: &str, epoch: u32, tokens: Option<u64>, cached: Option<u64>| -> Evaluation {
        let mut evaluation = scored(run, id, epoch, 0.5);
        if let Some(completion) = &mut evaluation.completion {
            (completion.usage.prompt_tokens, completion.usage.cached_tokens) = (tokens, cached);
        }
        evaluation
    };
    let before = |id: &str, epoch, tokens| answer(earlier.id, id, epoch, Some(tokens), None);
    let now = |id: &str, epoch, tokens| answer(run.id, id, epoch, Some(tokens), Some(0));
    for (run, batch) in [
        (&earlier, vec![before("same", 1, 7), before("more", 1, 7), before("more", 2, 7), before("zero", 1, 0)]),
        (
            &earlier,
            vec![before("cached", 1, 7), before("unknown", 1, 7), before("gone", 1, 7), failed("f", 1, "timeout")],
        ),
        (&run, vec![now("same", 1, 7), now("more", 1, 7), now("more", 2, 9), now("zero", 1, 5), now("new", 1, 5)]),
        (
            &run,
            vec![
                answer(run.id, "cached", 1, Some(9), Some(4)),
                answer(run.id, "unknown", 1, None, None),
                now("f", 1, 3),
            ],
        ),
    ] {
        pair.put_run(run).await;
        pair.put(run.id, &batch).await;
    }
    for (one, other) in [(run.id, earlier.id), (earlier.id, run.id), (run.id, run.id)] {
        let (found, expected) =
            (pair.store.prompt_tokens(one, other).await, pair.reference.prompt_tokens(one, other).await);
        same(found, expected, "prompt tokens of the same questions");
    }
    let found = pair.store.prompt_tokens(run.id, earlier.id).await;
    assert!(matches!(found, Ok(found) if found == PromptTokens::new(1, 2)), "one of two changed: {found:?}");
    let unknown = RunId::new();
    assert!(is_missing(&pair.store.prompt_tokens(run.id, unknown).await, unknown), "there is no such run");
}
