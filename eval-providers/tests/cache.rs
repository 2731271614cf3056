//! The response cache, through the layers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use eval_core::{
    AttemptLog, Completion, DatasetRef, FinishReason, InMemory, Message, Money, Origin, Params, Provider,
    ProviderError, ProviderErrorKind, ProviderExt, Recall, Request, Run, Scripted, Served, Store, Usage,
};
use eval_providers::{Cache, CacheLayer, LedgerLayer, LimitLayer, RetryLayer};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A model that says how often it was asked, and how often that was.
fn counting() -> (Scripted, Arc<AtomicU64>) {
    answering(|completion| completion)
}

fn answering(change: impl Fn(Completion) -> Completion + Send + Sync + 'static) -> (Scripted, Arc<AtomicU64>) {
    let asked = Arc::new(AtomicU64::new(0));
    let counter = asked.clone();
    let model = Scripted::fallible("model", move |_| {
        let number = counter.fetch_add(1, Ordering::Relaxed) + 1;
        let answer = Completion::new(format!("answer {number}")).usage(Usage::new(9, 2));
        Ok(change(answer.cost(Some(Money::from_nanos(700)))))
    });
    (model, asked)
}

fn layer(folder: &Path) -> CacheLayer {
    CacheLayer::new(Cache::open(folder, DAY, 1 << 20).expect("a cache"), "http://one.example/v1")
}

fn request(text: &str) -> Request {
    Request::new("gpt", vec![Message::user(text)])
}

async fn ask(provider: &impl Provider, request: &Request) -> Completion {
    provider.complete(request).await.expect("an answer")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = folders
        .filter(|path| path.is_dir())
        .flat_map(|path| fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()))
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_hit_is_marked_costs_nothing_and_makes_no_attempt() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(InMemory::new());
    let run = Run::new("gpt", DatasetRef::new("sums", "f00d", 1), 1);
    store.put_run(&run).await.expect("a run");
    let (model, asked) = counting();
    let stack = model.layer(LedgerLayer::new(store.clone())).layer(LimitLayer::new(1)).layer(RetryLayer::new(3));
    let provider = stack.layer(layer(folder.path()));

    let request = request("2 + 2").origin(Some(Origin::answer(run.id, "a".into(), 1)));
    let first = ask(&provider, &request).await;
    let second = ask(&provider, &request).await;
    assert_eq!((&*first.text, first.served.recalled, first.cost), ("answer 1", None, Some(Money::from_nanos(700))));
    assert_eq!((&*second.text, second.served.recalled), ("answer 1", Some(Recall::Cache)));
    assert_eq!((second.cost, second.would_have_cost), (Some(Money::ZERO), Some(Money::from_nanos(700))));
    assert_eq!((second.usage, second.timing.service_ms), (first.usage, None));
    assert_eq!(second.origin, request.origin);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(store.attempts(run.id, None, 10).await.expect("attempts").len(), 1);
}

#[tokio::test]
async fn what_can_change_the_answer_is_asked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, asked) = counting();
    let model = Arc::new(model);
    let provider = model.clone().layer(layer(folder.path()));
    let run = Run::new("gpt", DatasetRef::new("sums", "f00d", 1), 1).id;
    let at = |epoch| request("q").origin(Some(Origin::answer(run, "a".into(), epoch)));
    let with = |name: &str, value: serde_json::Value| request("q").params(Params::new().with(name, value));
    let mut other_model = request("q");
    other_model.model = "gpt-2".into();
    let system = Request::new("gpt", vec![Message::system("q")]);
    let different =
        [request("q"), request("Q"), system, other_model, with("seed", 1.into()), with("seed", 2.into()), at(1), at(2)];
    for request in &different {
        assert_eq!(ask(&provider, request).await.served.recalled, None, "{request:?}");
    }
    for request in &different {
        assert_eq!(ask(&provider, request).await.served.recalled, Some(Recall::Cache), "{request:?}");
    }
    // The run, and the order of names within a parameter, change nothing.
    let elsewhere = Run::new("gpt", DatasetRef::new("sums", "f00d", 1), 1).id;
    let again = request("q").origin(Some(Origin::answer(elsewhere, "b".into(), 2)));
    assert_eq!(ask(&provider, &again).await.served.recalled, Some(Recall::Cache));
    assert_eq!(asked.load(Ordering::Relaxed), different.len() as u64);

    let elsewhere =
        CacheLayer::new(Cache::open(folder.path(), DAY, 1 << 20).expect("a cache"), "http://two.example/v1");
    assert_eq!(ask(&model.layer(elsewhere), &request("q")).await.served.recalled, None, "another endpoint");
}

