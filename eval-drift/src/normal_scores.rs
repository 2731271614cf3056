//! Normal scores: what a statistic would be if it were normal.

/// The normal score of Student's `t` with `df` degrees of freedom.
///
/// Hill, G. W. (1970), *Algorithm 395: Student's t-distribution*, Communications of the ACM 13, in the short form of
/// Wallace (1959): `sign(t) (8 df + 1) / (8 df + 3) sqrt(df ln(1 + t² / df))`.
pub(crate) fn student_to_normal(t: f64, df: f64) -> f64 {
    let size = (8.0 * df + 1.0) / (8.0 * df + 3.0) * (df * (t * t / df).ln_1p()).sqrt();
    size.copysign(t)
}

/// The normal score of a standardised value `z` from a distribution of skewness `g`.
///
/// Wilson and Hilferty (1931): `6/g (cbrt(1 + g z / 2) - 1) + g/6`, with `g` clipped to -2 and 2, at least 1e-4 away
/// from 0, and the root's argument at least 1e-6.
pub(crate) fn wilson_hilferty(z: f64, g: f64) -> f64 {
    let clipped = g.clamp(-2.0, 2.0);
    let g = if clipped.abs() < 1e-4 { 1e-4 } else { clipped };
    6.0 / g * ((1.0 + g * z / 2.0).max(1e-6).cbrt() - 1.0) + g / 6.0
}
