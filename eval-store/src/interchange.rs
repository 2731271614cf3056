//! Runs and evaluations in files: ours out and in, those of other tools in.

mod admission;
mod audit;
mod csv;
mod desk;
mod document;
mod draft;
mod error;
mod export;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod exporter;
mod foreign;
mod format;
mod import;
mod lines;

pub use csv::{LabelRow, read_labels, write_label_sheet};
pub use desk::Imported;
pub use document::RUN_SCHEMA;
pub use error::ImportError;
pub use export::{ExportError, Rows, export, export_file};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use exporter::Files;
pub use format::Format;
pub use import::{Import, import};
pub use lines::{write_evaluations, write_run};