#[tokio::test]
async fn only_whole_answers_are_kept() {
    type Change = fn(Completion) -> Completion;
    let changes: [(&str, Change); 5] = [
        ("cut", |answer| answer.finish(FinishReason::Length)),
        ("filtered", |answer| answer.finish(FinishReason::ContentFilter)),
        ("unknown", |answer| answer.finish(FinishReason::Unknown)),
        ("of a proxy's cache", |answer| {
            let mut served = Served::default();
            served.cache_hit = Some(true);
            answer.served(served)
        }),
        ("recalled", |answer| {
            let mut served = Served::default();
            served.recalled = Some(Recall::Cassette);
            answer.served(served)
        }),
    ];
    for (name, change) in changes {
        let folder = tempfile::tempdir().expect("a folder");
        let (model, asked) = answering(change);
        let provider = model.layer(layer(folder.path()));
        ask(&provider, &request("q")).await;
        ask(&provider, &request("q")).await;
        assert_eq!((asked.load(Ordering::Relaxed), files(folder.path()).len()), (2, 0), "{name}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let fails = || Scripted::fallible("model", |_| Err(ProviderError::new(ProviderErrorKind::Filtered, "no")));
    let provider = fails().layer(layer(folder.path()));
    assert!(provider.complete(&request("q")).await.is_err());
    assert!(files(folder.path()).is_empty(), "errors are not kept");
}

#[tokio::test]
async fn entries_that_are_damaged_or_foreign_are_asked_again_and_replaced() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 6] = [
        ("cut", |file| {
            let entry = fs::read(file).expect("an entry");
            fs::write(file, &entry[..entry.len() - 3]).expect("written");
        }),
        ("another text", |file| {
            let entry = fs::read_to_string(file).expect("an entry").replace("answer 1", "answer 7");
            fs::write(file, entry).expect("written");
        }),
        ("another version", |file| {
            let entry = fs::read_to_string(file).expect("an entry").replace("eval-cache 1", "eval-cache 2");
            fs::write(file, entry).expect("written");
        }),
        ("empty", |file| fs::write(file, "").expect("written")),
        ("not UTF-8", |file| fs::write(file, [0xff; 100]).expect("written")),
        ("not ours", |file| fs::write(file, "hello\nthere\n").expect("written")),
    ];
    for (name, damage) in damages {
        let folder = tempfile::tempdir().expect("a folder");
        let (model, asked) = counting();
        let provider = model.layer(layer(folder.path()));
        ask(&provider, &request("q")).await;
        damage(&files(folder.path())[0]);
        assert_eq!(ask(&provider, &request("q")).await.text, "answer 2", "{name}");
        let third = ask(&provider, &request("q")).await;
        assert_eq!((&*third.text, third.served.recalled), ("answer 2", Some(Recall::Cache)), "{name}");
        assert_eq!(asked.load(Ordering::Relaxed), 2, "{name}");
    }
}

#[tokio::test]
async fn an_entry_under_the_name_of_another_is_not_taken_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = counting();
    let provider = model.layer(layer(folder.path()));
    ask(&provider, &request("one")).await;
    let one = files(folder.path())[0].clone();
    ask(&provider, &request("two")).await;
    let two = files(folder.path()).into_iter().find(|file| *file != one).expect("a second entry");
    fs::copy(&one, &two).expect("copied");
    assert_eq!(ask(&provider, &request("two")).await.text, "answer 3");
}

#[tokio::test]
async fn old_answers_are_asked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = counting();
    let model = Arc::new(model);
    ask(&model.clone().layer(layer(folder.path())), &request("q")).await;
    let brief =
        CacheLayer::new(Cache::open(folder.path(), Duration::ZERO, 1 << 20).expect("a cache"), "http://one.example/v1");
    assert_eq!(ask(&model.clone().layer(brief), &request("q")).await.text, "answer 2");
}

