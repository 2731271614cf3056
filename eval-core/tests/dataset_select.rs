//! Fingerprints, selections, differences, and files that change under a run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use eval_core::{Dataset, DatasetError, Draw, Sample, Selection};

fn sample(number: u32) -> Sample {
    let category = ["math", "rag", "safety"][number as usize % 3];
    Sample::new(format!("q{number}").as_str(), format!("Question {number}?"))
        .target(number.to_string())
        .category(category)
}

fn numbers(count: u32) -> Dataset {
    Dataset::from_samples("numbers", (0..count).map(sample).collect()).expect("the numbers are right")
}

fn ids(dataset: &Dataset) -> Vec<String> {
    let samples = dataset.samples().expect("the data set is there");
    samples.map(|sample| sample.expect("the row is right").id.to_string()).collect()
}

fn categories(names: &[&str]) -> Selection {
    let mut selection = Selection::all();
    selection.categories = names.iter().map(|name| (*name).to_owned()).collect();
    selection
}

fn draw(size: u64, seed: u64) -> Selection {
    let mut selection = Selection::all();
    selection.draw = Some(Draw { size, seed });
    selection
}

fn limit(limit: u64) -> Selection {
    let mut selection = Selection::all();
    selection.limit = Some(limit);
    selection
}

fn csv(samples: impl IntoIterator<Item = u32>) -> String {
    let rows = samples.into_iter().map(|number| {
        let sample = sample(number);
        format!("{},{},{},{number}\n", sample.id, sample.category, sample.input)
    });
    std::iter::once("id,category,question,expected_output\n".to_owned()).chain(rows).collect()
}

#[test]
fn one_content_has_one_fingerprint_in_every_format_and_order() {
    let memory = numbers(20);
    let from_csv = Dataset::from_csv_text("a", csv(0..20)).unwrap();
    let turned = Dataset::from_csv_text("b", csv((0..20).rev())).unwrap();
    let lines: Vec<_> = (0..20).map(sample).map(|row| {
        let target = row.target.unwrap();
        serde_json::json!({"id": row.id, "metadata": {"category": row.category}, "input": row.input, "ideal": target})
    }).collect();
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let from_jsonl = Dataset::from_jsonl_text("c", text).unwrap();
    let selected = from_csv.clone().select(limit(3)).unwrap();
    assert_eq!(memory.fingerprint().len(), 32);
    for other in [&from_csv, &turned, &from_jsonl, &selected] {
        assert_eq!(other.fingerprint(), memory.fingerprint());
    }
    assert_ne!(numbers(19).fingerprint(), memory.fingerprint());
    assert_ne!(
        Dataset::from_csv_text("a", csv(0..20).replace("math", "maths")).unwrap().fingerprint(),
        memory.fingerprint()
    );
}

#[test]
fn a_reference_names_the_whole_and_the_part() {
    let dataset = numbers(9).select(limit(3)).unwrap().rename("other");
    let reference = dataset.reference();
    assert_eq!((reference.name.as_str(), reference.len), ("other", 9));
    assert_eq!((reference.fingerprint.as_str(), &reference.selection), (dataset.fingerprint(), &limit(3)));
    assert_eq!((dataset.len(), dataset.selected(), dataset.is_empty()), (9, 3, false));
    assert_eq!(dataset.categories()["math"], 3);
}

#[test]
fn categories_draw_and_limit_apply_in_that_order() {
    let all = numbers(30);
    assert_eq!(ids(&all).len(), 30);
    let math = all.clone().select(categories(&["math", "rag"])).unwrap();
    assert_eq!((math.selected(), ids(&math).len()), (20, 20));
    let drawn = all.clone().select(draw(7, 1)).unwrap();
    assert_eq!((drawn.selected(), ids(&drawn).len()), (7, 7));
    let first = all.clone().select(limit(4)).unwrap();
    assert_eq!((first.selected(), ids(&first)), (4, vec!["q0".into(), "q1".into(), "q2".into(), "q3".into()]));
    let mut selection = categories(&["math"]);
    (selection.draw, selection.limit) = (Some(Draw { size: 5, seed: 3 }), Some(2));
    let part = all.clone().select(selection.clone()).unwrap();
    selection.limit = None;
    let whole_draw = all.select(selection).unwrap();
    assert_eq!((part.selected(), whole_draw.selected()), (2, 5));
    assert_eq!(ids(&part), ids(&whole_draw)[..2]);
    let math: BTreeSet<_> = ids(&math).into_iter().collect();
    assert!(ids(&whole_draw).iter().all(|id| math.contains(id)));
}

