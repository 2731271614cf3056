//! Runs as CSV: fit for spreadsheets, and what comes back is what went out.

mod runs;

use std::sync::Arc;

use eval_core::conformance::fixtures::{run, scored, time};
use eval_core::{
    Completion, Evaluation, EvaluationQuery, InMemory, Money, Outcome, ProviderErrorKind, Reports, Run, RunStatus,
    Sample, Score, Store, Verdict,
};
use eval_store::{Format, ImportError, export, import};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use runs::{all, filled, summarize};

async fn table(store: &dyn Reports, run: &Run) -> String {
    let mut text = Vec::new();
    export(store, run.id, EvaluationQuery::default(), Format::Csv, &mut text).await.expect("a run that is there");
    String::from_utf8(text).expect("UTF-8")
}

/// The cells of a table, its head first.
fn cells(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

/// Beginnings that some spreadsheet takes for a formula or for the end of a cell, and what hides them.
const FORMULAS: [&str; 20] = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "=HYPERLINK(\"http://example.org\",\"x\")",
    "=WEBSERVICE(\"http://example.org\")",
    "+1+1",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\0=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "'=1+1",
    "''=1+1",
    "\"=1+1\"",
    "\",=1+1",
    "'",
];

/// An evaluation with this text in every cell that holds one.
fn everywhere(at: usize, text: &str) -> Evaluation {
    let sample = Sample::new(format!("{text}{at}").as_str(), text).target(text).category(text).metadata(text, text);
    let outcome = Outcome::Failed { kind: ProviderErrorKind::Rejected, message: text.to_owned() };
    let mut completion = Completion::new(text);
    completion.served.model = Some(text.to_owned());
    let mut verdict = Verdict::unscored(text, text);
    verdict.explanation = Some(text.to_owned());
    let mut evaluation = Evaluation::new(Arc::new(sample), 1, outcome, time(0)).completion(completion);
    evaluation.cost = Some(Money::from_nanos(-5));
    evaluation.verdicts(vec![verdict])
}

#[tokio::test]
async fn no_cell_is_a_formula_and_numbers_stay_numbers() {
    let (store, mut run) = (InMemory::new(), run("=model", 0));
    run.name = "@name".to_owned();
    run.dataset.name = "+dataset".to_owned();
    run.status = RunStatus::Cancelled;
    store.put_run(&run).await.unwrap();
    let evaluations: Vec<_> = FORMULAS.iter().enumerate().map(|(at, text)| everywhere(at, text)).collect();
    store.put_evaluations(run.id, &evaluations).await.unwrap();

    let table = table(&store, &run).await;
    let (rows, dangerous) = (cells(&table), ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']);
    assert_eq!(rows.len(), 1 + FORMULAS.len());
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(dangerous) || cell.parse::<f64>().is_ok(), "{cell:?}");
    }
    let cost = rows[0].iter().position(|name| name == "cost_nanos").unwrap();
    assert!(rows[1..].iter().all(|row| row[cost] == "-5"));

    let copy = InMemory::new();
    import(table.as_bytes(), &copy).await.unwrap();
    assert_eq!(copy.get_run(run.id).await.unwrap(), run);
    assert_eq!(all(&copy, &run).await, all(&store, &run).await);
}

/// Texts out of what tables and spreadsheets stumble over.
fn any_text() -> impl Strategy<Value = String> {
    let parts =
        ["=", "+", "-", "@", "'", "\"", ",", ";", "\t", "\r", "\n", "\0", "\u{feff}", "1", "1e5", "null", "é", " "];
    let part =
        prop_oneof![prop::sample::select(parts.to_vec()).prop_map(str::to_owned), any::<char>().prop_map(String::from)];
    vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let score = prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0];
    prop_oneof![
        score.prop_map(|score| Outcome::Scored { score: Score::new(score).unwrap_or(Score::ONE) }),
        any_text().prop_map(|reason| Outcome::Unscored { kind: None, reason }),
        any_text().prop_map(|reason| Outcome::Unscored { kind: Some(ProviderErrorKind::Quota), reason }),
        (prop::sample::select(ProviderErrorKind::ALL.to_vec()), any_text())
            .prop_map(|(kind, message)| Outcome::Failed { kind, message }),
    ]
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    let texts = (any_text(), prop::option::of(any_text()), prop::option::of(any_text()));
    let figures = (prop::option::of(0.0..=1.0), prop::option::of(any::<i64>()), prop::option::of(0.0..1e9));
    (texts, figures).prop_map(|((judge, explanation, error), (score, cost, latency))| {
        let mut verdict = Verdict::unscored(judge, "").cost(cost.map(Money::from_nanos));
        (verdict.explanation, verdict.error, verdict.latency_ms) = (explanation, error, latency);
        verdict.score = score.and_then(Score::new);
        verdict
    })
}

