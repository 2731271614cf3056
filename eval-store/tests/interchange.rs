//! Runs out of a store and into another one.

mod runs;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use eval_core::conformance::fixtures::{failed, finished, run, scored, time};
use eval_core::{
    Changes, ComparisonQuery, Evaluation, EvaluationQuery, InMemory, OutcomeKind, Reports, Run, RunId, RunQuery,
    RunStatus, Store, StoreError, async_trait,
};
use eval_store::{ExportError, Format, Import, ImportError, export, export_file, import};
use runs::{all, filled, summarize};

const FORMATS: [Format; 3] = [Format::Csv, Format::Json, Format::Jsonl];

async fn text(store: &dyn Reports, run: &Run, format: Format) -> Vec<u8> {
    let mut text = Vec::new();
    export(store, run.id, EvaluationQuery::default(), format, &mut text).await.expect("a run that is there");
    text
}

async fn assert_imports(text: &[u8], original: &dyn Store, run: &Run) {
    let copy = InMemory::new();
    for _ in 0..2 {
        let imported = import(text, &copy).await.expect("what was exported");
        assert_eq!((imported.runs, imported.evaluations), (1, all(original, run).await.len() as u64));
        assert_eq!(copy.get_run(run.id).await.expect("it is stored and found"), *run);
        assert_eq!(all(&copy, run).await, all(original, run).await);
    }
}

#[tokio::test]
async fn every_format_gives_back_what_was_exported() {
    let (store, run) = filled().await;
    for (format, begin) in FORMATS.into_iter().zip([
        "run_id,name,model,dataset,sample_id,epoch,",
        "{\"schema\":\"evalctl.run/1\",\"run\":{\"id\":",
        "{\"type\":\"run\",\"run\":{\"id\":",
    ]) {
        let text = text(&store, &run, format).await;
        assert!(text.starts_with(begin.as_bytes()), "{format}");
        assert_imports(&text, &store, &run).await;
        // As other editors leave it.
        let marked = [b"\xef\xbb\xbf\n".as_slice(), &text].concat();
        assert_imports(&marked, &store, &run).await;
    }
}

#[tokio::test]
async fn other_programs_may_lay_json_out_anew() {
    let (store, run) = filled().await;
    let lines = String::from_utf8(text(&store, &run, Format::Jsonl).await).unwrap();
    assert_imports(lines.replace('\n', "\r\n\r\n").as_bytes(), &store, &run).await;

    let value: serde_json::Value = serde_json::from_slice(&text(&store, &run, Format::Json).await).unwrap();
    assert_imports(&serde_json::to_vec(&value).unwrap(), &store, &run).await;
    assert_imports(&serde_json::to_vec_pretty(&value).unwrap(), &store, &run).await;
}

#[tokio::test]
async fn a_run_without_evaluations_is_exported_too() {
    let (store, mut run) = (InMemory::new(), run("gpt-4o", 0));
    run.status = RunStatus::Cancelled;
    store.put_run(&run).await.unwrap();
    for format in FORMATS {
        assert_imports(&text(&store, &run, format).await, &store, &run).await;
    }
}

#[tokio::test]
async fn exactly_the_rows_that_are_wanted_are_exported() {
    let (store, run) = filled().await;
    let mut query = EvaluationQuery::default();
    query.outcome = Some(OutcomeKind::Failed);
    query.limit = 3;
    let wanted: Vec<_> = all(&store, &run).await.into_iter().filter(|one| query.matches(one)).collect();
    for format in FORMATS {
        let (mut text, copy) = (Vec::new(), InMemory::new());
        let count = export(&store, run.id, query.clone(), format, &mut text).await.unwrap();
        import(&text[..], &copy).await.unwrap();
        assert_eq!(all(&copy, &run).await, wanted);
        assert_eq!(count, wanted.len() as u64);
        assert!(count > 3, "more than a page");
    }
}

