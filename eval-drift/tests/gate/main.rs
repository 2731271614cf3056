//! The gate: its decisions, what it prints, and how often it is wrong.

mod decisions;
mod model;
mod operating;
mod sinks;
