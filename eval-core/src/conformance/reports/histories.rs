//! The runs of a name, and their scores question by question.

use std::sync::Arc;

use super::{Pair, fixtures, same};
use crate::conformance::fixtures::{failed, scored, unscored};
use crate::{
    Completion, Evaluation, FinishReason, HistoryQuery, Money, Outcome, Params, ProviderErrorKind, Reports, Run, RunId,
    RunKind, RunStatus, Sample, Score, Selection, Served, Timing, Usage, Verdict,
};

pub(super) async fn equal<S: Reports>(pair: &Pair<S>) {
    let runs = runs();
    for (at, run) in runs.iter().enumerate() {
        pair.put_run(run).await;
        let epochs = (1..=run.epochs).rev();
        let places = epochs.flat_map(|epoch| (0..20).map(move |question| (question, epoch)));
        let asked = places.filter(|(question, _)| at % 9 != 4 && (question + at) % 6 != 1);
        let batch: Vec<_> = asked.map(|(question, epoch)| evaluation(run.id, at, question, epoch)).collect();
        pair.put(run.id, &batch).await;
    }
    let most = pair.reference.windows(&HistoryQuery::new("gpt-4o", "golden")).await;
    assert!(most.is_ok_and(|history| history.windows.len() > 10), "the fixtures have a history");
    let runs_with_anchors = anchors(pair, &runs).await;
    for query in queries(&runs) {
        let what = format!("by {query:?}");
        let (found, expected) = (pair.store.history(&query).await, pair.reference.history(&query).await);
        same(found, expected, &format!("history {what}"));
        for details in [false, true] {
            let query = query.clone().details(details);
            let (found, expected) = (pair.store.windows(&query).await, pair.reference.windows(&query).await);
            same(found, expected, &format!("windows {what}, details {details}"));
        }
    }
    for run in &runs {
        let (found, expected) = (pair.store.anchors(run).await, pair.reference.anchors(run).await);
        let has = expected.as_ref().is_ok_and(|anchors| !anchors.is_empty());
        assert_eq!(has, runs_with_anchors.contains(&run.id), "anchors of a run come from its group and its judges");
        same(found, expected, "anchors of a run");
    }
}

/// Frozen answers that were judged beside each run of a group: twice, of which the later run counts, by other judges, in
/// a run that did not finish, and in one that is none of anchors. Says which runs have anchors.
async fn anchors<S: Reports>(pair: &Pair<S>, runs: &[Run]) -> Vec<RunId> {
    let mut with_anchors = Vec::new();
    for (at, run) in runs.iter().enumerate().skip(1).filter(|(_, run)| run.group.is_some()) {
        for number in 0..5_usize {
            let mut anchor = fixtures::finished("gpt-4o", 20_000 + (10 * at + number) as i64, 0.5, 0);
            (anchor.group, anchor.kind, anchor.of) = (run.group, RunKind::Anchor, Some(run.id));
            anchor.provenance.judge_hash.clone_from(&run.provenance.judge_hash);
            match number {
                2 => anchor.provenance.judge_hash = "another".into(),
                3 => anchor.status = RunStatus::Cancelled,
                4 => anchor.kind = RunKind::Rescore,
                _ => {}
            }
            pair.put_run(&anchor).await;
            let frozen =
                (0..8).map(|question| evaluation(anchor.id, at % 2 + number, question, 1 + question as u32 % 2));
            pair.put(anchor.id, &frozen.collect::<Vec<_>>()).await;
        }
        with_anchors.push(run.id);
    }
    with_anchors
}

/// Runs of two names on two data sets with two prompts, judges and parameters; parts of a data set and runs that have
/// not finished; one that used every field.
fn runs() -> Vec<Run> {
    let mut runs = vec![fixtures::rich_run()];
    let time = fixtures::time;
    for at in 0..48_usize {
        let seconds = 100 + i64::try_from(at).unwrap_or(0);
        let mut run = fixtures::finished("gpt-4o", seconds, 0.5, 3);
        run.name = ["gpt-4o", "gpt-4o", "gpt-4o", "it's \"quoted\""][at % 4].into();
        run.dataset.name = ["golden", "golden", "naïve 东京"][at % 3].into();
        run.provenance.prompt = ["p", "q"][at / 4 % 2].into();
        run.provenance.judge_hash = ["j", "k"][at / 8 % 2].into();
        run.params = params(at / 16 % 3);
        run.epochs = [1, 3][at % 2];
        if at % 5 == 4 {
            run.status = RunStatus::ALL[at % 8];
        }
        if at % 13 == 5 {
            run.kind = RunKind::Rescore;
        }
        run.group = (at % 3 == 1).then(|| RunId::at(time(10_000 + seconds)));
        if at % 11 == 7 {
            run.dataset.selection = Selection { limit: Some(5), ..Selection::all() };
        }
        runs.push(run);
    }
    runs
}