/// Marks a file as written so long ago.
fn age(file: &Path, ago: Duration) {
    let file = fs::File::options().write(true).open(file).expect("a file");
    file.set_modified(SystemTime::now() - ago).expect("a time");
}

#[tokio::test]
async fn past_its_bound_the_first_written_go_first_and_foreign_files_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, asked) = counting();
    let model = Arc::new(model);
    let roomy = model.clone().layer(layer(folder.path()));
    for number in 0..40 {
        ask(&roomy, &request(&format!("question {number}"))).await;
    }
    let all = files(folder.path());
    let size = fs::metadata(&all[0]).expect("an entry").len();
    all.iter().for_each(|file| age(file, Duration::from_secs(3600)));
    let foreign = all[0].with_file_name("notes.txt");
    fs::write(&foreign, "mine").expect("written");
    age(&foreign, 9 * DAY);
    let abandoned = all[0].with_file_name("4711-0.unfinished");
    fs::write(&abandoned, "half").expect("written");
    age(&abandoned, DAY);

    let bound = 20 * size;
    let tight = CacheLayer::new(Cache::open(folder.path(), DAY, bound).expect("a cache"), "http://one.example/v1");
    let provider = model.layer(tight);
    ask(&provider, &request("new")).await;
    let left = files(folder.path());
    let bytes: u64 = left.iter().map(|file| fs::metadata(file).expect("an entry").len()).sum();
    assert!(bytes <= bound && left.len() >= 15, "{} files of {bytes} bytes", left.len());
    assert!(foreign.exists() && !abandoned.exists());
    assert_eq!(ask(&provider, &request("new")).await.served.recalled, Some(Recall::Cache), "the newest stays");
    assert_eq!(asked.load(Ordering::Relaxed), 41);
}

#[tokio::test]
async fn many_at_once_share_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = counting();
    let model = Arc::new(model);
    // As two processes would: two caches that know nothing of each other.
    let stacks = [layer(folder.path()), layer(folder.path())].map(|layer| Arc::new(model.clone().layer(layer)));
    let tasks: Vec<_> = (0..200)
        .map(|at: usize| {
            let (stack, request) = (stacks[at % 2].clone(), request(&format!("question {}", at % 10)));
            tokio::spawn(async move { ask(&stack, &request).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.expect("no panic").text.starts_with("answer "));
    }
    assert_eq!(files(folder.path()).len(), 10, "one entry for each request, and nothing unfinished");
    for number in 0..10 {
        let request = request(&format!("question {number}"));
        let [one, two] = [ask(&stacks[0], &request).await, ask(&stacks[1], &request).await];
        assert_eq!((one.text, one.served.recalled), (two.text, Some(Recall::Cache)));
    }
}

#[tokio::test]
async fn a_new_answer_gets_a_new_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = counting();
    let model = Arc::new(model);
    let run = || Run::new("gpt", DatasetRef::new("sums", "f00d", 1), 1).id;
    let (first, second) = (Origin::answer(run(), "a".into(), 1), Origin::answer(run(), "a".into(), 1));
    let answer = |origin: &Origin| request("q").origin(Some(origin.clone()));
    let verdict = |origin: &Origin| request("is it right?").origin(Some(origin.judge()));

    let provider = model.clone().layer(layer(folder.path()));
    ask(&provider, &answer(&first)).await;
    ask(&provider, &verdict(&first)).await;
    assert_eq!(ask(&provider, &verdict(&second)).await.served.recalled, None, "its answer was not recalled");
    ask(&provider, &answer(&second)).await;
    assert_eq!(ask(&provider, &verdict(&second)).await.served.recalled, Some(Recall::Cache));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_loses_no_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = counting();
    let provider = model.layer(layer(folder.path()));
    fs::remove_dir(folder.path()).expect("removed");
    fs::write(folder.path(), "a file now").expect("written");
    assert_eq!(ask(&provider, &request("q")).await.text, "answer 1");
    assert_eq!(ask(&provider, &request("q")).await.text, "answer 2");
    let refused = Cache::open(folder.path(), DAY, 1 << 20).expect_err("a file is no folder");
    assert_eq!(refused.kind, ProviderErrorKind::Config);
}
