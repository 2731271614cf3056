//! What a file tells of a run is held against the evaluations that it brings.

mod runs;

use eval_core::conformance::fixtures::{failed, finished, scored};
use eval_core::{
    Dataset, EvaluationQuery, InMemory, OutcomeKind, Reports, Run, RunSpec, RunStatus, Sample, Store, StoreError,
};
use eval_store::{Format, ImportError, Imported, export, import};
use runs::{all, filled, summarize};

const FORMATS: [Format; 3] = [Format::Csv, Format::Json, Format::Jsonl];

/// A finished run of eight questions, of which three failed.
async fn whole() -> (InMemory, Run) {
    let (store, mut run) = (InMemory::new(), finished("gpt-4o", 0, 0.5, 0));
    store.put_run(&run).await.expect("it is stored");
    let scores = (0..5).map(|at| scored(run.id, &format!("q{at}"), 1, f64::from(at % 2)));
    let evaluations: Vec<_> = scores.chain((5..8).map(|at| failed(&format!("q{at}"), 1, "late"))).collect();
    store.put_evaluations(run.id, &evaluations).await.expect("it is stored");
    summarize(&store, &mut run).await;
    (store, run)
}

async fn text(store: &dyn Reports, run: &Run, query: &EvaluationQuery, format: Format) -> String {
    let mut text = Vec::new();
    export(store, run.id, query.clone(), format, &mut text).await.expect("a run that is there");
    String::from_utf8(text).expect("UTF-8")
}

fn with_outcome(outcome: OutcomeKind) -> EvaluationQuery {
    let mut query = EvaluationQuery::default();
    query.outcome = Some(outcome);
    query
}

async fn imported(text: &str, store: &dyn Store) -> Imported {
    import(text.as_bytes(), store).await.expect("a file that is taken")
}

async fn is_on_the_leaderboard(store: &dyn Reports) -> bool {
    !store.leaderboard(None).await.expect("it is read").is_empty()
}

#[tokio::test]
async fn a_filtered_export_comes_back_as_a_part() {
    let (store, run) = whole().await;
    for format in FORMATS {
        let part = text(&store, &run, &with_outcome(OutcomeKind::Failed), format).await;
        let copy = InMemory::new();
        for _ in 0..2 {
            imported(&part, &copy).await;
            let found = copy.get_run(run.id).await.unwrap();
            assert_eq!(found.dataset.selection.to_string(), "filtered export: outcome failed");
            assert!(!found.is_comparable() && !found.can_resume());
            let counts = found.summary.as_ref().unwrap().counts;
            assert_eq!((found.status, found.planned), (RunStatus::Finished, 3));
            assert_eq!((counts.total(), counts.failed, found.score()), (3, 3, None));
            assert!(!is_on_the_leaderboard(&copy).await);
        }
        imported(&part, &store).await;
        assert_eq!(store.get_run(run.id).await.unwrap(), run, "a part does not replace the whole");
    }
}

#[tokio::test]
async fn parts_add_up_and_the_whole_replaces_them() {
    let (store, run) = whole().await;
    let copy = InMemory::new();
    for outcome in [OutcomeKind::Failed, OutcomeKind::Scored, OutcomeKind::Failed] {
        imported(&text(&store, &run, &with_outcome(outcome), Format::Csv).await, &copy).await;
    }
    let found = copy.get_run(run.id).await.unwrap();
    assert_eq!(found.dataset.selection.to_string(), "filtered export: outcome failed; outcome scored");
    assert_eq!((found.planned, found.is_comparable()), (8, false), "nobody says that this is all");
    assert_eq!(found.summary, run.summary);
    let mut again = EvaluationQuery::default();
    again.category = Some("math".into());
    let twice = text(&copy, &run, &again, Format::Jsonl).await;
    assert!(twice.contains("outcome failed; outcome scored, category math"), "{twice}");

    imported(&text(&store, &run, &EvaluationQuery::default(), Format::Json).await, &copy).await;
    assert_eq!(copy.get_run(run.id).await.unwrap(), run);
}

#[tokio::test]
async fn an_import_that_fails_in_the_middle_leaves_no_finished_run() {
    let (store, run) = whole().await;
    for format in [Format::Csv, Format::Jsonl] {
        let good = text(&store, &run, &EvaluationQuery::default(), format).await;
        let broken: Vec<_> =
            good.lines().enumerate().map(|(at, line)| if at == 2 { "{\"broken" } else { line }).collect();
        let copy = InMemory::new();
        let error = import(broken.join("\n").as_bytes(), &copy).await.unwrap_err();
        assert!(error.to_string().starts_with("line 3"), "{error}");
        let left = copy.get_run(run.id).await.unwrap();
        assert_eq!((left.status, left.planned, left.can_resume()), (RunStatus::Interrupted, 8, true));
        assert_eq!(left.stop.unwrap().message, "1 of its 8 evaluations were imported");
        assert_eq!(left.summary.unwrap().counts.total(), 1);
        assert!(!is_on_the_leaderboard(&copy).await);

        imported(&good, &copy).await;
        assert_eq!(
            (copy.get_run(run.id).await.unwrap(), all(&copy, &run).await),
            (run.clone(), all(&store, &run).await)
        );
    }
    let document = text(&store, &run, &EvaluationQuery::default(), Format::Json).await;
    let copy = InMemory::new();
    import(&document.as_bytes()[..document.len() - 5], &copy).await.unwrap_err();
    assert!(matches!(copy.get_run(run.id).await, Err(StoreError::NotFound(_))), "a document is taken as a whole");
}