#[test]
fn a_second_selection_replaces_the_first() {
    let dataset = numbers(9).select(limit(2)).unwrap().select(categories(&["rag"])).unwrap();
    assert_eq!(ids(&dataset), ["q1", "q4", "q7"]);
    assert_eq!(ids(&dataset.select(Selection::all()).unwrap()).len(), 9);
}

#[test]
fn a_draw_is_the_same_for_a_seed_and_barely_moves_with_the_file() {
    let (before, after) = (numbers(200), numbers(201));
    let of = |dataset: &Dataset, seed| -> BTreeSet<String> {
        ids(&dataset.clone().select(draw(20, seed)).unwrap()).into_iter().collect()
    };
    assert_eq!(of(&before, 7), of(&before, 7));
    assert_ne!(of(&before, 7), of(&before, 8));
    for seed in 0..50 {
        let stayed = of(&before, seed).intersection(&of(&after, seed)).count();
        assert!(stayed >= 19, "seed {seed}: {stayed} of 20 stayed");
    }
    let order = ids(&before.select(draw(20, 7)).unwrap());
    let mut sorted = order.clone();
    sorted.sort_by_key(|id| id[1..].parse::<u32>().unwrap());
    assert_eq!(order, sorted);
}

#[test]
fn more_than_there_is_means_all() {
    let dataset = numbers(5);
    for selection in [draw(5, 1), draw(u64::MAX, 1), limit(5), limit(u64::MAX)] {
        let all = dataset.clone().select(selection).unwrap();
        assert_eq!((all.selected(), ids(&all).len()), (5, 5));
    }
}

#[test]
fn selections_that_leave_nothing_are_refused() {
    let error = numbers(9).select(categories(&["math", "safty"])).unwrap_err();
    assert_eq!(error.message, "no category `safty`");
    assert_eq!(error.expected.as_deref(), Some("one of math, rag, safety"));
    assert_eq!(error.hint.as_deref(), Some("did you mean `safety`?"));
    for selection in [limit(0), draw(0, 1)] {
        let error = numbers(9).select(selection).unwrap_err();
        assert!(error.message.contains("leaves no question"), "{error}");
    }
}

#[test]
fn f36_samples_in_memory_are_checked_as_well() {
    let refused = |ids: &[&str]| {
        let samples = ids.iter().map(|id| Sample::new(*id, "Q")).collect();
        Dataset::from_samples("mine", samples).unwrap_err().to_string()
    };
    let twice = refused(&["a", "b", "A"]);
    assert!(twice.starts_with("mine: duplicate id `A` (sample 3)") && twice.contains("sample 1 has `a`"), "{twice}");
    assert!(refused(&["a", ""]).contains("the id of sample 2 is empty"));
    assert!(refused(&["a", " b"]).contains("the id ` b` has spaces around it (sample 2)"));
    assert!(refused(&[]).contains("no rows"));
}

#[test]
fn differences_name_what_came_went_and_changed() {
    let text = csv([1, 0, 3, 4, 9]).replace("Question 3?", "Question three?").replace("q4,rag", "q4,safety");
    let (first, other) = (numbers(5), Dataset::from_csv_text("other", text).unwrap());
    let diff = first.diff(&other).unwrap();
    let names = |ids: &[eval_core::SampleId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((names(&diff.added), names(&diff.removed)), (vec!["q9".to_owned()], vec!["q2".to_owned()]));
    assert_eq!((names(&diff.changed), diff.unchanged), (vec!["q3".to_owned(), "q4".to_owned()], 2));
    assert!(!diff.is_empty());
    let same = first.diff(&first.clone().select(limit(1)).unwrap()).unwrap();
    assert_eq!((same.is_empty(), same.unchanged), (true, 5));
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str) -> (Self, PathBuf) {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        let path = folder.0.path().join("golden.csv");
        fs::write(&path, text).expect("a file");
        (folder, path)
    }
}

