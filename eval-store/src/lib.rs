#![cfg_attr(feature = "sqlite", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "sqlite"), doc = "Files of runs, out and in, and a spill file for a store in trouble.")]

mod daily_cap;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod database;
mod interchange;
mod spill;
#[cfg(all(feature = "testing", unix))]
pub mod testing;

pub use daily_cap::DailyCap;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use database::{
    DatabaseStatus, Deletion, DieselStore, Expired, Options, Protection, Recost, Retention, public_url,
};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use interchange::Files;
pub use interchange::{
    ExportError, Format, Import, ImportError, Imported, LabelRow, RUN_SCHEMA, Rows, export, export_file, import,
    read_labels, write_evaluations, write_label_sheet, write_run,
};
pub use spill::Spill;