fn any_evaluation() -> impl Strategy<Value = Evaluation> {
    let sample =
        (any_text(), any_text(), any_text(), prop::option::of(any_text()), vec((any_text(), any_text()), 0..3));
    let figures = (prop::option::of(0.0..1e9), prop::option::of(any::<i64>()), prop::option::of(0..u64::MAX), 1..9_u32);
    (sample, any_outcome(), prop::option::of(any_text()), vec(any_verdict(), 0..3), figures).prop_map(
        |((id, category, input, target, columns), outcome, answer, verdicts, (latency, cost, tokens, epoch))| {
            let mut sample = Sample::new(format!("{id}q").as_str(), input).category(category);
            sample.target = target;
            sample.metadata = columns.into_iter().collect();
            let mut evaluation = Evaluation::new(Arc::new(sample), epoch, outcome, time(1)).verdicts(verdicts);
            if let Some(text) = answer {
                let mut answer = Completion::new(text.as_str()).finish(text.as_str().into());
                (answer.usage.prompt_tokens, answer.served.call_id) = (tokens, Some(text));
                evaluation = evaluation.completion(answer);
            }
            (evaluation.timing.service_ms, evaluation.cost) = (latency, cost.map(Money::from_nanos));
            evaluation
        },
    )
}

#[test]
fn what_is_exported_and_imported_is_equal_in_every_format() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let seed = std::env::var("EVAL_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_124);
    println!("EVAL_TEST_SEED={seed}");
    let rng_seed = RngSeed::Fixed(seed);
    let mut runner = TestRunner::new(Config { cases: 300, rng_seed, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&(vec(any_evaluation(), 0..5), any_text()), |(evaluations, name)| {
        runtime.block_on(async {
            let (store, mut run) = (InMemory::new(), run("gpt-4o", 0));
            run.name.clone_from(&name);
            run.dataset.name = name;
            (run.status, run.finished, run.epochs) = (RunStatus::Finished, Some(time(60)), u32::MAX);
            store.put_run(&run).await.expect("it is stored");
            store.put_evaluations(run.id, &evaluations).await.expect("it is stored");
            summarize(&store, &mut run).await;
            for format in [Format::Csv, Format::Json, Format::Jsonl] {
                let (mut text, copy) = (Vec::new(), InMemory::new());
                export(&store, run.id, EvaluationQuery::default(), format, &mut text).await.expect("a run");
                let imported = import(&text[..], &copy).await;
                prop_assert!(imported.is_ok(), "{format}: {imported:?}");
                prop_assert_eq!(copy.get_run(run.id).await.expect("it is imported"), run.clone());
                prop_assert_eq!(all(&copy, &run).await, all(&store, &run).await);
            }
            Ok(())
        })
    });
    checked.unwrap();
}

#[tokio::test]
async fn a_table_may_come_back_from_a_spreadsheet() {
    let (store, run) = filled().await;
    let table = table(&store, &run).await;
    let rows = cells(&table);
    for delimiter in [b',', b';', b'\t'] {
        // All in quotes, the columns turned around, one more, and lines that end as on Windows.
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .quote_style(csv::QuoteStyle::Always)
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row.iter().rev().map(String::as_str).chain(["a note"])).unwrap();
        }
        let copy = InMemory::new();
        import(&writer.into_inner().unwrap()[..], &copy).await.unwrap();
        assert_eq!(copy.get_run(run.id).await.unwrap(), run);
        assert_eq!(all(&copy, &run).await, all(&store, &run).await);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_by_line_and_column() {
    let (store, run) = (InMemory::new(), run("gpt-4o", 0));
    store.put_run(&run).await.unwrap();
    store.put_evaluations(run.id, &[scored(run.id, "a", 1, 0.5), scored(run.id, "b", 1, 0.5)]).await.unwrap();
    let table = table(&store, &run).await;
    let id = run.id.to_string();
    let last = |from: &str, to: &str| {
        let (head, row) = table.trim_end().rsplit_once('\n').expect("two rows");
        format!("{head}\n{}\n", row.replacen(from, to, 1))
    };
    for (text, expected) in [
        (last(",0.5,", ",half,"), "line 3, column `score`: expected a number, found `half`"),
        (last(",0.5,", ",1.5,"), "line 3: no evaluation: 1.5 is no score: expected a number from 0 to 1"),
        (last(",scored,", ",guessed,"), "line 3: no evaluation: unknown variant `guessed`, expected one of `scored`"),
        (last(",scored,", ",,"), "line 3: no evaluation: missing field `type`"),
        (last(&id, "42"), "line 3, column `run_id`: expected the id of a run, found `42`"),
        (last(",0.5,", ",0.5"), "line 3: expected 29 cells as in the first line, found 28"),
        (last("\"{", "\"["), "line 3, column `more_json`: "),
        (table.replace("evalctl.run/1", "evalctl.run/9"), "line 2, column `run_json`: the schema is `evalctl.run/9`"),
    ] {
        let copy = InMemory::new();
        let error = import(text.as_bytes(), &copy).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}\n{text}");
        if expected.starts_with("line 3") {
            assert_eq!(all(&copy, &run).await.len(), 1, "what stands before is stored");
        }
    }
    let latin = table.replace("What is a?", "caf§").into_bytes();
    let latin: Vec<_> = latin.into_iter().filter(|byte| *byte != 0xc2).collect();
    let error = import(&latin[..], &InMemory::new()).await.unwrap_err();
    assert!(matches!(&error, ImportError::Row { line: 2, .. }), "{error:?}");
    assert!(error.to_string().contains("no UTF-8"), "{error}");
}

#[tokio::test]
async fn every_column_is_explained() {
    let (store, run) = filled().await;
    let (readme, names) = (include_str!("../README.md"), &cells(&table(&store, &run).await)[0]);
    for name in names {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}