/// Sets the time of the last change, since two changes may fall on one tick of the clock.
fn touch(path: &Path, seconds_ago: u64) {
    let file = fs::File::options().write(true).open(path).expect("a file");
    file.set_modified(SystemTime::now() - Duration::from_secs(seconds_ago)).expect("a time");
}

fn changed(error: &DatasetError) -> bool {
    error.message.contains("changed after it was checked")
}

#[test]
fn a_file_that_changed_after_the_check_is_refused() {
    let (_folder, path) = Folder::with(&csv(0..10));
    let dataset = Dataset::open(&path).unwrap();
    fs::write(&path, csv(0..11)).unwrap();
    assert!(changed(&dataset.samples().unwrap_err()));
    assert!(changed(&dataset.clone().select(limit(3)).unwrap().samples().unwrap_err()));
    fs::write(&path, csv(0..10)).unwrap();
    touch(&path, 100);
    assert_eq!(ids(&dataset).len(), 10, "the content is what was checked");
    fs::write(&path, "id,question\n").unwrap();
    assert!(changed(&dataset.samples().unwrap_err()));
    fs::remove_file(&path).unwrap();
    assert_eq!(dataset.samples().unwrap_err().message, "cannot open the data set");
}

#[test]
fn a_change_that_the_clock_does_not_show_is_found_in_the_content() {
    let (_folder, path) = Folder::with(&csv(0..10));
    touch(&path, 100);
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let dataset = Dataset::open(&path).unwrap();
    fs::write(&path, csv(0..10).replace("Question 9?", "Question 0?")).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let samples: Vec<_> = dataset.samples().unwrap().collect();
    assert_eq!(samples.len(), 11);
    assert!(changed(samples.last().unwrap().as_ref().unwrap_err()));
}

#[test]
fn a_file_that_changes_while_it_is_read_ends_with_an_error() {
    // Longer than what is read ahead.
    let text = csv(0..20_000);
    for (selection, broken) in [(Selection::all(), false), (limit(15_000), false), (Selection::all(), true)] {
        let (_folder, path) = Folder::with(&text);
        let dataset = Dataset::open(&path).unwrap().select(selection).unwrap();
        let mut samples = dataset.samples().unwrap();
        assert!(samples.next().unwrap().is_ok());
        let tail = if broken { "no row\n" } else { "q-new,math,New?,1\n" };
        fs::write(&path, format!("{text}{tail}")).unwrap();
        touch(&path, 100);
        let last = samples.by_ref().last().unwrap();
        assert!(changed(&last.unwrap_err()));
        assert!(samples.next().is_none());
    }
}

#[test]
fn a_file_that_is_replaced_or_touched_while_it_is_read_is_no_change() {
    let text = csv(0..20_000);
    for selection in [Selection::all(), limit(15_000)] {
        let (folder, path) = Folder::with(&text);
        let dataset = Dataset::open(&path).unwrap().select(selection).unwrap();
        let mut samples = dataset.samples().unwrap();
        assert!(samples.next().unwrap().is_ok());
        touch(&path, 100);
        let new = folder.0.path().join("new.csv");
        fs::write(&new, csv(0..3)).unwrap();
        assert!(samples.by_ref().take(10).all(|sample| sample.is_ok()));
        touch(&path, 200);
        assert!(samples.all(|sample| sample.is_ok()));
        fs::rename(&new, &path).unwrap();
        assert!(changed(&dataset.samples().unwrap_err()));
    }
}

#[test]
fn samples_can_move_between_threads_and_stop_after_an_error() {
    fn is_send<T: Send + 'static>(_: &T) {}
    let dataset = numbers(3);
    is_send(&dataset.samples().unwrap());
    is_send(&dataset);
    let mut samples = dataset.samples().unwrap();
    assert_eq!(samples.by_ref().count(), 3);
    assert!(samples.next().is_none());
}
