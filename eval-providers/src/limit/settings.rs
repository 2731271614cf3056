//! What a lane may do.

use std::time::Duration;

/// The settings of a lane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) floor: usize,
    pub(super) start: usize,
    pub(super) ceiling: usize,
    /// Requests a minute that the user allows.
    pub(super) requests: Option<u64>,
    /// Tokens a minute that the user allows.
    pub(super) tokens: Option<u64>,
    pub(super) patience: Duration,
    /// The seed of the jitter.
    pub(super) seed: Option<u64>,
}

impl Settings {
    pub(super) const START: usize = 8;
    pub(super) const PATIENCE: Duration = Duration::from_secs(600);

    pub(super) fn new(floor: usize, ceiling: usize) -> Self {
        let floor = floor.max(1);
        let ceiling = ceiling.max(floor);
        let start = Self::START.clamp(floor, ceiling);
        Self { floor, start, ceiling, requests: None, tokens: None, patience: Self::PATIENCE, seed: None }
    }
}