fn params(at: usize) -> Params {
    match at {
        0 => Params::new(),
        1 => Params::new().with("temperature", 0.1 + 0.2).with("stop", fixtures::TEXTS[3]),
        _ => Params::new().with("temperature", 0).with("top_p", 1e-7),
    }
}

fn evaluation(run: RunId, at: usize, question: usize, epoch: u32) -> Evaluation {
    let (id, turn) = (format!("{}-{question}", fixtures::TEXTS[question % 9]), question + at + epoch as usize);
    // Thirds, whose sums depend on the order in which they are added.
    let score = f64::from(u32::try_from(turn % 4).unwrap_or(0)) / 3.0;
    let mut evaluation = match turn % 7 {
        0 => failed(&id, epoch, "timeout"),
        1 => unscored(run, &id, epoch, "garbled"),
        _ => scored(run, &id, epoch, score),
    };
    let edited = question % 5 == 2 && at > 24;
    let text = format!("question {question}{}", if edited { ", edited" } else { "" });
    let sample = Sample { input: text, ..Sample::clone(&evaluation.sample).category(["math", "rag"][question % 2]) };
    evaluation.sample = Arc::new(sample);
    measured(evaluation, at, turn)
}

/// The evaluation with all that windows count and measure, known for some and not for others.
fn measured(mut evaluation: Evaluation, at: usize, turn: usize) -> Evaluation {
    if let Outcome::Failed { kind, .. } = &mut evaluation.outcome {
        *kind = [ProviderErrorKind::Timeout, ProviderErrorKind::Filtered, ProviderErrorKind::Rejected][turn % 3];
    }
    let Some(answer) = evaluation.completion.take() else { return evaluation };
    let known = |every: usize, value: f64| (!turn.is_multiple_of(every)).then_some(value);
    let usage = if turn.is_multiple_of(5) { Usage::default() } else { Usage::new(turn as u64, 7) };
    let mut served = Served { model: Some("gpt-4o".into()), ..Served::default() };
    served.fingerprint = (!turn.is_multiple_of(4)).then(|| format!("fp_{}", (at + turn % 2) / 10));
    served.model_id = turn.is_multiple_of(6).then(|| fixtures::TEXTS[at % 9].to_owned());
    served.proxy = (at > 20).then(|| "litellm/1.106.2".into());
    let finish = ["stop", "content_filter", "refusal", "length"][turn % 4];
    let answer = Completion { text: fixtures::TEXTS[turn % 9].repeat(turn), ..answer }
        .usage(usage)
        .served(served)
        .finish(FinishReason::from(finish))
        .cost(known(3, 0.0).map(|_| Money::from_nanos(1_000 + turn as i64)))
        .timing(Timing { service_ms: known(4, turn as f64 / 3.0), ..Timing::default() });
    let score = [Score::ZERO, Score::ONE][turn % 2];
    evaluation.verdicts.push(Verdict::scored("json", score, "read"));
    evaluation.verdicts.push(Verdict::scored(["refusal", "json"][turn / 2 % 2], score, "looked for"));
    evaluation.completion(answer)
}

fn queries(runs: &[Run]) -> Vec<HistoryQuery> {
    let plain = || HistoryQuery::new("gpt-4o", "golden");
    let time = fixtures::time;
    let mut queries: Vec<_> = runs.iter().step_by(7).map(HistoryQuery::of).collect();
    queries.extend([
        plain(),
        HistoryQuery::new("it's \"quoted\"", "naïve 东京"),
        HistoryQuery::new("' OR 1=1 --", "golden"),
        HistoryQuery { limit: 0, ..plain() },
        HistoryQuery { limit: 1, ..plain() },
        HistoryQuery { limit: usize::MAX, ..plain() },
        HistoryQuery { limit: 3, before: runs.get(30).map(|run| run.id), ..plain() },
        HistoryQuery { since: Some(time(110)), until: Some(time(120)), ..plain() },
        HistoryQuery { prompt: Some("q".into()), ..plain() },
        HistoryQuery { judge: Some("none such".into()), ..plain() },
        HistoryQuery { params: Some(params(0)), ..plain() },
        HistoryQuery { params: Some(params(2)), limit: 2, ..plain() },
    ]);
    queries
}
