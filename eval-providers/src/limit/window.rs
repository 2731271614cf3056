//! How many calls may be in flight: additive increase, multiplicative decrease.

use tokio::time::Instant;

/// The share of the calls in flight at a refusal up to which the window doubles again.
const NEAR: f64 = 0.9;

/// A window on calls in flight (Chiu and Jain, 1989; slow start as in RFC 5681).
///
/// It doubles with each round of answers until the first refusal. A refusal halves it, once for all calls that were
/// begun before: they are one burst. From the half it doubles back to nine tenths of where it was refused, and from there
/// it grows by one a round. It grows only while it is used. Trouble that is no refusal pauses growth for a round.
#[derive(Debug)]
pub(super) struct Window {
    size: usize,
    floor: usize,
    ceiling: usize,
    /// Up to here it doubles.
    near: usize,
    /// Answers since it grew, where it grows by one.
    clean: usize,
    /// Answers until it may grow again.
    paused: usize,
    /// The most calls in flight since the round began.
    peak: usize,
    shrunk: Option<Instant>,
}

impl Window {
    pub(super) fn new(floor: usize, start: usize, ceiling: usize) -> Self {
        let floor = floor.max(1);
        let ceiling = ceiling.max(floor);
        let size = start.clamp(floor, ceiling);
        Self { size, floor, ceiling, near: ceiling, clean: 0, paused: 0, peak: 0, shrunk: None }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// So many calls are in flight now.
    pub(super) fn used(&mut self, in_flight: usize) {
        self.peak = self.peak.max(in_flight);
    }

    /// An answer.
    pub(super) fn clean(&mut self) {
        if self.paused > 0 {
            self.paused -= 1;
        } else if self.size < self.near {
            // Half of it in use is enough here: the answers of a round come in together.
            if self.size < 2 * self.peak {
                self.size += 1;
            }
        } else {
            self.clean += 1;
            if self.clean >= self.size {
                if self.peak >= self.size && self.size < self.ceiling {
                    self.size += 1;
                }
                (self.clean, self.peak) = (0, 0);
            }
        }
    }

    /// A refusal of a call that was begun then. Whether the window shrank. Where the calls are paced from now on, it was not
    /// their number: then it may double as before.
    pub(super) fn refused(&mut self, begun: Instant, in_flight: usize, paced: bool) -> bool {
        if self.shrunk.is_some_and(|shrunk| begun <= shrunk) {
            return false;
        }
        let refused = in_flight.clamp(self.floor, self.size);
        if !paced {
            self.near = ((refused as f64 * NEAR) as usize).max(self.floor);
        }
        self.size = (refused / 2).max(self.floor);
        self.shrunk = Some(Instant::now());
        (self.clean, self.paused, self.peak) = (0, 0, 0);
        true
    }

    /// Trouble that says nothing about how much is too much.
    pub(super) fn pause(&mut self) {
        (self.clean, self.paused) = (0, self.size);
    }

    /// Begins anew from the floor: an endpoint that comes back is not met by all who waited.
    pub(super) fn restart(&mut self) {
        self.near = self.size;
        self.size = self.floor;
        (self.clean, self.paused, self.peak) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn round(window: &mut Window) {
        let size = window.size();
        window.used(size);
        (0..size).for_each(|_| window.clean());
    }

    #[tokio::test(start_paused = true)]
    async fn doubles_until_the_first_refusal_and_then_grows_by_one() {
        let mut window = Window::new(1, 1, 1_000);
        let mut sizes = Vec::new();
        for _ in 0..6 {
            sizes.push(window.size());
            round(&mut window);
        }
        assert_eq!(sizes, [1, 2, 4, 8, 16, 32]);
        assert!(window.refused(Instant::now(), 50, false));
        assert!(!window.refused(Instant::now(), 50, false), "the same burst");
        assert_eq!(window.size(), 25);
        round(&mut window);
        assert_eq!(window.size(), 45, "back to nine tenths");
        round(&mut window);
        round(&mut window);
        assert_eq!(window.size(), 47);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(window.refused(Instant::now(), 47, false), "another burst");
    }

    #[tokio::test(start_paused = true)]
    async fn grows_only_while_it_is_used_and_never_past_its_bounds() {
        let mut window = Window::new(2, 8, 10);
        window.used(1);
        (0..100).for_each(|_| window.clean());
        assert_eq!(window.size(), 8);
        (0..9).for_each(|_| round(&mut window));
        assert_eq!(window.size(), 10);
        for second in 1..9 {
            tokio::time::advance(Duration::from_secs(second)).await;
            window.refused(Instant::now(), 1, false);
        }
        assert_eq!(window.size(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_pauses_growth_for_a_round() {
        let mut window = Window::new(1, 4, 64);
        window.pause();
        round(&mut window);
        assert_eq!(window.size(), 4);
        round(&mut window);
        assert_eq!(window.size(), 8);
        window.restart();
        assert_eq!(window.size(), 1);
    }
}
