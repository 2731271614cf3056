//! Means with intervals.

/// 0.975 quantiles of Student's t for 1 to 4 degrees of freedom, where the expansion below is too rough.
const FEW: [f64; 4] = [12.706_204_736_432_095, 4.302_652_729_696_142, 3.182_446_305_284_263, 2.776_445_105_197_793];

/// The 0.975 quantile of the normal distribution.
pub(super) const NORMAL: f64 = 1.959_963_984_540_054;

/// The 0.975 quantile of Student's t, to three decimals: Abramowitz and Stegun, *Handbook of Mathematical Functions*
/// (1964), 26.7.5.
fn student(freedom: usize) -> f64 {
    if let Some(quantile) = freedom.checked_sub(1).and_then(|at| FEW.get(at)) {
        return *quantile;
    }
    let (z, v) = (NORMAL, freedom as f64);
    let [z3, z5, z7, z9] = [3, 5, 7, 9].map(|power| z.powi(power));
    z + (z3 + z) / (4.0 * v)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * v.powi(2))
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * v.powi(3))
        + (79.0 * z9 + 776.0 * z7 + 1482.0 * z5 - 1920.0 * z3 - 945.0 * z) / (92_160.0 * v.powi(4))
}

pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The 95 % interval of a mean by Student's t; `None` for fewer than two values, or when all are the same.
pub(super) fn of_mean(values: &[f64]) -> Option<(f64, f64)> {
    let center = mean(values)?;
    let n = values.len();
    let squares: f64 = values.iter().map(|value| (value - center).powi(2)).sum();
    if n < 2 || values.iter().all(|value| *value == values[0]) {
        return None;
    }
    let reach = student(n - 1) * (squares / (n - 1) as f64 / n as f64).sqrt();
    Some((center - reach, center + reach))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_tables() {
        // scipy.stats.t.ppf(0.975, df)
        for (freedom, quantile) in [
            (1, 12.706_204_7),
            (4, 2.776_445_1),
            (5, 2.570_581_8),
            (9, 2.262_157_2),
            (30, 2.042_272_5),
            (200, 1.971_896_2),
        ] {
            assert!((student(freedom) - quantile).abs() < 1e-3, "{freedom}: {}", student(freedom));
        }
        let (low, high) = of_mean(&[1.0, 2.0, 3.0]).unwrap();
        assert!((low + 0.484).abs() < 1e-3 && (high - 4.484).abs() < 1e-3);
        assert_eq!((of_mean(&[1.0]), of_mean(&[1.0, 1.0])), (None, None));
    }
}
