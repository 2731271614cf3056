//! How often somebody may ask: token buckets in a bounded table.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many are remembered at most. Whoever comes when all places are taken shares one bucket with the others who do.
const PLACES: usize = 10_000;

/// How often places are looked for at most.
const SWEEP: Duration = Duration::from_secs(1);

/// A bucket for each key: it holds `burst` requests at most, and gets `per_second` new ones a second.
pub(crate) struct Rate<K> {
    per_second: f64,
    burst: f64,
    table: Mutex<Table<K>>,
}

struct Table<K> {
    buckets: HashMap<Option<K>, Bucket>,
    /// When full buckets were last looked for: that takes long, and so is not done for each request.
    swept: Instant,
}

struct Bucket {
    left: f64,
    at: Instant,
}

impl<K: Eq + Hash> Rate<K> {
    pub(crate) fn new(per_second: f64, burst: f64) -> Self {
        let table = Table { buckets: HashMap::new(), swept: Instant::now() };
        Self { per_second, burst, table: Mutex::new(table) }
    }

    /// Takes one request out of a bucket; an error says how long until there is one.
    pub(crate) fn take(&self, key: K) -> Result<(), Duration> {
        self.with(key, |bucket, per_second| match bucket.left < 1.0 {
            true => Err(Duration::from_secs_f64((1.0 - bucket.left) / per_second)),
            false => {
                bucket.left -= 1.0;
                Ok(())
            }
        })
    }

    /// Whether there is a request left, without taking it.
    pub(crate) fn check(&self, key: K) -> Result<(), Duration> {
        self.with(key, |bucket, per_second| match bucket.left < 1.0 {
            true => Err(Duration::from_secs_f64((1.0 - bucket.left) / per_second)),
            false => Ok(()),
        })
    }

    fn with<T>(&self, key: K, act: impl FnOnce(&mut Bucket, f64) -> T) -> T {
        let now = Instant::now();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let Table { buckets, swept } = &mut *table;
        let mut key = Some(key);
        if buckets.len() >= PLACES && !buckets.contains_key(&key) {
            if now.duration_since(*swept) >= SWEEP {
                // A bucket that is full again says no more than none.
                buckets.retain(|_, bucket| self.filled(bucket, now) < self.burst);
                *swept = now;
            }
            key = key.filter(|_| buckets.len() < PLACES);
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: self.burst, at: now });
        (bucket.left, bucket.at) = (self.filled(bucket, now), now);
        act(bucket, self.per_second)
    }

    fn filled(&self, bucket: &Bucket, now: Instant) -> f64 {
        (bucket.left + self.per_second * (now - bucket.at).as_secs_f64()).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn s13_a_bucket_fills_again_and_tells_when() {
        let rate = Rate::new(2.0, 3.0);
        for _ in 0..3 {
            assert_eq!(rate.take("a"), Ok(()));
        }
        assert_eq!(rate.take("a"), Err(Duration::from_millis(500)));
        assert_eq!(rate.check("a"), Err(Duration::from_millis(500)));
        assert_eq!(rate.take("b"), Ok(()), "another one's");
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!((rate.check("a"), rate.take("a")), (Ok(()), Ok(())));
        assert!(rate.take("a").is_err());
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert_eq!((0..10).filter(|_| rate.take("a").is_ok()).count(), 3, "never more than the burst");
    }

    #[tokio::test(start_paused = true)]
    async fn s13_the_table_of_buckets_is_bounded() {
        let rate = Rate::new(1.0, 2.0);
        for key in 0..10 * PLACES {
            let _ = rate.take(key);
        }
        assert_eq!(rate.table.lock().unwrap().buckets.len(), PLACES + 1, "all others share one");
        assert!(rate.take(10 * PLACES).is_err(), "which is empty by now");
        assert_eq!(rate.take(0), Ok(()), "whoever has a place keeps it");
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(rate.take(10 * PLACES), Ok(()));
        assert_eq!(rate.table.lock().unwrap().buckets.len(), 1, "those that are full again are forgotten");
    }
}
