//! Means of seeded resamples.

use std::num::NonZero;
use std::thread;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// So many resamples share one stream of random numbers, whichever thread draws them.
const CHUNK: usize = 64;
/// Fewer draws than this are over before a second thread has started.
const DRAWS_PER_THREAD: usize = 100_000;

/// The means of `resamples` resamples: as many values as there are, drawn with replacement.
///
/// Efron, B. (1979), *Bootstrap methods: another look at the jackknife*, Annals of Statistics 7, 1–26. Each 64 resamples
/// have a ChaCha8 stream of their own of the one `seed`, and all cores draw: the same values, number and seed give the same
/// means on any number of cores. Two places come from each 64 random bits (Lemire's multiplication); for up to a million
/// values no place is more likely than another by more than 1e-7 of its probability.
///
/// Empty without values. O(n B) time, divided by the cores.
///
/// ```
/// let values = [0.0, 1.0, 1.0, 0.5];
/// let means = eval_drift::bootstrap_means(&values, 1_000, 1);
/// assert_eq!(means, eval_drift::bootstrap_means(&values, 1_000, 1));
/// ```
pub fn bootstrap_means(values: &[f64], resamples: usize, seed: u64) -> Vec<f64> {
    let useful = values.len().saturating_mul(resamples) / DRAWS_PER_THREAD;
    let threads = if useful < 2 { 1 } else { thread::available_parallelism().map_or(1, NonZero::get).min(useful) };
    on_threads(values, resamples, seed, threads)
}

fn on_threads(values: &[f64], resamples: usize, seed: u64, threads: usize) -> Vec<f64> {
    if values.is_empty() {
        return vec![];
    }
    let mut means = vec![0.0; resamples];
    let chunks_each = resamples.div_ceil(CHUNK).div_ceil(threads).max(1);
    thread::scope(|scope| {
        for (share, means) in means.chunks_mut(chunks_each * CHUNK).enumerate() {
            let mut draw = move || draw_share(values, means, seed, share * chunks_each);
            // The last share is for this thread.
            if share + 1 < threads {
                scope.spawn(draw);
            } else {
                draw();
            }
        }
    });
    means
}

fn draw_share(values: &[f64], means: &mut [f64], seed: u64, first_chunk: usize) {
    for (chunk, means) in (first_chunk as u64..).zip(means.chunks_mut(CHUNK)) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(chunk);
        means.fill_with(|| resampled_sum(values, &mut rng) / values.len() as f64);
    }
}

fn resampled_sum(values: &[f64], rng: &mut ChaCha8Rng) -> f64 {
    let pairs = values.len() / 2;
    let sum: f64 = (0..pairs).map(|_| drawn_pair(values, rng.next_u64())).map(|(first, second)| first + second).sum();
    if values.len().is_multiple_of(2) { sum } else { sum + drawn_pair(values, rng.next_u64()).0 }
}

/// Two values at places drawn with 64 random bits: the whole part of `bits / 2^64 n`, then the same of the fraction.
fn drawn_pair(values: &[f64], bits: u64) -> (f64, f64) {
    let draw = |bits: u64| u128::from(bits) * values.len() as u128;
    let first = draw(bits);
    let second = draw(first as u64);
    (values[(first >> 64) as usize], values[(second >> 64) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_threads_draws_the_same() {
        let values: Vec<f64> = (0..37).map(|at| f64::from(at) / 37.0).collect();
        for resamples in [0, 1, 63, 64, 65, 1_000] {
            let alone = on_threads(&values, resamples, 5, 1);
            assert_eq!(alone.len(), resamples);
            for threads in [2, 3, 8, 40] {
                assert_eq!(alone, on_threads(&values, resamples, 5, threads), "{resamples} on {threads}");
            }
        }
    }

    #[test]
    fn seeds_and_chunks_differ() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let means = bootstrap_means(&values, 128, 1);
        assert_ne!(means[..64], means[64..]);
        assert_ne!(means, bootstrap_means(&values, 128, 2));
    }

    // The mean of n values has the variance of the values over n; 20,000 of them tell 5 % apart.
    #[test]
    fn the_means_spread_as_they_should() {
        let values: Vec<f64> = (0..25).map(|at| f64::from(at * at)).collect();
        let moments = |values: &[f64]| {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n)
        };
        let (mean, variance) = moments(&values);
        let (found_mean, found_variance) = moments(&bootstrap_means(&values, 20_000, 3));
        assert!((found_mean - mean).abs() < 4.0 * (variance / 25.0 / 20_000.0).sqrt());
        assert!((found_variance / (variance / 25.0) - 1.0).abs() < 0.05);
    }

    #[test]
    fn every_place_is_drawn_equally_often() {
        let values: Vec<f64> = (0..7).map(f64::from).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let mut counts = [[0_i32; 7]; 7];
        for _ in 0..49_000 {
            let (first, second) = drawn_pair(&values, rng.next_u64());
            counts[first as usize][second as usize] += 1;
        }
        assert!(counts.iter().flatten().all(|count| (count - 1_000).abs() < 160), "{counts:?}");
    }

    #[test]
    fn without_values_there_are_no_means() {
        assert!(bootstrap_means(&[], 100, 1).is_empty());
    }
}