#[tokio::test]
async fn a_file_is_whole_or_untouched() {
    let (store, run) = filled().await;
    let (folder, query) = (tempfile::tempdir().unwrap(), EvaluationQuery::default());
    let path = folder.path().join("run.json");
    std::fs::write(&path, "the one before").unwrap();

    let missing = export_file(&InMemory::new(), run.id, query.clone(), Format::Json, &path).await.unwrap_err();
    assert!(matches!(missing, ExportError::Store(StoreError::NotFound(id)) if id == run.id));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "the one before");

    export_file(&store, run.id, query.clone(), Format::Json, &path).await.unwrap();
    assert_imports(&std::fs::read(&path).unwrap(), &store, &run).await;
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");

    let nowhere = export_file(&store, run.id, query.clone(), Format::Json, Path::new("..")).await;
    assert!(matches!(nowhere, Err(ExportError::Write(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn behind_a_link_the_file_is_replaced_and_keeps_its_rights() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (store, run) = filled().await;
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("run.csv"), folder.path().join("latest.csv"));
    std::fs::write(&file, "the one before").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    symlink("run.csv", &link).unwrap();

    export_file(&store, run.id, EvaluationQuery::default(), Format::Csv, &link).await.unwrap();
    assert!(link.is_symlink());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_imports(&std::fs::read(&file).unwrap(), &store, &run).await;
}

#[tokio::test]
async fn an_older_file_does_not_undo_the_end_of_a_run() {
    let (store, mut ended) = (InMemory::new(), finished("gpt-4o", 0, 0.5, 0));
    store.put_run(&ended).await.unwrap();
    let evaluation = scored(ended.id, "a", 1, 0.5);
    store.put_evaluations(ended.id, std::slice::from_ref(&evaluation)).await.unwrap();
    summarize(&store, &mut ended).await;
    let (mut begun, mut later) = (ended.clone(), ended.clone());
    (begun.status, begun.finished, begun.summary) = (RunStatus::Interrupted, None, None);
    later.finished = Some(time(999));
    let store = InMemory::new();
    for (put, stays) in [(&begun, &begun), (&ended, &ended), (&begun, &ended), (&later, &later), (&ended, &later)] {
        let mut text = Vec::new();
        eval_store::write_run(&mut text, put).unwrap();
        eval_store::write_evaluations(&mut text, put.id, std::slice::from_ref(&evaluation)).unwrap();
        import(&text[..], &store).await.unwrap();
        assert_eq!(store.get_run(put.id).await.unwrap(), *stays);
    }
}

#[tokio::test]
async fn a_cut_file_is_imported_up_to_the_cut() {
    let (store, run) = filled().await;
    let mut text = text(&store, &run, Format::Jsonl).await;
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
        ("hello".to_owned(), "this is no file that is known here: expected JSON lines"),
        ("[1]".to_owned(), "this is no file that is known here"),
        ("{\"results\": []}".to_owned(), "this is no file that is known here"),
        ("{\"results\": {\"results\": []}}".to_owned(), "this is no file that is known here"),
        ("{\"type\": 7, \"x\"".to_owned(), "line 1, column 15: EOF while parsing"),
        ("PK\u{3}\u{4}\u{14}".to_owned(), "`inspect log convert --to json --output-dir logs-json FILE.eval`"),
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
        (
            format!("{{\n\"schema\":\"evalctl.run/1\",\"run\":{run},\n\"evaluations\": 7}}"),
            "line 3, column 16: invalid type",
        ),
        (format!("{{\"run\":{run}, \"evaluations\": []}}"), "this is no file that is known here"),
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

#[tokio::test]
async fn what_was_exported_here_keeps_its_names() {
    let (store, run) = filled().await;
    for format in FORMATS {
        let text = text(&store, &run, format).await;
        let error = Import::new().name("other").read(&text[..], &InMemory::new()).await.unwrap_err();
        assert!(error.to_string().contains("its runs keep their names"), "{error}");
    }
}

#[tokio::test]
async fn an_empty_file_brings_nothing() {
    for text in ["", "\n\n", "\u{feff}"] {
        let imported = import(text.as_bytes(), &InMemory::new()).await.unwrap();
        assert_eq!((imported.runs, imported.evaluations), (0, 0));
    }
}

#[tokio::test]
async fn only_what_changed_against_another_run_can_be_exported() {
    let (store, now, before) = (InMemory::new(), run("gpt-4o", 9), run("gpt-4o", 1));
    for (run, scores) in [(&before, [1.0, 1.0, 0.0]), (&now, [1.0, 0.0, 1.0])] {
        store.put_run(run).await.unwrap();
        let asked = ["a", "b", "c"].into_iter().zip(scores);
        let evaluations: Vec<_> = asked.map(|(id, score)| scored(run.id, id, 1, score)).collect();
        store.put_evaluations(run.id, &evaluations).await.unwrap();
    }
    for (changes, wanted) in [(Changes::All, "abc"), (Changes::Changed, "bc"), (Changes::Regressed, "b")] {
        let mut query = ComparisonQuery::against(before.id).changes(changes);
        query.evaluations.limit = 1;
        let (mut text, copy) = (Vec::new(), InMemory::new());
        export(&store, now.id, query, Format::Csv, &mut text).await.unwrap();
        import(&text[..], &copy).await.unwrap();
        let ids: String = all(&copy, &now).await.iter().map(|one| one.sample.id.as_str().to_owned()).collect();
        assert_eq!(ids, wanted);
    }
}

/// A store in which a run goes on between any two reads: rows come before and after the cursor, and one that had failed
/// is answered.
struct Writing {
    inner: InMemory,
    reads: AtomicU32,
}

#[async_trait]
impl Store for Writing {
    async fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        self.inner.put_run(run).await
    }

    async fn get_run(&self, id: RunId) -> Result<Run, StoreError> {
        self.inner.get_run(id).await
    }

    async fn list_runs(&self, query: &RunQuery) -> Result<Vec<Run>, StoreError> {
        self.inner.list_runs(query).await
    }

    async fn put_evaluations(&self, run: RunId, batch: &[Evaluation]) -> Result<(), StoreError> {
        self.inner.put_evaluations(run, batch).await
    }

    async fn evaluations(&self, run: RunId, query: &EvaluationQuery) -> Result<Vec<Evaluation>, StoreError> {
        let page = self.inner.evaluations(run, query).await?;
        let n = self.reads.fetch_add(1, Ordering::SeqCst);
        if n < 100 {
            let names = [format!("a{n:03}-new"), format!("q{n:03}-new"), format!("q{n:03}"), format!("z{n:03}-new")];
            let batch: Vec<_> = names.iter().map(|name| scored(run, name, 1, 1.0)).collect();
            self.inner.put_evaluations(run, &batch).await?;
        }
        Ok(page)
    }
}

impl Reports for Writing {}

#[tokio::test]
async fn f49_an_export_while_the_run_writes_gives_no_row_twice_and_leaves_none_out() {
    let (store, mut run) = (Writing { inner: InMemory::new(), reads: AtomicU32::new(0) }, run("gpt-4o", 0));
    run.planned = 10_000;
    store.put_run(&run).await.unwrap();
    let begun: Vec<_> = (0..300).map(|n| failed(&format!("q{n:03}"), 1, "timeout")).collect();
    store.put_evaluations(run.id, &begun).await.unwrap();
    let mut query = EvaluationQuery::default();
    query.limit = 7;
    for format in FORMATS {
        store.reads.store(0, Ordering::SeqCst);
        let mut text = Vec::new();
        let count = export(&store, run.id, query.clone(), format, &mut text).await.unwrap();
        let copy = InMemory::new();
        let imported = import(&text[..], &copy).await.unwrap();
        assert_eq!(imported.evaluations, count);
        let rows = all(&copy, &run).await;
        assert_eq!(rows.len() as u64, count, "a row twice");
        let old = rows.iter().filter(|row| !row.sample.id.as_str().ends_with("-new")).count();
        assert_eq!(old, 300, "a row left out");
    }
}

/// Takes so many bytes and no more.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn f49_a_writer_that_is_full_at_any_byte_is_an_error() {
    let (store, run) = (InMemory::new(), run("gpt-4o", 0));
    store.put_run(&run).await.unwrap();
    store.put_evaluations(run.id, &[scored(run.id, "a", 1, 1.0)]).await.unwrap();
    for format in FORMATS {
        let whole = text(&store, &run, format).await.len();
        for room in 0..whole {
            let written = export(&store, run.id, EvaluationQuery::default(), format, Full(room)).await;
            let full = |error: &std::io::Error| error.kind() == std::io::ErrorKind::StorageFull;
            assert!(matches!(&written, Err(ExportError::Write(error)) if full(error)), "{format} {room}: {written:?}");
        }
        export(&store, run.id, EvaluationQuery::default(), format, Full(whole)).await.unwrap();
    }
}