#[tokio::test]
async fn a_broken_copy_does_not_undo_the_run_that_is_here() {
    let (store, run) = whole().await;
    let good = text(&store, &run, &EvaluationQuery::default(), Format::Jsonl).await;
    import(&good.as_bytes()[..good.len() - 5], &store).await.unwrap_err();
    assert_eq!(store.get_run(run.id).await.unwrap(), run);
    let few: Vec<_> = good.lines().take(3).collect();
    let larger = few.join("\n").replace("\"planned\":8", "\"planned\":9");
    assert_eq!(imported(&larger, &store).await.incomplete, 0);
    assert_eq!(store.get_run(run.id).await.unwrap(), run);
}

#[tokio::test]
async fn rows_that_are_missing_without_a_word_leave_the_run_interrupted() {
    let (store, run) = whole().await;
    let good = text(&store, &run, &EvaluationQuery::default(), Format::Jsonl).await;
    let few: Vec<_> = good.lines().take(4).collect();
    let copy = InMemory::new();
    let brought = imported(&few.join("\n"), &copy).await;
    assert_eq!((brought.evaluations, brought.incomplete), (3, 1));
    assert_eq!(copy.get_run(run.id).await.unwrap().status, RunStatus::Interrupted);
}

#[tokio::test]
async fn a_summary_is_that_of_the_evaluations() {
    let (store, run) = whole().await;
    for format in FORMATS {
        let good = text(&store, &run, &EvaluationQuery::default(), format).await;
        let edited = match format {
            Format::Csv => good.replace(",scored,0.0,", ",scored,1.0,").replace(",scored,0,", ",scored,1.0,"),
            _ => good.replace("{\"type\":\"scored\",\"score\":0.0}", "{\"type\":\"scored\",\"score\":1.0}"),
        };
        assert_ne!(edited, good, "{format}");
        let copy = InMemory::new();
        assert_eq!(imported(&edited, &copy).await.corrected, 1, "{format}");
        assert_eq!(copy.get_run(run.id).await.unwrap().score().unwrap().mean, 1.0, "{format}");
        assert_eq!(imported(&good, &InMemory::new()).await.corrected, 0);
    }
}

#[tokio::test]
async fn more_evaluations_than_planned_are_refused_with_both_figures() {
    let (store, run) = whole().await;
    for format in FORMATS {
        let good = text(&store, &run, &EvaluationQuery::default(), format).await;
        let edited = good.replace("\"planned\":8", "\"planned\":3").replace("\"\"planned\"\":8", "\"\"planned\"\":3");
        let copy = InMemory::new();
        let error = import(edited.as_bytes(), &copy).await.unwrap_err();
        assert!(matches!(error, ImportError::Contradiction { .. }), "{error}");
        assert!(error.to_string().ends_with("it planned 3 evaluations, and 8 are here"), "{error}");
        assert_eq!(copy.get_run(run.id).await.unwrap().status, RunStatus::Interrupted);
        assert!(!is_on_the_leaderboard(&copy).await);
    }
    let good = text(&store, &run, &EvaluationQuery::default(), Format::Jsonl).await;
    let error = import(good.replace("\"epoch\":1", "\"epoch\":7").as_bytes(), &InMemory::new()).await.unwrap_err();
    assert!(error.to_string().ends_with("it has 1 epochs, and an evaluation is of epoch 7"), "{error}");
}

#[tokio::test]
async fn a_run_that_goes_on_elsewhere_is_interrupted_here() {
    let (store, mut run) = whole().await;
    (run.status, run.finished, run.summary) = (RunStatus::Running, None, None);
    store.put_run(&run).await.unwrap();
    let copy = InMemory::new();
    let lines = text(&store, &run, &EvaluationQuery::default(), Format::Jsonl).await;
    for _ in 0..2 {
        imported(&lines, &copy).await;
        let found = copy.get_run(run.id).await.unwrap();
        assert_eq!((found.status, found.stop), (RunStatus::Interrupted, None));
    }
    imported(&lines, &store).await;
    assert_eq!(store.get_run(run.id).await.unwrap(), run, "here it goes on");
}

#[tokio::test]
async fn a_file_names_no_endpoint_and_no_file_to_read() {
    let (store, mut run) = whole().await;
    let mut spec = RunSpec::new("golden.csv");
    spec.judges = vec!["exact".to_owned()];
    let places = [&mut spec.base_url, &mut spec.prompt, &mut spec.system, &mut spec.rubric];
    places.into_iter().for_each(|place| *place = Some("http://elsewhere.example".to_owned()));
    run.spec = Some(spec.clone());
    store.put_run(&run).await.unwrap();
    let mut expected = RunSpec::new("golden.csv");
    expected.judges.clone_from(&spec.judges);
    for format in FORMATS {
        let copy = InMemory::new();
        let file = text(&store, &run, &EvaluationQuery::default(), format).await;
        for _ in 0..2 {
            imported(&file, &copy).await;
            assert_eq!(copy.get_run(run.id).await.unwrap().spec.as_ref(), Some(&expected));
        }
        imported(&file, &store).await;
        assert_eq!(store.get_run(run.id).await.unwrap().spec.as_ref(), Some(&spec), "one's own run keeps it");
    }
}

#[tokio::test]
async fn what_is_no_finished_run_keeps_its_status() {
    let (store, run) = filled().await;
    let copy = InMemory::new();
    imported(&text(&store, &run, &EvaluationQuery::default(), Format::Jsonl).await, &copy).await;
    assert_eq!(copy.get_run(run.id).await.unwrap().status, run.status);
}

#[test]
fn no_data_set_is_asked_by_what_was_exported() {
    let dataset = Dataset::from_samples("d", vec![Sample::new("a", "?")]).unwrap();
    let mut selection = eval_core::Selection::all();
    selection.exported = Some("outcome failed".to_owned());
    assert!(dataset.select(selection).unwrap().selection().is_all());
}
