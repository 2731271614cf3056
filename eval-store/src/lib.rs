#![cfg_attr(feature = "sqlite", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "sqlite"), doc = "Lines of JSON, and a spill file for a store in trouble.")]

#[cfg(feature = "sqlite")]
mod database;
mod lines;
mod spill;

#[cfg(feature = "sqlite")]
pub use database::{DieselStore, Options, public_url};
pub use lines::{
    ExportError, ImportError, Imported, RUN_SCHEMA, export_run, import, run_json, run_json_file, write_evaluations,
    write_run,
};
pub use spill::Spill;
