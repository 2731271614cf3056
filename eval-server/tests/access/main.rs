//! Who gets in, and what everyone is told.

mod canary;
mod headers;
mod limits;
mod matrix;
mod origin;
mod service;
mod sessions;
