//! Gates in CI: the action, its scripts and the templates, run with the real program against a local stand-in of GitHub.

mod action;
mod baseline_file;
mod comment;
#[path = "../common/mod.rs"]
mod common;
mod gitlab;
mod models;
mod policy;
mod runner;
mod server;
mod yaml;
