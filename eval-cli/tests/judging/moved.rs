//! A judge that moved: what `evalctl drift` and `evalctl gate` make of it. The histories are of a simulated model that
//! stays as it is, and of a judge that gets stricter on a known day under the same name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use eval_core::{
    Completion, Dataset, Evaluation, EvaluationQuery, Evaluator, InMemory, Judge, JudgeError, Run, RunId, RunKind,
    RunStatus, Sample, Score, Store, StoredAnswers, Timestamp, Verdict, async_trait,
};
use eval_judge::Exact;
use eval_providers::Simulated;
use eval_store::DieselStore;
use serde_json::json;
use tempfile::TempDir;

use crate::common::fresh;
use crate::grader::{document, text};

const RUNS: u32 = 26;
const STRICTER: u32 = 16;

/// Grades as `exact`, and from a day on gives a part of that.
struct Sliding {
    exact: Exact,
    day: Arc<AtomicU32>,
    takes: f64,
}

#[async_trait]
impl Judge for Sliding {
    fn name(&self) -> &str {
        "sliding"
    }

    async fn judge(&self, sample: &Sample, completion: &Completion) -> Result<Verdict, JudgeError> {
        let score = self.exact.judge(sample, completion).await?.score.map_or(0.0, Score::get);
        let is_strict = self.day.load(Ordering::SeqCst) >= STRICTER;
        let score = if is_strict { score * (1.0 - self.takes) } else { score };
        Ok(Verdict::scored(self.name(), Score::new(score).unwrap(), "graded"))
    }
}

fn day(number: u32) -> Timestamp {
    let first: Timestamp = "2025-10-01T06:00:00Z".parse().unwrap();
    Timestamp::from_second(first.as_second() + i64::from(number) * 86_400).unwrap()
}

/// Daily runs with frozen answers beside them; the ids of the runs.
async fn history(folder: &TempDir, takes: f64) -> Vec<RunId> {
    let dataset = Dataset::golden();
    let key = dataset.samples().unwrap().map(|sample| {
        let sample = sample.unwrap();
        (sample.id, sample.category, sample.target.unwrap())
    });
    let model = Simulated::builder("steady", 5).accuracy(0.8).answers(key);
    let url = format!("sqlite:///{}", folder.path().join("eval.db").display());
    let store = Arc::new(DieselStore::open(&url).await.unwrap());
    let today = Arc::new(AtomicU32::new(0));
    let judge = || Sliding { exact: Exact::new(), day: today.clone(), takes };
    let (mut ids, mut set): (Vec<RunId>, Option<Run>) = (vec![], None);
    for number in 0..RUNS {
        today.store(number, Ordering::SeqCst);
        let group = RunId::at(day(number));
        let asking = Evaluator::builder(model.clone().now(day(number)).build(), judge()).group(group);
        let (run, rows) = made(asking, &dataset, number).await;
        let set = match &set {
            Some(set) => set,
            None => set.insert(frozen(&store, &run, &rows).await),
        };
        let answers = StoredAnswers::new(store.clone(), set.id);
        let judging = Evaluator::builder(answers, judge()).group(group).judging_again(RunKind::Anchor, set);
        let (anchors, graded) = made(judging, &dataset, number).await;
        for (run, rows) in [(&anchors, graded), (&run, rows)] {
            store.put_run(run).await.unwrap();
            store.put_evaluations(run.id, &rows).await.unwrap();
        }
        ids.push(run.id);
    }
    ids
}

/// A run of this day.
async fn made(builder: eval_core::EvaluatorBuilder, dataset: &Dataset, number: u32) -> (Run, Vec<Evaluation>) {
    let memory = Arc::new(InMemory::new());
    let evaluator = builder.store(memory.clone()).build().unwrap();
    let mut run = evaluator.run(dataset, &mut ()).await.unwrap();
    let mut all = EvaluationQuery::default();
    all.limit = 1000;
    let rows = memory.evaluations(run.id, &all).await.unwrap();
    (run.id, run.started, run.finished) = (RunId::at(day(number)), day(number), Some(day(number)));
    (run, rows)
}

/// The answers of a run as a set of frozen ones.
async fn frozen(store: &DieselStore, run: &Run, rows: &[Evaluation]) -> Run {
    let mut set = run.clone();
    (set.id, set.kind, set.of, set.group) = (RunId::at(day(0)), RunKind::Anchor, Some(run.id), None);
    set.status = RunStatus::Finished;
    store.put_run(&set).await.unwrap();
    store.put_evaluations(set.id, rows).await.unwrap();
    set
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_that_got_stricter_is_not_taken_for_a_model_that_got_worse() {
    let folder = fresh();
    let ids = history(&folder, 0.25).await;
    let told = text(&folder, None, 3, &["drift"]).await;
    assert!(told.contains("judge changed: model change not identified"), "{told}");
    let found = document(&folder, None, 1, &["drift", "--detector", "quality", "--detector", "anchors"]).await;
    let reports = found["histories"][0]["findings"].as_array().unwrap().iter().map(|finding| &finding["report"]);
    let of = |measure: &str| reports.clone().find(|report| report["measure"] == measure).unwrap();
    assert_eq!(of("quality")["status"], "not_comparable");
    assert_eq!(of("quality")["why"], "judge changed: model change not identified");
    assert_eq!((&of("quality")["cause"], &of("anchors")["status"]), (&json!("judge"), &json!("worse")));

    let (last, early) = (ids[RUNS as usize - 1].to_string(), ids[3].to_string());
    let gate = text(&folder, None, 3, &["gate", &last, "--vs", &early]).await;
    assert!(gate.contains("the judge moved: 50 frozen answers are scored"), "{gate}");
    let before = text(&folder, None, 0, &["gate", &ids[9].to_string(), "--vs", &early, "--margin", "30"]).await;
    assert!(!before.contains("the judge moved"), "{before}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_judge_that_stays_as_it_is_its_anchors_say_nothing() {
    let folder = fresh();
    history(&folder, 0.0).await;
    let found = document(&folder, None, 0, &["drift", "--detector", "quality", "--detector", "anchors"]).await;
    let text = found.to_string();
    assert!(!text.contains("judge changed") && !text.contains("\"worse\""), "{text}");
}
