//! The same work for many histories on some threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What `work` makes of 0 to `count`, in this order whatever thread made it.
pub fn map<T: Send>(count: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take = || {
        let turn = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < count);
        std::iter::from_fn(turn).map(|at| (at, work(at))).collect::<Vec<_>>()
    };
    let mut found: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(take)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no history panics")).collect()
    });
    found.sort_unstable_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, made)| made).collect()
}
