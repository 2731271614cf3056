//! JSON lines as people and programs write them: the right value, or an error that says where and what to do.

use std::fmt::Write as _;
use std::fs;

use eval_core::{Dataset, DatasetError, Message, Sample};
use proptest::prelude::*;
use serde_json::json;

fn read(text: impl AsRef<[u8]>) -> Result<Vec<Sample>, DatasetError> {
    Dataset::from_jsonl_text("test.jsonl", text)?.samples()?.collect()
}

fn refused(text: impl AsRef<[u8]>) -> DatasetError {
    read(text).expect_err("this must be refused")
}

#[track_caller]
fn check(text: impl AsRef<[u8]>, place: (u64, Option<u64>), says: &[&str]) {
    let error = refused(text);
    assert_eq!((error.line, error.column), (Some(place.0), place.1), "{error}");
    assert!(error.expected.is_some() && error.found.is_some() && error.hint.is_some(), "{error}");
    for part in says {
        assert!(error.to_string().contains(part), "{part:?} is not in\n{error}");
    }
}

const ROW: &str = r#"{"id": "1", "question": "Q", "answer": "A"}"#;

#[test]
fn values_of_every_kind_become_text() {
    let row = r#"{"question_id": 12345678901234567890123, "Input": "Qé", "ideal": 1.50, "metadata.category": "m",
        "context": null, "choices": [ "a", {"b": 2.0, "a": true} ], "level": 3,
        "metadata": {"source": "web", "id": "x"}, "vars": {"tone": "dry"}, "tools": null}"#;
    let sample = read(row.replace('\n', " ")).unwrap().remove(0);
    let columns = [
        ("choices", r#"["a",{"a":true,"b":2.0}]"#),
        ("context", ""),
        ("level", "3"),
        ("metadata.id", "x"),
        ("source", "web"),
        ("tone", "dry"),
        ("tools", ""),
    ];
    let expected = Sample::new("12345678901234567890123", "Qé").target("1.50").category("m");
    assert_eq!(sample, columns.into_iter().fold(expected, |sample, (name, value)| sample.metadata(name, value)));
}

