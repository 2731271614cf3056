//! Tables of labels: out for a person to score, and in again.

use eval_core::conformance::fixtures::{TEXTS, rich, run, scored};
use eval_store::{read_labels, write_label_sheet};

#[test]
fn answers_that_look_like_formulas_are_texts_in_the_table_of_a_person_and_find_their_answers_again() {
    let run = run("gpt-4o", 0);
    let mut answers = rich(run.id);
    answers.retain(|answer| answer.sample.id.as_str() != "huge");
    let mut formula = scored(run.id, "=1+1", 2, 1.0);
    formula.completion.as_mut().expect("an answer").text = "=HYPERLINK(\"http://x\")".into();
    answers.push(formula);
    let mut table = Vec::new();
    write_label_sheet(&mut table, &run, &answers, true).expect("a table");
    let table = String::from_utf8(table).expect("text");
    assert!(table.contains(",'=1+1,") && table.contains("\"'=HYPERLINK"), "{table}");

    // Whoever fills the score of each row gets every question and epoch back as it was.
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let head = reader.headers().expect("a head").clone();
    let score = head.iter().position(|name| name == "score").expect("a column");
    let mut filled = csv::Writer::from_writer(Vec::new());
    filled.write_record(&head).expect("a row");
    for row in reader.records() {
        let row = row.expect("a row");
        filled
            .write_record(row.iter().enumerate().map(|(at, cell)| if at == score { "0,5" } else { cell }))
            .expect("a row");
    }
    let rows = read_labels(&*filled.into_inner().expect("a table")).expect("labels");
    let found: Vec<_> = rows.iter().map(|row| (row.sample.clone(), row.epoch, row.score.get())).collect();
    let expected: Vec<_> = answers.iter().map(|answer| (answer.sample.id.clone(), answer.epoch, 0.5)).collect();
    assert_eq!(found, expected);
    assert!(rows.iter().all(|row| row.run.as_deref() == Some(run.id.to_string().as_str())));
}

#[test]
fn tables_of_spreadsheets_are_understood() {
    let table = format!("\u{feff}Sample_ID;Label;Reason\r\nq1; PASS ;\"{}\"\r\nq2;;\r\nq3;0,25;\r\n", TEXTS[6]);
    let rows = read_labels(table.as_bytes()).expect("labels");
    let found: Vec<_> = rows.iter().map(|row| (row.line, row.sample.as_str(), row.score.get())).collect();
    assert_eq!(found, [(2, "q1", 1.0), (4, "q3", 0.25)], "a row without a score was not labelled");
    assert_eq!((rows[0].reason.as_deref(), rows[1].reason.as_deref()), (Some(TEXTS[6]), None));
}
