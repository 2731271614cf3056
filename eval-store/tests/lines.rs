//! Runs out of a store and into another one.

use std::path::Path;

use eval_core::conformance::fixtures::{finished, rich, rich_run, run, scored, time};
use eval_core::{Evaluation, EvaluationQuery, InMemory, Run, RunStatus, Store, StoreError};
use eval_store::{ExportError, ImportError, export_run, import, run_json, run_json_file};

/// A store with a run that uses every field, and more evaluations than one page.
async fn filled() -> (InMemory, Run) {
    let (store, run) = (InMemory::new(), rich_run());
    store.put_run(&run).await.expect("it is stored and found");
    store.put_evaluations(run.id, &rich(run.id)).await.expect("it is stored and found");
    let many: Vec<_> = (0..450).map(|n| scored(run.id, &format!("q{n:03}"), 1, 0.5)).collect();
    store.put_evaluations(run.id, &many).await.expect("it is stored and found");
    (store, run)
}

async fn all(store: &dyn Store, run: &Run) -> Vec<Evaluation> {
    let mut query = EvaluationQuery::default();
    query.limit = usize::MAX;
    store.evaluations(run.id, &query).await.expect("it is stored and found")
}

async fn assert_imports(text: &[u8], original: &dyn Store, run: &Run) {
    let copy = InMemory::new();
    for _ in 0..2 {
        let imported = import(text, &copy).await.expect("it is stored and found");
        assert_eq!((imported.runs, imported.evaluations), (1, all(original, run).await.len() as u64));
        assert_eq!(copy.get_run(run.id).await.expect("it is stored and found"), *run);
        assert_eq!(all(&copy, run).await, all(original, run).await);
    }
}

#[tokio::test]
async fn lines_give_back_what_was_exported() {
    let (store, run) = filled().await;
    let mut text = Vec::new();
    export_run(&store, run.id, &mut text).await.unwrap();
    assert!(text.starts_with(b"{\"type\":\"run\",\"run\":{\"id\":"));
    assert_imports(&text, &store, &run).await;

    // As other editors leave it.
    let text = String::from_utf8(text).unwrap();
    assert_imports(format!("\u{feff}\n{}", text.replace('\n', "\r\n\r\n")).as_bytes(), &store, &run).await;
}

#[tokio::test]
async fn a_document_gives_back_what_was_written() {
    let (store, run) = filled().await;
    let mut text = Vec::new();
    run_json(&store, run.id, &mut text).await.unwrap();
    assert!(text.starts_with(b"{\"schema\":\"evalctl.run/1\",\"run\":{\"id\":"));
    assert_imports(&text, &store, &run).await;

    let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_imports(&serde_json::to_vec(&value).unwrap(), &store, &run).await;
    assert_imports(&serde_json::to_vec_pretty(&value).unwrap(), &store, &run).await;
}

#[tokio::test]
async fn a_run_without_evaluations_is_a_document_too() {
    let (store, run) = (InMemory::new(), run("gpt-4o", 0));
    store.put_run(&run).await.unwrap();
    let mut text = Vec::new();
    run_json(&store, run.id, &mut text).await.unwrap();
    assert_imports(&text, &store, &run).await;
}

#[tokio::test]
async fn a_file_is_whole_or_untouched() {
    let (store, run) = filled().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    std::fs::write(&path, "the one before").unwrap();

    let missing = run_json_file(&InMemory::new(), run.id, &path).await.unwrap_err();
    assert!(matches!(missing, ExportError::Store(StoreError::NotFound(id)) if id == run.id));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "the one before");

    run_json_file(&store, run.id, &path).await.unwrap();
    assert_imports(&std::fs::read(&path).unwrap(), &store, &run).await;
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");

    let nowhere = run_json_file(&store, run.id, Path::new("..")).await;
    assert!(matches!(nowhere, Err(ExportError::Write(_))));
}

#[tokio::test]
async fn an_older_file_does_not_undo_the_end_of_a_run() {
    let ended = finished("gpt-4o", 0, 0.5, 0);
    let (mut begun, mut later) = (ended.clone(), ended.clone());
    (begun.status, begun.finished, begun.summary) = (RunStatus::Running, None, None);
    later.finished = Some(time(999));
    let store = InMemory::new();
    for (put, stays) in [(&begun, &begun), (&ended, &ended), (&begun, &ended), (&later, &later), (&ended, &later)] {
        let mut text = Vec::new();
        eval_store::write_run(&mut text, put).unwrap();
        import(&text[..], &store).await.unwrap();
        assert_eq!(store.get_run(put.id).await.unwrap(), *stays);
    }
}

#[tokio::test]
async fn a_cut_file_is_imported_up_to_the_cut() {
    let (store, run) = filled().await;
    let mut text = Vec::new();
    export_run(&store, run.id, &mut text).await.unwrap();
    text.truncate(text.len() - 10);
    let copy = InMemory::new();
    let error = import(&text[..], &copy).await.unwrap_err();
    let lines = 1 + all(&store, &run).await.len() as u64;
    assert!(matches!(&error, ImportError::Syntax { line, .. } if *line == lines), "{error}");
    assert!(error.to_string().contains("EOF while parsing"), "{error}");
    assert_eq!(all(&copy, &run).await.len() as u64, lines - 2, "what stands before the cut is stored");
}

#[tokio::test]
async fn what_is_not_ours_is_refused_by_line_and_column() {
    let run = serde_json::to_string(&run("gpt-4o", 0)).unwrap();
    let head = format!("{{\"type\":\"run\",\"run\":{run}}}\n\n");
    for (text, expected) in [
        ("hello".to_owned(), "line 1, column 1: expected value"),
        (
            format!("{head}{{\"type\":\"walk\"}}"),
            "line 3, column 14: unknown variant `walk`, expected `run` or `evaluation`",
        ),
        (format!("{head}[1]"), "line 3, column 2: invalid type"),
        (format!("{head}\u{0}"), "line 3, column 1: expected value"),
        ("{\"schema\":\"evalctl.run/9\",\"run\":1}".to_owned(), "line 1, column 33: invalid type: integer `1`"),
        (
            format!("{{\"schema\":\"evalctl.run/9\",\n\"run\":{run},\"evaluations\":[]}}"),
            "the schema is `evalctl.run/9`, and only `evalctl.run/1` is understood",
        ),
        (format!("{{\n\"run\":{run}, \"evaluations\": 7}}"), "line 2, column "),
    ] {
        let error = import(text.as_bytes(), &InMemory::new()).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn evaluations_of_an_unknown_run_are_refused() {
    let run = run("gpt-4o", 0);
    let mut text = Vec::new();
    eval_store::write_evaluations(&mut text, run.id, &[scored(run.id, "a", 1, 1.0)]).unwrap();
    let error = import(&text[..], &InMemory::new()).await.unwrap_err();
    assert!(matches!(error, ImportError::Store { source: StoreError::NotFound(id), .. } if id == run.id));
}
