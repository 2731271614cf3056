//! The pieces of the dashboard: what they draw, say and write.

mod assets;
mod drawings;
mod fixtures;
mod gallery;
mod markup;
mod parts;
mod sentences;
