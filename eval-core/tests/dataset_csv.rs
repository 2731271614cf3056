//! CSV as people and programs write it: the right value, or an error that says where and what to do.

use std::fmt::Write as _;
use std::fs;

use eval_core::{Dataset, DatasetError, Sample, UNCATEGORIZED};
use proptest::prelude::*;

const HEADER: &str = "id,category,question,expected_output";

fn read(text: impl AsRef<[u8]>) -> Result<Vec<Sample>, DatasetError> {
    Dataset::from_csv_text("test.csv", text)?.samples()?.collect()
}

fn refused(text: impl AsRef<[u8]>) -> DatasetError {
    read(text).expect_err("this must be refused")
}

/// A fault: a text, the line and the column that are blamed, and what the error must say.
type Fault<'a> = (&'a str, Option<u64>, Option<u64>, &'a [&'a str]);

#[track_caller]
fn check(faults: &[Fault<'_>]) {
    for (text, line, column, says) in faults {
        let error = refused(text);
        assert_eq!((error.line, error.column), (*line, *column), "{text:?}\n{error}");
        assert_eq!(error.file, "test.csv");
        assert!(error.expected.is_some() && error.found.is_some() && error.hint.is_some(), "{error}");
        for part in *says {
            assert!(error.to_string().contains(part), "{part:?} is not in\n{error}");
        }
    }
}

/// The question and the expected output of the only row.
#[track_caller]
fn only(text: impl AsRef<[u8]>) -> (String, String) {
    let mut samples = read(text).expect("the text is right");
    assert_eq!(samples.len(), 1, "{samples:?}");
    let sample = samples.remove(0);
    (sample.input, sample.target.unwrap_or_default())
}

#[test]
fn all_columns_reach_the_sample() {
    let samples = read(format!("{HEADER},context,judge\n7,math,What is 2 + 2?,4,,exact\n8,,Why?,,c,\n")).unwrap();
    let first = Sample::new("7", "What is 2 + 2?").target("4").category("math");
    assert_eq!(samples[0], first.metadata("context", "").metadata("judge", "exact"));
    assert_eq!(samples[1].category.as_ref(), UNCATEGORIZED);
    assert_eq!(samples[1].target, None);
    assert_eq!(samples[1].metadata["context"], "c");
}

#[test]
fn every_alias_of_a_column_is_known() {
    for question in ["question", "input", "prompt", "vars.question", " Question ", "PROMPT"] {
        for expected in ["expected_output", "target", "expected", "ideal", "reference", "answer", "expectedOutput"] {
            for (id, category) in
                [("id", "category"), ("question_id", "metadata.category"), ("ID", "__metadata:category")]
            {
                let text = format!("{expected},{category},{question},{id}\nA,c,Q,1\n");
                assert_eq!(read(&text).unwrap(), [Sample::new("1", "Q").target("A").category("c")], "{text}");
            }
        }
    }
}

#[test]
fn the_golden_data_set_of_the_crate_holds() {
    let golden = Dataset::golden();
    assert_eq!((golden.name(), golden.len()), ("golden", 50));
    assert_eq!(golden.categories().len(), 7, "{:?}", golden.categories());
    assert_eq!(golden.columns(), ["context"]);
    assert!(golden.notes().is_empty(), "{:?}", golden.notes());
    assert!(golden.samples().unwrap().all(|sample| sample.unwrap().target.is_some()));
}

#[test]
fn f36_duplicate_ids_are_refused_with_both_lines() {
    for (second, found) in [
        ("a-1", "the id of line 2 again"),
        ("A-1", "`A-1`, where line 2 has `a-1`"),
        (" a-1 ", "` a-1 `, where line 2 has `a-1`"),
        ("\u{a0}a-1", "where line 2 has `a-1`"),
    ] {
        let error = refused(format!("{HEADER}\na-1,c,Q,A\nb,c,\"two\nlines\",A\n{second},c,R,B\n"));
        assert_eq!((error.line, error.column), (Some(5), Some(1)), "{error}");
        assert!(error.message.contains("duplicate id"), "{error}");
        assert!(error.found.as_ref().unwrap().contains(found), "{error}");
        assert!(error.hint.is_some());
    }
}

#[test]
fn f36_ids_that_differ_only_in_unicode_form_or_inner_spaces_are_refused() {
    for (first, second) in [("caf\u{e9}", "cafe\u{301}"), ("\u{c9}T\u{c9}", "e\u{301}te\u{301}"), ("a b", "a  b")] {
        let error = refused(format!("{HEADER}\n{first},c,Q,A\n{second},c,R,B\n"));
        assert_eq!((error.line, error.column), (Some(3), Some(1)), "{error}");
        assert!(error.found.as_ref().unwrap().contains("line 2"), "{error}");
    }
    assert!(read(format!("{HEADER}\nab,c,Q,A\na b,c,R,B\na-b,c,R,B\n")).is_ok());
}

#[test]
fn f36_empty_ids_and_spaces_around_ids_are_refused() {
    check(&[
        ("question,id,answer\nQ,1,A\nQ,,A\n", Some(3), Some(2), &["the id is empty"]),
        ("question,id,answer\nQ,1,A\nQ,  ,A\n", Some(3), Some(2), &["the id is empty"]),
        ("id,question,answer\n1,Q,A\n\"2 \",R,A\n", Some(3), Some(1), &["the id `2 ` has spaces", "expected: `2`"]),
    ]);
}

#[test]
fn f36_without_ids_the_content_is_the_id_and_must_differ() {
    let dataset = Dataset::from_csv_text("t", "question,answer\nQ,A\nR,A\n").unwrap();
    let ids: Vec<_> = dataset.samples().unwrap().map(|sample| sample.unwrap().id).collect();
    assert!(ids.iter().all(|id| id.as_str().len() == 16) && ids[0] != ids[1], "{ids:?}");
    assert!(dataset.notes().iter().any(|note| note.contains("no column `id`")), "{:?}", dataset.notes());
    let turned = Dataset::from_csv_text("t", "question,answer\nR,A\nQ,A\n").unwrap();
    assert_eq!(turned.samples().unwrap().last().unwrap().unwrap().id, ids[0]);
    check(&[(
        "question,answer\nQ,A\nR,A\nQ,A\n",
        Some(4),
        None,
        &["the same question", "line 2 again", "column `id`"],
    )]);
}

#[test]
fn f37_marks_line_ends_and_quotes_are_understood() {
    let row = "id,question,answer\n1,Q,A\n";
    for text in [
        row.to_owned(),
        row.trim_end().to_owned(),
        format!("\u{feff}{row}"),
        row.replace('\n', "\r\n"),
        row.replace('\n', "\r"),
        format!("\n\n{row}\n\r\n\n"),
        "\"id\",\"question\",\"answer\"\n\"1\",\"Q\",\"A\"".to_owned(),
    ] {
        assert_eq!(only(&text), ("Q".to_owned(), "A".to_owned()), "{text:?}");
    }
    let quoted = "id,question,answer\r\n1,\"He said \"\"hi\"\",\r\nthen left\",5\" disk\r\n";
    assert_eq!(only(quoted), ("He said \"hi\",\r\nthen left".to_owned(), "5\" disk".to_owned()));
}

#[test]
fn f37_a_byte_order_mark_is_no_part_of_the_first_column() {
    assert_eq!(read("\u{feff}\"question\",answer\nQ,A\n").unwrap()[0].input, "Q");
}

#[test]
fn f37_lines_are_counted_through_quoted_newlines_of_every_kind() {
    for newline in ["\n", "\r\n", "\r"] {
        let text = "id,question,answer\n\n1,\"a\n\nb\",\"c\nd\"\n2,Q,A\n3,Q\n".replace('\n', newline);
        let error = refused(&text);
        assert_eq!((error.line, error.column), (Some(8), Some(3)), "{text:?}\n{error}");
        let text = "question,answer,id\n\"a\nb\",\"c\nd\",\n".replace('\n', newline);
        let error = refused(&text);
        assert_eq!((error.line, error.column), (Some(4), Some(3)), "{text:?}\n{error}");
    }
}

#[test]
fn f37_ragged_rows_are_refused_with_both_counts() {
    check(&[
        ("id,question,answer\n1,Q,A\n2,R\n", Some(3), Some(3), &["missing", "3 columns", "found: 2"]),
        ("id,question,answer\n1,Q,A,B,C\n", Some(2), Some(4), &["left over", "3 columns", "found: 5", "quotes"]),
        ("id,question,answer\n1,Q,A\n \n", Some(3), Some(2), &["missing", "found: 1"]),
    ]);
}

#[test]
fn f37_quotes_that_do_not_close_are_refused() {
    check(&[
        ("id,question,answer\n1,Q,A\n2,\"R,B\n3,S,C\n", Some(3), Some(2), &["never closed", "the end of the file"]),
        ("id,question,answer\n1,\"Q\" x,A\n", Some(2), Some(2), &["text after a closing quote"]),
        ("id,question,answer\n1,\"a\nb\"c,A\n", Some(3), Some(2), &["text after a closing quote"]),
    ]);
}

#[test]
fn f37_a_nul_byte_is_refused() {
    check(&[
        ("id,question,answer\n1,\"a\nb\0\",A\n", Some(3), Some(2), &["NUL", "UTF-16"]),
        ("\0", Some(1), Some(1), &["NUL"]),
    ]);
}

#[test]
fn f37_utf_16_is_refused_with_the_way_to_convert_it() {
    let little: Vec<u8> = format!("\u{feff}{HEADER}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = format!("\u{feff}{HEADER}\n").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let unmarked: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [little, big] {
        let error = refused(&bytes);
        assert_eq!((error.line, error.column), (Some(1), Some(1)));
        assert!(error.hint.as_ref().unwrap().contains("iconv -f UTF-16"), "{error}");
    }
    let error = refused(unmarked);
    assert_eq!(error.line, Some(1));
    assert!(error.hint.as_ref().unwrap().contains("UTF-16"), "{error}");
}

#[test]
fn f37_latin_1_is_refused_with_line_column_and_byte() {
    let error = refused(b"id,question,answer\n1,\"a\nb caf\xE9\",A\n");
    assert_eq!((error.line, error.column), (Some(3), Some(2)), "{error}");
    assert_eq!(error.found.as_deref(), Some("byte 0xE9 as byte 8 of the field"));
    assert!(error.hint.as_ref().unwrap().contains("iconv -f WINDOWS-1252"), "{error}");
    let error = refused(b"id,question,answer,r\xE9f\n1,Q,A,B\n");
    assert_eq!((error.line, error.column), (Some(1), Some(4)), "{error}");
}

#[test]
fn f37_headers_that_lack_repeat_or_confuse_columns_are_refused() {
    check(&[
        (
            "id,question,expected_ouput\n1,Q,A\n",
            Some(1),
            None,
            &[
                "no column `expected_output`",
                "target, expected, ideal, reference, answer, expectedOutput",
                "found: id, question, expected_ouput",
                "did you mean `expected_output` instead of `expected_ouput`?",
            ],
        ),
        ("id,qestion,answer\n1,Q,A\n", Some(1), None, &["no column `question`", "did you mean `question`", "messages"]),
        (
            "id,Expected Output,question\n",
            Some(1),
            None,
            &["did you mean `expected_output` instead of `Expected Output`"],
        ),
        ("1,What?,4\n", Some(1), None, &["no column `question`", "the first line"]),
        (
            "question,question_id,input,answer\n",
            Some(1),
            Some(3),
            &["two columns for `question`: `question` and `input`"],
        ),
        ("target,question,Answer\n", Some(1), Some(3), &["two columns for `expected_output`: `target` and `Answer`"]),
        ("id,question,question_id,answer\n", Some(1), Some(3), &["two columns for `id`: `id` and `question_id`"]),
        ("id,question,answer,question\n", Some(1), Some(4), &["`question` stands twice"]),
        ("question,answer,context, context\n", Some(1), Some(4), &["`context` stands twice"]),
        ("question,answer,\n", Some(1), Some(3), &["a column has no name", "index=False"]),
        ("question,answer,__providerOutput\n", Some(1), Some(3), &["`__providerOutput` of promptfoo"]),
        (
            "question,answer,__config:__expected:provider\n",
            Some(1),
            Some(3),
            &["`__config:__expected:provider` of promptfoo"],
        ),
        ("question,answer,image_url\n", Some(1), Some(3), &["`image_url` is not supported"]),
        ("question,answer,Tools\n", Some(1), Some(3), &["`Tools` is not supported"]),
    ]);
}

#[test]
fn f37_empty_files_and_headers_alone_are_refused() {
    check(&[
        ("id,question,answer\n", Some(1), None, &["no rows"]),
        ("\u{feff}id,question,answer", Some(1), None, &["no rows"]),
    ]);
    for text in ["", "\u{feff}", "\n\r\n"] {
        let error = refused(text);
        assert_eq!((error.line, error.message.as_str()), (Some(1), "the file is empty"));
        assert!(error.expected.is_some() && error.found.is_some() && error.hint.is_some(), "{error}");
    }
}

#[test]
fn f37_semicolons_and_tabs_are_understood_and_said() {
    for (separator, word) in [(';', "semicolons"), ('\t', "tabs")] {
        let text = "id,question,answer\n1,\"a;b\",A\n".replace(',', &separator.to_string());
        let dataset = Dataset::from_csv_text("t", &text).unwrap();
        assert_eq!(dataset.samples().unwrap().next().unwrap().unwrap().input, "a;b");
        assert!(dataset.notes()[0].contains(word), "{:?}", dataset.notes());
    }
    assert_eq!(only("question,answer\na;b\tc,A\n").0, "a;b\tc");
    check(&[("one;two\n1;2\n", Some(1), None, &["no column `question`"])]);
}

#[test]
fn f37_an_empty_question_is_refused() {
    check(&[
        ("id,question,answer\n1,Q,A\n2, ,A\n", Some(3), Some(2), &["the question is empty"]),
        ("id,question,answer\n1,Q,A\n,,\n", Some(3), Some(2), &["the question is empty", "remove the row"]),
    ]);
}

#[test]
fn f37_a_field_of_100_mb_is_refused_before_it_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.csv");
    let mut file = fs::File::create(&path).unwrap();
    std::io::Write::write_all(&mut file, b"id,question,answer\n1,Q,A\n2,\"").unwrap();
    // A sparse file would be full of NUL bytes, so that the letters have to be written.
    let letters = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        std::io::Write::write_all(&mut file, &letters).unwrap();
    }
    let error = Dataset::open(&path).unwrap_err();
    assert_eq!((error.line, error.column), (Some(3), Some(2)), "{error}");
    assert!(error.message.contains("too long") && error.hint.unwrap().contains("quote that opens on line 3"));
}