#[test]
fn nested_metadata_and_vars_may_hold_fields() {
    let row = r#"{"id": 1, "vars": {"question": "Q"}, "metadata": {"category": "math"}, "target": {"b": [1], "a": 2}}"#;
    assert_eq!(read(row).unwrap(), [Sample::new("1", "Q").category("math").target(r#"{"a":2,"b":[1]}"#)]);
}

#[test]
fn conversations_become_turns() {
    let row = json!({"id": "1", "target": null, "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?", "name": null},
        {"role": "user", "content": "Why?"},
    ]});
    let turns = vec![Message::user("Hi"), Message::assistant("Yes?")];
    assert_eq!(
        read(row.to_string()).unwrap(),
        [Sample::new("1", "Why?").metadata("system", "Be brief.").turns(turns.clone())]
    );
    let quoted = json!({"id": "1", "target": null, "messages": row["messages"].to_string()});
    assert_eq!(read(quoted.to_string()).unwrap()[0].turns, turns);
    check(
        json!({"question": "Q", "target": "A", "messages": row["messages"]}).to_string(),
        (1, Some(13)),
        &["both `question` and `messages`"],
    );
}

#[test]
fn f38_blank_lines_marks_and_line_ends_are_understood() {
    for text in [format!("{ROW}\n"), ROW.to_owned(), format!("\u{feff}\n  \n{ROW}\r\n\r\n\t\n")] {
        assert_eq!(read(&text).unwrap(), [Sample::new("1", "Q").target("A")], "{text:?}");
    }
    check(format!("\n\n{ROW}\n\n{{}}\n"), (5, None), &["no column `question`"]);
}

#[test]
fn f38_a_trailing_comma_is_refused_with_its_column() {
    check(format!("{ROW},\n{ROW}\n"), (1, Some(44)), &["trailing characters", "remove the comma"]);
    check("{\"question\": \"é\", \"answer\": \"A\",}\n", (1, Some(33)), &["trailing comma", "remove the comma"]);
}

#[test]
fn f38_a_line_of_10_mb_is_read_and_one_over_the_cap_is_refused() {
    let row =
        |size: usize| format!("{ROW}\n{{\"id\": \"2\", \"question\": \"{}\", \"answer\": \"A\"}}\n", "x".repeat(size));
    assert_eq!(read(row(10_000_000)).unwrap()[1].input.len(), 10_000_000);
    check(row(17 << 20), (2, None), &["a line is too long", "16 MiB"]);
}

#[test]
fn f38_one_bad_line_among_many_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.jsonl");
    let mut text = String::new();
    for row in 0..100_000 {
        let bad = if row == 77_776 { "" } else { "\"" };
        writeln!(text, r#"{{"id": "q{row}", "question": "What is {row}?{bad}, "answer": "{row}"}}"#).unwrap();
    }
    fs::write(&path, text).unwrap();
    let error = Dataset::open(&path).unwrap_err();
    assert_eq!(error.line, Some(77_777), "{error}");
    assert!(error.column.is_some() && error.message.contains("not a JSON object"), "{error}");
}

#[test]
fn f38_a_json_array_is_refused_with_the_way_to_convert_it() {
    check(format!("[{ROW}]\n"), (1, Some(1)), &["a JSON array", "jq -c '.[]' 'test.jsonl'"]);
    check("\n  [\n{}\n]", (2, Some(3)), &["a JSON array"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("golden.json");
    fs::write(&path, format!("[\n  {ROW}\n]\n")).unwrap();
    let error = Dataset::open(&path).unwrap_err();
    assert!(error.hint.as_ref().unwrap().contains("golden.json"), "{error}");
    fs::write(&path, ROW).unwrap();
    assert_eq!(Dataset::open(&path).unwrap().len(), 1);
}

#[test]
fn f38_lines_that_are_no_object_are_refused() {
    check("hello\n", (1, Some(1)), &["not a JSON object", "expected value"]);
    check(format!("{ROW}\n42\n"), (2, Some(2)), &["invalid type", "an object"]);
    check("{\n  \"question\": \"Q\"\n}\n", (1, Some(1)), &["jq -c ."]);
    check(format!("{ROW} {ROW}"), (1, Some(45)), &["trailing characters"]);
    check("", (1, None), &["no rows", "an empty file"]);
    check(b"{\"question\": \"caf\xE9\"}".as_slice(), (1, Some(18)), &["0xE9 as byte 18 of the line", "WINDOWS-1252"]);
    check(b"\xFF\xFE{\0".as_slice(), (1, Some(1)), &["UTF-16"]);
}

#[test]
fn f38_a_key_that_stands_twice_is_refused() {
    check(r#"{"question": "Q", "answer": "A", "question": "R"}"#, (1, Some(43)), &["the key `question` stands twice"]);
    check(
        r#"{"question": "Q", "answer": "A", "metadata": {"a": 1, "a": 2}}"#,
        (1, Some(46)),
        &["`metadata`", "the key `a` stands twice"],
    );
    check(r#"{"question": "Q", "answer": "A", "x": [{"a": 1, "a": 2}]}"#, (1, Some(39)), &["`a` stands twice"]);
    check(r#"{"question": "Q", "answer": "A", "a": 1, "metadata": {"a": 1}}"#, (1, Some(60)), &["`a` stands twice"]);
}

#[test]
fn keys_that_lack_or_confuse_are_refused() {
    check(r#"{"qestion": "Q", "answer": "A"}"#, (1, None), &["no column `question`", "did you mean `question`"]);
    check(format!("{ROW}\n{{\"id\": 2, \"question\": \"Q\"}}"), (2, None), &["no column `expected_output`"]);
    check(r#"{"input": "Q", "prompt": "R", "answer": "A"}"#, (1, Some(26)), &["two columns for `question`"]);
    check(r#"{"question": "Q", "answer": "A", "tools": []}"#, (1, Some(43)), &["`tools` is not supported"]);
    check(r#"{"question": ["Q"], "answer": "A"}"#, (1, Some(14)), &["`question` is not text", "messages"]);
    check(r#"{"id": "", "question": "Q", "answer": "A"}"#, (1, Some(8)), &["the id is empty"]);
    check(r#"{"id": null, "question": "Q", "answer": "A"}"#, (1, Some(8)), &["the id is empty"]);
    check(r#"{"question": "", "answer": "A"}"#, (1, Some(14)), &["the question is empty"]);
    check(r#"{"question": "\u0000", "answer": "A"}"#, (1, Some(14)), &["a NUL character"]);
    check(r#"{"question": "\ud800", "answer": "A"}"#, (1, Some(14)), &["unexpected end of hex escape"]);
}

#[test]
fn f36_duplicate_ids_in_json_lines_are_refused_with_both_lines() {
    let rows = "{\"id\": 1, \"question\": \"Q\", \"answer\": \"A\"}\n\n{\"id\": \"1\", \"question\": \"R\", \"answer\": \"B\"}\n";
    check(rows, (3, Some(8)), &["duplicate id `1`", "the id of line 1 again"]);
}

#[test]
fn f36_ids_for_some_rows_only_are_refused() {
    check(
        format!("{ROW}\n{{\"question\": \"R\", \"answer\": \"B\"}}"),
        (2, None),
        &["some rows have an id", "found: none"],
    );
    check(
        format!("{{\"question\": \"R\", \"answer\": \"B\"}}\n{ROW}"),
        (2, None),
        &["some rows have an id", "found: one"],
    );
}

#[test]
fn columns_of_some_rows_are_noted_and_are_no_placeholders() {
    let rows = [
        json!({"id": "1", "question": "Q", "answer": "A", "category": "c", "context": "x", "tone": "dry"}),
        json!({"id": "2", "question": "R", "answer": "A", "category": "c", "context": "x"}),
    ];
    let dataset = Dataset::from_jsonl_text("t", rows.map(|row| row.to_string()).join("\n")).unwrap();
    assert_eq!(dataset.columns(), ["context"]);
    assert_eq!(dataset.notes().len(), 1);
    assert!(dataset.notes()[0].contains("1 row without the column `tone`"), "{:?}", dataset.notes());
}

proptest! {
    #[test]
    fn what_serde_writes_reads_back_equal(rows in proptest::collection::vec(("[^\0]{1,12}", "[^\0]{0,20}"), 1..8)) {
        let mut text = String::new();
        for (at, (question, note)) in rows.iter().enumerate() {
            let row = json!({"id": at, "question": format!("Q{question}"), "target": format!("A{note}"), "note": note});
            writeln!(text, "{row}").unwrap();
        }
        let samples = read(text).unwrap();
        for (at, (question, note)) in rows.iter().enumerate() {
            let expected = Sample::new(at.to_string().as_str(), format!("Q{question}"));
            let expected = expected.target(format!("A{note}")).metadata("note", note);
            prop_assert_eq!(&samples[at], &expected);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, start in "(\\{\"question\": )?") {
        let _ = read([start.as_bytes(), &bytes].concat());
    }

    #[test]
    fn arbitrary_json_never_panics(text in "[\\[\\]{}\"a:,1 \n\\\\]{0,40}") {
        let _ = read(format!("{{\"question\": \"Q\", \"answer\": {text}"));
    }
}
