//! The distribution of the one-sample Kolmogorov-Smirnov statistic. `statrs` has none.

use std::f64::consts::PI;

/// Up to so many values the series is not good enough for any distance but in the tail,
const EXACT_UP_TO: f64 = 140.0;
/// and up to so many for small distances.
const EXACT_SMALL_UP_TO: f64 = 1_000.0;

/// The probability that the distribution function of `n` values (a whole number from 1) is anywhere at least `d` away
/// from the true one: `P(D >= d)`.
///
/// Simard and L'Ecuyer (2011), *Computing the two-sided Kolmogorov-Smirnov distribution*, Journal of Statistical Software
/// 39(11). The method depends on n and d, with the borders that they and scipy have: the upper tail is twice the one-sided
/// one (exact from `d = 0.5` on), else Durbin's matrix for few values or small distances, else Pelz and Good's series.
pub(crate) fn survival(n: f64, d: f64) -> f64 {
    let small = n <= EXACT_UP_TO || n <= EXACT_SMALL_UP_TO && n * d.powf(1.5) <= 1.4;
    let tail = if n <= EXACT_UP_TO { 4.0 } else { 2.2 };
    let survival = match n * d {
        _ if d >= 1.0 => 0.0,
        reach if reach <= 0.5 => 1.0,
        reach if d >= 0.5 || reach * d >= tail => 2.0 * one_sided(n, d),
        reach if small => 1.0 - durbin(n as usize, reach),
        _ => 1.0 - pelz_good(n, d),
    };
    survival.clamp(0.0, 1.0)
}

/// The one-sided tail `d sum_j C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j)` over `j <= n (1 - d)`, each term by its
/// logarithm. All terms are positive, so nothing cancels. Birnbaum and Tingey (1951).
fn one_sided(n: f64, d: f64) -> f64 {
    let mut ways = 0.0; // ln C(n, j)
    let mut sum = 0.0;
    for j in 0..=(n * (1.0 - d)) as u64 {
        let j = j as f64;
        let (above, below) = (d + j / n, 1.0 - d - j / n);
        if below <= 0.0 {
            break;
        }
        sum += (ways + (j - 1.0) * above.ln() + (n - j) * below.ln()).exp();
        ways += ((n - j) / (j + 1.0)).ln();
    }
    d * sum
}

/// Durbin's `P(D < reach / n)` by powers of a matrix: Marsaglia, Tsang and Wang (2003), *Evaluating Kolmogorov's
/// distribution*, Journal of Statistical Software 8(18).
///
/// With `k = ceil(reach)` it is element (k, k) of `n! / n^n H^n`, where H has size `2 k - 1`. The factor is applied step by
/// step, so that the powers stay within what a number can hold.
fn durbin(n: usize, reach: f64) -> f64 {
    let k = reach.ceil();
    let matrix = durbin_matrix(2 * k as usize - 1, k - reach);
    // Only row k is needed: a vector, multiplied n times.
    let middle = k as usize - 1;
    let mut row: Vec<f64> = (0..matrix.len()).map(|at| f64::from(u8::from(at == middle))).collect();
    for i in 1..=n {
        row = times(&row, &matrix, i as f64 / n as f64);
    }
    row[middle]
}

/// The row times the matrix times the factor.
fn times(row: &[f64], matrix: &[Vec<f64>], factor: f64) -> Vec<f64> {
    let column = |at: usize| row.iter().zip(matrix).map(|(value, line)| value * line[at]).sum::<f64>();
    (0..row.len()).map(|at| factor * column(at)).collect()
}

/// H: `1 / (i - j + 1)!` where that is defined, with the corrections for the rest `h` of the reach in the first column and
/// the last row.
fn durbin_matrix(size: usize, h: f64) -> Vec<Vec<f64>> {
    let mut inverse_factorials = vec![1.0];
    for i in 1..=size {
        inverse_factorials.push(inverse_factorials[i - 1] / i as f64);
    }
    let element = |i: usize, j: usize| {
        let power = (i + 1).checked_sub(j).map(|power| (power, inverse_factorials[power]));
        let (power, value) = power.unwrap_or((0, 0.0));
        match (j == 0, i == size - 1) {
            (true, true) => value * (1.0 - 2.0 * h.powi(size as i32) + (2.0 * h - 1.0).max(0.0).powi(size as i32)),
            (true, false) | (false, true) => value * (1.0 - h.powi(power as i32)),
            (false, false) => value,
        }
    };
    (0..size).map(|i| (0..size).map(|j| element(i, j)).collect()).collect()
}

/// `P(D < d)` by the series of Pelz and Good (1976), *Approximating the lower tail-areas of the Kolmogorov-Smirnov
/// one-sample statistic*: `K0(z) + K1(z) / n^(1/2) + K2(z) / n + K3(z) / n^(3/2)`, `z = d sqrt(n)`.
fn pelz_good(n: f64, d: f64) -> f64 {
    let z = d * n.sqrt();
    let terms = (16.0 * z / PI).ceil() as u32;
    let (mut odd, mut even) = ([0.0; 4], [0.0; 2]);
    for k in (1..=terms).rev().map(f64::from) {
        let at_odd = odd_term(z, (k - 0.5).powi(2) * PI.powi(2));
        odd = std::array::from_fn(|at| odd[at] + at_odd[at]);
        let squared = k.powi(2) * PI.powi(2);
        let weight = squared * (-squared / (2.0 * z * z)).exp();
        even = [even[0] + weight, even[1] + weight * (3.0 * z * z - squared)];
    }
    let scale = (2.0 * PI).sqrt();
    let k0 = odd[0] / z;
    let k1 = odd[1] / (6.0 * z.powi(4));
    let k2 = odd[2] / (72.0 * z.powi(7)) - even[0] / (36.0 * z.powi(3));
    let k3 = odd[3] / (6480.0 * z.powi(10)) + even[1] / (216.0 * z.powi(6));
    scale * (k0 + k1 / n.sqrt() + k2 / n + k3 / n.powf(1.5))
}

/// One term of the sums over odd numbers, `y = pi² (k - 1/2)²`.
fn odd_term(z: f64, y: f64) -> [f64; 4] {
    let [z2, z4, z6, z8] = [2, 4, 6, 8].map(|power| z.powi(power));
    let weight = (-y / (2.0 * z2)).exp();
    [
        1.0,
        y - z2,
        6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * y + (1.0 - 2.0 * z2) * y * y,
        -30.0 * z6 - 90.0 * z8
            + (135.0 * z4 - 96.0 * z6) * y
            + (212.0 * z4 - 60.0 * z2) * y * y
            + (5.0 - 30.0 * z2) * y.powi(3),
    ]
    .map(|factor| weight * factor)
}
