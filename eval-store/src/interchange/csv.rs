//! Runs as tables: a row for each evaluation.
//!
//! The table of columns says where in an evaluation each cell stands; what has no column of its own travels as JSON in
//! the last but one. So a field that is new travels by itself, and a cell is never held in two places.

mod cell;
mod labels;
mod read;
mod row;
mod write;

pub use labels::{LabelRow, read_labels, write_label_sheet};
pub(super) use read::{is_header, read};
pub(super) use write::CsvWriter;

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
}

/// A column and the place of its cells in an evaluation, as a JSON pointer.
#[derive(Debug)]
struct Column {
    name: &'static str,
    kind: Kind,
    pointer: &'static str,
}

const fn text(name: &'static str, pointer: &'static str) -> Column {
    Column { name, kind: Kind::Text, pointer }
}

const fn number(name: &'static str, pointer: &'static str) -> Column {
    Column { name, kind: Kind::Number, pointer }
}

/// The run of a row. Names are for the reader's eyes: import takes the run from [`RUN`].
const RUN_COLUMNS: [&str; 4] = [RUN_ID, "name", "model", "dataset"];
const RUN_ID: &str = "run_id";
const SAMPLE_ID: &str = "sample_id";
/// The rest of an evaluation, as a JSON object.
const MORE: &str = "more_json";
/// The run, as a JSON document; on its first row only.
const RUN: &str = "run_json";

const COLUMNS: [Column; 23] = [
    text(SAMPLE_ID, "/sample/id"),
    number("epoch", "/epoch"),
    text("category", "/sample/category"),
    text("question", "/sample/input"),
    text("expected_output", "/sample/target"),
    text("answer", "/completion/text"),
    text("outcome", "/outcome/type"),
    number("score", "/outcome/score"),
    text("judge", "/verdicts/0/judge"),
    text("explanation", "/verdicts/0/explanation"),
    text("unscored_reason", "/outcome/reason"),
    text("error_kind", "/outcome/kind"),
    text("error", "/outcome/message"),
    number("latency_ms", "/timing/service_ms"),
    number("queued_ms", "/timing/queued_ms"),
    number("backing_off_ms", "/timing/backing_off_ms"),
    number("prompt_tokens", "/completion/usage/prompt_tokens"),
    number("completion_tokens", "/completion/usage/completion_tokens"),
    number("cached_tokens", "/completion/usage/cached_tokens"),
    number("reasoning_tokens", "/completion/usage/reasoning_tokens"),
    number("cost_nanos", "/cost"),
    text("served_model", "/completion/served/model"),
    text("started_at", "/started"),
];

/// All names in their order.
fn names() -> impl Iterator<Item = &'static str> {
    RUN_COLUMNS.into_iter().chain(COLUMNS.iter().map(|column| column.name)).chain([MORE, RUN])
}