#[test]
fn a_field_of_10_mb_is_read() {
    let long = "x".repeat(10_000_000);
    assert_eq!(only(format!("question,answer\n{long},A\n")).0.len(), long.len());
}

#[test]
fn f37_many_rows_stream_and_the_last_one_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.csv");
    let mut text = format!("{HEADER}\n");
    for row in 0..200_000 {
        writeln!(text, "q-{row},c{},What is {row} + 1?,{}", row % 7, row + 1).unwrap();
    }
    fs::write(&path, &text).unwrap();
    let dataset = Dataset::open(&path).unwrap();
    assert_eq!((dataset.len(), dataset.name()), (200_000, "many"));
    let (mut rows, mut last) = (0, None);
    for sample in dataset.samples().unwrap() {
        rows += 1;
        last = Some(sample.unwrap());
    }
    assert_eq!((rows, last.unwrap().target.as_deref()), (200_000, Some("200000")));
    fs::write(&path, text + "q-0,c0,Again?,1\n").unwrap();
    let error = Dataset::open(&path).unwrap_err();
    assert_eq!((error.line, error.found.as_deref()), (Some(200_002), Some("the id of line 2 again")));
}

#[test]
fn conversations_stand_in_a_column() {
    let header = "id,messages,system,answer\n";
    let cell = |json: &str| format!("{header}1,\"{}\",,A\n", json.replace('"', "\"\""));
    let sample = read(cell(
        r#"[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes?"},{"role":"user","content":[{"type":"text","text":"And"},{"type":"text","text":"now?"}]}]"#,
    ))
    .unwrap()
    .remove(0);
    assert_eq!((sample.input.as_str(), sample.turns.len()), ("And\nnow?", 2));
    assert_eq!(sample.metadata["system"], "Be brief.");
    for (json, found) in [
        (r#"[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]"#, "a part of type `image_url`"),
        (r#"[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]"#, "not the user's"),
        (r#"[{"role":"tool","content":"a"}]"#, "in message 1: the role \"tool\""),
        (r#"[{"role":"user","content":"a","tool_calls":[]}]"#, "`tool_calls`, which is not supported"),
        (r#"[{"role":"user","role":"user","content":"a"}]"#, "`role` stands twice"),
        (r#"[{"role":"user"}]"#, "no `content`"),
        ("[]", "no messages"),
        ("hello", "expected value"),
    ] {
        let error = refused(cell(json));
        assert_eq!((error.line, error.column), (Some(2), Some(2)), "{error}");
        assert!(error.found.as_ref().unwrap().contains(found), "{found}\n{error}");
    }
}

#[test]
fn a_row_asks_by_question_or_by_messages() {
    let turn = r#""[{""role"":""user"",""content"":""Hi""}]""#;
    let samples = read(format!("id,question,messages,answer\n1,Q,,A\n2,,{turn},A\n")).unwrap();
    assert_eq!((samples[0].input.as_str(), samples[1].input.as_str()), ("Q", "Hi"));
    let error = refused(format!("id,question,messages,answer\n1,Q,{turn},A\n"));
    assert_eq!((error.line, error.column), (Some(2), Some(3)));
    assert!(error.message.contains("both `question` and `messages`"), "{error}");
    let error = refused(format!(
        "id,messages,answer,system\n1,{},A,Be kind.\n",
        turn.replace("[{", "[{\"\"role\"\":\"\"system\"\",\"\"content\"\":\"\"x\"\"},{")
    ));
    assert!(error.message.contains("both `system`"), "{error}");
}

#[test]
fn notes_say_what_a_person_should_know() {
    let notes = |text: &str| Dataset::from_csv_text("t", text).unwrap().notes().join("\n");
    assert_eq!(notes("id,category,question,answer\n1,c,Q,A\n"), "");
    assert!(notes("id,question,answer\n1,Q,A\n").contains("no categories"));
    assert!(notes("id,category,question,answer\n1,,Q,A\n2,c,Q,A\n").contains("1 row without a category"));
    assert!(
        notes("id,category,question,answer\n1,c,Q,\n2,c,R, \n3,c,R,A\n").contains("2 rows without an expected output")
    );
    assert!(notes("id,category,question,answer\n1,math,Q,A\n2,Math,R,A\n").contains("`Math` and `math`"));
}

#[test]
fn files_that_cannot_be_opened_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let there = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let error = Dataset::open(folder.path().join("none.csv")).unwrap_err();
    assert_eq!(error.found.as_deref(), Some("no such file"));
    assert!(std::error::Error::source(&error).is_some());
    let error = Dataset::open(there("golden.xlsx", "")).unwrap_err();
    assert!(error.to_string().contains(".jsonl") && error.found.as_deref() == Some(".xlsx"), "{error}");
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    let error = Dataset::open(folder.path().join("folder.csv")).unwrap_err();
    assert!(error.found.as_ref().unwrap().contains("a folder"), "{error}");
    let path = there("tabs.tsv", "question\tanswer\nQ\tA\n");
    assert_eq!(Dataset::open(&path).unwrap().name(), "tabs");
    assert_eq!(Dataset::from_csv(there("any.txt", "question,answer\nQ,A\n")).unwrap().len(), 1);
}

fn cells() -> impl Strategy<Value = Vec<(String, String, String)>> {
    proptest::collection::vec(("[^\0]{1,12}", "[^\0]{0,20}", "\\PC*[\"\r\n,;]?"), 1..8)
}

proptest! {
    #[test]
    fn what_the_csv_crate_writes_reads_back_equal(rows in cells(), crlf: bool) {
        let mut writer = csv::WriterBuilder::new();
        if crlf {
            writer.terminator(csv::Terminator::CRLF);
        }
        let mut writer = writer.from_writer(Vec::new());
        writer.write_record(["id", "category", "question", "expected_output", "note"]).unwrap();
        for (at, (question, category, note)) in rows.iter().enumerate() {
            writer.write_record([&format!("q{at}"), category, &format!("Q{question}"), question, note]).unwrap();
        }
        let samples = read(writer.into_inner().unwrap()).unwrap();
        prop_assert_eq!(samples.len(), rows.len());
        for (sample, (question, category, note)) in samples.iter().zip(&rows) {
            prop_assert_eq!(&sample.input, &format!("Q{question}"));
            let blank = |text: &String| text.trim().is_empty();
            prop_assert_eq!(sample.target.as_ref(), Some(question).filter(|text| !blank(text)));
            prop_assert_eq!(&*sample.category, if blank(category) { UNCATEGORIZED } else { category });
            prop_assert_eq!(&sample.metadata["note"], note);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, header: bool) {
        let start = if header { "question,answer,id\n" } else { "" };
        let _ = read([start.as_bytes(), &bytes].concat());
    }

    #[test]
    fn arbitrary_csv_is_read_as_the_csv_crate_reads_it_or_refused(text in "[a,\"\r\n ]{0,40}") {
        let text = format!("question,answer,id\n{text}");
        if let Ok(samples) = read(&text) {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let rows: Vec<_> = reader.records().map(|row| row.unwrap()).collect();
            prop_assert_eq!(rows.len(), samples.len());
            for (row, sample) in rows.iter().zip(&samples) {
                prop_assert_eq!(&row[0], &sample.input);
                prop_assert_eq!(&row[2], sample.id.as_str());
            }
        }
    }
}

/// The columns of promptfoo that are read; the judge of their assertions is not the core's.
#[test]
fn columns_of_promptfoo_reach_the_sample() {
    let text = "__description,question,__expected1,__expected10,__metadata:team,__metadata:tags[],__prefix,__threshold\n\
                first,Why?,contains:a,,core,\"a,b\",Hello. ,0.5\n";
    let dataset = Dataset::from_csv_text("test", text).unwrap();
    assert!(!dataset.notes().iter().any(|note| note.contains("expected output")), "{:?}", dataset.notes());
    let sample = dataset.samples().unwrap().next().unwrap().unwrap();
    let columns = ["__description", "__expected1", "__expected10", "__prefix", "__threshold", "tags", "team"];
    assert_eq!(sample.metadata.keys().collect::<Vec<_>>(), columns);
    assert_eq!((sample.metadata["team"].as_str(), sample.metadata["tags"].as_str()), ("core", "a,b"));
    assert_eq!((sample.target, sample.input.as_str()), (None, "Why?"));

    let twice = Dataset::from_csv_text("test", "question,__expected,team,__metadata:team\nWhy?,x,a,b\n").unwrap_err();
    assert_eq!((twice.line, twice.column), (Some(1), Some(4)), "{twice}");
}

#[test]
fn a_row_that_a_caller_refuses_is_shown_with_its_place() {
    let refuse = |sample: &Sample| match sample.metadata["note"].as_str() {
        "bad" => Err(("note".to_owned(), DatasetError::new("", "a bad note").hint("write another"))),
        _ => Ok(()),
    };
    let csv = "question,expected_output,note\n\"Why\nnot?\",x,good\n\"And\nthen?\",x,bad\n";
    let error = Dataset::from_csv_text("a.csv", csv).unwrap().check_rows(refuse).unwrap_err();
    assert_eq!((error.file.as_str(), error.line, error.column), ("a.csv", Some(5), Some(3)), "{error}");
    let lines = r#"{"question": "Why?", "expected": "x", "note": "bad"}"#;
    let error = Dataset::from_jsonl_text("a.jsonl", lines).unwrap().check_rows(refuse).unwrap_err();
    assert_eq!((error.line, error.column), (Some(1), Some(47)), "{error}");
    let samples = vec![Sample::new("1", "Why?").metadata("note", "bad")];
    let error = Dataset::from_samples("mine", samples).unwrap().check_rows(refuse).unwrap_err();
    assert_eq!((error.file.as_str(), error.line), ("mine", None), "{error}");
}
