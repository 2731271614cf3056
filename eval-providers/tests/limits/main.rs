//! The adaptive limit before simulated endpoints, on the paused clock.

mod circuit;
mod endpoint;
mod lanes;
mod storm;
