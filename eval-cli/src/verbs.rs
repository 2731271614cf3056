//! A file a verb.

pub(crate) mod baseline;
pub(crate) mod compare;
pub(crate) mod config;
pub(crate) mod dataset;
pub(crate) mod db;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod export;
pub(crate) mod gate;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod judge;
pub(crate) mod label;
pub(crate) mod models;
pub(crate) mod power;
pub(crate) mod prices;
pub(crate) mod recost;
pub(crate) mod rescore;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod selftest;
pub(crate) mod show;
